#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace flashrna {

// Indented; an array of numbers or texts takes one line.
std::string readable_json(const nlohmann::ordered_json& value);

}  // namespace flashrna
