// Checks that our kernels, LibTorch's streams and both CUDA runtimes work in one process.
#include <ATen/ATen.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "kernels/cuda_backend.h"
#include "kernels/cuda_probe.h"
#include "kernels/torch_headers.h"

namespace flashrna {
namespace {

// Whose code a device runs: that of its generation if this build has it, else what the driver makes of the PTX for 8.0.
int architecture_for(int capability) {
  const int generation = capability / 10 * 10;
  const std::vector<int> built = {FLASHRNA_CUDA_GENERATIONS};
  return std::ranges::find(built, generation) != built.end() ? generation : 80;
}

TEST(Cuda, OurKernelsRunOnLibTorchsStreams) {
  const int devices = count_cuda_devices();
  if (devices == 0) GTEST_SKIP() << "no CUDA device";
  const c10::impl::VirtualGuardImpl cuda(at::kCUDA);
  for (int device = 0; device < devices; ++device) {
    const int architecture = architecture_for(describe_cuda_device(device).capability);
    const at::Device where(at::kCUDA, static_cast<c10::DeviceIndex>(device));
    EXPECT_EQ(probe_cuda_architecture(current_cuda_stream(where)), architecture) << "default stream of " << device;
    const c10::Stream other = cuda.getStreamFromGlobalPool(where, /*isHighPriority=*/false);
    const c10::Stream before = cuda.exchangeStream(other);
    EXPECT_NE(current_cuda_stream(where).handle, nullptr);
    EXPECT_EQ(probe_cuda_architecture(current_cuda_stream(where)), architecture) << "another stream of " << device;
    cuda.exchangeStream(before);
  }
}

TEST(Cuda, ProductsKeepAllBitsOfF32) {
  set_cuda_precision();  // as count_cuda_devices() does if there is a device
  EXPECT_EQ(cuda_precision_text(), "f32 products without TF32, no cuDNN attention");
  at::globalContext().setAllowTF32CuBLAS(true);
  EXPECT_EQ(cuda_precision_text(), "f32 products with TF32, no cuDNN attention");
  set_cuda_precision();
  setenv("NVIDIA_TF32_OVERRIDE", "0", 1);
  EXPECT_EQ(tf32_override_warning(), "");
  setenv("NVIDIA_TF32_OVERRIDE", "1", 1);
  EXPECT_EQ(tf32_override_warning(),
            "NVIDIA_TF32_OVERRIDE=1: cuBLAS rounds the factors of f32 products to 11 bits on every GPU; unset it");
  unsetenv("NVIDIA_TF32_OVERRIDE");
}

TEST(Cuda, TheCurrentDeviceIsTheOneThatWasNamed) {
  const int devices = count_cuda_devices();
  if (devices == 0) GTEST_SKIP() << "no CUDA device";
  for (int device = devices; device-- > 0;) {
    make_current({at::kCUDA, static_cast<c10::DeviceIndex>(device)});
    EXPECT_EQ(at::empty({1}, at::kCUDA).get_device(), device);
  }
}

// With TF32 the fourth digit would be wrong.
TEST(Cuda, AProductOfF32IsRightToSixDigits) {
  if (count_cuda_devices() == 0) GTEST_SKIP() << "no CUDA device";
  const at::Tensor a = at::arange(256 * 256, at::kDouble).mul(1.37).sin().view({256, 256});
  const at::Tensor product = at::matmul(a.to(at::kCUDA, at::kFloat), a.to(at::kCUDA, at::kFloat)).cpu();
  const at::Tensor expected = at::matmul(a, a);
  EXPECT_LE(((product - expected).abs().max() / expected.abs().max()).item<double>(), 1e-6);
}

}  // namespace
}  // namespace flashrna
