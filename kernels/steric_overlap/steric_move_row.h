// A step in which residues with overlapping atoms move apart as rigid bodies (libfold/backbone/steric_move.h). The GPU
// kernel and the CPU call the same function.
#pragma once

#include "kernels/lengths.h"
#include "kernels/steric_overlap/steric_overlap_row.h"

namespace flashrna {

template <typename T>
struct StericMoveRows {
  StericRows<T> overlap;        // `atoms` are those before the step; `energy` and `gradient` are not used
  T rate, longest;              // a residue moves by -rate times the gradient of its place, by at most `longest` Å
  const std::int64_t* lengths;  // [B]
  const bool* fixed;            // [B, L]: residues that stay; null: none
  T* atoms;                     // [B, L, A, 3]: those after the step
  T* origins;                   // [B, L, 3]: moved with the residues
};

// Computes every row of [B, L], on the stream's device. Throws std::runtime_error with the CUDA error message.
template <typename T>
void steric_move_rows_cuda(const StericMoveRows<T>& arguments, const CudaStream& stream);

// Computes the rows [begin, end) of [B, L] on the CPU.
template <typename T>
void steric_move_rows_cpu(const StericMoveRows<T>& arguments, std::int64_t begin, std::int64_t end);

template <typename T>
FLASHRNA_HOST_DEVICE std::int64_t steric_move_scratch(const StericRows<T>& a) {
  return steric_scratch(a.A, a.k) + 3;
}

// Computes row `item` of [B, L]; rows at or beyond their length are skipped.
template <typename T, class Lanes>
FLASHRNA_HOST_DEVICE void steric_move_row(const Lanes& lanes, const StericMoveRows<T>& a, std::int64_t item,
                                          T* scratch) {
  const StericRows<T>& overlap = a.overlap;
  const std::int64_t A = overlap.A, L = overlap.L;
  if (item % L >= cut_length(a.lengths[item / L], L)) return;
  T* const downhill = scratch + steric_scratch(A, overlap.k);
  const bool moves = a.fixed == nullptr || !a.fixed[item];
  if (moves) sum_overlaps(lanes, overlap, item, scratch);
  lanes.share(3, [&](std::int64_t d) {
    T sum = 0;
    for (std::int64_t own = 0; moves && own < A; ++own) sum += scratch[4 * own + 1 + d];
    downhill[d] = -a.rate * sum;
  });
  lanes.sync();
  const T x = downhill[0], y = downhill[1], z = downhill[2], length = std::sqrt(x * x + y * y + z * z);
  const T cut = length > a.longest ? a.longest / length : T(1);
  lanes.share(3 * A, [&](std::int64_t at) {
    a.atoms[item * A * 3 + at] = overlap.atoms[item * A * 3 + at] + cut * downhill[at % 3];
  });
  lanes.share(3, [&](std::int64_t d) { a.origins[item * 3 + d] += cut * downhill[d]; });
}

}  // namespace flashrna
