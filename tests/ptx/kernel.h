// A kernel of a PTX module in the form that the interpreter executes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace flashrna::ptx {

inline constexpr int kLanes = 32;

class Warp;
struct Instruction;

// Executes an instruction for the lanes whose bits are set.
using Operation = void (*)(Warp&, const Instruction&, std::uint32_t lanes);

// The threads that execute an instruction together.
enum class Scope {
  kAny,        // any
  kWarp,       // all threads of a warp
  kWarpgroup,  // all threads of four warps
  kBranch,
  kExit,
  kMbarrierWait,  // any; each blocks until the phase of the barrier is complete
};

struct Operand {
  enum class Kind { kValue, kVector, kAddress, kDiscarded };
  Kind kind = Kind::kDiscarded;
  int slot = -1;              // of the value, or of the address's base; -1 for an address without register
  std::int64_t offset = 0;    // of an address
  std::vector<int> elements;  // slots of a vector
};

struct Instruction {
  Operation operation = nullptr;
  Scope scope = Scope::kAny;
  int guard = -1;  // slot of the predicate
  bool guard_is_negated = false;
  std::vector<Operand> operands;
  int target = -1;           // instruction index of a branch
  int used_bytes = 0;        // of a load, if fewer than it reads; otherwise 0
  std::vector<int> touched;  // registers read or written
  std::vector<int> written;  // registers written
  std::string opcode, text;
  int file = 0, line = 0;  // of the source, or 0
};

// A register that has the same value from the start to the end of a thread.
struct SpecialRegister {
  std::string name;  // "%tid.x"
  int slot;
};

struct Parameter {
  std::string name;
  std::size_t offset, size;  // in bytes
};

// Slots are registers, then constants.
struct Kernel {
  std::string name;
  std::string module;  // file name of the module
  std::vector<Parameter> parameters;
  std::size_t parameter_bytes = 0;
  int most_threads = 1024;
  std::size_t static_shared_bytes = 0;  // rounded up to 128, where dynamic shared memory begins
  int registers = 0;
  std::vector<SpecialRegister> specials;
  std::vector<std::uint64_t> constants;
  std::vector<Instruction> code;
  std::vector<std::string> files;  // names of source files by number
  bool uses_async_proxy = false;   // it has bulk copies or products of warpgroups
};

}  // namespace flashrna::ptx
