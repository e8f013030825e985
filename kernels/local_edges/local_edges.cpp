#include "kernels/local_edges/local_edges.h"

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>

#include "kernels/local_edges/local_edges_backends.h"
#include "kernels/local_edges/local_edges_check.h"
#include "kernels/self_check.h"
#include "kernels/torch_headers.h"

namespace flashrna {

using at::Tensor;
using torch::autograd::variable_list;

namespace {

// Under autocast the terms of the residues come in bf16.
LocalEdgesInput in_full_precision(LocalEdgesInput in) {
  in.center = in.center.to(in.translations.scalar_type());
  in.neighbor = in.neighbor.to(in.translations.scalar_type());
  return in;
}

class FusedEdges : public torch::autograd::Function<FusedEdges> {
 public:
  static variable_list forward(torch::autograd::AutogradContext* context, at::TensorList in, int64_t operation) {
    context->save_for_backward(in.vec());
    context->saved_data["operation"] = operation;
    const auto run = in[0].is_cpu() ? on_cpu : local_edges_gpu;
    return run(static_cast<EdgeOperation>(operation), input_of(in.vec()));
  }

  static variable_list backward(torch::autograd::AutogradContext* context, const variable_list& gradients) {
    const variable_list in = context->get_saved_variables();
    const auto operation = static_cast<EdgeOperation>(context->saved_data["operation"].toInt());
    const auto run = in[0].is_cpu() ? on_cpu_backward : local_edges_gpu_backward;
    variable_list out = run(operation, input_of(in), gradients[0], gradients[1]);
    out.resize(in.size() + 1);
    return out;
  }

 private:
  static variable_list on_cpu(EdgeOperation operation, const LocalEdgesInput& in) {
    return local_edges_cpu(operation, in);
  }
  static variable_list on_cpu_backward(EdgeOperation operation, const LocalEdgesInput& in, const Tensor& by_first,
                                       const Tensor& by_second) {
    return local_edges_cpu_backward(operation, in, by_first, by_second);
  }
};

variable_list run_fused(EdgeOperation operation, const LocalEdgesInput& in) {
  const variable_list tensors = tensors_of(in);
  return FusedEdges::apply(at::TensorList(tensors), static_cast<int64_t>(operation));
}

void check_input(const char* name, const LocalEdgesInput& in, int64_t outputs) {
  TORCH_CHECK(in.center.dim() == 3, name, ": center has shape ", in.center.sizes(), ", expected [B, L, H]");
  const int64_t B = in.center.size(0), L = in.center.size(1), H = in.center.size(2);
  const SparseEdges& edges = in.edges;
  TORCH_CHECK(edges.neighbors.dim() == 3 && edges.features.dim() == 4, name, ": neighbors has shape ",
              edges.neighbors.sizes(), ", expected [B, L, E], features ", edges.features.sizes(),
              ", expected [B, L, E, F]");
  const int64_t E = edges.neighbors.size(2), F = edges.features.size(3);
  TORCH_CHECK(F <= kMaxListFeatures, name, ": ", F, " features in the list, at most ", kMaxListFeatures);
  const auto check = [&](const char* part, const Tensor& tensor, at::IntArrayRef shape, at::ScalarType type) {
    TORCH_CHECK(tensor.sizes() == shape && tensor.scalar_type() == type && tensor.device() == in.center.device(), name,
                ": ", part, " is ", tensor.scalar_type(), " of shape ", tensor.sizes(), " on ", tensor.device(),
                ", expected ", type, " of shape ", shape, " on ", in.center.device());
  };
  const at::ScalarType type = in.translations.scalar_type();
  check("neighbor", in.neighbor, {B, L, H}, in.center.scalar_type());
  check("rotations", in.rotations, {B, L, 3, 3}, type);
  check("translations", in.translations, {B, L, 3}, type);
  check("weight_1", in.weight_1, {H, F + kEdgeFrameFeatures}, type);
  check("weight_2", in.weight_2, {H, H}, type);
  check("bias_2", in.bias_2, {H}, type);
  check("out_weight", in.out_weight, {outputs, H}, type);
  check("out_bias", in.out_bias, {outputs}, type);
  check("neighbors", edges.neighbors, {B, L, E}, at::kLong);
  check("present", edges.present, {B, L, E}, at::kBool);
  check("features", edges.features, {B, L, E, F}, type);
  check("nonzero", edges.nonzero, {B, L, E}, at::kLong);
  if (!in.center.is_cpu() || edges.neighbors.numel() == 0) return;
  const Tensor neighbors = edges.neighbors.masked_fill(~edges.present, 0);
  const int64_t least = neighbors.min().item<int64_t>(), largest = neighbors.max().item<int64_t>();
  TORCH_CHECK(least >= 0 && largest < L, name, ": neighbors are from ", least, " to ", largest,
              ", must be from 0 to L - 1 = ", L - 1);
}

double error_of(EdgeOperation operation, at::Device device) {
  return local_edges_error(operation, device, [&](const LocalEdgesInput& in) { return run_fused(operation, in); });
}
double error_of_messages(at::Device device) { return error_of(EdgeOperation::kMessages, device); }
double error_of_votes(at::Device device) { return error_of(EdgeOperation::kVotes, device); }

bool runs_fused(EdgeOperation operation, const LocalEdgesInput& in) {
  const at::ScalarType type = in.translations.scalar_type();
  if (type != at::kFloat && type != at::kDouble) return false;
  if (in.center.is_cpu()) return in.center.scalar_type() == type && !at::autocast::is_autocast_enabled(at::kCPU);
  if (!in.center.is_cuda() || !local_edges_gpu_takes(in)) return false;
  static SelfCheck messages("the CUDA kernel of edge_messages", "plain operations", kLocalEdgesAllowed,
                            error_of_messages);
  static SelfCheck votes("the CUDA kernel of edge_votes", "plain operations", kLocalEdgesAllowed, error_of_votes);
  return (operation == EdgeOperation::kMessages ? messages : votes).passes(in.center.device());
}

}  // namespace

std::vector<Tensor> tensors_of(const LocalEdgesInput& in) {
  return {in.center,        in.neighbor,       in.rotations,    in.translations, in.weight_1,
          in.weight_2,      in.bias_2,         in.out_weight,   in.out_bias,     in.edges.neighbors,
          in.edges.present, in.edges.features, in.edges.nonzero};
}

LocalEdgesInput input_of(const std::vector<Tensor>& t) {
  return {t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], t[8], {t[9], t[10], t[11], t[12]}};
}

EdgeMessageSums edge_messages(const LocalEdgesInput& in) {
  check_input("edge_messages", in, kEdgeHeads);
  if (!runs_fused(EdgeOperation::kMessages, in)) return edge_messages_reference(in);
  const variable_list out = run_fused(EdgeOperation::kMessages, in_full_precision(in));
  return {out[0], out[1]};
}

EdgeVoteMeans edge_votes(const LocalEdgesInput& in) {
  check_input("edge_votes", in, kVoteOutputs);
  if (!runs_fused(EdgeOperation::kVotes, in)) return edge_votes_reference(in);
  const variable_list out = run_fused(EdgeOperation::kVotes, in_full_precision(in));
  return {out[0], out[1]};
}

}  // namespace flashrna
