// Trajectory of a batch from noise to backbones: one HDF5 file, written step by step under a temporary name until the
// last step. Memory does not grow with the number of steps. Every dataset has attributes `unit` and `description`.
//   /                                attrs: format="flashrna-trajectory", version, seed, steps, every
//   /samples/name [B], index [B]     names as in samples.csv; B samples of L residues
//   /step [T], time [T]              stored calls of the model, from 0, and their times: min_t .. 1
//   /state/translations              f32 [T, B, L, 3], Å: origins (C4', CA) of the model's input; at first
//                                    the noise
//   /state/rotations                 f32 [T, B, L, 3, 3], axes as columns
//   /prediction/translations, rotations, torsion_sin_cos [T, B, L, 8 or 1, 2]    end point predicted from that state;
//                                    the last one is the sample
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "datasets/hdf5/file.h"
#include "libfold/sampling/sample_plan.h"
#include "libfold/sampling/sampler.h"

namespace flashrna {

class TrajectoryFile {
 public:
  // `torsions`: of a residue. Stores steps 0, every, 2 every, ... and the last. Throws Error if `path` cannot be
  // written. Replaces an existing file.
  TrajectoryFile(const std::string& path, const PlannedBatch& batch, std::uint64_t seed, int steps, int every,
                 int torsions = 8);

  void add(const SamplingStep& step);
  // Renames the file to its final name. A trajectory that is not committed leaves no file.
  void commit();

 private:
  // Datasets [T, B, L, ...], one row per step.
  struct FrameColumns {
    std::optional<Hdf5Dataset> translations, rotations, torsions;
  };
  void create(FrameColumns& frames, Hdf5Group group, const std::string& of, bool with_torsions) const;

  Hdf5OutputFile file_;
  std::uint64_t samples_, length_, torsions_;
  int steps_, every_;
  std::optional<Hdf5Dataset> step_, time_;
  FrameColumns state_, prediction_;
};

}  // namespace flashrna
