// One round of a relaxation (libfold/backbone/relaxation.h), residue by residue: the gradient of the energy with
// respect to the moves of frames and torsions, Adam, and the new atoms. A residue writes its own values alone, so there
// are no atomics and results are the same bits in every run. Atoms and ideal geometry are given as tables. The GPU
// kernels and the CPU call the same functions.
#pragma once

#include <cstdint>

#include "kernels/cuda_launch.h"
#include "kernels/lengths.h"
#include "kernels/relaxation/energy_terms.h"
#include "kernels/relaxation/rigid_groups.h"
#include "kernels/steric_overlap/steric_overlap_row.h"

namespace flashrna {

// Adam (Kingma & Ba 2015, arXiv:1412.6980), as torch::optim::Adam computes it.
template <typename T>
struct AdamStep {
  T first_decay, second_decay, epsilon;
  T step;   // step size / (1 - first_decay^n) in step n
  T scale;  // sqrt(1 - second_decay^n)
};

// T is float or double. The moves of a residue are V numbers: a shift of the frame (3, Å), its turn (3, a rotation
// vector in the frame), and a turn of each torsion. The assembly is all copies of the units, one after another without
// padding: residue i of copy c is row c n + i of N = copies * L.
template <typename T>
struct RelaxationRows {
  std::int64_t B, L, copies;
  RigidGroups<T> residue;
  // Of the assembly: L = N rows; `atoms` are those before the round, `mask`, `energy` and `gradient` are not used.
  StericRows<T> overlap;
  LinkTerm<T> link;
  PairTerm<T> pair;
  RingTerm<T> rings;
  T shift_weight, turn_weight;  // of squared moves
  AdamStep<T> adam;

  const std::int64_t* lengths;  // [B], of the units
  const bool* fixed;            // [B, L]: residues that do not move; null: none
  const std::int64_t* partner;  // [B, N]: mutual, negative if unpaired; null: no residue has one
  const T* rotations;           // [B, L, 3, 3]: the backbone before the relaxation
  const T* translations;        // [B, L, 3] Å
  const T* torsions;            // [B, L, V - 6, 2] (sin, cos)
  const T* copy_rotations;      // [copies, 3, 3], the identity first

  T *moves, *first_moment, *second_moment;  // [B, L, V]
  // Of the current poses, from the origin of the residue's frame, so that f32 keeps its digits far from that of the
  // coordinates.
  T* axes;     // [B, L, groups, 6]
  T* arms;     // [B, L, A, 3]: atoms
  T* atoms;    // [B, N, A, 3]: those after the round
  T* origins;  // [B, N, 3]: the atom `origin` of each residue, after the round
  std::int64_t origin;

  FLASHRNA_HOST_DEVICE std::int64_t variables() const { return 6 + residue.torsions(); }
};

enum class RelaxationRowKind {
  kPlace,  // atoms, origins and axes of the current moves
  kRound,  // a step of Adam, then the same
};

// Computes every row of [B, L], on the stream's device. Throws std::runtime_error with the CUDA error message.
template <typename T>
void relaxation_rows_cuda(RelaxationRowKind kind, const RelaxationRows<T>& arguments, const CudaStream& stream);

// Computes the rows [begin, end) of [B, L] on the CPU.
template <typename T>
void relaxation_rows_cpu(RelaxationRowKind kind, const RelaxationRows<T>& arguments, std::int64_t begin,
                         std::int64_t end);

// Scratch memory of a row, in elements of T: gradients of the atoms, moves, and poses with atoms or sums of overlaps.
template <typename T>
struct RelaxationScratch {
  T *by_atoms, *moves, *poses, *arms, *sums;

  FLASHRNA_HOST_DEVICE RelaxationScratch(const RelaxationRows<T>& a, T* memory) {
    by_atoms = memory;
    moves = by_atoms + 3 * a.residue.atoms;
    poses = sums = moves + a.variables();
    arms = poses + kPose * a.residue.groups;
  }
};

template <typename T>
FLASHRNA_HOST_DEVICE std::int64_t relaxation_scratch(const RelaxationRows<T>& a) {
  const std::int64_t placing = kPose * a.residue.groups + 3 * a.residue.atoms,
                     sums = steric_scratch(a.overlap.A, a.overlap.k);
  return 3 * a.residue.atoms + a.variables() + (placing > sums ? placing : sums);
}

// Places the residue with the moves in the scratch memory.
template <typename T, class Lanes>
FLASHRNA_HOST_DEVICE void place_residue(const Lanes& lanes, const RelaxationRows<T>& a, std::int64_t item,
                                        std::int64_t length, const RelaxationScratch<T>& s) {
  const std::int64_t A = a.residue.atoms, sample = item / a.L, i = item % a.L;
  lanes.share(1, [&](std::int64_t) {
    turn_rotation(a.rotations + 9 * item, load3(s.moves + 3), s.poses);
    store3(s.poses + 9, Vector3<T>{});
  });
  pose_groups(lanes, a.residue, a.torsions + 2 * a.residue.torsions() * item, s.moves + 6, s.poses);
  place_atoms(lanes, a.residue, s.poses, s.arms);
  lanes.share(a.residue.groups, [&](std::int64_t k) {
    const T* pose = s.poses + kPose * k;
    T* axis = a.axes + kAxis * (item * a.residue.groups + k);
    store3(axis, load3(pose + 9));
    store3(axis + 3, Vector3<T>{pose[0], pose[3], pose[6]});
  });
  lanes.share(A * a.copies, [&](std::int64_t place) {
    const std::int64_t atom = place % A, copy = place / A, row = sample * a.overlap.L + copy * length + i;
    const Vector3<T> arm = load3(s.arms + 3 * atom), frame = load3(a.translations + 3 * item) + load3(s.moves);
    const Vector3<T> x = apply(a.copy_rotations + 9 * copy, arm + frame);
    if (copy == 0) store3(a.arms + 3 * (item * A + atom), arm);
    store3(a.atoms + 3 * (row * A + atom), x);
    if (atom == a.origin) store3(a.origins + 3 * row, x);
  });
}

// Adds the gradients of links, pairs and rings to those of the atoms of row `row` of the assembly; `arms` [A, 3].
template <typename T, class Lanes>
FLASHRNA_HOST_DEVICE void add_other_terms(const Lanes& lanes, const RelaxationRows<T>& a, std::int64_t row,
                                          bool linked_before, bool linked_after, const T* arms, T* by_atoms) {
  const std::int64_t stride = 3 * a.residue.atoms, first = row / a.overlap.L * a.overlap.L;
  const T* own = a.overlap.atoms + stride * row;
  const std::int64_t partner = a.partner == nullptr || a.partner[row] < 0 ? -1 : first + a.partner[row];
  lanes.share(a.residue.atoms, [&](std::int64_t atom) {
    Vector3<T> sum = load3(by_atoms + 3 * atom) + a.rings.gradient(atom, arms);
    if (linked_after && (atom == a.link.b || atom == a.link.c)) {
      const LinkGradient<T> link(a.link, own, own + stride);
      sum = sum + (atom == a.link.b ? link.b : link.c);
    }
    if (linked_before && (atom == a.link.d || atom == a.link.e)) {
      const LinkGradient<T> link(a.link, own - stride, own);
      sum = sum + (atom == a.link.d ? link.d : link.e);
    }
    if (partner >= 0 && (atom == a.pair.c1 || atom == a.pair.n)) {
      const T* other = a.overlap.atoms + stride * partner;
      const PairGradient<T> pair(a.pair, own, other), back(a.pair, other, own);
      sum = sum + (atom == a.pair.c1 ? pair.c1 + back.partner_c1 : pair.n + back.partner_n);
    }
    store3(by_atoms + 3 * atom, sum);
  });
  lanes.sync();
}

// The step of Adam for a residue; `by_moves` [V] becomes its new moves.
template <typename T, class Lanes>
FLASHRNA_HOST_DEVICE void step_moves(const Lanes& lanes, const RelaxationRows<T>& a, std::int64_t item, T* by_moves) {
  const std::int64_t V = a.variables();
  lanes.share(V, [&](std::int64_t v) {
    const std::int64_t at = item * V + v;
    const T old = a.moves[at], gradient = by_moves[v] + 2 * (v < 3 ? a.shift_weight : a.turn_weight) * old;
    const T first = a.adam.first_decay * a.first_moment[at] + (1 - a.adam.first_decay) * gradient;
    const T second = a.adam.second_decay * a.second_moment[at] + (1 - a.adam.second_decay) * gradient * gradient;
    a.first_moment[at] = first;
    a.second_moment[at] = second;
    a.moves[at] = by_moves[v] = old - a.adam.step * first / (std::sqrt(second) / a.adam.scale + a.adam.epsilon);
  });
  lanes.sync();
}

// Computes row `item` of [B, L]; rows at or beyond their length are skipped.
template <typename T, class Lanes>
FLASHRNA_HOST_DEVICE void relaxation_row(const Lanes& lanes, RelaxationRowKind kind, const RelaxationRows<T>& a,
                                         std::int64_t item, T* memory) {
  const std::int64_t i = item % a.L, length = cut_length(a.lengths[item / a.L], a.L), V = a.variables();
  if (i >= length) return;
  const RelaxationScratch<T> s(a, memory);
  if (kind == RelaxationRowKind::kRound && (a.fixed == nullptr || !a.fixed[item])) {
    const std::int64_t row = item / a.L * a.overlap.L + i;
    const std::int64_t* index = a.overlap.residue_index + row;
    const T* arms = a.arms + 3 * a.residue.atoms * item;
    sum_overlaps(lanes, a.overlap, row, s.sums);
    lanes.share(a.residue.atoms,
                [&](std::int64_t atom) { store3(s.by_atoms + 3 * atom, load3(s.sums + 4 * atom + 1)); });
    add_other_terms(lanes, a, row, i > 0 && index[0] - index[-1] == 1, i + 1 < length && index[1] - index[0] == 1, arms,
                    s.by_atoms);
    share_out_apex(lanes, a.residue, arms, s.by_atoms);
    differentiate_moves(lanes, a.residue, a.axes + kAxis * a.residue.groups * item, a.rotations + 9 * item,
                        load3(a.moves + V * item + 3), arms, s.by_atoms, s.moves);
    step_moves(lanes, a, item, s.moves);
  } else {
    lanes.share(V, [&](std::int64_t v) { s.moves[v] = a.moves[V * item + v]; });
    lanes.sync();
  }
  place_residue(lanes, a, item, length, s);
}

}  // namespace flashrna
