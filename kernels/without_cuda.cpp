// Stands in for the .cu sources in a build without CUDA, where count_cuda_devices() is 0 and nobody gets here.
#include <stdexcept>

#include "kernels/cuda_probe.h"

namespace flashrna {
namespace {

[[noreturn]] void fail_without_cuda() { throw std::runtime_error("this program was built without CUDA"); }

}  // namespace

CudaDevice describe_cuda_device(int) { fail_without_cuda(); }

int probe_cuda_architecture(const CudaStream&) { fail_without_cuda(); }

}  // namespace flashrna
