// Samples with a motif, several molecules, a start structure or a symmetry.
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "libfold/random_streams.h"
#include "libfold/sampling/sampler.h"
#include "libfold/sampling/symmetry.h"
#include "rna/assembly.h"
#include "rna/torsion.h"
#include "tests/libfold/tiny_run.h"

namespace flashrna {
namespace {

using at::Tensor;

// Å. The batch shape changes the order of sums: f32 rounding, amplified over a few steps of an untrained model.
constexpr double kBatchRounding = 2e-3;

// Every correction, a few rounds each.
const SamplingControl kCorrected{.steric_rounds = 3, .relax_rounds = 4, .pair_rounds = 2};

double largest_difference(const Tensor& a, const Tensor& b) { return (a - b).abs().max().item<double>(); }

double largest_difference(const SampledBackbone& a, const SampledBackbone& b) {
  double largest = 0.0;
  for (std::size_t i = 0; i < a.frames.size(); ++i)
    largest = std::max(largest, (a.frames[i].translation - b.frames[i].translation).cwiseAbs().maxCoeff());
  return largest;
}

// Frames and torsions of equally long backbones: [B, L, ...] f64.
FlowModelOutput to_tensors(const std::vector<SampledBackbone>& backbones) {
  const auto B = static_cast<int64_t>(backbones.size()), L = static_cast<int64_t>(backbones.front().frames.size());
  FlowModelOutput all{at::zeros({B, L, 3}, at::kDouble), at::zeros({B, L, 3, 3}, at::kDouble),
                      at::zeros({B, L, kTorsions, 2}, at::kDouble)};
  for (int64_t b = 0; b < B; ++b)
    for (int64_t i = 0; i < L; ++i) {
      const SampledBackbone& backbone = backbones[static_cast<std::size_t>(b)];
      const RigidTransform& frame = backbone.frames[static_cast<std::size_t>(i)];
      for (int d = 0; d < 3; ++d) {
        all.translations[b][i][d] = frame.translation[d];
        for (int column = 0; column < 3; ++column) all.rotations[b][i][d][column] = frame.rotation(d, column);
      }
      for (int k = 0; k < kTorsions; ++k)
        for (int part = 0; part < 2; ++part)
          all.torsions[b][i][k][part] =
              backbone.torsions[static_cast<std::size_t>(kTorsions * i + k)][static_cast<std::size_t>(part)];
    }
  return all;
}

FlowModelOutput moved(const FlowModelOutput& structure, const Tensor& rotation, const Tensor& shift) {
  return {at::matmul(structure.translations, rotation.t()) + shift, at::matmul(rotation, structure.rotations),
          structure.torsions};
}

Tensor quarter_turn() { return at::tensor({0.0, -1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0}, at::kDouble).view({3, 3}); }
Tensor far_away() { return at::tensor({120.0, -80.0, 260.0}, at::kDouble); }

class ConditionedSampler : public testing::Test {
 protected:
  // A network of random weights, of which the layers that begin at zero get small values.
  static void SetUpTestSuite() {
    TinyRun run("");
    ModelConfig& model = run.config.model;
    model.positions = "relative";
    model.neighbors = 12;
    model.chain_neighbors = 8;
    model.local_edges = model.edge_votes = 8;
    model.condition_pairs = model.condition_letters = model.condition_motifs = model.condition_motif_groups = true;
    run.config.flow.prior = "chain";
    run.config.data.path = "none.h5";  // never read
    FlowModel network(model, run.config.published);
    network->initialize(3);
    const at::NoGradGuard no_grad;
    for (const auto& [name, parameter] : network->parameters_by_name())
      parameter.add_(0.02 * RandomStream(4, "weights/" + name).normal(parameter.sizes()));
    checkpoint_.configuration = run.configuration.to_ini();
    checkpoint_.weights = copy_of(network->parameters_by_name());
  }

  static SampleRequest plain(int length, std::uint64_t index = 0) {
    return {.lengths = {length}, .indices = {index}, .seed = 1, .steps = 4};
  }

  // A request for 24 residues of which 5 to 10 and 15 to 18 are those of another sample, far from the origin.
  static SampleRequest with_motif() {
    Sampler sampler(checkpoint_, "ema", at::kCPU, kCorrected);
    SampleRequest request = plain(24);
    request.given = moved(to_tensors(sampler.sample(plain(24, 7))), quarter_turn(), far_away());
    request.conditioning.fixed = at::zeros({1, 24}, at::kBool);
    request.conditioning.fixed.narrow(1, 5, 6).fill_(true);
    request.conditioning.fixed.narrow(1, 15, 4).fill_(true);
    return request;
  }

  static SampleRequest with_free_groups() {
    SampleRequest request = with_motif();
    request.conditioning.fixed_group = at::full({1, 24}, -1, at::kLong);
    request.conditioning.fixed_group.narrow(1, 5, 6).fill_(4);
    request.conditioning.fixed_group.narrow(1, 15, 4).fill_(2);
    return request;
  }

  static Checkpoint checkpoint_;
};
Checkpoint ConditionedSampler::checkpoint_;

double largest_difference(const FlowModelOutput& a, const FlowModelOutput& b, const Tensor& rows) {
  const auto difference = [&](const Tensor& x, const Tensor& y) {
    return largest_difference(x.index({rows}), y.index({rows}));
  };
  return std::max({difference(a.translations, b.translations), difference(a.rotations, b.rotations),
                   difference(a.torsions, b.torsions)});
}

TEST_F(ConditionedSampler, AMotifComesOutAsGivenWhateverIsCorrected) {
  const SampleRequest request = with_motif();
  Sampler corrected(checkpoint_, "ema", at::kCPU, kCorrected), alone(checkpoint_, "ema", at::kCPU);
  const FlowModelOutput sample = to_tensors(corrected.sample(request)), own = to_tensors(alone.sample(request));
  const Tensor free = request.conditioning.fixed.logical_not();
  EXPECT_LE(largest_difference(sample, request.given, request.conditioning.fixed), 1e-3);
  EXPECT_LE(largest_difference(own, request.given, request.conditioning.fixed), 1e-3);
  EXPECT_GT(largest_difference(sample, own, free), 0.01) << "no correction took place";
  EXPECT_GT(largest_difference(sample, request.given, free), 1.0) << "Å; the other residues are sampled";
  // They surround the motif: the chain of 24 residues cannot reach farther.
  EXPECT_LT(
      (own.translations - own.translations.index({request.conditioning.fixed}).mean(0)).norm(2, 2).max().item<double>(),
      24 * 8.0);
}

TEST_F(ConditionedSampler, EveryStateHoldsTheMotif) {
  const SampleRequest request = with_motif();
  Sampler sampler(checkpoint_, "ema", at::kCPU, kCorrected);
  const Tensor x = request.given.translations.index({request.conditioning.fixed});
  int steps = 0;
  sampler.sample(request, {}, [&](const SamplingStep& step) {
    ++steps;
    for (const Tensor& translations : {step.state.translations, step.prediction.translations})
      EXPECT_LE(largest_difference(translations.index({request.conditioning.fixed}), x - x.mean(0)), 1e-4)
          << step.number;
    EXPECT_LE(largest_difference(step.state.rotations.index({request.conditioning.fixed}),
                                 request.given.rotations.index({request.conditioning.fixed})),
              1e-6);
  });
  EXPECT_EQ(steps, 4);
}

TEST_F(ConditionedSampler, ASampleWithAMotifDoesNotDependOnItsBatch) {
  SampleRequest alone = with_motif(), both = alone;
  both.lengths = {31, 24};
  both.indices = {3, 0};
  const auto padded = [](const Tensor& x, double value) {
    std::vector<int64_t> shape = x.sizes().vec();
    shape[0] = 2, shape[1] = 31;
    Tensor all = at::full(shape, value, x.options());
    all[1].narrow(0, 0, 24).copy_(x[0]);
    return all;
  };
  both.conditioning.fixed = padded(alone.conditioning.fixed, 0);
  both.given = {padded(alone.given.translations, std::nan("")), padded(alone.given.rotations, std::nan("")),
                padded(alone.given.torsions, std::nan(""))};
  Sampler sampler(checkpoint_, "ema", at::kCPU);
  const auto one = sampler.sample(alone), two = sampler.sample(both);
  EXPECT_EQ(largest_difference(one[0], sampler.sample(alone)[0]), 0.0) << "the same request again";
  EXPECT_LE(largest_difference(two[1], one[0]), kBatchRounding);
  EXPECT_LE(largest_difference(two[0], sampler.sample({31}, {3}, 1, 4)[0]), kBatchRounding) << "without a motif";
}

TEST_F(ConditionedSampler, OnlyTheGeometryWithinAFreeGroupMatters) {
  Checkpoint lively = checkpoint_;  // weights of messages within groups as large as after a long training
  std::uint64_t number = 0;
  for (auto& [name, tensor] : lively.weights)
    if (name.find("group_messages") != std::string::npos && tensor.dim() == 2)
      tensor = (RandomStream(5, "weight", {number++}).normal(tensor.sizes()) /
                std::sqrt(static_cast<double>(tensor.size(1))))
                   .to(at::kFloat);
  Sampler sampler(lively, "raw", at::kCPU);
  const SampleRequest request = with_free_groups();
  SampleRequest one_moved = request, another = request, silent = plain(24);
  const Tensor first = (request.conditioning.fixed_group == 4).unsqueeze(2);
  const FlowModelOutput turned = moved(request.given, quarter_turn(), far_away());
  one_moved.given.translations = at::where(first, turned.translations, request.given.translations);
  one_moved.given.rotations = at::where(first.unsqueeze(3), turned.rotations, request.given.rotations);
  another.given.translations = request.given.translations * at::where(first, 1.5, 1.0);
  const FlowModelOutput sample = to_tensors(sampler.sample(request));
  const Tensor all = at::ones({1, 24}, at::kBool);
  EXPECT_LE(largest_difference(to_tensors(sampler.sample(one_moved)), sample, all), 2e-3);
  EXPECT_GT(largest_difference(to_tensors(sampler.sample(another)), sample, all), 0.01);
  EXPECT_GT(largest_difference(to_tensors(sampler.sample(silent)), sample, all), 0.01);
  EXPECT_GT(largest_difference(sample, request.given, request.conditioning.fixed), 1.0) << "they move";
}

TEST_F(ConditionedSampler, AModelGrownByMotifGroupsGivesTheSameSamples) {
  Checkpoint before = checkpoint_;
  std::erase_if(before.weights, [](const auto& item) { return item.first.find(".group_") != std::string::npos; });
  ASSERT_LT(before.weights.size(), checkpoint_.weights.size());
  RunConfig config = read_run_config(checkpoint_.configuration, "");
  FlowModel grown(config.model, config.published);
  grown->initialize(3);
  copy_into_grown(grown->parameters_by_name(), before.weights, "grown");
  grown->eval();
  config.model.condition_motif_groups = false;
  FlowModel old(config.model, config.published);
  copy_into(old->parameters_by_name(), before.weights, "old");
  old->eval();
  // Residues that keep their place move by no vote, and messages are zero before training.
  const SampleRequest motif = with_motif();
  const auto a = Sampler(config, old, at::kCPU).sample(plain(24)), b = Sampler(config, old, at::kCPU).sample(motif);
  config.model.condition_motif_groups = true;
  EXPECT_EQ(largest_difference(Sampler(config, grown, at::kCPU).sample(plain(24))[0], a[0]), 0.0);
  EXPECT_EQ(largest_difference(Sampler(config, grown, at::kCPU).sample(motif)[0], b[0]), 0.0);
}

TEST_F(ConditionedSampler, AStartIsNoisedLessTheLaterItsTime) {
  Sampler sampler(checkpoint_, "ema", at::kCPU);
  const auto start = to_tensors(sampler.sample(plain(24, 7)));
  const Tensor centered = start.translations - start.translations.mean(1, true);
  FlowState noise;
  sampler.sample(plain(24), {}, [&](const SamplingStep& step) {
    if (step.number == 0) noise = step.state;
  });
  for (const double time : {0.3, 0.6, 0.9999}) {
    SampleRequest request = plain(24);
    request.start = moved(start, at::eye(3, at::kDouble), far_away());
    request.start_time = time;
    std::vector<double> times;
    sampler.sample(request, {}, [&](const SamplingStep& step) {
      times.push_back(step.t);
      if (step.number > 0) return;
      const Tensor expected = noise.translations * (1 - time) + centered * time;
      EXPECT_LE(largest_difference(step.state.translations, expected), 1e-3) << time;
      const double angle_share = largest_difference(step.state.rotations, start.rotations);
      if (time > 0.99) {
        EXPECT_LE(angle_share, 4e-4) << "nearly the start";
      } else {
        EXPECT_GT(angle_share, 0.1);
      }
    });
    ASSERT_EQ(times.size(), 4u);
    EXPECT_EQ(times.front(), time);
    EXPECT_EQ(times.back(), 1.0);
  }
}

TEST_F(ConditionedSampler, AStartIsPlacedOnTheMotif) {
  SampleRequest request = with_motif();
  // The whole structure from which the motif was taken, elsewhere.
  request.start = moved(request.given, quarter_turn(), far_away());
  request.start_time = 0.99999;
  Sampler sampler(checkpoint_, "ema", at::kCPU);
  const Tensor x = request.given.translations - request.given.translations.index({request.conditioning.fixed}).mean(0);
  sampler.sample(request, {}, [&](const SamplingStep& step) {
    if (step.number > 0) return;
    EXPECT_LE(largest_difference(step.state.translations, x), 5e-3);
  });
}

TEST_F(ConditionedSampler, MoleculesHaveAJumpOfTheIndexBetweenThem) {
  SampleRequest request = plain(24), explicit_index = request, one = request;
  request.conditioning.chain = (at::arange(24) >= 10).to(at::kLong).unsqueeze(0);
  explicit_index.conditioning.chain = request.conditioning.chain;
  explicit_index.residue_index = at::arange(24).unsqueeze(0) + request.conditioning.chain * (kChainJoin - 1);
  Sampler sampler(checkpoint_, "ema", at::kCPU, kCorrected);
  EXPECT_EQ(largest_difference(sampler.sample(request)[0], sampler.sample(explicit_index)[0]), 0.0);
  EXPECT_GT(largest_difference(sampler.sample(request)[0], sampler.sample(one)[0]), 0.1) << "Å, one molecule";
  explicit_index.residue_index = at::arange(24).unsqueeze(0);
  const std::string message = message_of([&] { sampler.sample(explicit_index); });
  EXPECT_EQ(message,
            "sample request: sample 0 changes its molecule at residue 10, where residue_index rises by 1 as in a bond; "
            "let it rise by 201");
}

TEST_F(ConditionedSampler, CopiesAreExact) {
  Sampler sampler(checkpoint_, "ema", at::kCPU, kCorrected), plainly(checkpoint_, "ema", at::kCPU);
  SampleRequest request = {.lengths = {9, 7}, .indices = {0, 1}, .seed = 1, .steps = 4};
  for (const char* name : {"C3", "D2", "T"}) {
    request.symmetry = name;
    const RotationGroup group = rotation_group(name);
    const auto samples = sampler.sample(request);
    for (std::size_t b = 0; b < 2; ++b) {
      const auto n = static_cast<std::size_t>(request.lengths[b]);
      ASSERT_EQ(samples[b].frames.size(), n * group.rotations.size());
      ASSERT_EQ(samples[b].torsions.size(), kTorsions * samples[b].frames.size());
      for (std::size_t i = 0; i < samples[b].frames.size(); ++i) {
        const Mat3& rotation = group.rotations[i / n];
        const RigidTransform& unit = samples[b].frames[i % n];
        EXPECT_LE((samples[b].frames[i].translation - rotation * unit.translation).norm(), 1e-9);
        EXPECT_LE((samples[b].frames[i].rotation - rotation * unit.rotation).cwiseAbs().maxCoeff(), 1e-9);
        for (std::size_t k = 0; k < kTorsions; ++k)
          EXPECT_EQ(samples[b].torsions[kTorsions * i + k], samples[b].torsions[kTorsions * (i % n) + k]);
      }
    }
    SampleRequest one = request;
    one.lengths = {7}, one.indices = {1};
    EXPECT_LE(largest_difference(plainly.sample(one)[0], plainly.sample(request)[1]), 25 * kBatchRounding)
        << name << ", padded";
  }
}

TEST_F(ConditionedSampler, AUnitBeginsAtTheDistanceThatGivesTheAssemblyItsRadius) {
  Sampler sampler(checkpoint_, "ema", at::kCPU);
  for (const char* name : {"C4", "D2", "I"}) {
    SampleRequest request = plain(30);
    request.steps = 2;
    request.symmetry = name;
    const double copies = rotation_group(name).order();
    sampler.sample(request, {}, [&](const SamplingStep& step) {
      if (step.number > 0) return;
      const Tensor center = step.state.translations[0].mean(0).to(at::kDouble);
      const double unit = polymer_model(Polymer::kRna).size.radius_of_gyration(30),
                   whole = polymer_model(Polymer::kRna).size.radius_of_gyration(static_cast<int64_t>(30 * copies));
      EXPECT_NEAR(center.norm().item<double>(), std::sqrt(whole * whole - unit * unit), 1e-3) << name;
      const double along_axis = name[0] == 'C' ? center[2].item<double>() : 0.0;
      EXPECT_NEAR(along_axis, 0.0, 1e-4) << "off the axis of a cyclic group, not along it";
    });
  }
}

TEST_F(ConditionedSampler, PairsBetweenCopiesChangeTheSample) {
  Sampler sampler(checkpoint_, "ema", at::kCPU);
  SampleRequest request = plain(9), paired = request;
  request.symmetry = paired.symmetry = "C2";
  paired.conditioning.partner = at::full({1, 9}, kUnpaired, at::kLong);
  for (int64_t i = 0; i < 9; ++i) paired.conditioning.partner[0][i] = 9 + 8 - i;
  EXPECT_GT(largest_difference(sampler.sample(paired)[0], sampler.sample(request)[0]), 1e-3);
  paired.conditioning.partner[0][2] = 17;
  const std::string message = message_of([&] { sampler.sample(paired); });
  EXPECT_EQ(message, "sample request: residue 2 of sample 0 has the partner 17, whose own partner is 9, not 11");
}

TEST_F(ConditionedSampler, RequestsThatContradictThemselvesAreErrors) {
  Sampler sampler(checkpoint_, "ema", at::kCPU);
  const auto expect_error = [&](const std::string& part, const auto& change) {
    SampleRequest request = with_free_groups();
    change(request);
    const std::string message = message_of([&] { sampler.sample(request); });
    EXPECT_NE(message.find(part), std::string::npos) << message;
  };
  expect_error("given needs translations and rotations", [](SampleRequest& r) { r.given = {}; });
  expect_error("given needs torsions", [](SampleRequest& r) { r.given.torsions = Tensor(); });
  expect_error("given has the shape [1, 23, 3], expected [1, 24, 3]",
               [](SampleRequest& r) { r.given.translations = r.given.translations.narrow(1, 0, 23); });
  expect_error("residue 7 of sample 0 is not finite", [](SampleRequest& r) {
    r.given.translations = r.given.translations.clone();
    r.given.translations[0][7][1] = std::nan("");
  });
  expect_error("residue 6 of sample 0: fixed is false and fixed_group is 4", [](SampleRequest& r) {
    r.conditioning.fixed = r.conditioning.fixed.clone();
    r.conditioning.fixed[0][6] = false;
  });
  expect_error("fixed_group is set without fixed", [](SampleRequest& r) { r.conditioning.fixed = Tensor(); });
  expect_error("start time 0.5: needs a structure", [](SampleRequest& r) { r.start_time = 0.5; });
  expect_error("start time 1: must be above 0", [](SampleRequest& r) { r.start = r.given, r.start_time = 1.0; });
  expect_error("symmetry C2: a motif has no place", [](SampleRequest& r) { r.symmetry = "C2"; });
  expect_error("partner 24 of residue 3 of sample 0: must be below 24", [](SampleRequest& r) {
    r.conditioning.partner = at::full({1, 24}, kUnpaired, at::kLong);
    r.conditioning.partner[0][3] = 24;
  });
  expect_error("residue_index of sample 0 goes from 4 to 4 at residue 5", [](SampleRequest& r) {
    r.residue_index = at::arange(24).unsqueeze(0) - (at::arange(24) >= 5).to(at::kLong);
  });
}

TEST_F(ConditionedSampler, AMotifIsRefusedByAModelThatWasTrainedWithoutIt) {
  RunConfig config = read_run_config(checkpoint_.configuration, "");
  const auto refusal = [&](const SampleRequest& request) {
    FlowModel model(config.model, config.published);
    return message_of([&] { Sampler(config, model, at::kCPU).sample(request); });
  };
  config.model.condition_motif_groups = false;
  EXPECT_EQ(refusal(with_free_groups()),
            "motif parts that move relative to each other are asked for, but this model was trained without them "
            "(model.condition_motif_groups = false); take another --checkpoint");
  config.model.condition_motifs = false;
  EXPECT_EQ(refusal(with_motif()),
            "residues of given structure are asked for, but this model was trained without them "
            "(model.condition_motifs = false); take another --checkpoint");
}

}  // namespace
}  // namespace flashrna
