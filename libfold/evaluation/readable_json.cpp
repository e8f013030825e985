#include "libfold/evaluation/readable_json.h"

#include <algorithm>

namespace flashrna {
namespace {

using Json = nlohmann::ordered_json;

bool is_flat(const Json& value) {
  return value.is_array() && std::none_of(value.begin(), value.end(), [](const Json& v) { return v.is_structured(); });
}

void write_json(const Json& value, int indent, std::string& out) {
  const auto dumped = [](const Json& part) { return part.dump(-1, ' ', false, Json::error_handler_t::replace); };
  if (!value.is_structured() || value.empty() || is_flat(value)) {
    out += dumped(value);
    return;
  }
  out += value.is_object() ? "{\n" : "[\n";
  bool first = true;
  for (const auto& [key, part] : value.items()) {
    if (!first) out += ",\n";
    first = false;
    out.append(static_cast<std::size_t>(indent) + 1, ' ');
    if (value.is_object()) out += dumped(key) + ": ";
    write_json(part, indent + 1, out);
  }
  out += '\n';
  out.append(static_cast<std::size_t>(indent), ' ');
  out += value.is_object() ? '}' : ']';
}

}  // namespace

std::string readable_json(const Json& value) {
  std::string out;
  write_json(value, 0, out);
  return out + "\n";
}

}  // namespace flashrna
