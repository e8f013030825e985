// The instructions that the interpreter knows, by opcode: PTX ISA 9.0.
#pragma once

#include <string>

#include "tests/ptx/kernel.h"

namespace flashrna::ptx {

struct KnownOperation {
  Operation operation = nullptr;  // null for an opcode that is not known
  Scope scope = Scope::kAny;
};

KnownOperation find_operation(const std::string& opcode);

// The families, one file each.
KnownOperation find_arithmetic(const std::string& opcode);
KnownOperation find_conversion(const std::string& opcode);
KnownOperation find_memory_access(const std::string& opcode);
KnownOperation find_synchronization(const std::string& opcode);
KnownOperation find_matrix_product(const std::string& opcode);

}  // namespace flashrna::ptx
