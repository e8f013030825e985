#include "kernels/graphed_function.h"

#include <ATen/ATen.h>
#include <c10/core/CachingDeviceAllocator.h>

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

#include "kernels/libtorch_compat.h"
#include "kernels/torch_headers.h"

namespace flashrna {

using at::Tensor;

namespace {

// Of shapes and variants; beyond that the one not used for longest is dropped.
constexpr std::size_t kMostGraphs = 32;

bool same_kind(const Tensor& a, const Tensor& b) {
  if (!a.defined() || !b.defined()) return a.defined() == b.defined();
  return a.scalar_type() == b.scalar_type() && a.sizes() == b.sizes();
}

// Memory that the allocator keeps for later cannot be given back during a recording.
void release_kept_memory(at::Device device) {
#if FLASHRNA_LIBTORCH_AT_LEAST(2, 9)
  c10::getDeviceAllocator(device.type())->emptyCache();
#else
  (void)device;
#endif
}

}  // namespace

struct GraphedFunction::Entry {
  std::int64_t variant;
  Tensors inputs;                      // on the device; the graph reads them
  Tensors copied;                      // the tensors whose values `inputs` holds,
  std::vector<std::int64_t> versions;  // and which of their values
  Tensors outputs;
  std::optional<CudaGraph> graph;
  bool has_run = false;

  bool matches(std::int64_t other, const Tensors& tensors) const {
    return variant == other && std::ranges::equal(inputs, tensors, same_kind);
  }

  // Tensors that have not changed since the last call are not copied again.
  void copy_in(const Tensors& tensors) {
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      if (!tensors[i].defined()) continue;
      const std::int64_t version = tensors[i].is_inference() ? -1 : tensors[i]._version();
      if (copied[i].is_same(tensors[i]) && versions[i] == version && version >= 0) continue;
      inputs[i].copy_(tensors[i], /*non_blocking=*/true);
      copied[i] = tensors[i];
      versions[i] = version;
    }
  }
};

GraphedFunction::GraphedFunction(at::Device device, bool use_graphs)
    : device_(device), use_graphs_(use_graphs && device.is_cuda() && why_no_cuda_graphs().empty()) {
  if (use_graphs_) side_ = make_side_stream(device_);
}

GraphedFunction::~GraphedFunction() = default;

void GraphedFunction::clear() { entries_.clear(); }

GraphedFunction::Entry& GraphedFunction::entry_of(std::int64_t variant, const Tensors& inputs) {
  const auto found = std::ranges::find_if(entries_, [&](const auto& entry) { return entry->matches(variant, inputs); });
  if (found != entries_.end()) {
    entries_.splice(entries_.begin(), entries_, found);
    return *entries_.front();
  }
  if (entries_.size() == kMostGraphs) entries_.pop_back();
  auto entry = std::make_unique<Entry>();
  entry->variant = variant;
  for (const Tensor& input : inputs)
    entry->inputs.push_back(input.defined() ? at::empty(input.sizes(), input.options().device(device_)) : Tensor());
  entry->copied.resize(inputs.size());
  entry->versions.resize(inputs.size());
  entries_.push_front(std::move(entry));
  return *entries_.front();
}

bool GraphedFunction::record(Entry& entry, const Function& function, const Tensors& inputs) {
  try {
    entry.copy_in(inputs);
    release_kept_memory(device_);
    const ScopedSideStream side(*side_);
    entry.graph.emplace(device_, [&] { entry.outputs = function(entry.inputs); });
    return true;
  } catch (const std::exception& error) {
    const auto* own = dynamic_cast<const c10::Error*>(&error);
    TORCH_WARN("no CUDA graph can be recorded: ", own != nullptr ? own->what_without_backtrace() : error.what(),
               "; every operation is launched by itself, which takes longer");
    use_graphs_ = false;
    clear();
    return false;
  }
}

GraphedFunction::Tensors GraphedFunction::run_as_it_is(const Function& function, const Tensors& inputs) const {
  Tensors on_device;
  for (const Tensor& input : inputs)
    on_device.push_back(input.defined() ? input.to(device_, /*non_blocking=*/true) : Tensor());
  return function(on_device);
}

GraphedFunction::Tensors GraphedFunction::run(std::int64_t variant, const Function& function, const Tensors& inputs) {
  if (!use_graphs_) return run_as_it_is(function, inputs);
  Entry& entry = entry_of(variant, inputs);
  if (!entry.has_run) {
    const ScopedSideStream side(*side_);
    Tensors results = run_as_it_is(function, inputs);
    entry.has_run = true;
    return results;
  }
  if (!entry.graph && !record(entry, function, inputs)) return run_as_it_is(function, inputs);
  entry.copy_in(inputs);
  entry.graph->replay();
  // As tensors of their own: given back as inputs of the next call, they are recognized as new values.
  Tensors results;
  for (const Tensor& output : entry.outputs) results.push_back(output.defined() ? output.detach() : output);
  return results;
}

}  // namespace flashrna
