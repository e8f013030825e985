#include "rna/rnasolo_name.h"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "base/letter_case.h"
#include "rna/pdb_id.h"

namespace flashrna {

namespace {

// "1abc" or "pdb_00001abc" at the beginning of `text`, without the following underscore; empty if absent.
std::string_view leading_id(std::string_view text) {
  const std::string_view id = text.substr(0, text.starts_with("pdb_") ? 12 : 4);
  return is_pdb_id(id) && text.substr(id.size()).starts_with('_') ? id : std::string_view();
}

}  // namespace

std::optional<RnasoloName> parse_rnasolo_name(std::string_view file_name) {
  const std::string base = std::filesystem::path(file_name).filename().string();
  const std::string_view stem = std::string_view(base).substr(0, base.find('.'));
  const std::string_view id = leading_id(stem);
  if (id.empty()) return std::nullopt;
  RnasoloName name;
  name.entry = short_pdb_id(id);
  const std::string_view rest = stem.substr(id.size() + 1);  // "1_B-C-A"
  const auto [end, code] = std::from_chars(rest.data(), rest.data() + rest.size(), name.model);
  if (code != std::errc() || name.model < 0 || end == rest.data() + rest.size() || *end != '_') return std::nullopt;
  std::string_view chains = rest.substr(static_cast<std::size_t>(end - rest.data()) + 1);
  for (bool more = true; more;) {
    const std::size_t hyphen = chains.find('-');
    more = hyphen != std::string_view::npos;
    const std::string_view chain = chains.substr(0, hyphen);
    constexpr std::size_t kLongestChain = 4;  // "1abc_1_relaxed" is not a name of RNAsolo
    if (!is_alphanumeric(chain) || chain.size() > kLongestChain) return std::nullopt;
    name.chains.emplace_back(chain);
    if (more) chains.remove_prefix(hyphen + 1);
  }
  return name;
}

void apply_rnasolo_name(const RnasoloName& name, bool is_pdb, Structure& structure) {
  if (structure.entry != name.entry) return;
  if (structure.n_models == 1) structure.model = name.model;
  const bool has_long =
      std::any_of(name.chains.begin(), name.chains.end(), [](const std::string& chain) { return chain.size() > 1; });
  if (!is_pdb || !has_long || structure.chains.size() != name.chains.size()) return;
  for (std::size_t i = 0; i < name.chains.size(); ++i) structure.chains[i].id = name.chains[i];
}

}  // namespace flashrna
