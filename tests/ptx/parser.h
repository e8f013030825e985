// Parses the body of a kernel.
#pragma once

#include <stdexcept>

#include "tests/ptx/kernel.h"
#include "tests/ptx/module_text.h"

namespace flashrna::ptx {

// Where shared memory begins in its address space. Not 0, so that an address of 0 is an error.
inline constexpr std::uint32_t kSharedBase = 1024;

// Throws std::runtime_error that names the statement if it is malformed or its opcode is not known.
Kernel parse_kernel(const KernelText& text, const ModuleText& module);

}  // namespace flashrna::ptx
