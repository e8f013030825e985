// The operands of the fused kernels for 9.0a, for tensor_core_bench.cu. A case is a product. `left` and `right` address
// its operands with the kernels' own functions. `left_half` and `right_half` derive the same location from
// fused/layout.h: which half in shared memory is row i, or column j, of the product and term k of the sum.
#pragma once

#include "kernels/flash_ipa/fused/backward_block_sm90.h"
#include "kernels/flash_ipa/fused/forward_block_sm90.h"

namespace flashrna::tensor_core_cases {

using namespace fused_ipa;
using namespace fused_ipa::warpgroup_backward;

using Forward = ForwardKernelSm90<128, 64, false>;
using OfQueries = QueryGradientKernelSm90<128, 64>;
using OfKeys = KeyGradientKernelSm90<128, 64>;
constexpr Layout kLayout = Forward::Size::layout();
constexpr int kValueColumns = value_columns(kLayout);

// Column of term k of a step.
__host__ __device__ constexpr int term(const int (&chunks)[2], int k) { return kChunk * chunks[k / 8] + k % 8; }

struct ForwardLogits {
  static constexpr const char* kName = "Q K^T of forward, n96";
  static constexpr int kTiles = 12, kSteps = logit_steps(kLayout);
  static __device__ GroupMatrix left(int s) {
    const Step step = logit_step(kLayout, s);
    return chunks_of_rows<128>(0, step.a, 64);
  }
  static __device__ GroupMatrix right(int s) {
    const Step step = logit_step(kLayout, s);
    return chunks_of_rows<96>(Forward::kStagesAt, step.b);
  }
  static int left_half(int s, int i, int k) { return element(64 + i, term(logit_step(kLayout, s).a, k), 128); }
  static int right_half(int s, int j, int k) {
    return Forward::kStagesAt / 2 + element(j, term(logit_step(kLayout, s).b, k), 96);
  }
};

struct BackwardLogits {
  static constexpr const char* kName = "Q K^T of backward by queries, n80";
  static constexpr int kTiles = 10, kSteps = logit_steps(kLayout);
  static constexpr int kKeysAt = OfQueries::Rows::kKeysAt;
  static __device__ GroupMatrix left(int s) { return ForwardLogits::left(s); }
  static __device__ GroupMatrix right(int s) {
    const Step step = logit_step(kLayout, s);
    return chunks_of_rows<80>(kKeysAt, step.b);
  }
  static int left_half(int s, int i, int k) { return ForwardLogits::left_half(s, i, k); }
  static int right_half(int s, int j, int k) { return kKeysAt / 2 + element(j, term(logit_step(kLayout, s).b, k), 80); }
};

struct KeyLogits {
  static constexpr const char* kName = "K Q^T of backward by keys, n80";
  static constexpr int kTiles = 10, kSteps = logit_steps(kLayout);
  static constexpr int kQueriesAt = OfKeys::Rows::kStagesAt;
  static __device__ GroupMatrix left(int s) {
    const Step step = logit_step(kLayout, s);
    return chunks_of_rows<64>(0, step.b);
  }
  static __device__ GroupMatrix right(int s) {
    const Step step = logit_step(kLayout, s);
    return chunks_of_rows<80>(kQueriesAt, step.a);
  }
  static int left_half(int s, int i, int k) { return element(i, term(logit_step(kLayout, s).b, k), 64); }
  static int right_half(int s, int j, int k) {
    return kQueriesAt / 2 + element(j, term(logit_step(kLayout, s).a, k), 80);
  }
};

struct GradientTimesValues {
  static constexpr const char* kName = "G V^T of backward by queries, n80, V over its rows";
  static constexpr int kTiles = 10, kSteps = gradient_steps(kLayout);
  static constexpr int kGradientsAt = OfQueries::Rows::kGradientsAt, kValuesAt = OfQueries::Rows::kValuesAt;
  static __device__ GroupMatrix left(int s) {
    const Step step = gradient_step(kLayout, s);
    return chunks_of_rows<128>(kGradientsAt, step.a, 64);
  }
  static __device__ TransposedGroupMatrix right(int s) {
    const Step step = gradient_step(kLayout, s);
    return chunks_of_values<kValueColumns>(kValuesAt, step.b);
  }
  static int left_half(int s, int i, int k) {
    return kGradientsAt / 2 + element(64 + i, term(gradient_step(kLayout, s).a, k), 128);
  }
  static int right_half(int s, int j, int k) {
    return kValuesAt / 2 + value_element(j, term(gradient_step(kLayout, s).b, k), kValueColumns);
  }
};

struct ValuesTimesGradient {
  static constexpr const char* kName = "V G^T of backward by keys, n80, V over its rows";
  static constexpr int kTiles = 10, kSteps = gradient_steps(kLayout);
  static constexpr int kValuesAt = OfKeys::Rows::kValuesAt,
                       kGradientsAt = OfKeys::Rows::kStagesAt + OfKeys::Rows::kQueryBytes;
  static __device__ TransposedGroupMatrix left(int s) {
    const Step step = gradient_step(kLayout, s);
    return chunks_of_values<kValueColumns>(kValuesAt, step.b);
  }
  static __device__ GroupMatrix right(int s) {
    const Step step = gradient_step(kLayout, s);
    return chunks_of_rows<80>(kGradientsAt, step.a);
  }
  static int left_half(int s, int i, int k) {
    return kValuesAt / 2 + value_element(i, term(gradient_step(kLayout, s).b, k), kValueColumns);
  }
  static int right_half(int s, int j, int k) {
    return kGradientsAt / 2 + element(j, term(gradient_step(kLayout, s).a, k), 80);
  }
};

// The remaining cases have A in registers: its 64 rows of 16 are loaded from the start of shared memory.
struct FromRegisters {
  static int left_half(int, int i, int k) { return element(i, k, 64); }
};

template <int kColumn, int kTiles_>
struct ForwardValues : FromRegisters {
  static constexpr const char* kName = kColumn == 0     ? "P V of forward, n192"
                                       : kColumn == 192 ? "P V of forward, points hi, n40"
                                                        : "P V of forward, points lo, n40";
  static constexpr int kTiles = kTiles_, kSteps = Forward::kKeys / 16;
  static __device__ GroupMatrix right(int s) { return Forward::values_of(0, s, kColumn); }
  static int right_half(int s, int j, int k) {
    return (Forward::kStagesAt + Forward::Rows::kKeyBytes) / 2 + value_element(16 * s + k, kColumn + j, kValueColumns);
  }
};

struct SlopesTimesKeys : FromRegisters {
  static constexpr const char* kName = "dS K of backward by queries, n184, K over its rows";
  static constexpr int kTiles = logit_chunks(kLayout), kSteps = OfQueries::kKeys / 16;
  static constexpr int kKeysAt = OfQueries::Rows::kKeysAt;
  static __device__ TransposedGroupMatrix right(int s) { return rows_of_chunks<OfQueries::kKeys>(kKeysAt, 16 * s); }
  static int right_half(int s, int j, int k) { return kKeysAt / 2 + element(16 * s + k, j, OfQueries::kKeys); }
};

struct ProbabilitiesTimesGradient : FromRegisters {
  static constexpr const char* kName = "P G of backward by keys, n232, G over its rows";
  static constexpr int kTiles = OfKeys::kValueTiles, kSteps = OfKeys::kQueries / 16;
  static constexpr int kGradientsAt = ValuesTimesGradient::kGradientsAt;
  static __device__ TransposedGroupMatrix right(int s) {
    return rows_of_chunks<OfKeys::kQueries>(kGradientsAt, 16 * s);
  }
  static int right_half(int s, int j, int k) { return kGradientsAt / 2 + element(16 * s + k, j, OfKeys::kQueries); }
};

using MainValues = ForwardValues<0, 24>;
using HiPoints = ForwardValues<192, 5>;
using LoPoints = ForwardValues<232, 5>;

}  // namespace flashrna::tensor_core_cases
