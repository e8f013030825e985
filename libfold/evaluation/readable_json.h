#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace flashrna {

// Indented JSON with each array of numbers or texts on one line.
std::string readable_json(const nlohmann::ordered_json& value);

}  // namespace flashrna
