#include "tests/support/cuda_graph.h"

#include <c10/core/impl/VirtualGuardImpl.h>
#include <cuda_runtime_api.h>

#include <stdexcept>
#include <string>

#include "kernels/cuda_backend.h"

namespace flashrna {
namespace {

void check(cudaError_t status, const char* what) {
  if (status != cudaSuccess) throw std::runtime_error(std::string(what) + ": " + cudaGetErrorString(status));
}

}  // namespace

void record_and_replay(at::Device device, const std::function<void()>& work, const std::function<void()>& before_replay,
                       int times) {
  const c10::impl::VirtualGuardImpl cuda(device.type());
  const c10::Stream before = cuda.exchangeStream(cuda.getStreamFromGlobalPool(device, /*isHighPriority=*/false));
  const auto stream = static_cast<cudaStream_t>(current_cuda_stream(device).handle);
  check(cudaSetDevice(device.index()), "cudaSetDevice");
  check(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t runnable = nullptr;
  // Relaxed, because LibTorch may allocate memory from the driver during the capture.
  check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeRelaxed), "cudaStreamBeginCapture");
  work();
  check(cudaStreamEndCapture(stream, &graph), "cudaStreamEndCapture");
  check(cudaGraphInstantiate(&runnable, graph, 0), "cudaGraphInstantiate");
  for (int i = 0; i < times; ++i) {
    before_replay();
    check(cudaGraphLaunch(runnable, stream), "cudaGraphLaunch");
    check(cudaStreamSynchronize(stream), "cudaStreamSynchronize");
  }
  check(cudaGraphExecDestroy(runnable), "cudaGraphExecDestroy");
  check(cudaGraphDestroy(graph), "cudaGraphDestroy");
  cuda.exchangeStream(before);
}

}  // namespace flashrna
