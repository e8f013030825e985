// Compares base pairs from two atoms per nucleotide with those of an annotator that uses whole bases
// (golden/base_pairs.csv: all classes of pairs; only the canonical ones count here, cis Watson-Crick of A-U, G-C and
// G-U).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <iostream>
#include <map>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "datasets/archive_reader.h"
#include "rna/io/structure_reader.h"
#include "rna/pairs/base_pairs.h"
#include "rna/pairs/refined_base_pairs.h"
#include "tests/support/csv_table.h"
#include "tests/support/golden_file.h"
#include "tests/support/shared_data.h"

namespace flashrna {
namespace {

using Residue = std::tuple<std::string, int, char>;  // author's chain, number, insertion code

struct AnnotatedPair {
  Residue first, second;
  std::string leontis_westhof;
};

Residue residue_of(const CsvRow& row, const std::string& which) {
  const std::string& code = row.text("icode" + which);
  return {row.text("chain" + which), static_cast<int>(row.number("number" + which)), code.empty() ? ' ' : code[0]};
}

// By file.
std::map<std::string, std::vector<AnnotatedPair>> annotated_pairs() {
  std::map<std::string, std::vector<AnnotatedPair>> files;
  for (const CsvRow& row : read_csv(golden_path("base_pairs.csv"))) {
    files[row.text("file")].push_back({residue_of(row, "1"), residue_of(row, "2"), row.text("leontis_westhof")});
  }
  return files;
}

bool canonical(Base a, Base b) {
  const std::set<Base> bases{a, b};
  return bases == std::set{Base::A, Base::U} || bases == std::set{Base::C, Base::G} ||
         bases == std::set{Base::G, Base::U};
}

struct Agreement {
  int annotated = 0, found = 0, both = 0;
  int unmatched = 0;  // annotated pairs with nucleotides that the reader does not keep

  double recall() const { return static_cast<double>(both) / annotated; }
  double precision() const { return static_cast<double>(both) / found; }
  std::string text() const {
    return fmt::format("{:5} {:5} {:5}   {:.3f}   {:.3f}", annotated, found, both, recall(), precision());
  }
};

using Rule = std::vector<int> (*)(std::span<const Nucleotide>);

Agreement compare(const Structure& structure, const std::vector<AnnotatedPair>& annotated, Rule rule) {
  std::vector<Nucleotide> nucleotides;
  std::map<Residue, int> index;
  for (std::size_t c = 0; c < structure.chains.size(); ++c) {
    const Chain& chain = structure.chains[c];
    for (Nucleotide nucleotide : chain.nucleotides) {
      nucleotide.chain_in_structure = static_cast<int>(c);
      index[{chain.id, nucleotide.seq_id, nucleotide.insertion_code}] = static_cast<int>(nucleotides.size());
      nucleotides.push_back(std::move(nucleotide));
    }
  }
  Agreement agreement;
  std::set<std::pair<int, int>> theirs;
  for (const AnnotatedPair& pair : annotated) {
    const auto i = index.find(pair.first), j = index.find(pair.second);
    if (pair.leontis_westhof != "cWW") continue;
    if (i == index.end() || j == index.end()) {
      ++agreement.unmatched;
    } else if (canonical(nucleotides[i->second].base, nucleotides[j->second].base)) {
      theirs.insert(std::minmax({i->second, j->second}));
    }
  }
  agreement.annotated = static_cast<int>(theirs.size());
  const std::vector<int> partner = rule(nucleotides);
  for (int i = 0; i < static_cast<int>(partner.size()); ++i) {
    if (partner[i] < i) continue;
    ++agreement.found;
    agreement.both += theirs.contains({i, partner[i]});
  }
  return agreement;
}

// Compares all files and prints each result.
void compare_all(const std::string& archive_path, Rule rule, Agreement& all) {
  const auto annotated = annotated_pairs();
  std::map<std::string, Agreement> files;
  const auto stem = [](const std::string& name) { return name.substr(name.rfind('/') + 1); };
  ArchiveReader archive(archive_path, kMaxUnpackedBytes);
  while (const auto member = archive.next([&](const std::string& name) { return annotated.contains(stem(name)); })) {
    const auto pairs = annotated.find(stem(member->name));
    if (pairs == annotated.end()) continue;
    ASSERT_TRUE(member->error.empty()) << member->name << ": " << member->error;
    files[pairs->first] = compare(read_structure_from_memory(member->bytes, member->name), pairs->second, rule);
  }
  std::cout << "  annotated, found, both, recall, precision\n";
  for (const auto& [file, pairs] : annotated) {
    ASSERT_TRUE(files.contains(file)) << "not in the archive: " << file;
    const Agreement& agreement = files[file];
    std::cout << fmt::format("  {:20} {}\n", file, agreement.text());
    all.annotated += agreement.annotated;
    all.found += agreement.found;
    all.both += agreement.both;
    all.unmatched += agreement.unmatched;
  }
  std::cout << fmt::format("  {:20} {}\n", fmt::format("all {} files", files.size()), all.text());
  std::cout << fmt::format("  {} more are annotated of nucleotides that are not read\n", all.unmatched);
}

TEST(BasePairsGolden, CanonicalPairsOfRealStructuresAreFoundAndFewOthers) {
  FLASHRNA_REQUIRE_SHARED(path, "structures/train.tar.xz");
  Agreement all;
  compare_all(path, find_base_pairs, all);
  EXPECT_GE(all.recall(), 0.92);
  EXPECT_GE(all.precision(), 0.97);
}

TEST(BasePairsGolden, HydrogenBondsFindMoreOfThemAndFewerOthers) {
  FLASHRNA_REQUIRE_SHARED(path, "structures/train.tar.xz");
  Agreement all;
  compare_all(path, refine_base_pairs, all);
  EXPECT_GE(all.recall(), 0.98);
  EXPECT_GE(all.precision(), 0.98);
}

}  // namespace
}  // namespace flashrna
