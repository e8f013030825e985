// Benchmarks invariant point attention alone: time, memory and error of every backend by length, beside LibTorch's own
// attention in the same run.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "kernels/flash_ipa/flash_ipa.h"
#include "kernels/flash_ipa/flash_ipa_work.h"

namespace flashrna {

// LibTorch's attention as a peer. In f32: on heads as wide as those of the lifted backend, without the lifting. On a
// GPU also in bf16 on the published layout, by each of its two kernels.
inline constexpr const char* kPeerF32 = "LibTorch f32";
inline constexpr const char* kPeerFlash = "LibTorch flash bf16";
inline constexpr const char* kPeerCudnn = "LibTorch cuDNN bf16";

struct AttentionTiming {
  std::string name;  // a backend ("fused fast" and "fused strict" for the two precisions) or a peer
  std::int64_t length = 0;
  FlashIpaWork work{};
  double forward_seconds = 0, training_seconds = 0;  // fastest repeat; training = forward and backward
  std::int64_t peak_bytes = 0;                       // of tensors in training, without the inputs
  // Largest absolute error of the outputs against f64 at some 32 residues; -1 for a peer. Scalars are of order 1,
  // points in nm.
  double error = -1;
};

struct AttentionBench {
  double products_per_second = 0;  // FLOP/s of matrix products: f32 on a CPU, bf16 on a GPU
  std::vector<AttentionTiming> timings;
  std::vector<std::string> left_out;  // peers that LibTorch cannot run at these sizes, with the reason
};

struct AttentionBenchCase {
  std::string name;
  std::int64_t length;
};

// Runs one chain per case, in `repeats` rounds over all subjects. Calls `on_run` after each run.
AttentionBench bench_attention(const std::vector<AttentionBenchCase>& cases, const FlashIpaSizes& sizes, int repeats,
                               at::Device device, const std::function<void()>& on_run);

// Columns of one head as the lifted backend passes it to LibTorch, equal for queries, keys and values.
std::int64_t lifted_head_columns(const FlashIpaSizes& sizes);
// The same for the published layout, which pads to 256; if it needs more, rounded up to a multiple of 8.
std::int64_t published_head_columns(const FlashIpaSizes& sizes);

}  // namespace flashrna
