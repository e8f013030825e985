// The energy of a relaxation (relaxation.h), its variables, and what it needs besides the backbone.
#pragma once

#include <ATen/core/Tensor.h>

#include "libfold/backbone/polymer_backbone.h"
#include "libfold/backbone/relaxation.h"

namespace flashrna {

// Weights of squared errors. A bond that is 0.1 Å too long costs as much as an overlap of 0.3 Å; a residue moved by 1 Å
// costs as much as an overlap of 0.2 Å.
inline constexpr double kBondWeight = 10;         // per Å^2, of links and rings
inline constexpr double kAngleWeight = 5;         // of cosines
inline constexpr double kShiftWeight = 0.05;      // per Å^2
inline constexpr double kTurnWeight = 0.5;        // per rad^2, of frames and torsions
inline constexpr double kRelaxationMargin = 0.1;  // Å; distance beyond contact up to which atoms repel

// The optimized variables.
struct RelaxationMoves {
  at::Tensor shifts;    // [B, L, 3] Å
  at::Tensor turns;     // [B, L, 3] rotation vectors in the residue's frame
  at::Tensor torsions;  // [B, L, T] radians

  static RelaxationMoves none(const FlowModelOutput& backbone);
  FlowModelOutput of(const FlowModelOutput& backbone) const;
};

// Of all copies if there are any.
struct RelaxationScene {
  const PolymerBackbone& backbone;
  at::Tensor lengths;        // [B]
  at::Tensor residue_index;  // [B, L]
  at::Tensor mask;           // [B, L] bool: real residues
  at::Tensor unit_mask;      // [B, L] bool: the same, of the unit alone
  at::Tensor links;          // [B, L - 1] bool: bonded residues, of the unit alone
  at::Tensor partner;        // [B, L] or undefined
  const SymmetricCopies* copies;
};

// PolymerBackbone::ring_distances, each [rings].
struct RingTensors {
  at::Tensor slots, other_slots;  // i64
  at::Tensor distances;           // Å
};

// On the device and in the dtype of `like`, made once.
const RingTensors& ring_tensors(const PolymerBackbone& backbone, const at::Tensor& like);

// `lengths` [B] and the padded length L are those of the unit, L >= 2.
RelaxationScene make_relaxation_scene(const at::Tensor& lengths, int64_t L, const RelaxationOptions& options);

// Scalar; `backbone` has been moved. Differentiable.
at::Tensor relaxation_energy(const FlowModelOutput& backbone, const RelaxationMoves& moves,
                             const RelaxationScene& scene);

}  // namespace flashrna
