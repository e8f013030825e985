// The source of all randomness: named streams of one 64-bit seed, stream = hash(seed, purpose, index...). Numbers are
// drawn on the host with Philox4x32-10 (Random123, Salmon et al. 2011, doi:10.1145/2063384.2063405) and are equal for
// every compiler, thread count and device (normals up to the rounding of log, sin and cos in the math library). Uses no
// std:: distribution and no global seed.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace flashrna {

// Key of a stream: splitmix64's finalizer chained over the seed, the FNV-1a hash of `purpose`, and every index.
std::uint64_t stream_key(std::uint64_t seed, std::string_view purpose, std::initializer_list<std::uint64_t> indices);

class RandomStream {
 public:
  RandomStream(std::uint64_t seed, std::string_view purpose, std::initializer_list<std::uint64_t> indices = {});
  // The stream with the Philox key `key`, low word first. Draw n is word n % 4 of the block with counter n / 4.
  static RandomStream with_key(std::uint64_t key);

  std::uint32_t next_u32();
  double uniform();                      // in (0, 1), an odd multiple of 2^-53; 2 draws
  double normal();                       // standard normal, Box-Muller in f64; 4 draws
  std::uint64_t below(std::uint64_t n);  // uniform in 0..n-1, unbiased; n > 0

  at::Tensor uniform(at::IntArrayRef shape);  // f64 on the CPU, row-major order of draws
  at::Tensor normal(at::IntArrayRef shape);   // f64 on the CPU; 4 draws per two values, and 4 for an odd last value

  // Number of 32-bit draws so far. With the constructor's arguments it is the whole state.
  std::uint64_t position() const { return position_; }
  void seek(std::uint64_t position) { position_ = position; }

 private:
  RandomStream() = default;
  std::uint64_t next_u64();

  std::uint64_t key_ = 0;
  std::uint64_t position_ = 0;
  std::array<std::uint32_t, 4> block_{};  // words of the block with counter `block_index_`
  std::uint64_t block_index_ = ~std::uint64_t{0};
};

}  // namespace flashrna
