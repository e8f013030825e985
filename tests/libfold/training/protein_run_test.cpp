// Proteins through the whole path: a dataset, training, sampling, files.
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "datasets/dataset_writer.h"
#include "datasets/protein_rows.h"
#include "libfold/backbone/sampled_backbone.h"
#include "libfold/checkpoint.h"
#include "libfold/sampling/sample_writer.h"
#include "libfold/sampling/sampler.h"
#include "libfold/training/run_folder.h"
#include "protein/io/structure_reader.h"
#include "tests/libfold/ideal_protein.h"
#include "tests/libfold/tiny_run.h"

namespace flashrna {
namespace {

ProteinChain chain_of(const ChainFeatures& features) {
  SampledBackbone backbone;
  backbone.polymer = Polymer::kProtein;
  for (std::size_t i = 0; i < static_cast<std::size_t>(features.length); ++i) {
    RigidTransform frame;
    for (int row = 0; row < 3; ++row) {
      frame.translation[row] = features.frame_translation[3 * i + static_cast<std::size_t>(row)];
      for (int column = 0; column < 3; ++column)
        frame.rotation(row, column) = features.frame_rotation[9 * i + static_cast<std::size_t>(3 * row + column)];
    }
    backbone.frames.push_back(frame);
    backbone.torsions.push_back({features.torsion_sin_cos[2 * i], features.torsion_sin_cos[2 * i + 1]});
  }
  return make_protein_structure(backbone, "x").chains.front();
}

void write_protein_dataset(const std::string& path) {
  DatasetWriter writer(path, {.source = "ideal", .options = "", .polymer = Polymer::kProtein}, true);
  int entry = 0;
  for (const ChainFeatures& features : {ideal_helix(12), ideal_hairpin(6), ideal_helix(9), ideal_hairpin(4)}) {
    ChainRecord record;
    record.entry = "1AA" + std::to_string(entry++);
    record.id = record.entry + "_1_A";
    record.chain_ids = "A";
    record.molecule_kind = "protein";
    record.length = features.length;
    writer.append(record, chain_rows(chain_of(features)));
  }
  writer.finish();
}

struct ProteinRun : TinyRun {
  explicit ProteinRun(const std::string& dataset) : TinyRun(dataset) {
    config.model.polymer = "protein";
    config.model.torsions = 1;
    config.model.skip_channels = 4;
    config.flow.min_t = 0;
    config.flow.max_t = 0.99;
    config.flow.rotation_noise = "uniform";
    config.flow.coupling_cost = "se3";
    config.flow.stochasticity = 0.1;
    config.losses.rotation_error = "axis_angle";
    config.losses.auxiliary_min_t = 0.75;
    config.losses.auxiliary_scaling = false;
    config.losses.atoms = 5;
    config.losses.distance_cutoff = 6;
    config.training.validation_samples = 0;
  }
};

TEST(ProteinRun, ResumedRunEndsWithEqualWeights) {
  const TemporaryFolder folder;
  write_protein_dataset(folder / "data.h5");
  ProteinRun whole(folder / "data.h5");
  whole.config.validate();
  const TrainingResult expected = whole.train(folder / "whole");
  ProteinRun first(folder / "data.h5");
  first.config.training.steps = 10;
  first.train(folder / "parts");
  ProteinRun second("");
  second.config = first.config;
  second.configuration.set("training.steps", "20", "--training.steps");
  const TrainingResult got = second.resume(folder / "parts");
  EXPECT_EQ(read_checkpoint(got.checkpoint).step, 20);
  const auto weights = read_checkpoint(expected.checkpoint).weights, again = read_checkpoint(got.checkpoint).weights;
  ASSERT_EQ(weights.size(), again.size());
  for (const auto& [name, values] : weights) EXPECT_TRUE(at::equal(values, again.at(name))) << name;
}

TEST(ProteinRun, ARunOfAnotherPolymerIsRefused) {
  const TemporaryFolder folder;
  write_protein_dataset(folder / "protein.h5");
  write_tiny_dataset(folder / "rna.h5", five_chains());
  TinyRun rna(folder / "protein.h5");
  EXPECT_NE(message_of([&] { rna.train(folder / "a"); }).find("model.polymer = rna"), std::string::npos);
  ProteinRun protein(folder / "rna.h5");
  EXPECT_NE(message_of([&] { protein.train(folder / "b"); }).find("model.polymer = protein"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(folder / "a"));
}

TEST(ProteinRun, SamplesAreFilesOfAlaninesWithTheirMeasures) {
  const TemporaryFolder folder;
  write_protein_dataset(folder / "data.h5");
  ProteinRun run(folder / "data.h5");
  run.train(folder / "run");
  SampleConfig request;
  request.checkpoint = "run";
  request.polymer = "protein";
  request.lengths = "8,11";
  request.samples = 2;
  request.steps = 5;
  request.format = "both";
  request.validate();
  request.validate_polymer();
  Sampler sampler(read_checkpoint_to_resume(folder / "run"), "ema", at::kCPU, {.steric_rounds = 3, .relax_rounds = 5});
  const std::vector<PlannedBatch> plan = plan_batches(request);
  SampleWriter writer(request, plan, folder / "samples");
  for (const PlannedBatch& batch : plan)
    writer.write(batch, sampler.sample(batch.lengths(), batch.indices(), 0, request.steps), 1.0);
  for (const PlannedBatch& batch : plan) {
    EXPECT_TRUE(writer.has(batch));
    for (const PlannedSample& sample : batch.samples) {
      const ProteinStructure made = read_protein_structure(writer.path_of(sample));
      ASSERT_EQ(made.chains.size(), 1u);
      ASSERT_EQ(made.chains[0].residues.size(), static_cast<std::size_t>(sample.length()));
      for (const ProteinResidue& residue : made.chains[0].residues) EXPECT_EQ(residue.atom_mask, 31u);
      EXPECT_GT(std::stod(writer.row(sample).at("radius_of_gyration")), 0);
      EXPECT_EQ(writer.row(sample).count("c4_distance"), 0u);
    }
  }
  // A sample is its own reference.
  request.reference = writer.path_of(plan[0].samples[0]);
  SampleWriter compared(request, plan, folder / "compared");
  compared.write(plan[0], sampler.sample(plan[0].lengths(), plan[0].indices(), 0, request.steps), 1.0);
  EXPECT_EQ(compared.row(plan[0].samples[0]).at("rmsd_to_reference"), "0.000");
}

TEST(ProteinRun, OptionsOfRnaAreRefused) {
  SampleConfig request;
  request.polymer = "protein";
  request.lengths = "8+9";
  EXPECT_THROW(request.validate_polymer(), UsageError);
  request.lengths = "8";
  request.validate_polymer();
  request.all_atom = true;
  EXPECT_THROW(request.validate_polymer(), UsageError);
}

}  // namespace
}  // namespace flashrna
