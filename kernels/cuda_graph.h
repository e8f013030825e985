// CUDA graphs of LibTorch: work is recorded once and then replayed by one launch. Not linked but found in LibTorch's
// CUDA library when that is loaded (kernels/cuda_backend.h).
#pragma once

#include <c10/core/Device.h>
#include <c10/core/Event.h>
#include <c10/core/StreamGuard.h>

#include <functional>
#include <memory>
#include <string>

namespace flashrna {

// Why no graph can be recorded: a build without CUDA, no CUDA library loaded, a LibTorch with another interface. "" if
// there is nothing in the way.
std::string why_no_cuda_graphs();

// Work on tensors of one device as a graph. The memory that the work allocates belongs to the graph: tensors that it
// leaves behind keep their addresses, and every replay writes them anew.
class CudaGraph {
 public:
  // Records `work`, which runs on the current stream of `device`, not the default one, and must not wait for the
  // device. Nothing is computed until replay(). Throws c10::Error or what `work` throws; the recording has ended then.
  CudaGraph(at::Device device, const std::function<void()>& work);
  ~CudaGraph();
  CudaGraph(const CudaGraph&) = delete;
  CudaGraph& operator=(const CudaGraph&) = delete;

  // Runs the recorded work on the current stream. The host does not wait.
  void replay();

 private:
  struct Recording;
  at::Device device_;
  std::unique_ptr<Recording> recording_;
};

// A stream of `device` besides its default one.
c10::Stream make_side_stream(at::Device device);

// Makes `side` the current stream of its device during its lifetime. Work on it follows what was on the current stream
// before, and later work on that one follows it.
class ScopedSideStream {
 public:
  explicit ScopedSideStream(c10::Stream side);
  ~ScopedSideStream();
  ScopedSideStream(const ScopedSideStream&) = delete;
  ScopedSideStream& operator=(const ScopedSideStream&) = delete;

 private:
  c10::Stream before_, side_;
  c10::StreamGuard guard_;
};

}  // namespace flashrna
