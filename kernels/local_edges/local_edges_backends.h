// The fused loops over edges on a CPU, and the kernels for GPUs. Tensors are those of LocalEdgesInput, in a list so
// that autograd can store them.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "kernels/local_edges/local_edges.h"
#include "kernels/local_edges/local_edges_rows.h"

namespace flashrna {

enum class EdgeOperation { kMessages, kVotes };

// The first nine are differentiable: center, neighbor, rotations, translations, weight_1, weight_2, bias_2, out_weight,
// out_bias; then neighbors, present, features, nonzero.
inline constexpr int kLocalEdgesGradients = 9;
std::vector<at::Tensor> tensors_of(const LocalEdgesInput& input);
LocalEdgesInput input_of(const std::vector<at::Tensor>& tensors);

// {attended, sum} or {shift, rotation}.
std::vector<at::Tensor> local_edges_cpu(EdgeOperation operation, const LocalEdgesInput& input,
                                        InstructionSet instructions = best_instruction_set());

// Gradients of the nine differentiable tensors from those of the two outputs.
std::vector<at::Tensor> local_edges_cpu_backward(EdgeOperation operation, const LocalEdgesInput& input,
                                                 const at::Tensor& by_first, const at::Tensor& by_second,
                                                 InstructionSet instructions = best_instruction_set());

// The same by the kernels for GPUs, one warp per residue, in f32 or f64. In f32 on a GPU the sums over the edges that
// end in a residue are added in an order that may differ between runs.
// local_edges_gpu_takes(): the edges and channels of a residue fit into the shared memory of a block.
bool local_edges_gpu_takes(const LocalEdgesInput& input);
std::vector<at::Tensor> local_edges_gpu(EdgeOperation operation, const LocalEdgesInput& input);
std::vector<at::Tensor> local_edges_gpu_backward(EdgeOperation operation, const LocalEdgesInput& input,
                                                 const at::Tensor& by_first, const at::Tensor& by_second);

}  // namespace flashrna
