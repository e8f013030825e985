#include "rna/rnasolo_name.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <filesystem>

namespace flashrna {

namespace {

bool is_alnum(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isalnum(c) != 0; });
}

// "1abc" or "pdb_00001abc" at the beginning of `text`, without the underscore that follows; empty if there is none.
std::string_view leading_id(std::string_view text) {
  const bool is_long = text.starts_with("pdb_");
  const std::string_view id = text.substr(0, is_long ? 12 : 4);
  const bool is_id = is_long ? id.size() == 12 && is_alnum(id.substr(4))
                             : id.size() == 4 && is_alnum(id) && std::isdigit(static_cast<unsigned char>(id[0])) != 0;
  return is_id && text.substr(id.size()).starts_with('_') ? id : std::string_view();
}

}  // namespace

std::optional<RnasoloName> parse_rnasolo_name(std::string_view file_name) {
  const std::string base = std::filesystem::path(file_name).filename().string();
  const std::string_view stem = std::string_view(base).substr(0, base.find('.'));
  const std::string_view id = leading_id(stem);
  if (id.empty()) return std::nullopt;
  RnasoloName name;
  name.entry = id;
  std::transform(name.entry.begin(), name.entry.end(), name.entry.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  const std::string_view rest = stem.substr(id.size() + 1);  // "1_B-C-A"
  const auto [end, code] = std::from_chars(rest.data(), rest.data() + rest.size(), name.model);
  if (code != std::errc() || name.model < 0 || end == rest.data() + rest.size() || *end != '_') return std::nullopt;
  std::string_view chains = rest.substr(static_cast<std::size_t>(end - rest.data()) + 1);
  for (bool more = true; more;) {
    const std::size_t hyphen = chains.find('-');
    more = hyphen != std::string_view::npos;
    const std::string_view chain = chains.substr(0, hyphen);
    constexpr std::size_t kLongestChain = 4;  // "1abc_1_relaxed" is somebody's own name
    if (!is_alnum(chain) || chain.size() > kLongestChain) return std::nullopt;
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
