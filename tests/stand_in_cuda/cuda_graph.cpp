// at::cuda::CUDAGraph of the stand-in: the functions that kernels/cuda_graph.cpp finds by name, which take an object of
// LibTorch's size and keep nothing in it.
#include <c10/core/Allocator.h>
#include <c10/util/Exception.h>

#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "tests/stand_in_cuda/capture.h"
#include "tests/stand_in_cuda/counters.h"
#include "tests/stand_in_cuda/device_memory.h"
#include "tests/stand_in_cuda/streams.h"

namespace flashrna::stand_in {

using Computations = std::vector<std::function<void()>>;

struct Graphs {
  std::map<const void*, Computations> recorded;
  Computations* recording = nullptr;
  c10::Stream stream{c10::Stream::DEFAULT, {c10::kCUDA, 0}};  // of the recording
};

// Never destroyed, like the memory that it refers to. The host does one thing at a time with graphs.
static Graphs& graphs() {
  static auto* all = new Graphs;
  return *all;
}

bool is_recording() { return graphs().recording != nullptr; }

void remember(std::function<void()> computation) { graphs().recording->push_back(std::move(computation)); }

void refuse_while_recording(const char* what) {
  TORCH_CHECK(!is_recording(), "CUDA error: operation not permitted when stream is capturing (", what, ")");
}

}  // namespace flashrna::stand_in

enum cudaStreamCaptureMode : int;

namespace at::cuda {

namespace stand_in = flashrna::stand_in;

std::pair<unsigned long long, unsigned long long> graph_pool_handle();

struct CUDAGraph {
  explicit CUDAGraph(bool keep_graph);
  ~CUDAGraph();
  void capture_begin(std::pair<unsigned long long, unsigned long long> pool, cudaStreamCaptureMode mode);
  void capture_end();
  void replay();
};

std::pair<unsigned long long, unsigned long long> graph_pool_handle() { return {0, 1}; }

CUDAGraph::CUDAGraph(bool) {}

CUDAGraph::~CUDAGraph() { stand_in::graphs().recorded.erase(this); }

void CUDAGraph::capture_begin(std::pair<unsigned long long, unsigned long long>, cudaStreamCaptureMode) {
  stand_in::Graphs& all = stand_in::graphs();
  TORCH_CHECK(!stand_in::is_recording(), "stand-in: a graph is being recorded already");
  all.stream = stand_in::current_stream(stand_in::current_device());
  TORCH_CHECK(all.stream.id() != 0, "CUDA graphs must be captured on a non-default stream.");
  all.recording = &all.recorded[this];
  stand_in::device_memory().begin_recording();
}

void CUDAGraph::capture_end() {
  stand_in::Graphs& all = stand_in::graphs();
  TORCH_CHECK(stand_in::current_stream(stand_in::current_device()) == all.stream,
              "Capture must end on the same stream it began on.");
  all.recording = nullptr;
  stand_in::device_memory().end_recording();
  ++stand_in::counters().recordings;
}

void CUDAGraph::replay() {
  const auto found = stand_in::graphs().recorded.find(this);
  TORCH_CHECK(found != stand_in::graphs().recorded.end(),
              "Called CUDAGraph::replay without a preceding successful capture.");
  stand_in::Counters& all = stand_in::counters();
  const long operations = all.operations, allocations = all.allocations;
  for (const auto& computation : found->second) computation();
  all.operations = operations + 1;  // one launch
  all.allocations = allocations;
  ++all.replays;
}

}  // namespace at::cuda
