// Messages and votes of consecutive residues on a CPU, forward and backward, from raw pointers. No torch here, so that
// the file can be compiled with the flags that it needs.
//
// H hidden channels are padded with channels of zero weight to `width`, a multiple of 16. Weights are [out, in] and,
// with _t, transposed: forward reads the rows of one, backward those of the other. by_x is the gradient with respect to
// x.
#pragma once

#include <cstdint>

#include "kernels/local_edges/local_edges_definition.h"

namespace flashrna {

inline constexpr std::int64_t kHiddenMultiple = 16;
inline constexpr int kFrameColumns = 32;  // kEdgeFrameFeatures padded
inline constexpr int kOutputs = 8;        // outputs of the last layer: logits of kEdgeHeads heads padded, or a vote

enum class InstructionSet { kAny, kAvx2, kAvx512 };
InstructionSet best_instruction_set();  // of this CPU

template <typename T>
struct LocalEdgesArrays {
  InstructionSet instructions;             // f64, which only tests use, is compiled for kAny alone
  std::int64_t L, E, F, width;             // F: features that do not depend on frames
  const T *center, *neighbor;              // [B, L, width]
  const T* frames;                         // [B, L, 12]: translation, rotation by rows
  const std::int64_t* neighbors;           // [B, L, E]
  const bool* present;                     // [B, L, E]
  const T* features;                       // [B, L, E, F]
  const std::int64_t* nonzero;             // [B, L, E]: bit k is set where features[k] is not 0
  const T* list_weight_t;                  // [F, width]
  const T *frame_weight, *frame_weight_t;  // [width, 32], [32, width]
  const T *weight_2, *weight_2_t;          // [width out, width in], [width in, width out]
  const T* bias_2;                         // [width]
  const T *out_weight, *out_weight_t;      // [8, width], [width, 8]
  const T* out_bias;                       // [8]
};

// The gradients that a chunk of residues of one sample adds to. Initialized to zero.
template <typename T>
struct LocalEdgesGradients {
  T *center, *near;          // [B, L, width], [B, L, 12]: written for the residues of the chunk
  T *neighbor, *far;         // [L, width], [L, 12]: of the sample that the chunk belongs to
  T* list_weight_t;          // [F, width]
  T* frame_weight_t;         // [32, width]
  T *weight_2, *bias_2;      // [width out, width in], [width]
  T *out_weight, *out_bias;  // [8, width], [8]
};

// Residues [begin, end) of [B * L], all of one sample. T is float or double.
// attended [B, L, kEdgeHeads, width]: weighted means of the hidden channels over the edges; sum [B, L, width].
template <typename T>
void edge_messages_rows(const LocalEdgesArrays<T>& in, std::int64_t begin, std::int64_t end, T* attended, T* sum);
template <typename T>
void edge_messages_rows_backward(const LocalEdgesArrays<T>& in, std::int64_t begin, std::int64_t end,
                                 const T* by_attended, const T* by_sum, const LocalEdgesGradients<T>& gradients);

// shift [B, L, 3], rotation [B, L, 9]: means over the votes in the frame of each residue.
template <typename T>
void edge_votes_rows(const LocalEdgesArrays<T>& in, std::int64_t begin, std::int64_t end, T* shift, T* rotation);
template <typename T>
void edge_votes_rows_backward(const LocalEdgesArrays<T>& in, std::int64_t begin, std::int64_t end, const T* by_shift,
                              const T* by_rotation, const LocalEdgesGradients<T>& gradients);

}  // namespace flashrna
