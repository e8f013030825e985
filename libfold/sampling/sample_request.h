// What a sampler is asked for, checked and completed for the network.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "libfold/conditioning.h"
#include "libfold/flow/chain_prior.h"
#include "libfold/nn/flow_model.h"
#include "libfold/sampling/symmetry.h"
#include "rna/geometry.h"

namespace flashrna {

// A sampling request: one backbone for each of the B entries of `lengths`. Tensors are on the CPU.
struct SampleRequest {
  std::vector<int> lengths;
  std::vector<std::uint64_t> indices;  // by sample; with seed and length they determine the noise
  std::uint64_t seed = 0;
  int steps = 20;  // >= 2 calls of the model: steps - 1 Euler steps and a final call, whose prediction is the sample
  // [B, longest] i64; undefined = 0, 1, 2, ..., rising by kChainJoin (rna/assembly.h) between molecules
  at::Tensor residue_index;
  Conditioning conditioning;  // [B, longest] each; undefined members set no condition. conditioning.given is not read.
  // Frames (Å) and torsions of the residues of conditioning.fixed, [B, longest, ...]; undefined without a motif. Other
  // rows are not read. The residues of a sample with conditioning.fixed_group undefined, or of one number, keep their
  // frames exactly, and the sample is in the coordinates of `given`. Otherwise the groups move relative to each other.
  FlowModelOutput given;
  // A structure that is noised to start_time and refined from there; undefined = from noise. Torsions are not read.
  FlowModelOutput start;
  double start_time = 0;  // in (0, 1) with a start
  // Rotation group of libfold/sampling/symmetry.h: C2 to C12, D2 to D6, T, O or I; "" = none. The request describes one
  // unit, and each sample is the whole assembly: its units one after another, the first one the unit itself. A value of
  // conditioning.partner may name a residue of another copy, as in SymmetricCopies::partner. Not with a motif or a
  // start.
  std::string symmetry;
};

// A request as the sampler runs it. Tensors are on the CPU, of shape [B, L, ...], f32 where they are coordinates.
struct PreparedRequest {
  at::Tensor residue_index;
  std::vector<ChainLayout> layouts;
  // `fixed` without residues of groups that move; `fixed_group` if any is given, with `given`
  Conditioning conditioning;
  FlowModelOutput given;  // of conditioning.fixed, centered on these residues of each sample; undefined without a motif
  FlowModelOutput start;  // without torsions; centered likewise, or on the mean of the sample; undefined = none
  std::vector<Vec3> centers;  // of the fixed residues, by sample, Å; zero for a sample without
  bool moves_groups = false;  // whether a sample has several groups
  std::optional<RotationGroup> symmetry;
};

// Throws Error for tensors of wrong shape, values that are not finite, and conditions that contradict each other.
PreparedRequest prepare(const SampleRequest& request);

}  // namespace flashrna
