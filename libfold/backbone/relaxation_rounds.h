// The rounds of a relaxation by the row functions of kernels/relaxation: two launches each on a GPU, the search of
// neighbors and the round.
#pragma once

#include "kernels/nearest_neighbors/nearest_neighbors.h"
#include "kernels/relaxation/relaxation_rows.h"
#include "libfold/backbone/relaxation_energy.h"

namespace flashrna {

class RelaxationRounds {
 public:
  // Starts from moves `start` of `backbone`, on a CPU or a CUDA device, f32 or f64. `lengths` [B] are those of the
  // unit; `fixed` [B, L] bool may be undefined.
  RelaxationRounds(const FlowModelOutput& backbone, const at::Tensor& lengths, const RelaxationScene& scene,
                   const at::Tensor& fixed, const RelaxationMoves& start);

  // A step of Adam with a step size in Å and radians.
  void step(double size);

  RelaxationMoves moves() const;
  // Adam's mean of the gradients, in the order of RelaxationMoves: [B, L, 6 + T]. After one step 0.1 times the gradient
  // at the start.
  const at::Tensor& mean_gradients() const { return first_moment_; }

 private:
  template <typename T>
  RelaxationRows<T> rows(double size) const;
  void run(RelaxationRowKind kind, double size);

  const PolymerBackbone& polymer_;
  int64_t copies_;
  at::Tensor rotations_, translations_, torsions_;    // of the backbone, not moved
  at::Tensor lengths_, fixed_;                        // of the unit
  at::Tensor all_lengths_, residue_index_, partner_;  // of the assembly
  at::Tensor copy_rotations_;                         // [copies, 3, 3]
  at::Tensor moves_, first_moment_, second_moment_;   // [B, L, 6 + T]
  at::Tensor arms_;                                   // [B, L, A, 3]
  at::Tensor axes_;                                   // [B, L, groups, 6]
  at::Tensor atoms_, next_atoms_;                     // [B, N, A, 3], of the assembly
  at::Tensor origins_;                                // [B, N, 3]
  NearestNeighbors nearest_;                          // [B, N, k]
  int steps_ = 0;
};

}  // namespace flashrna
