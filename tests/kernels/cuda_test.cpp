// That our kernels, LibTorch's streams and both CUDA runtimes live together in one process.
#include <ATen/ATen.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <gtest/gtest.h>

#include "kernels/cuda_backend.h"
#include "kernels/cuda_probe.h"
#include "kernels/torch_headers.h"

namespace flashrna {
namespace {

TEST(Cuda, OurKernelsRunOnLibTorchsStreams) {
  const int devices = count_cuda_devices();
  if (devices == 0) GTEST_SKIP() << "no CUDA device";
  const c10::impl::VirtualGuardImpl cuda(at::kCUDA);
  for (int device = 0; device < devices; ++device) {
    const int architecture = describe_cuda_device(device).capability == 90 ? 90 : 80;
    const at::Device where(at::kCUDA, static_cast<c10::DeviceIndex>(device));
    EXPECT_EQ(probe_cuda_architecture(current_cuda_stream(where)), architecture) << "default stream of " << device;
    const c10::Stream other = cuda.getStreamFromGlobalPool(where, /*isHighPriority=*/false);
    const c10::Stream before = cuda.exchangeStream(other);
    EXPECT_NE(current_cuda_stream(where).handle, nullptr);
    EXPECT_EQ(probe_cuda_architecture(current_cuda_stream(where)), architecture) << "another stream of " << device;
    cuda.exchangeStream(before);
  }
}

}  // namespace
}  // namespace flashrna
