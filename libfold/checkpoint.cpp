#include "libfold/checkpoint.h"

#include <fmt/ranges.h>

#include <filesystem>
#include <span>

#include "base/error.h"
#include "datasets/hdf5/file.h"

namespace flashrna {
namespace {

constexpr std::int64_t kVersion = 1;
constexpr const char* kProgram = "flashrna";

std::string shape_text(const at::Tensor& tensor) {
  return fmt::format("[{}]", fmt::join(tensor.sizes().begin(), tensor.sizes().end(), ", "));
}

// The differences that keep `tensors` from being copied into `parameters`, one per line.
std::vector<std::string> differences(const NamedParameters& parameters, const NamedTensors& tensors) {
  std::vector<std::string> found;
  NamedTensors unused = tensors;
  for (const auto& [name, parameter] : parameters) {
    const auto it = tensors.find(name);
    unused.erase(name);
    if (it == tensors.end())
      found.push_back(fmt::format("{} {} is missing in the file", name, shape_text(parameter)));
    else if (it->second.sizes() != parameter.sizes())
      found.push_back(
          fmt::format("{} is {} in the file, {} in the model", name, shape_text(it->second), shape_text(parameter)));
  }
  for (const auto& [name, tensor] : unused)
    found.push_back(fmt::format("{} {} is not in the model", name, shape_text(tensor)));
  return found;
}

}  // namespace

void write_tensors(Hdf5Group& parent, const std::string& name, const NamedTensors& tensors,
                   const std::string& description) {
  Hdf5Group group = parent.create_group(name);
  group.set_text("description", description);
  for (const auto& [key, tensor] : tensors) {
    const at::Tensor values = tensor.detach().to(at::kCPU, at::kFloat).contiguous();
    Hdf5Shape shape(values.sizes().begin(), values.sizes().end());
    group.write<float>(
        key, shape, std::span<const float>(values.const_data_ptr<float>(), static_cast<std::size_t>(values.numel())));
  }
}

NamedTensors read_tensors(const Hdf5Group& group) {
  NamedTensors tensors;
  const std::uint64_t file_bytes = std::filesystem::file_size(group.file());
  std::uint64_t stored_bytes = 0;
  for (const std::string& name : group.names()) {
    const Hdf5Dataset dataset = group.open_dataset(name);
    // Many names may be links to the same large tensor, so the sum is checked.
    stored_bytes += dataset.stored_bytes();
    if (stored_bytes > file_bytes)
      fail("{}: damaged: its tensors take more than the {} bytes of the file", group.where(), file_bytes);
    if (dataset.type() != Hdf5Type::kFloat32 && dataset.type() != Hdf5Type::kFloat16)
      fail("{}: holds {}, a checkpoint holds float32 here, a weights file float16", dataset.where(),
           hdf5_type_name(dataset.type()));
    const std::vector<float> values = dataset.read<float>();
    const std::vector<std::int64_t> shape(dataset.shape().begin(), dataset.shape().end());
    tensors[name] = at::from_blob(const_cast<float*>(values.data()), shape, at::kFloat).clone();
  }
  return tensors;
}

void write_checkpoint_attributes(Hdf5Group& root, const Checkpoint& checkpoint, const char* format,
                                 const std::string& configuration) {
  root.set_text("format", format);
  root.set_integer("version", kVersion);
  root.set_text("program", kProgram);
  root.set_integer("step", checkpoint.step);
  root.set_integer("epoch", checkpoint.epoch);
  root.set_integer("batch", checkpoint.batch);
  root.set_number("best_loss", checkpoint.best_loss);
  root.set_text("data", checkpoint.data);
  root.set_text("configuration", configuration);
  if (checkpoint.longest_chain_length > 0) {
    root.set_text("longest_chain", checkpoint.longest_chain);
    root.set_integer("longest_chain_length", checkpoint.longest_chain_length);
  }
  if (!checkpoint.structure_grammar.empty()) root.set_text("structure_grammar", checkpoint.structure_grammar);
}

void write_checkpoint(const std::string& path, const Checkpoint& checkpoint) {
  Hdf5OutputFile file(path, true);
  {
    Hdf5Group root = file.root();
    write_checkpoint_attributes(root, checkpoint, kCheckpointFormat, checkpoint.configuration);
    write_tensors(root, "weights", checkpoint.weights, "parameters of the model, by name");
    if (!checkpoint.ema.empty()) write_tensors(root, "ema", checkpoint.ema, "exponential moving average of /weights");
    Hdf5Group optimizer = root.create_group("optimizer");
    optimizer.set_text("description", "state of AdamW, by parameter");
    write_tensors(optimizer, "exp_avg", checkpoint.exp_avg, "average of the gradients");
    write_tensors(optimizer, "exp_avg_sq", checkpoint.exp_avg_sq, "average of their squares");
    write_tensors(optimizer, "step", checkpoint.optimizer_step, "updates of the parameter");
  }
  file.commit();
}

Checkpoint read_checkpoint(const std::string& path) {
  const Hdf5File file = Hdf5File::open(path);
  const Hdf5Group root = file.root();
  const std::string format = root.has_attribute("format") ? root.text("format") : "";
  if (format != kCheckpointFormat && format != kWeightsFormat)
    fail("{}: not a flashrna checkpoint (its format is {}); give a file of a run's folder checkpoints/", path,
         format.empty() ? "not stated" : "\"" + format + "\"");
  const std::int64_t version = root.integer("version");
  if (version < 1 || version > kVersion)
    fail("{}: checkpoint version {}, this program reads version {}; use the flashrna that wrote it", path, version,
         kVersion);

  Checkpoint checkpoint;
  checkpoint.path = path;
  checkpoint.configuration = root.text("configuration");
  checkpoint.step = root.integer("step");
  checkpoint.epoch = root.integer("epoch");
  checkpoint.batch = root.integer("batch");
  checkpoint.best_loss = root.number("best_loss");
  checkpoint.data = root.text("data");
  if (root.has_attribute("longest_chain_length")) {
    checkpoint.longest_chain = root.text("longest_chain");
    checkpoint.longest_chain_length = static_cast<int>(root.integer("longest_chain_length"));
  }
  if (root.has_attribute("structure_grammar")) checkpoint.structure_grammar = root.text("structure_grammar");
  checkpoint.weights = read_tensors(root.open_group("weights"));
  checkpoint.weights_only = format == kWeightsFormat;
  if (checkpoint.weights_only) {
    checkpoint.averaged = root.integer("averaged") != 0;
    checkpoint.dataset_sha256 = root.text("dataset_sha256");
    checkpoint.license = root.text("license");
    checkpoint.description = root.text("description");
    return checkpoint;
  }
  if (root.has("ema")) checkpoint.ema = read_tensors(root.open_group("ema"));
  checkpoint.exp_avg = read_tensors(root.open_group("optimizer/exp_avg"));
  checkpoint.exp_avg_sq = read_tensors(root.open_group("optimizer/exp_avg_sq"));
  checkpoint.optimizer_step = read_tensors(root.open_group("optimizer/step"));
  return checkpoint;
}

void copy_into(const NamedParameters& parameters, const NamedTensors& tensors, const std::string& where) {
  const std::vector<std::string> found = differences(parameters, tensors);
  if (!found.empty()) {
    constexpr std::size_t kShown = 5;
    const std::vector<std::string> shown(found.begin(), found.begin() + std::min(found.size(), kShown));
    fail("{}: does not fit the model in {} of {} tensors: {}{}; use the configuration stored in the checkpoint", where,
         found.size(), parameters.size(), fmt::join(shown, "; "), found.size() > kShown ? "; ..." : "");
  }
  const at::NoGradGuard no_grad;
  for (const auto& [name, parameter] : parameters) parameter.copy_(tensors.at(name));
}

void copy_into_grown(const NamedParameters& parameters, const NamedTensors& tensors, const std::string& where) {
  const std::map<std::string, at::Tensor> by_name(parameters.begin(), parameters.end());
  for (const auto& [name, tensor] : tensors) {
    const auto found = by_name.find(name);
    if (found == by_name.end())
      fail("{}: the model has no parameter {}; give the configuration of a model that contains it", where, name);
    const at::Tensor& parameter = found->second;
    bool fits = tensor.dim() == parameter.dim();
    for (std::int64_t d = 0; fits && d < tensor.dim(); ++d)
      fits = d < 2 ? tensor.size(d) <= parameter.size(d) : tensor.size(d) == parameter.size(d);
    if (!fits)
      fail("{}: {} has the shape {}, which does not fit into the model's {}", where, name, shape_text(tensor),
           shape_text(parameter));
  }
  const at::NoGradGuard no_grad;
  for (const auto& [name, tensor] : tensors) {
    at::Tensor target = by_name.at(name);
    for (std::int64_t d = 0; d < std::min<std::int64_t>(target.dim(), 2); ++d) {
      if (d == 1) target.narrow(1, tensor.size(1), target.size(1) - tensor.size(1)).zero_();
      target = target.narrow(d, 0, tensor.size(d));
    }
    target.copy_(tensor);
  }
}

NamedTensors copy_of(const NamedParameters& parameters) {
  NamedTensors tensors;
  for (const auto& [name, parameter] : parameters)
    tensors[name] = parameter.detach().to(at::kCPU, at::kFloat, false, true).contiguous();
  return tensors;
}

}  // namespace flashrna
