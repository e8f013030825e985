// Replaces the .cu sources in a build without CUDA, where count_cuda_devices() is 0 and these functions are never
// called.
#include <stdexcept>

#include "kernels/cuda_probe.h"
#include "kernels/flash_ipa/flash_ipa_simple.h"
#include "kernels/flash_ipa/fused/fused_backward.h"
#include "kernels/flash_ipa/fused/fused_forward.h"
#include "kernels/local_edges/local_edges_gpu_rows.h"
#include "kernels/nearest_neighbors/nearest_neighbors_row.h"
#include "kernels/pair_distance_loss/pair_distance_gpu_row.h"
#include "kernels/relaxation/relaxation_rows.h"
#include "kernels/steric_overlap/steric_move_row.h"

namespace flashrna {
namespace {

[[noreturn]] void fail_without_cuda() {
  throw std::runtime_error("built without CUDA: configure with the preset cuda, or compute with --device cpu");
}

}  // namespace

CudaDevice describe_cuda_device(int) { fail_without_cuda(); }

int cuda_runtime_version() { return 0; }

int probe_cuda_architecture(const CudaStream&) { fail_without_cuda(); }

bool is_capturing(const CudaStream&) { fail_without_cuda(); }

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

template <typename T>
void nearest_neighbors_cuda(const NeighborRows<T>&, const CudaStream&) {
  fail_without_cuda();
}
template void nearest_neighbors_cuda(const NeighborRows<float>&, const CudaStream&);
template void nearest_neighbors_cuda(const NeighborRows<double>&, const CudaStream&);

template <typename T>
void pair_distance_rows_cuda(const PairDistanceRows<T>&, const CudaStream&) {
  fail_without_cuda();
}
template void pair_distance_rows_cuda(const PairDistanceRows<float>&, const CudaStream&);
template void pair_distance_rows_cuda(const PairDistanceRows<double>&, const CudaStream&);

template <typename T>
void relaxation_rows_cuda(RelaxationRowKind, const RelaxationRows<T>&, const CudaStream&) {
  fail_without_cuda();
}
template void relaxation_rows_cuda(RelaxationRowKind, const RelaxationRows<float>&, const CudaStream&);
template void relaxation_rows_cuda(RelaxationRowKind, const RelaxationRows<double>&, const CudaStream&);

template <typename T>
void steric_rows_cuda(const StericRows<T>&, const CudaStream&) {
  fail_without_cuda();
}
template void steric_rows_cuda(const StericRows<float>&, const CudaStream&);
template void steric_rows_cuda(const StericRows<double>&, const CudaStream&);

template <typename T>
void steric_move_rows_cuda(const StericMoveRows<T>&, const CudaStream&) {
  fail_without_cuda();
}
template void steric_move_rows_cuda(const StericMoveRows<float>&, const CudaStream&);
template void steric_move_rows_cuda(const StericMoveRows<double>&, const CudaStream&);

template <typename T>
void edge_rows_cuda(EdgeRowKind, const EdgeRows<T>&, const EdgeRowOutputs<T>&, const CudaStream&) {
  fail_without_cuda();
}
template void edge_rows_cuda(EdgeRowKind, const EdgeRows<float>&, const EdgeRowOutputs<float>&, const CudaStream&);
template void edge_rows_cuda(EdgeRowKind, const EdgeRows<double>&, const EdgeRowOutputs<double>&, const CudaStream&);

template <typename T>
void edge_rows_backward_cuda(EdgeRowKind, const EdgeRows<T>&, const EdgeRowGradients<T>&, const CudaStream&) {
  fail_without_cuda();
}
template void edge_rows_backward_cuda(EdgeRowKind, const EdgeRows<float>&, const EdgeRowGradients<float>&,
                                      const CudaStream&);
template void edge_rows_backward_cuda(EdgeRowKind, const EdgeRows<double>&, const EdgeRowGradients<double>&,
                                      const CudaStream&);

void fused_forward_cuda(const fused_ipa::Arguments&, const fused_ipa::Outputs&, const FusedForwardPlan&, void*,
                        const CudaStream&) {
  fail_without_cuda();
}

void fused_backward_cuda(const fused_ipa::Arguments&, const fused_ipa::OutputGradients&,
                         const fused_ipa::InputGradients&, const FusedBackwardPlan&, void*, const CudaStream&) {
  fail_without_cuda();
}

}  // namespace flashrna
