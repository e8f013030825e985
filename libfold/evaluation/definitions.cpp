#include "libfold/evaluation/definitions.h"

#include <algorithm>
#include <sstream>
#include <vector>

#include "base/error.h"
#include "libfold/evaluation/embedded_file.h"
#include "rna/measure/local_geometry.h"

namespace flashrna {
namespace {

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(' ');
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

// The cells of a row "| a | b |"; empty if the line is not a row.
std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  if (!line.starts_with('|')) return cells;
  std::istringstream parts(line.substr(1));
  for (std::string part; std::getline(parts, part, '|');) cells.push_back(trimmed(part));
  return cells;
}

}  // namespace

std::map<std::string, Definition> read_definitions(std::string_view markdown) {
  std::map<std::string, Definition> definitions;
  std::istringstream lines{std::string(markdown)};
  bool in_table = false;
  for (std::string line; std::getline(lines, line);) {
    const std::vector<std::string> cells = cells_of(line);
    if (cells.size() != 4) {
      in_table = false;
    } else if (cells[0] == "key") {
      in_table = true;
    } else if (in_table && cells[0].starts_with('`') && cells[0].ends_with('`')) {
      definitions[cells[0].substr(1, cells[0].size() - 2)] = {cells[1], cells[2], cells[3]};
    }
  }
  return definitions;
}

const std::map<std::string, Definition>& definitions() {
  static const std::map<std::string, Definition> read = read_definitions(embedded_definitions());
  return read;
}

Definition distribution_definition(std::string_view measure) {
  const auto& known = definitions();
  const auto own = known.find(std::string(measure));
  if (own != known.end()) return own->second;
  const bool ring = measure.starts_with("nu");
  const auto bonds = std::count(measure.begin(), measure.end(), '-');
  const auto kind = known.find(ring ? "ring" : bonds == 1 ? "bond" : "bond_angle");
  if (kind == known.end()) fail("docs/evaluation.md defines neither \"{}\" nor its kind", measure);
  Definition definition = kind->second;
  definition.name = measure;
  std::replace(definition.name.begin(), definition.name.end(), '-', '~');
  for (std::size_t at; (at = definition.name.find('~')) != std::string::npos;) definition.name.replace(at, 1, "–");
  for (std::size_t at; (at = definition.name.find('\'')) != std::string::npos;) definition.name.replace(at, 1, "′");
  if (ring) definition.name = "ν" + definition.name.substr(2);
  return definition;
}

}  // namespace flashrna
