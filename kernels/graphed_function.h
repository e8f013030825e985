// A function of tensors that is called many times with equal shapes. On a CUDA device it becomes a graph: one launch
// instead of one for each of its operations.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <vector>

#include "kernels/cuda_graph.h"

namespace flashrna {

class GraphedFunction {
 public:
  using Tensors = std::vector<at::Tensor>;  // members may be undefined
  using Function = std::function<Tensors(const Tensors&)>;

  // Functions run as they are, operation by operation, on other devices, where LibTorch has no graphs, and without
  // `use_graphs`.
  GraphedFunction(at::Device device, bool use_graphs);
  ~GraphedFunction();

  // Calls `function` with `inputs`, which are on the device or in host memory; pinned memory is copied without waiting.
  // The first call with given shapes runs the function as it is, so that what it makes once (constants, choices of
  // kernels, workspaces) exists. The second call records a graph, and all calls from then on replay it; the next call
  // overwrites the tensors that they return. `variant` stands for all that determines the function's operations besides
  // the shapes of its inputs. Tensors that the function uses without getting them as inputs must stay where they are.
  // A function that cannot be recorded runs as it is from then on; a warning says why.
  Tensors run(std::int64_t variant, const Function& function, const Tensors& inputs);

  // Forgets all graphs.
  void clear();

  bool uses_graphs() const { return use_graphs_; }

 private:
  struct Entry;
  Entry& entry_of(std::int64_t variant, const Tensors& inputs);
  // Returns whether there is a graph now.
  bool record(Entry& entry, const Function& function, const Tensors& inputs);
  Tensors run_as_it_is(const Function& function, const Tensors& inputs) const;

  at::Device device_;
  bool use_graphs_;
  std::optional<c10::Stream> side_;            // on which functions are recorded, and run before that
  std::list<std::unique_ptr<Entry>> entries_;  // one for each shape and variant, the latest first
};

}  // namespace flashrna
