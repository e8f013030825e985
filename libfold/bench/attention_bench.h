// Invariant point attention alone: time, memory and error of every backend against length, beside LibTorch's own
// attention, in the same run.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "kernels/flash_ipa/flash_ipa.h"
#include "kernels/flash_ipa/flash_ipa_work.h"

namespace flashrna {

// LibTorch's attention in f32 on heads as wide as those that the lifted backend gives it, without lifting; and on a GPU
// in bf16 on the published layout, by each of its two kernels for that.
inline constexpr const char* kPeerF32 = "LibTorch f32";
inline constexpr const char* kPeerFlash = "LibTorch flash bf16";
inline constexpr const char* kPeerCudnn = "LibTorch cuDNN bf16";

struct AttentionTiming {
  std::string name;  // of a backend, "fused fast" and "fused strict" for its two precisions; or of a peer
  std::int64_t length = 0;
  FlashIpaWork work{};
  double forward_seconds = 0, training_seconds = 0;  // fastest of the repeats; training is forward and backward
  std::int64_t peak_bytes = 0;                       // of tensors beyond the inputs, in training
  // Of outputs, absolute, by the f64 oracle at some 32 residues; -1 for a peer. Scalars are of order 1, points in nm.
  double error = -1;
};

struct AttentionBench {
  double products_per_second = 0;  // FLOP/s of matrix products: f32 on a CPU, bf16 on a GPU
  std::vector<AttentionTiming> timings;
  std::vector<std::string> left_out;  // peers that LibTorch has no kernel for at these sizes here, and why
};

struct AttentionBenchCase {
  std::string name;
  std::int64_t length;
};

// One chain each, one call after the other, `repeats` rounds. `on_run` is called after each.
AttentionBench bench_attention(const std::vector<AttentionBenchCase>& cases, const FlashIpaSizes& sizes, int repeats,
                               at::Device device, const std::function<void()>& on_run);

// Columns of a head of the lifted backend, as it hands them to LibTorch: queries, keys and values alike.
std::int64_t lifted_head_columns(const FlashIpaSizes& sizes);
// The same of the published layout: 256, to which it pads, or as many as are needed, in eights.
std::int64_t published_head_columns(const FlashIpaSizes& sizes);

}  // namespace flashrna
