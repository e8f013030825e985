#include "libfold/design/motif.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "base/error.h"
#include "rna/assembly.h"
#include "rna/pairs/refined_base_pairs.h"
#include "rna/pairs/secondary_structure.h"

namespace flashrna {
namespace {

AuthorNumber number_of(const Nucleotide& nucleotide) { return {nucleotide.seq_id, nucleotide.insertion_code}; }

std::string residue_text(const std::string& chain, const AuthorNumber& number) {
  const bool letters = std::ranges::all_of(chain, [](char c) { return (c | 32) >= 'a' && (c | 32) <= 'z'; });
  return fmt::format("{}{}{}", chain, letters ? "" : ":", number.text());
}

// Finds the residues of items in one file; messages begin with the item.
class Selection {
 public:
  Selection(const Structure& structure, const std::string& path) : structure_(structure), path_(path) {}

  std::span<const Nucleotide> find(const ContigItem& item) const {
    const Chain& chain = chain_of(item);
    const std::size_t first = position_of(chain, item, item.first), last = position_of(chain, item, item.last);
    if (last < first) fail_item(item, fmt::format("{} follows {} in the file", item.first.text(), item.last.text()));
    for (std::size_t i = first + 1; i <= last; ++i)
      if (chain.nucleotides[i].residue_index != chain.nucleotides[i - 1].residue_index + 1)
        fail_gap(item, chain, chain.nucleotides[i - 1], chain.nucleotides[i]);
    return std::span(chain.nucleotides).subspan(first, last - first + 1);
  }

  [[noreturn]] void fail_item(const ContigItem& item, const std::string& why) const {
    fail("--contig: character {}: \"{}\": {} ({})", item.character, item.text, why, path_);
  }

 private:
  const Chain& chain_of(const ContigItem& item) const {
    std::vector<std::string> ids;
    for (const Chain& chain : structure_.chains) {
      if (chain.id == item.chain) return chain;
      ids.push_back(chain.id);
    }
    for (const RejectedChain& chain : structure_.rejected)
      if (chain.id == item.chain)
        fail_item(item,
                  fmt::format("chain {} is no RNA with a backbone: {}, {}", chain.id, chain.reason, chain.detail));
    fail_item(item, fmt::format("there is no chain {}; RNA chains are {}", item.chain,
                                ids.empty() ? "none" : fmt::format("{}", fmt::join(ids, ", "))));
  }

  std::size_t position_of(const Chain& chain, const ContigItem& item, const AuthorNumber& number) const {
    const auto is_asked = [&](const Nucleotide& nucleotide) { return number_of(nucleotide) == number; };
    const auto found = std::ranges::find_if(chain.nucleotides, is_asked);
    if (found == chain.nucleotides.end())
      fail_item(item, fmt::format("there is no residue {}; chain {} has {} to {}{}", residue_text(chain.id, number),
                                  chain.id, number_of(chain.nucleotides.front()).text(),
                                  number_of(chain.nucleotides.back()).text(), without_frame(chain)));
    return static_cast<std::size_t>(found - chain.nucleotides.begin());
  }

  // Residues that the reader leaves out.
  static std::string without_frame(const Chain& chain) {
    if (chain.n_without_frame == 0) return "";
    return fmt::format("; {} of its residues without C3', C4' or O4' cannot be used", chain.n_without_frame);
  }

  [[noreturn]] void fail_gap(const ContigItem& item, const Chain& chain, const Nucleotide& before,
                             const Nucleotide& after) const {
    const std::string first = residue_text(chain.id, item.first), second = residue_text(chain.id, number_of(after));
    fail_item(item, fmt::format("residues {} and {} are not bonded, so residues are missing between them{}; give two "
                                "items with new residues in between, such as {}-{},{},{}-{}",
                                residue_text(chain.id, number_of(before)), second, without_frame(chain), first,
                                number_of(before).text(), std::max(1, after.residue_index - before.residue_index - 1),
                                second, item.last.text()));
  }

  const Structure& structure_;
  const std::string& path_;
};

// Motif::partner. `residue_of`: of nucleotides of the structure, their residues in the motif.
std::vector<int> partners_in(const Structure& structure, const std::map<const Nucleotide*, int>& residue_of) {
  std::vector<int> partner(residue_of.size(), kUnpaired);
  if (residue_of.empty()) return partner;
  std::vector<int> residues;  // by nucleotide of all chains, one after another; kUnspecified: not in the motif
  for (const Chain& chain : structure.chains)
    for (const Nucleotide& nucleotide : chain.nucleotides) {
      const auto found = residue_of.find(&nucleotide);
      residues.push_back(found == residue_of.end() ? kUnspecified : found->second);
    }
  const std::vector<int> in_file = refine_base_pairs(join_chains(structure.chains).nucleotides);
  for (std::size_t i = 0; i < in_file.size(); ++i)
    if (residues[i] >= 0 && in_file[i] >= 0)
      partner[static_cast<std::size_t>(residues[i])] = residues[static_cast<std::size_t>(in_file[i])];
  return partner;
}

}  // namespace

std::string Motif::name_of(int residue) const {
  const auto i = static_cast<std::size_t>(residue);
  return residue_text(chains[i], number_of(residues[i]));
}

Motif find_motif(std::span<const ContigItem> contig, const Structure& structure, const std::string& path) {
  const Selection selection(structure, path);
  Motif motif;
  std::map<const Nucleotide*, int> residue_of;
  std::map<std::tuple<std::string, AuthorNumber>, const ContigItem*> taken;
  for (const ContigItem& item : contig) {
    motif.first.push_back(item.is_motif() ? static_cast<int>(motif.residues.size()) : -1);
    motif.count.push_back(0);
    if (!item.is_motif()) continue;
    for (const Nucleotide& nucleotide : selection.find(item)) {
      residue_of[&nucleotide] = static_cast<int>(motif.residues.size());
      const auto [earlier, is_new] = taken.try_emplace({item.chain, number_of(nucleotide)}, &item);
      if (!is_new)
        selection.fail_item(item, fmt::format("residue {} is also in \"{}\" at character {}",
                                              residue_text(item.chain, number_of(nucleotide)), earlier->second->text,
                                              earlier->second->character));
      motif.residues.push_back(nucleotide);
      motif.chains.push_back(item.chain);
      ++motif.count.back();
    }
  }
  motif.partner = partners_in(structure, residue_of);
  return motif;
}

}  // namespace flashrna
