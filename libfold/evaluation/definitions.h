// What the measures mean, for people: the tables of docs/evaluation.md, which the program carries. The documentation
// and the report's tooltips say the same because they are the same text.
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

// By key, from the tables with the columns key, name, unit, definition.
std::map<std::string, Definition> read_definitions(std::string_view markdown);

const std::map<std::string, Definition>& definitions();  // of docs/evaluation.md

// Of a measure of distributed_measures(): its own, or that of its kind ("bond", "bond_angle", "ring") with its name.
Definition distribution_definition(std::string_view measure);

}  // namespace flashrna
