// Stands in for the .cu sources in a build without CUDA, where count_cuda_devices() is 0 and nobody gets here.
#include <stdexcept>

#include "kernels/cuda_probe.h"
#include "kernels/flash_ipa/flash_ipa_simple.h"

namespace flashrna {
namespace {

[[noreturn]] void fail_without_cuda() { throw std::runtime_error("this program was built without CUDA"); }

}  // namespace

CudaDevice describe_cuda_device(int) { fail_without_cuda(); }

int probe_cuda_architecture(const CudaStream&) { fail_without_cuda(); }

template <typename T>
void simple_forward_cuda(const SimpleForward<T>&, const CudaStream&) {
  fail_without_cuda();
}
template void simple_forward_cuda(const SimpleForward<float>&, const CudaStream&);
template void simple_forward_cuda(const SimpleForward<double>&, const CudaStream&);

template <typename T>
void simple_backward_cuda(const SimpleBackward<T>&, const CudaStream&) {
  fail_without_cuda();
}
template void simple_backward_cuda(const SimpleBackward<float>&, const CudaStream&);
template void simple_backward_cuda(const SimpleBackward<double>&, const CudaStream&);

}  // namespace flashrna
