// Runs the fused kernels of invariant point attention on the simulated device through fused_forward_cuda() and
// fused_backward_cuda(), and compares them with the emulator.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include "kernels/flash_ipa/fused/fused_forward.h"

namespace flashrna::ptx {

struct FusedIpaCase {
  const char* name;
  FusedDevice device;
  fused_ipa::HeadSize size;
  int H = 1;
  std::vector<std::int64_t> lengths;
  FusedPrecision precision = FusedPrecision::kFast;
  bool has_key_bias = false;  // also masks every fifth key, and all keys of the last entry
  bool is_split = false;      // the plan must split the keys; otherwise it must not
  std::uint64_t seed = 0;     // 0: copies write at once
};

void PrintTo(const FusedIpaCase& c, std::ostream* out);

inline constexpr FusedDevice kA100{80, 163 * 1024, 108}, kL40S{89, 99 * 1024, 142}, kH200{90, 227 * 1024, 132};
// With one multiprocessor, for which no plan splits the keys.
inline constexpr FusedDevice kSmallA100{80, 163 * 1024, 1}, kSmallL40S{89, 99 * 1024, 1}, kSmallH200{90, 227 * 1024, 1};

// The inputs of a case, and what the emulator makes of them.
class FusedIpaRun {
 public:
  enum class Direction { kForward, kBackward };
  FusedIpaRun(const FusedIpaCase& c, Direction direction);
  ~FusedIpaRun();

  // Runs the kernels. Returns the differences from the emulator beyond the tolerance and the findings of the device;
  // empty if all is well. An error that a launch throws is a difference, too.
  std::string differences() const;

 private:
  struct Data;
  std::unique_ptr<Data> data_;
};

}  // namespace flashrna::ptx
