// Our own CUDA kernels on the stand-in: the functions that launch them, defined by what tests of the kernels run on the
// host. A program linked with this file takes them instead of those of the .cu sources.
#include <cstdint>
#include <functional>
#include <vector>

#include "kernels/cuda_probe.h"
#include "kernels/flash_ipa/flash_ipa_simple_rows.h"
#include "kernels/flash_ipa/fused/fused_backward.h"
#include "kernels/flash_ipa/fused/fused_forward.h"
#include "kernels/local_edges/local_edges_gpu_rows_backward.h"
#include "kernels/nearest_neighbors/nearest_neighbors_row.h"
#include "kernels/pair_distance_loss/pair_distance_gpu_row.h"
#include "kernels/relaxation/relaxation_rows.h"
#include "kernels/steric_overlap/steric_move_row.h"
#include "tests/kernels/fused_ipa_emulator.h"
#include "tests/stand_in_cuda/stand_in_cuda.h"

namespace flashrna {
namespace {

constexpr int kCapability = 90;

template <typename T>
void to_host(T*& pointer) {
  pointer = static_cast<T*>(const_cast<void*>(stand_in::host_address(pointer)));
}

template <typename... T>
void all_to_host(T*&... pointers) {
  (to_host(pointers), ...);
}

// Computes now, and again in each replay if a graph is being recorded.
void launch(int operations, const std::function<void()>& compute) {
  stand_in::count_operations(operations);
  compute();
  if (stand_in::is_recording()) stand_in::remember(compute);
}

template <typename T, typename Arguments, typename Row>
void run_rows(const Arguments& arguments, std::int64_t rows, std::int64_t scratch_size, Row row) {
  launch(1, [=] {
    std::vector<T> scratch(static_cast<std::size_t>(scratch_size));
    for (std::int64_t item = 0; item < rows; ++item) row(HostLanes(), arguments, item, scratch.data());
  });
}

fused_ipa::Arguments on_host(fused_ipa::Arguments a) {
  all_to_host(a.first_row, a.length, a.q, a.k, a.v, a.q_points, a.k_points, a.v_points, a.rotations, a.translations,
              a.point_weights, a.bias_q, a.bias_k, a.pair_q, a.pair_k, a.key_bias);
  return a;
}

}  // namespace

CudaDevice describe_cuda_device(int) {
  CudaDevice device;
  device.name = "stand-in";
  device.capability = kCapability;
  device.multiprocessors = 132;
  device.memory_bytes = std::int64_t{16} << 30;
  device.shared_bytes_per_block = 227 * 1024;
  device.driver_version = device.runtime_version = cuda_runtime_version();
  return device;
}

int cuda_runtime_version() { return 13000; }

int probe_cuda_architecture(const CudaStream&) { return kCapability; }

bool is_capturing(const CudaStream&) { return stand_in::is_recording(); }

template <typename T>
void simple_forward_cuda(const SimpleForward<T>& arguments, const CudaStream&) {
  SimpleForward<T> a = arguments;
  all_to_host(a.lengths, a.weights, a.queries, a.keys_transposed, a.values, a.output, a.log_sum_exp);
  const SimpleSizes& n = a.sizes;
  run_rows<T>(a, n.B * n.H * n.L, simple_scratch_size(n), [](const auto&... all) { forward_row(all...); });
}
template void simple_forward_cuda(const SimpleForward<float>&, const CudaStream&);
template void simple_forward_cuda(const SimpleForward<double>&, const CudaStream&);

template <typename T>
void simple_backward_cuda(const SimpleBackward<T>& arguments, const CudaStream&) {
  SimpleBackward<T> a = arguments;
  all_to_host(a.lengths, a.weights, a.queries, a.queries_transposed, a.keys, a.keys_transposed, a.values,
              a.values_transposed, a.gradients, a.gradients_transposed, a.log_sum_exp, a.delta, a.d_queries, a.d_keys,
              a.d_values, a.d_weight_rows);
  const std::int64_t rows = a.sizes.B * a.sizes.H * a.sizes.L, scratch = simple_scratch_size(a.sizes);
  run_rows<T>(a, rows, scratch, [](const auto&... all) { backward_query_row(all...); });
  run_rows<T>(a, rows, scratch, [](const auto&... all) { backward_key_row(all...); });
}
template void simple_backward_cuda(const SimpleBackward<float>&, const CudaStream&);
template void simple_backward_cuda(const SimpleBackward<double>&, const CudaStream&);

template <typename T>
void nearest_neighbors_cuda(const NeighborRows<T>& arguments, const CudaStream&) {
  NeighborRows<T> a = arguments;
  all_to_host(a.positions, a.lengths, a.indices, a.distances);
  run_rows<std::int64_t>(a, a.B * a.L, kNeighborScratch, [](const auto&... all) { neighbor_row(all...); });
}
template void nearest_neighbors_cuda(const NeighborRows<float>&, const CudaStream&);
template void nearest_neighbors_cuda(const NeighborRows<double>&, const CudaStream&);

template <typename T>
void pair_distance_rows_cuda(const PairDistanceRows<T>& arguments, const CudaStream&) {
  PairDistanceRows<T> a = arguments;
  all_to_host(a.predicted, a.truth, a.mask, a.rows, a.gradient);
  run_rows<double>(a, a.B * a.N, kPairDistanceScratch, [](const auto&... all) { pair_distance_gpu_row(all...); });
}
template void pair_distance_rows_cuda(const PairDistanceRows<float>&, const CudaStream&);
template void pair_distance_rows_cuda(const PairDistanceRows<double>&, const CudaStream&);

template <typename T>
void relaxation_rows_cuda(RelaxationRowKind kind, const RelaxationRows<T>& arguments, const CudaStream&) {
  RelaxationRows<T> a = arguments;
  all_to_host(a.residue.parent, a.residue.level, a.residue.moved, a.residue.group, a.residue.to_parent,
              a.residue.position, a.overlap.atoms, a.overlap.residue_index, a.overlap.nearest, a.overlap.limits,
              a.rings.slots, a.rings.other_slots, a.rings.distances, a.lengths, a.fixed, a.partner, a.rotations,
              a.translations, a.torsions, a.copy_rotations, a.moves, a.first_moment, a.second_moment, a.axes, a.arms,
              a.atoms, a.origins);
  run_rows<T>(a, a.B * a.L, relaxation_scratch(a),
              [kind](const HostLanes& lanes, const RelaxationRows<T>& rows, std::int64_t item, T* scratch) {
                relaxation_row(lanes, kind, rows, item, scratch);
              });
}
template void relaxation_rows_cuda(RelaxationRowKind, const RelaxationRows<float>&, const CudaStream&);
template void relaxation_rows_cuda(RelaxationRowKind, const RelaxationRows<double>&, const CudaStream&);

template <typename T>
void steric_rows_cuda(const StericRows<T>& arguments, const CudaStream&) {
  StericRows<T> a = arguments;
  all_to_host(a.atoms, a.mask, a.residue_index, a.nearest, a.limits, a.energy, a.gradient);
  run_rows<T>(a, a.B * a.L, steric_scratch(a.A, a.k), [](const auto&... all) { steric_row(all...); });
}
template void steric_rows_cuda(const StericRows<float>&, const CudaStream&);
template void steric_rows_cuda(const StericRows<double>&, const CudaStream&);

template <typename T>
void steric_move_rows_cuda(const StericMoveRows<T>& arguments, const CudaStream&) {
  StericMoveRows<T> a = arguments;
  all_to_host(a.overlap.atoms, a.overlap.residue_index, a.overlap.nearest, a.overlap.limits, a.lengths, a.fixed,
              a.atoms, a.origins);
  run_rows<T>(a, a.overlap.B * a.overlap.L, steric_move_scratch(a.overlap),
              [](const auto&... all) { steric_move_row(all...); });
}
template void steric_move_rows_cuda(const StericMoveRows<float>&, const CudaStream&);
template void steric_move_rows_cuda(const StericMoveRows<double>&, const CudaStream&);

template <typename T>
EdgeRows<T> on_host(EdgeRows<T> a) {
  all_to_host(a.center, a.neighbor, a.rotations, a.translations, a.neighbors, a.present, a.features, a.nonzero,
              a.weight_1_t, a.weight_2, a.weight_2_t, a.bias_2, a.out_weight, a.out_bias);
  return a;
}

template <typename T>
void edge_rows_cuda(EdgeRowKind kind, const EdgeRows<T>& rows, const EdgeRowOutputs<T>& outputs, const CudaStream&) {
  EdgeRowOutputs<T> to = outputs;
  all_to_host(to.first, to.second);
  const EdgeRows<T> a = on_host(rows);
  run_rows<T>(a, a.B * a.L, EdgeScratch<T>::size(a.E, a.H, false),
              [=](const HostLanes& lanes, const EdgeRows<T>&, std::int64_t item, T* scratch) {
                kind == EdgeRowKind::kMessages ? edge_messages_row(lanes, a, to, item, scratch)
                                               : edge_votes_row(lanes, a, to, item, scratch);
              });
}
template void edge_rows_cuda(EdgeRowKind, const EdgeRows<float>&, const EdgeRowOutputs<float>&, const CudaStream&);
template void edge_rows_cuda(EdgeRowKind, const EdgeRows<double>&, const EdgeRowOutputs<double>&, const CudaStream&);

template <typename T>
void edge_rows_backward_cuda(EdgeRowKind kind, const EdgeRows<T>& rows, const EdgeRowGradients<T>& gradients,
                             const CudaStream&) {
  EdgeRowGradients<T> to = gradients;
  all_to_host(to.by_first, to.by_second, to.center, to.near, to.far, to.frame_features, to.hidden_1, to.hidden_2,
              to.by_hidden_1, to.by_hidden_2, to.by_outputs);
  const EdgeRows<T> a = on_host(rows);
  run_rows<T>(a, a.B * a.L, EdgeScratch<T>::size(a.E, a.H, true),
              [=](const HostLanes& lanes, const EdgeRows<T>&, std::int64_t item, T* scratch) {
                kind == EdgeRowKind::kMessages ? edge_messages_row_backward(lanes, a, to, item, scratch)
                                               : edge_votes_row_backward(lanes, a, to, item, scratch);
              });
}
template void edge_rows_backward_cuda(EdgeRowKind, const EdgeRows<float>&, const EdgeRowGradients<float>&,
                                      const CudaStream&);
template void edge_rows_backward_cuda(EdgeRowKind, const EdgeRows<double>&, const EdgeRowGradients<double>&,
                                      const CudaStream&);

void fused_forward_cuda(const fused_ipa::Arguments& arguments, const fused_ipa::Outputs& outputs,
                        const FusedForwardPlan& plan, void*, const CudaStream&) {
  fused_ipa::Outputs out = outputs;
  all_to_host(out.scalars, out.points, out.point_norms, out.pairs, out.pair_sums, out.lse);
  EmulatorOptions options;
  options.tile = plan.tile;
  options.strict = plan.precision == FusedPrecision::kStrict;
  options.parts = plan.parts;
  launch(plan.parts > 1 ? 3 : 2,  // operands, attention, the sum of parts
         [a = on_host(arguments), options, out] { emulate_forward(a, options, out); });
}

void fused_backward_cuda(const fused_ipa::Arguments& arguments, const fused_ipa::OutputGradients& gradients,
                         const fused_ipa::InputGradients& out, const FusedBackwardPlan& plan, void*,
                         const CudaStream&) {
  fused_ipa::OutputGradients by = gradients;
  all_to_host(by.scalars, by.points, by.pair_sums, by.lse, by.d_scalars, by.d_points, by.d_point_norms, by.d_pairs);
  fused_ipa::InputGradients to = out;
  all_to_host(to.q, to.k, to.v, to.q_points, to.k_points, to.v_points, to.rotations, to.translations, to.point_weights,
              to.bias_q, to.bias_k, to.pair_q, to.pair_k, to.key_bias);
  const BackwardOptions tiles{.query_tile = plan.of_queries.tile, .key_tile = plan.of_keys.tile};
  launch(8, [a = on_host(arguments), by, tiles, to] { emulate_backward(a, by, tiles, to); });
}

}  // namespace flashrna
