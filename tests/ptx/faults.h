// Faults in the text of a kernel, which the interpreter must find.
#pragma once

#include <functional>
#include <string>

namespace flashrna::ptx {

// Changes a statement, which ends with its semicolon and may begin with a predicate.
using Change = std::function<std::string(const std::string& statement)>;

std::string removed(const std::string& statement);
// The last operand plus `n`, in a register of its own.
Change last_operand_plus(int n);
// The text `from` replaced by `to` at its last place.
Change with_replaced(std::string from, std::string to);

// To find whether a statement is executed at all.
std::string trapped(const std::string& statement);

// The body with one of them changed, counted from 0. The same body if there are not so many.
std::string with_fault(const std::string& body, const std::string& opcode, int occurrence, const Change& change);

}  // namespace flashrna::ptx
