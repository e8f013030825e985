// libFuzzer target: structure files with arbitrary content. Run by scripts/fuzz.sh.
#include <cstddef>
#include <cstdint>

#include "base/error.h"
#include "tests/fuzz/structure_input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    flashrna::read_structure_input({reinterpret_cast<const char*>(data), size});
  } catch (const flashrna::Error&) {  // rejected, as expected
  }
  return 0;
}
