#include "kernels/cuda_graph.h"

#include <c10/core/impl/VirtualGuardImpl.h>
#include <c10/util/Exception.h>

#include "kernels/torch_headers.h"

#if FLASHRNA_WITH_CUDA

#include <ATen/cuda/CUDAGraph.h>
#include <dlfcn.h>

#include <optional>
#include <utility>

namespace flashrna {
namespace {

// Member functions of at::cuda::CUDAGraph, called with `this` as first argument. Of the class itself only the size is
// used.
struct Functions {
  using Pool = std::pair<unsigned long long, unsigned long long>;
  void (*construct)(void*, bool) = nullptr;
  void (*destroy)(void*) = nullptr;
  void (*begin)(void*, Pool, cudaStreamCaptureMode) = nullptr;
  void (*end)(void*) = nullptr;
  void (*replay)(void*) = nullptr;
  Pool (*make_pool)() = nullptr;

  bool complete() const { return construct && destroy && begin && end && replay && make_pool; }
};
static_assert(std::is_same_v<Functions::Pool, at::MempoolId_t>);

template <typename Function>
void find(Function*& function, const char* name) {
  function = reinterpret_cast<Function*>(dlsym(RTLD_DEFAULT, name));
}

const Functions& functions() {
  static const Functions found = [] {
    Functions f;
    find(f.construct, "_ZN2at4cuda9CUDAGraphC1Eb");
    find(f.destroy, "_ZN2at4cuda9CUDAGraphD1Ev");
    find(f.begin, "_ZN2at4cuda9CUDAGraph13capture_beginESt4pairIyyE21cudaStreamCaptureMode");
    find(f.end, "_ZN2at4cuda9CUDAGraph11capture_endEv");
    find(f.replay, "_ZN2at4cuda9CUDAGraph6replayEv");
    find(f.make_pool, "_ZN2at4cuda17graph_pool_handleEv");
    return f;
  }();
  return found;
}

// All graphs share one pool of memory: what one holds only during a replay, another uses during its own. Graphs
// therefore never run at the same time.
Functions::Pool shared_pool() {
  static const Functions::Pool pool = functions().make_pool();
  return pool;
}

}  // namespace

struct CudaGraph::Recording {
  Recording() { functions().construct(storage, /*keep_graph=*/false); }
  ~Recording() { functions().destroy(storage); }
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  alignas(at::cuda::CUDAGraph) unsigned char storage[sizeof(at::cuda::CUDAGraph)];
};

std::string why_no_cuda_graphs() {
  if (dlsym(RTLD_DEFAULT, "_ZN2at4cuda9CUDAGraph6replayEv") == nullptr) return "LibTorch's CUDA library is not loaded";
  return functions().complete() ? "" : "this LibTorch has another interface to CUDA graphs; use 2.8 to 2.11";
}

CudaGraph::CudaGraph(at::Device device, const std::function<void()>& work) : device_(device) {
  const std::string why_not = why_no_cuda_graphs();
  TORCH_CHECK(why_not.empty(), why_not);
  const c10::DeviceGuard guard(device);
  recording_ = std::make_unique<Recording>();
  // Only this thread is held to what a recording allows: others may allocate pinned memory meanwhile.
  functions().begin(recording_->storage, shared_pool(), cudaStreamCaptureModeThreadLocal);
  try {
    work();
  } catch (...) {
    try {
      functions().end(recording_->storage);
    } catch (const std::exception&) {  // that of `work` says more
    }
    throw;
  }
  functions().end(recording_->storage);
}

CudaGraph::~CudaGraph() {
  const c10::DeviceGuard guard(device_);
  recording_.reset();
}

void CudaGraph::replay() {
  const c10::DeviceGuard guard(device_);
  functions().replay(recording_->storage);
}

}  // namespace flashrna

#else

namespace flashrna {

struct CudaGraph::Recording {};

std::string why_no_cuda_graphs() { return "it was built without CUDA"; }

CudaGraph::CudaGraph(at::Device device, const std::function<void()>&) : device_(device) {
  TORCH_CHECK(false, why_no_cuda_graphs());
}

CudaGraph::~CudaGraph() = default;

void CudaGraph::replay() {}

}  // namespace flashrna

#endif

namespace flashrna {
namespace {

void follow(const c10::Stream& later, const c10::Stream& earlier) {
  c10::Event event(earlier.device_type());
  event.record(earlier);
  event.block(later);
}

}  // namespace

c10::Stream make_side_stream(at::Device device) {
  return c10::impl::VirtualGuardImpl(device.type()).getStreamFromGlobalPool(device, /*isHighPriority=*/false);
}

ScopedSideStream::ScopedSideStream(c10::Stream side)
    : before_(c10::impl::VirtualGuardImpl(side.device_type()).getStream(side.device())), side_(side), guard_(side) {
  follow(side_, before_);
}

ScopedSideStream::~ScopedSideStream() { follow(before_, side_); }

}  // namespace flashrna
