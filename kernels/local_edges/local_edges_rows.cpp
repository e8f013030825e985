#include "kernels/local_edges/local_edges_rows.h"

#include <algorithm>

#include "kernels/local_edges/edge_tile.h"
#include "kernels/local_edges/edge_votes_steps.h"
#include "kernels/local_edges/short_vectors.h"

namespace flashrna {
namespace {

// weights [rows, 8]: softmax of each output over the rows [begin, end) and one logit of `staying` more. Returns the
// weight of the latter.
template <typename T>
FLASHRNA_INLINE void weigh_edges(const T* logits, std::int64_t begin, std::int64_t end, const T* staying, T* weights,
                                 T* staying_weights) {
  using V = Vector<T, kOutputs>;
  V largest, total, x;
  load(largest, staying);
  for (std::int64_t row = begin; row < end; ++row) {
    load(x, logits + row * kOutputs);
    largest = x > largest ? x : largest;
  }
  load(total, staying);
  total -= largest;
  exponential(total, T());
  store(staying_weights, total);
  for (std::int64_t row = begin; row < end; ++row) {
    load(x, logits + row * kOutputs);
    x -= largest;
    exponential(x, T());
    total += x;
    store(weights + row * kOutputs, x);
  }
  const V scale = T(1) / total;
  for (std::int64_t row = begin; row < end; ++row) {
    load(x, weights + row * kOutputs);
    store(weights + row * kOutputs, V(x * scale));
  }
  load(x, staying_weights);
  store(staying_weights, V(x * scale));
}

// by_logits [rows, 8] from by_weights: w (by_w - sum of w by_w), the sum including the staying logit.
template <typename T>
FLASHRNA_INLINE void differentiate_weights(const T* weights, const T* by_weights, std::int64_t begin, std::int64_t end,
                                           const T* staying_sum, T* by_logits) {
  using V = Vector<T, kOutputs>;
  V sum, w, by_w;
  load(sum, staying_sum);
  for (std::int64_t row = begin; row < end; ++row) {
    load(w, weights + row * kOutputs);
    load(by_w, by_weights + row * kOutputs);
    sum += w * by_w;
  }
  for (std::int64_t row = begin; row < end; ++row) {
    load(w, weights + row * kOutputs);
    load(by_w, by_weights + row * kOutputs);
    store(by_logits + row * kOutputs, V(w * (by_w - sum)));
  }
}

// Column of the weights of messages that is 1 for every edge; the columns before it are those of the heads.
constexpr int kSumColumn = kEdgeHeads;

// Softmax over the edges of each residue, without a logit of staying.
template <typename T>
FLASHRNA_INLINE void weigh_messages(const EdgeTile<T>& tile) {
  T absent[kOutputs], ignored[kOutputs];
  std::fill_n(absent, kOutputs, T(-1e30));
  for (std::int64_t r = 0; r < tile.residues; ++r)
    weigh_edges(tile.outputs, tile.first[r], tile.first[r + 1], absent, tile.weights, ignored);
  for (std::int64_t row = 0; row < tile.rows(); ++row) tile.weights[row * kOutputs + kSumColumn] = T(1);
}

template <class Cpu, typename T>
FLASHRNA_INLINE void messages_forward(const LocalEdgesArrays<T>& in, std::int64_t begin, std::int64_t end, T* attended,
                                      T* sum) {
  EdgeTile<T> tile(in.E, in.width);
  while (begin < end) {
    begin = gather_edges(in, begin, end, tile);
    run_perceptron<Cpu>(in, tile);
    weigh_messages(tile);
    for (std::int64_t r = 0; r < tile.residues; ++r) {
      const std::int64_t i = tile.first_residue + r, first = tile.first[r];
      const T* hidden = tile.hidden_2 + first * in.width;
      Cpu::template multiply<WideVector<T>, T>({.M = kEdgeHeads,
                                                .N = in.width,
                                                .K = tile.first[r + 1] - first,
                                                .a = tile.weights + first * kOutputs,
                                                .a_row = 1,
                                                .a_column = kOutputs,
                                                .b = hidden,
                                                .b_row = in.width,
                                                .c = attended + i * kEdgeHeads * in.width,
                                                .c_row = in.width});
      std::fill_n(sum + i * in.width, in.width, T(0));
      add_rows(tile.hidden_2, first, tile.first[r + 1], in.width, sum + i * in.width);
    }
  }
}

// Gradients of the weights and of hidden_2 from those of the sums of residue `r` of the tile.
template <class Cpu, typename T>
FLASHRNA_INLINE void differentiate_sums(const LocalEdgesArrays<T>& in, const EdgeTile<T>& tile, std::int64_t r,
                                        const T* by_attended, const T* by_sum) {
  const std::int64_t first = tile.first[r], rows = tile.first[r + 1] - first, width = in.width;
  for (std::int64_t c = 0; c < width; ++c)
    for (int h = 0; h < kEdgeHeads; ++h) tile.transposed[c * kOutputs + h] = by_attended[h * width + c];
  T* hidden = tile.hidden_2 + first * width;
  T* by_hidden = tile.by_hidden_2 + first * width;
  const T* weights = tile.weights + first * kOutputs;
  Cpu::template multiply<Vector<T, kOutputs>, T>({.M = rows,
                                                  .N = kOutputs,
                                                  .K = width,
                                                  .a = hidden,
                                                  .a_row = width,
                                                  .a_column = 1,
                                                  .b = tile.transposed,
                                                  .b_row = kOutputs,
                                                  .c = tile.by_weights + first * kOutputs,
                                                  .c_row = kOutputs});
  Cpu::template multiply<WideVector<T>, T>({.M = rows,
                                            .N = width,
                                            .K = kEdgeHeads,
                                            .a = weights,
                                            .a_row = kOutputs,
                                            .a_column = 1,
                                            .b = by_attended,
                                            .b_row = width,
                                            .c = by_hidden,
                                            .c_row = width,
                                            .start = by_sum,
                                            .start_row = 0});
}

template <class Cpu, typename T>
FLASHRNA_INLINE void differentiate_outputs(const LocalEdgesArrays<T>& in, const EdgeTile<T>& tile, int outputs,
                                           const T* start, std::int64_t start_row, const LocalEdgesGradients<T>& to) {
  const std::int64_t rows = tile.rows(), width = in.width;
  for (std::int64_t row = 0; row < rows; ++row)
    for (int o = 0; o < outputs; ++o) to.out_bias[o] += tile.by_outputs[row * kOutputs + o];
  Cpu::template multiply<WideVector<T>, T>({.M = outputs,
                                            .N = width,
                                            .K = rows,
                                            .a = tile.by_outputs,
                                            .a_row = 1,
                                            .a_column = kOutputs,
                                            .b = tile.hidden_2,
                                            .b_row = width,
                                            .c = to.out_weight,
                                            .c_row = width,
                                            .start = to.out_weight,
                                            .start_row = width});
  Cpu::template multiply<WideVector<T>, T>({.M = rows,
                                            .N = width,
                                            .K = outputs,
                                            .a = tile.by_outputs,
                                            .a_row = kOutputs,
                                            .a_column = 1,
                                            .b = in.out_weight,
                                            .b_row = width,
                                            .c = tile.by_hidden_2,
                                            .c_row = width,
                                            .start = start,
                                            .start_row = start_row});
}

template <class Cpu, typename T>
FLASHRNA_INLINE void messages_backward(const LocalEdgesArrays<T>& in, std::int64_t begin, std::int64_t end,
                                       const T* by_attended, const T* by_sum, const LocalEdgesGradients<T>& to) {
  EdgeTile<T> tile(in.E, in.width);
  const T none[kOutputs] = {};
  while (begin < end) {
    begin = gather_edges(in, begin, end, tile);
    run_perceptron<Cpu>(in, tile);
    weigh_messages(tile);
    for (std::int64_t r = 0; r < tile.residues; ++r) {
      const std::int64_t i = tile.first_residue + r;
      differentiate_sums<Cpu>(in, tile, r, by_attended + i * kEdgeHeads * in.width, by_sum + i * in.width);
      differentiate_weights(tile.weights, tile.by_weights, tile.first[r], tile.first[r + 1], none, tile.by_outputs);
    }
    differentiate_outputs<Cpu>(in, tile, kEdgeHeads, tile.by_hidden_2, in.width, to);
    differentiate_perceptron<Cpu>(in, tile, /*direct=*/false, to);
  }
}

// Softmax of the two logits of the votes of residue `r` over its edges and the staying logit.
template <typename T>
FLASHRNA_INLINE void weigh_votes(const EdgeTile<T>& tile, std::int64_t r, T* staying_weights) {
  T staying[kOutputs] = {T(kStayingLogit), T(kStayingLogit)};
  std::fill(staying + 2, staying + kOutputs, T(1e3));  // the other outputs are no logits
  weigh_edges(tile.outputs, tile.first[r], tile.first[r + 1], staying, tile.weights, staying_weights);
}

template <class Cpu, typename T>
FLASHRNA_INLINE void votes_forward(const LocalEdgesArrays<T>& in, std::int64_t begin, std::int64_t end, T* shift,
                                   T* rotation) {
  EdgeTile<T> tile(in.E, in.width);
  while (begin < end) {
    begin = gather_edges(in, begin, end, tile);
    run_perceptron<Cpu>(in, tile);
    VoteColumns<T> votes(tile);
    compute_proposals(votes, tile);
    for (std::int64_t r = 0; r < tile.residues; ++r) {
      const std::int64_t i = tile.first_residue + r;
      T staying[kOutputs];
      weigh_votes(tile, r, staying);
      sum_proposals(votes, tile, r, staying[1], shift + 3 * i, rotation + 9 * i);
    }
  }
}

template <class Cpu, typename T>
FLASHRNA_INLINE void votes_backward(const LocalEdgesArrays<T>& in, std::int64_t begin, std::int64_t end,
                                    const T* by_shift, const T* by_rotation, const LocalEdgesGradients<T>& to) {
  EdgeTile<T> tile(in.E, in.width);
  while (begin < end) {
    begin = gather_edges(in, begin, end, tile);
    run_perceptron<Cpu>(in, tile);
    VoteColumns<T> votes(tile);
    compute_proposals(votes, tile);
    for (std::int64_t r = 0; r < tile.residues; ++r) {
      const std::int64_t i = tile.first_residue + r;
      T staying[kOutputs], staying_sum[kOutputs] = {};
      weigh_votes(tile, r, staying);
      const T* by_turn = by_rotation + 9 * i;
      staying_sum[1] = staying[1] * (by_turn[0] + by_turn[4] + by_turn[8]);
      differentiate_sums(votes, tile, r, by_shift + 3 * i, by_turn);
      differentiate_weights(tile.weights, tile.by_weights, tile.first[r], tile.first[r + 1], staying_sum,
                            tile.by_outputs);
    }
    differentiate_proposals(votes, tile);
    differentiate_outputs<Cpu>(in, tile, kVoteOutputs, static_cast<const T*>(nullptr), 0, to);
    differentiate_perceptron<Cpu>(in, tile, /*direct=*/true, to);
  }
}

// NAME compiled for each instruction set.
#define FLASHRNA_ROWS_FOR_ANY_CPU(NAME)              \
  template <typename T, typename... Arguments>       \
  void NAME##_of_any_cpu(const Arguments&... rest) { \
    NAME<AnyCpu, T>(rest...);                        \
  }
#if defined(__x86_64__)
#define FLASHRNA_ROWS(NAME)                                                 \
  FLASHRNA_ROWS_FOR_ANY_CPU(NAME)                                           \
  template <typename... Arguments>                                          \
  [[FLASHRNA_AVX2]] void NAME##_of_avx2(const Arguments&... rest) {         \
    NAME<Avx2, float>(rest...);                                             \
  }                                                                         \
  template <typename... Arguments>                                          \
  [[FLASHRNA_AVX512]] void NAME##_of_avx512(const Arguments&... rest) {     \
    NAME<Avx512, float>(rest...);                                           \
  }                                                                         \
  template <typename T, typename... Arguments>                              \
  void NAME##_of(InstructionSet set, const Arguments&... rest) {            \
    if constexpr (std::is_same_v<T, float>) {                               \
      if (set == InstructionSet::kAvx512) return NAME##_of_avx512(rest...); \
      if (set == InstructionSet::kAvx2) return NAME##_of_avx2(rest...);     \
    }                                                                       \
    NAME##_of_any_cpu<T>(rest...);                                          \
  }
#else
#define FLASHRNA_ROWS(NAME)                                      \
  FLASHRNA_ROWS_FOR_ANY_CPU(NAME)                                \
  template <typename T, typename... Arguments>                   \
  void NAME##_of(InstructionSet set, const Arguments&... rest) { \
    NAME##_of_any_cpu<T>(rest...);                               \
  }
#endif

FLASHRNA_ROWS(messages_forward)
FLASHRNA_ROWS(messages_backward)
FLASHRNA_ROWS(votes_forward)
FLASHRNA_ROWS(votes_backward)

}  // namespace

InstructionSet best_instruction_set() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) return InstructionSet::kAvx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return InstructionSet::kAvx2;
#endif
  return InstructionSet::kAny;
}

template <typename T>
void edge_messages_rows(const LocalEdgesArrays<T>& in, std::int64_t begin, std::int64_t end, T* attended, T* sum) {
  messages_forward_of<T>(in.instructions, in, begin, end, attended, sum);
}

template <typename T>
void edge_messages_rows_backward(const LocalEdgesArrays<T>& in, std::int64_t begin, std::int64_t end,
                                 const T* by_attended, const T* by_sum, const LocalEdgesGradients<T>& gradients) {
  messages_backward_of<T>(in.instructions, in, begin, end, by_attended, by_sum, gradients);
}

template <typename T>
void edge_votes_rows(const LocalEdgesArrays<T>& in, std::int64_t begin, std::int64_t end, T* shift, T* rotation) {
  votes_forward_of<T>(in.instructions, in, begin, end, shift, rotation);
}

template <typename T>
void edge_votes_rows_backward(const LocalEdgesArrays<T>& in, std::int64_t begin, std::int64_t end, const T* by_shift,
                              const T* by_rotation, const LocalEdgesGradients<T>& gradients) {
  votes_backward_of<T>(in.instructions, in, begin, end, by_shift, by_rotation, gradients);
}

#define FLASHRNA_INSTANTIATE(T)                                                                                      \
  template void edge_messages_rows(const LocalEdgesArrays<T>&, std::int64_t, std::int64_t, T*, T*);                  \
  template void edge_messages_rows_backward(const LocalEdgesArrays<T>&, std::int64_t, std::int64_t, const T*,        \
                                            const T*, const LocalEdgesGradients<T>&);                                \
  template void edge_votes_rows(const LocalEdgesArrays<T>&, std::int64_t, std::int64_t, T*, T*);                     \
  template void edge_votes_rows_backward(const LocalEdgesArrays<T>&, std::int64_t, std::int64_t, const T*, const T*, \
                                         const LocalEdgesGradients<T>&);
FLASHRNA_INSTANTIATE(float)
FLASHRNA_INSTANTIATE(double)

}  // namespace flashrna
