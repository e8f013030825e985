#include "libfold/training/validation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <optional>
#include <span>
#include <utility>

#include "base/atomic_file.h"
#include "kernels/torch_headers.h"
#include "libfold/backbone/sampled_backbone.h"
#include "libfold/design/sample_name.h"
#include "libfold/random_streams.h"
#include "rna/io/structure_writer.h"
#include "rna/measure/backbone_checks.h"
#include "rna/measure/suites.h"
#include "rna/pairs/base_pairs.h"
#include "rna/pairs/secondary_structure.h"

namespace flashrna {
namespace {

constexpr int kTimeBins = 5;  // of the validation loss, over t in 0..1
// Minimum of chains times noise samples per validation, so that a small set also fills every bin of t.
constexpr std::size_t kValidationDraws = 32;

std::string time_bin_name(int bin) {
  return fmt::format("validation_t_{:.1f}_{:.1f}", static_cast<double>(bin) / kTimeBins,
                     static_cast<double>(bin + 1) / kTimeBins);
}

std::uint64_t validation_seed(const RunConfig& config) {
  RandomStream seeds(config.training.seed, "validation");
  return seeds.below(std::numeric_limits<std::uint64_t>::max());
}

// Lengths at equal steps through the sorted list, from short to long.
std::vector<int> spread_over(std::vector<int> lengths, std::size_t n) {
  std::ranges::sort(lengths);
  std::vector<int> chosen;
  for (std::size_t i = 0; i < n && !lengths.empty(); ++i)
    chosen.push_back(lengths[(2 * i + 1) * lengths.size() / (2 * n)]);
  return chosen;
}

// Frames and torsions, which are what is measured and written, from process `from` to all.
void send_backbone(const ProcessGroup& group, Polymer polymer, int length, int from, SampledBackbone& backbone) {
  const int torsions = traits_of(polymer).torsions;
  backbone.polymer = polymer;
  backbone.frames.resize(static_cast<std::size_t>(length));
  backbone.torsions.resize(static_cast<std::size_t>(length) * static_cast<std::size_t>(torsions));
  at::Tensor packed = at::empty({length, 9 + 3 + 2 * torsions}, at::kDouble);
  double* const data = packed.mutable_data_ptr<double>();
  const auto each = [&](const auto& copy) {
    double* at = data;
    for (RigidTransform& frame : backbone.frames) {
      for (double* number = frame.rotation.data(); number < frame.rotation.data() + 9; ++number) copy(*number, *at++);
      for (double* number = frame.translation.data(); number < frame.translation.data() + 3; ++number)
        copy(*number, *at++);
    }
    for (auto& torsion : backbone.torsions)
      for (double& number : torsion) copy(number, *at++);
  };
  each([](double& number, double& place) { place = number; });
  group.broadcast(packed, from);
  each([](double& number, double& place) { number = place; });
}

// What the columns of the samples are made from, summed over the samples.
struct SampleSums {
  LocalGeometry made;
  double samples = 0.0, residues = 0.0, neighbors = 0.0;  // neighbors: pairs of successive residues
  double c4_neighbors = 0.0, bonded = 0.0, rg_ratio = 0.0, in_helices = 0.0;
  SuiteCounts suites;

  void add(std::span<const Nucleotide> chain) {
    made.add(chain);
    const BackboneChecks checks = check_backbone(chain);
    const auto n = static_cast<double>(chain.size());
    if (n > 1) c4_neighbors += (n - 1) * checks.c4_neighbors, bonded += (n - 1) * checks.bonded, neighbors += n - 1;
    in_helices += n * describe_secondary_structure(find_base_pairs(chain)).helix_share();
    suites.add(find_suites(chain));
    rg_ratio += checks.radius_of_gyration / native_radius_of_gyration(static_cast<int>(chain.size()));
    samples += 1, residues += n;
  }
};

using Maybe = std::optional<double>;

Maybe ratio(double sum, double count) { return count > 0 ? Maybe(sum / count) : std::nullopt; }
Maybe if_any(const SuiteCounts& suites, double value) { return suites.complete > 0 ? Maybe(value) : std::nullopt; }
Maybe distance(const SampleSums& of, const LocalGeometry& natives, const char* measure) {
  if (of.made.of(measure).empty() || natives.of(measure).empty()) return std::nullopt;
  return distribution_distance(local_measure(measure), of.made.of(measure), natives.of(measure));
}

struct SampleColumn {
  const char* name;
  Maybe (*value)(const SampleSums& of, const LocalGeometry& natives);
};

constexpr SampleColumn kSampleColumns[] = {
    {"sample_c4_c4_w1",
     [](const SampleSums& of, const LocalGeometry& natives) { return distance(of, natives, "C4'-C4'"); }},
    {"sample_o3_p_w1",
     [](const SampleSums& of, const LocalGeometry& natives) { return distance(of, natives, "O3'-P"); }},
    {"sample_c4_neighbors",
     [](const SampleSums& of, const LocalGeometry&) { return ratio(of.c4_neighbors, of.neighbors); }},
    {"sample_bonded", [](const SampleSums& of, const LocalGeometry&) { return ratio(of.bonded, of.neighbors); }},
    {"sample_rg_ratio", [](const SampleSums& of, const LocalGeometry&) { return ratio(of.rg_ratio, of.samples); }},
    {"sample_helix_share",
     [](const SampleSums& of, const LocalGeometry&) { return ratio(of.in_helices, of.residues); }},
    {"sample_suite_outliers",
     [](const SampleSums& of, const LocalGeometry&) { return if_any(of.suites, of.suites.outlier_share()); }},
    {"sample_suiteness",
     [](const SampleSums& of, const LocalGeometry&) { return if_any(of.suites, of.suites.mean_suiteness()); }},
    {"sample_suites_1a",
     [](const SampleSums& of, const LocalGeometry&) { return if_any(of.suites, of.suites.share("1a")); }},
};

}  // namespace

Validation::Validation(const RunConfig& config, const TrainingData& data, TrainingStep& step, const ProcessGroup& group)
    : config_(config),
      data_(data),
      step_(step),
      group_(group),
      sampler_(config, step.model(), step.device(), {.use_graphs = false}) {
  if (config.training.validation_samples == 0) return;
  std::vector<int> lengths;
  for (const std::size_t chain : data.validation()) {
    natives_.add(data.nucleotides(chain));
    lengths.push_back(data.length(chain));
  }
  sample_lengths_ = spread_over(lengths, static_cast<std::size_t>(config.training.validation_samples));
}

std::vector<std::string> Validation::loss_columns() {
  std::vector<std::string> columns = {"validation_loss"};
  for (int bin = 0; bin < kTimeBins; ++bin) columns.push_back(time_bin_name(bin));
  return columns;
}

std::vector<std::string> Validation::sample_columns() {
  std::vector<std::string> columns;
  for (const SampleColumn& column : kSampleColumns) columns.emplace_back(column.name);
  return columns;
}

std::map<std::string, double> Validation::losses() {
  const at::NoGradGuard no_grad;
  const std::uint64_t seed = validation_seed(config_);
  const BatchPlan plan = data_.plan_validation();
  const std::size_t chains = data_.validation().size();
  const std::size_t passes = (kValidationDraws + chains - 1) / chains;
  // Loss and t of each draw. The processes take batches in turn, and zeros stand for those of the others, so that the
  // sums below have the same bits on any number of processes.
  const at::Tensor draws = at::zeros({static_cast<std::int64_t>(passes * chains), 2}, at::kDouble);
  std::int64_t first = 0;
  for (std::uint64_t index = 0; index < passes * plan.size(); ++index) {
    const std::vector<std::size_t>& planned = plan[index % plan.size()];
    const auto n = static_cast<std::int64_t>(planned.size());
    if (index % static_cast<std::uint64_t>(group_.size()) == static_cast<std::uint64_t>(group_.rank())) {
      const auto [noisy, losses] = step_.evaluate(data_.load_validation(planned), seed, index);
      draws.narrow(0, first, n).copy_(at::stack({losses.se3 + losses.auxiliary, noisy.t}, 1));
    }
    first += n;
  }
  group_.sum(draws);
  double sum = 0.0, count = 0.0;
  std::array<double, kTimeBins> bin_sum{}, bin_count{};
  for (std::int64_t i = 0; i < draws.size(0); ++i) {
    const double loss = draws[i][0].item<double>(), t = draws[i][1].item<double>();
    const auto bin = static_cast<std::size_t>(std::clamp(t * kTimeBins, 0.0, kTimeBins - 1.0));
    sum += loss, count += 1.0;
    bin_sum[bin] += loss, bin_count[bin] += 1.0;
  }
  std::map<std::string, double> values{{"validation_loss", sum / count}};
  for (std::size_t bin = 0; bin < kTimeBins; ++bin)
    if (bin_count[bin] > 0) values[time_bin_name(static_cast<int>(bin))] = bin_sum[bin] / bin_count[bin];
  return values;
}

std::vector<SampledBackbone> Validation::sample_shared() {
  std::vector<int> lengths;
  std::vector<std::uint64_t> indices;
  const auto size = static_cast<std::size_t>(group_.size()), rank = static_cast<std::size_t>(group_.rank());
  for (std::size_t i = rank; i < sample_lengths_.size(); i += size) {
    lengths.push_back(sample_lengths_[i]);
    indices.push_back(i);
  }
  std::vector<SampledBackbone> own;
  if (!lengths.empty())
    own = sampler_.sample(lengths, indices, validation_seed(config_),
                          static_cast<int>(config_.training.validation_sample_steps));
  if (group_.size() == 1) return own;
  std::vector<SampledBackbone> all(sample_lengths_.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i % size == rank) all[i] = std::move(own[i / size]);
    send_backbone(group_, config_.model.polymer_kind(), sample_lengths_[i], static_cast<int>(i % size), all[i]);
  }
  return all;
}

std::map<std::string, double> Validation::samples(const std::string& folder) {
  const std::vector<SampledBackbone> backbones = sample_shared();
  if (!group_.first()) return {};
  std::filesystem::create_directories(folder);
  SampleSums sums;
  for (std::size_t i = 0; i < backbones.size(); ++i) {
    const std::string name = sample_name(length_stem({&sample_lengths_[i], 1}), i);
    const Structure structure = make_structure(backbones[i], name, Base::N);
    write_file_atomically((std::filesystem::path(folder) / (name + ".cif")).string(), to_mmcif(structure));
    const Chain& chain = structure.chains.front();
    sums.add(chain.nucleotides);
  }
  std::map<std::string, double> values;
  for (const SampleColumn& column : kSampleColumns)
    if (const std::optional<double> value = column.value(sums, natives_)) values[column.name] = *value;
  return values;
}

}  // namespace flashrna
