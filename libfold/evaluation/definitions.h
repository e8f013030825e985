// Definitions of the measures for users: the tables of docs/evaluation.md, embedded in the program. The report's
// tooltips use the same text.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace flashrna {

struct Definition {
  std::string name;  // "Clashes per 100 atoms"
  std::string unit;  // "Å", "°", "%", or "" for a pure number
  std::string text;
};

// Definitions by key, from the tables with the columns key, name, unit, definition.
std::map<std::string, Definition> read_definitions(std::string_view markdown);

const std::map<std::string, Definition>& definitions();  // those of docs/evaluation.md

// Definition of a measure of distributed_measures(): its own, or that of its kind ("bond", "bond_angle", "ring") with
// the measure's name.
Definition distribution_definition(std::string_view measure);

}  // namespace flashrna
