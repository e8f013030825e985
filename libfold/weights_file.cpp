#include "libfold/weights_file.h"

#include <cstdint>
#include <filesystem>
#include <span>

#include "base/error.h"
#include "datasets/hdf5/file.h"
#include "libfold/configuration.h"
#include "libfold/run_config.h"
#include "libfold/sampling/sampler.h"

namespace flashrna {
namespace {

constexpr double kLargestFloat16 = 65504.0;

std::string shared_configuration(const Checkpoint& checkpoint, const WeightsNotes& notes) {
  RunConfig config;
  Configuration configuration;
  config.add_options(configuration);
  configuration.read_ini_text(checkpoint.configuration, checkpoint.path);
  config.data.path = std::filesystem::path(config.data.path).filename().string();
  config.training.initial_weights = std::filesystem::path(config.training.initial_weights).filename().string();
  config.data.replay = "";
  set_sampling_schedules(config.flow, notes.schedule, notes.unpaired_schedule);
  return configuration.to_ini();
}

NamedTensors to_float16(const NamedTensors& tensors, const std::string& where) {
  NamedTensors halves;
  for (const auto& [name, tensor] : tensors) {
    const at::Tensor half = tensor.to(at::kCPU, at::kHalf).contiguous();
    if (!half.isfinite().all().item<bool>()) {
      const at::Tensor refused = tensor.masked_select(half.isfinite().logical_not());
      fail("{}/{}: {} of its {} values cannot be float16, the first is {:g}; it holds finite values up to {}", where,
           name, refused.numel(), tensor.numel(), refused[0].item<double>(), kLargestFloat16);
    }
    halves[name] = half;
  }
  return halves;
}

bool has_average(const Checkpoint& checkpoint, bool averaged) { return averaged && !checkpoint.ema.empty(); }

std::int64_t parameter_count(const NamedTensors& tensors) {
  std::int64_t count = 0;
  for (const auto& [name, tensor] : tensors) count += tensor.numel();
  return count;
}

}  // namespace

void average_with(Checkpoint& checkpoint, const Checkpoint& other, bool averaged) {
  NamedTensors& tensors = has_average(checkpoint, averaged) ? checkpoint.ema : checkpoint.weights;
  const NamedTensors& others = has_average(other, averaged) ? other.ema : other.weights;
  const auto check = [&](const NamedTensors& these, const NamedTensors& those) {
    for (const auto& [name, tensor] : these) {
      const auto found = those.find(name);
      if (found == those.end() || found->second.sizes() != tensor.sizes())
        fail("{} and {}: \"{}\" is not in both with the same shape; average weights of one model", checkpoint.path,
             other.path, name);
    }
  };
  check(tensors, others);
  check(others, tensors);
  for (auto& [name, tensor] : tensors) tensor = (tensor + others.at(name)) / 2;
}

void write_weights(const std::string& path, const Checkpoint& checkpoint, const WeightsNotes& notes, bool averaged,
                   bool overwrite) {
  const bool average = has_average(checkpoint, averaged);
  const NamedTensors tensors =
      to_float16(average ? checkpoint.ema : checkpoint.weights, checkpoint.path + (average ? ":/ema" : ":/weights"));
  const std::string configuration = shared_configuration(checkpoint, notes);
  Hdf5OutputFile file(path, overwrite);
  {
    Hdf5Group root = file.root();
    write_checkpoint_attributes(root, checkpoint, kWeightsFormat, configuration);
    root.set_text("program_version", notes.program_version);
    root.set_integer("averaged", average || checkpoint.averaged ? 1 : 0);
    root.set_integer("parameters", parameter_count(tensors));
    const auto or_kept = [](const std::string& given, const std::string& kept) { return given.empty() ? kept : given; };
    root.set_text("dataset_sha256", or_kept(notes.dataset_sha256, checkpoint.dataset_sha256));
    root.set_text("license", or_kept(notes.license, checkpoint.license));
    root.set_text("description", or_kept(notes.description, checkpoint.description));
    Hdf5Group group = root.create_group("weights");
    group.set_text("description", "parameters of the model, by name");
    for (const auto& [name, half] : tensors) {
      const Hdf5Shape shape(half.sizes().begin(), half.sizes().end());
      const auto* bits = reinterpret_cast<const std::uint16_t*>(half.const_data_ptr<at::Half>());
      group.write_float16(name, shape, std::span(bits, static_cast<std::size_t>(half.numel())));
    }
  }
  file.commit();
}

}  // namespace flashrna
