#include "tests/ptx/operations.h"

namespace flashrna::ptx {

KnownOperation find_operation(const std::string& opcode) {
  // Conversions first: mov.b32 and mov.b64 also split and join registers.
  for (const auto find :
       {find_conversion, find_arithmetic, find_memory_access, find_synchronization, find_matrix_product})
    if (const KnownOperation known = find(opcode); known.operation != nullptr) return known;
  return {};
}

}  // namespace flashrna::ptx
