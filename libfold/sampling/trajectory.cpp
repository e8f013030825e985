#include "libfold/sampling/trajectory.h"

#include <array>

namespace flashrna {
namespace {

constexpr std::int64_t kVersion = 1;
constexpr std::uint64_t kTimesPerChunk = 1024;  // of the two datasets with one number per step

void describe(Hdf5Dataset& dataset, const std::string& unit, const std::string& description) {
  dataset.set_text("unit", unit);
  dataset.set_text("description", description);
}

void append(std::optional<Hdf5Dataset>& dataset, const at::Tensor& values) {
  const at::Tensor row = values.to(at::kCPU, at::kFloat).contiguous();
  dataset->append_rows<float>({row.const_data_ptr<float>(), static_cast<std::size_t>(row.numel())});
}

}  // namespace

TrajectoryFile::TrajectoryFile(const std::string& path, const PlannedBatch& batch, std::uint64_t seed, int steps,
                               int every, int torsions)
    : file_(path, true),
      samples_(batch.samples.size()),
      length_(static_cast<std::uint64_t>(batch.longest())),
      torsions_(static_cast<std::uint64_t>(torsions)),
      steps_(steps),
      every_(every) {
  Hdf5Group root = file_.root();
  root.set_text("format", "flashrna-trajectory");
  root.set_integer("version", kVersion);
  root.set_text("seed", std::to_string(seed));
  root.set_integer("steps", steps);
  root.set_integer("every", every);

  std::vector<std::string> names;
  std::vector<std::int64_t> indices;
  for (const PlannedSample& sample : batch.samples) {
    names.push_back(sample.name);
    indices.push_back(static_cast<std::int64_t>(sample.index));
  }
  Hdf5Group samples = root.create_group("samples");
  Hdf5Dataset name = samples.write_text("name", names);
  describe(name, "", "as in samples.csv");
  Hdf5Dataset index = samples.write<std::int64_t>("index", {samples_}, indices);
  describe(index, "1", "of the sample within its length; seed, length and index decide the noise");

  step_.emplace(root.create_extensible<std::int32_t>("step", {}, kTimesPerChunk));
  describe(*step_, "1", "call of the model, from 0");
  time_.emplace(root.create_extensible<double>("time", {}, kTimesPerChunk));
  describe(*time_, "1", "time of the flow at that call; 0 is noise, 1 the sample");
  create(state_, root.create_group("state"), "of what the model was given; the noise at first", false);
  create(prediction_, root.create_group("prediction"), "of the end as the model predicts it; the last is the sample",
         true);
}

void TrajectoryFile::create(FrameColumns& frames, Hdf5Group group, const std::string& of, bool with_torsions) const {
  frames.translations.emplace(group.create_extensible<float>("translations", {samples_, length_, 3}, 1));
  describe(*frames.translations, "angstrom", "[step, sample, residue, xyz]: origins of the frames " + of);
  frames.rotations.emplace(group.create_extensible<float>("rotations", {samples_, length_, 3, 3}, 1));
  describe(*frames.rotations, "1", "[step, sample, residue, row, column]: axes of the frames, as columns, " + of);
  if (!with_torsions) return;
  frames.torsions.emplace(group.create_extensible<float>("torsion_sin_cos", {samples_, length_, torsions_, 2}, 1));
  describe(*frames.torsions, "1", "[step, sample, residue, torsion, sine and cosine] " + of);
}

void TrajectoryFile::add(const SamplingStep& step) {
  if (step.number % every_ != 0 && step.number + 1 != steps_) return;
  step_->append_rows<std::int32_t>(std::array{static_cast<std::int32_t>(step.number)});
  time_->append_rows<double>(std::array{step.t});
  append(state_.translations, step.state.translations);
  append(state_.rotations, step.state.rotations);
  append(prediction_.translations, step.prediction.translations);
  append(prediction_.rotations, step.prediction.rotations);
  append(prediction_.torsions, step.prediction.torsions);
}

void TrajectoryFile::commit() {
  step_.reset();
  time_.reset();
  state_ = {};
  prediction_ = {};
  file_.commit();
}

}  // namespace flashrna
