#include "rna/rnasolo_name.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <regex>

namespace flashrna {

std::optional<RnasoloName> parse_rnasolo_name(std::string_view file_name) {
  std::string stem = std::filesystem::path(file_name).filename().string();
  stem.resize(std::min(stem.size(), stem.find('.')));
  static const std::regex pattern(
      "([0-9][0-9A-Za-z]{3}|pdb_[0-9a-z]{8})_([0-9]{1,6})_([0-9A-Za-z]+(?:-[0-9A-Za-z]+)*)");
  std::smatch match;
  if (!std::regex_match(stem, match, pattern)) return std::nullopt;
  RnasoloName name;
  name.entry = match.str(1);
  std::transform(name.entry.begin(), name.entry.end(), name.entry.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  name.model = std::stoi(match.str(2));
  const std::string chains = match.str(3);
  for (std::size_t begin = 0; begin <= chains.size();) {
    const std::size_t end = std::min(chains.find('-', begin), chains.size());
    name.chains.push_back(chains.substr(begin, end - begin));
    begin = end + 1;
  }
  return name;
}

void apply_rnasolo_name(const RnasoloName& name, Structure& structure) {
  structure.entry = name.entry;
  structure.model = name.model;
  const auto is_listed = [&](const Chain& chain) {
    return std::find(name.chains.begin(), name.chains.end(), chain.id) != name.chains.end();
  };
  if (structure.chains.size() != name.chains.size()) return;
  if (std::all_of(structure.chains.begin(), structure.chains.end(), is_listed)) return;
  for (std::size_t i = 0; i < name.chains.size(); ++i) structure.chains[i].id = name.chains[i];
}

}  // namespace flashrna
