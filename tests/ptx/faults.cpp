#include "tests/ptx/faults.h"

#include <utility>

namespace flashrna::ptx {
namespace {

// Calls f(begin, end) for every statement whose opcode begins so, until it returns false.
template <class F>
void each_statement(const std::string& body, const std::string& opcode, F f) {
  for (std::size_t at = 0; (at = body.find(opcode, at)) != std::string::npos; ++at) {
    if (at > 0 && std::string("\t\n ;{").find(body[at - 1]) == std::string::npos) continue;
    const std::size_t begin = body.find_last_of("\n;{", at) + 1, end = body.find(';', at) + 1;
    if (!f(begin, end)) return;
  }
}

}  // namespace

std::string removed(const std::string&) { return ""; }

std::string trapped(const std::string&) { return "trap;"; }

Change last_operand_plus(int n) {
  return [n](const std::string& statement) {
    const std::size_t comma = statement.rfind(',');
    const std::string operand = statement.substr(comma + 1, statement.size() - comma - 2);
    return "{.reg .b32 changed; add.s32 changed, " + operand + ", " + std::to_string(n) + ";\n" +
           statement.substr(0, comma + 1) + " changed;}";
  };
}

Change with_replaced(std::string from, std::string to) {
  return [from = std::move(from), to = std::move(to)](const std::string& statement) {
    std::string changed = statement;
    const std::size_t at = changed.rfind(from);
    return at != std::string::npos ? changed.replace(at, from.size(), to) : changed;
  };
}

std::string with_fault(const std::string& body, const std::string& opcode, int occurrence, const Change& change) {
  std::string result = body;
  each_statement(body, opcode, [&](std::size_t begin, std::size_t end) {
    if (occurrence-- > 0) return true;
    result = body.substr(0, begin) + change(body.substr(begin, end - begin)) + body.substr(end);
    return false;
  });
  return result;
}

}  // namespace flashrna::ptx
