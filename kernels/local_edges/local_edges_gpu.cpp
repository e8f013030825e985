// Sparse edges by the kernels for GPUs: converts tensors to kernel arguments, and sums what the kernels write for every
// edge. Tensors on a CPU run the same rows in a loop, for tests.
#include <ATen/ATen.h>
#include <ATen/Dispatch.h>
#include <ATen/autocast_mode.h>

#include <vector>

#include "kernels/cuda_backend.h"
#include "kernels/local_edges/local_edges_backends.h"
#include "kernels/local_edges/local_edges_gpu_rows_backward.h"

namespace flashrna {

using at::Tensor;

namespace {

EdgeRowKind kind_of(EdgeOperation operation) {
  return operation == EdgeOperation::kMessages ? EdgeRowKind::kMessages : EdgeRowKind::kVotes;
}

template <typename T, typename Row>
void run_on_host(const EdgeRows<T>& rows, bool backward, const Row& row) {
  std::vector<T> scratch(static_cast<std::size_t>(EdgeScratch<T>::size(rows.E, rows.H, backward)));
  for (int64_t item = 0; item < rows.B * rows.L; ++item) row(item, scratch.data());
}

template <typename T>
void run(EdgeRowKind kind, const EdgeRows<T>& rows, const EdgeRowOutputs<T>& to, at::Device device) {
  if (device.is_cuda()) {
    edge_rows_cuda(kind, rows, to, current_cuda_stream(device));
    return;
  }
  run_on_host(rows, /*backward=*/false, [&](int64_t item, T* scratch) {
    kind == EdgeRowKind::kMessages ? edge_messages_row(HostLanes(), rows, to, item, scratch)
                                   : edge_votes_row(HostLanes(), rows, to, item, scratch);
  });
}

template <typename T>
void run_backward(EdgeRowKind kind, const EdgeRows<T>& rows, const EdgeRowGradients<T>& to, at::Device device) {
  if (device.is_cuda()) {
    edge_rows_backward_cuda(kind, rows, to, current_cuda_stream(device));
    return;
  }
  run_on_host(rows, /*backward=*/true, [&](int64_t item, T* scratch) {
    kind == EdgeRowKind::kMessages ? edge_messages_row_backward(HostLanes(), rows, to, item, scratch)
                                   : edge_votes_row_backward(HostLanes(), rows, to, item, scratch);
  });
}

// The inputs as the kernels read them.
struct RowTensors {
  int64_t B, L, E, F, H, O;
  Tensor center, neighbor, rotations, translations, neighbors, present, features, nonzero;
  Tensor weight_1_t, weight_2, weight_2_t, bias_2, out_weight, out_bias;

  explicit RowTensors(const LocalEdgesInput& in)
      : B(in.center.size(0)),
        L(in.center.size(1)),
        E(in.edges.neighbors.size(2)),
        F(in.edges.features.size(3)),
        H(in.center.size(2)),
        O(in.out_bias.size(0)),
        center(in.center.contiguous()),
        neighbor(in.neighbor.contiguous()),
        rotations(in.rotations.contiguous()),
        translations(in.translations.contiguous()),
        neighbors(in.edges.neighbors.contiguous()),
        present(in.edges.present.contiguous()),
        features(in.edges.features.contiguous()),
        nonzero(in.edges.nonzero.contiguous()),
        weight_1_t(in.weight_1.t().contiguous()),
        weight_2(in.weight_2.contiguous()),
        weight_2_t(in.weight_2.t().contiguous()),
        bias_2(in.bias_2.contiguous()),
        out_weight(in.out_weight.contiguous()),
        out_bias(in.out_bias.contiguous()) {}

  Tensor empty(at::IntArrayRef shape) const { return at::empty(shape, center.options()); }

  template <typename T>
  EdgeRows<T> rows() const {
    const auto read = [](const Tensor& x) { return x.const_data_ptr<T>(); };
    return {.B = B,
            .L = L,
            .E = E,
            .F = F,
            .H = H,
            .O = O,
            .center = read(center),
            .neighbor = read(neighbor),
            .rotations = read(rotations),
            .translations = read(translations),
            .neighbors = neighbors.const_data_ptr<int64_t>(),
            .present = present.const_data_ptr<bool>(),
            .features = read(features),
            .nonzero = nonzero.const_data_ptr<int64_t>(),
            .weight_1_t = read(weight_1_t),
            .weight_2 = read(weight_2),
            .weight_2_t = read(weight_2_t),
            .bias_2 = read(bias_2),
            .out_weight = read(out_weight),
            .out_bias = read(out_bias)};
  }
};

// What EdgeRowGradients points to, and the sums of it.
struct GradientTensors {
  Tensor center, near, far, frame_features, hidden_1, hidden_2, by_hidden_1, by_hidden_2, by_outputs;

  explicit GradientTensors(const RowTensors& in)
      : center(in.empty({in.B, in.L, in.H})),
        near(in.empty({in.B, in.L, kRowFrame})),
        far(in.empty({in.B * in.L * in.E, kRowFrame})),
        frame_features(in.empty({in.B * in.L * in.E, kEdgeFrameFeatures})),
        hidden_1(in.empty({in.B * in.L * in.E, in.H})),
        hidden_2(at::empty_like(hidden_1)),
        by_hidden_1(at::empty_like(hidden_1)),
        by_hidden_2(at::empty_like(hidden_1)),
        by_outputs(in.empty({in.B * in.L * in.E, in.O})) {}

  template <typename T>
  EdgeRowGradients<T> rows(const Tensor& by_first, const Tensor& by_second) const {
    const auto write = [](const Tensor& x) { return x.mutable_data_ptr<T>(); };
    return {.by_first = by_first.const_data_ptr<T>(),
            .by_second = by_second.const_data_ptr<T>(),
            .center = write(center),
            .near = write(near),
            .far = write(far),
            .frame_features = write(frame_features),
            .hidden_1 = write(hidden_1),
            .hidden_2 = write(hidden_2),
            .by_hidden_1 = write(by_hidden_1),
            .by_hidden_2 = write(by_hidden_2),
            .by_outputs = write(by_outputs)};
  }

  // In the order of kLocalEdgesGradients.
  std::vector<Tensor> sums(const RowTensors& in) const {
    const Tensor sample = at::arange(in.B, in.neighbors.options()).view({in.B, 1, 1}) * in.L;
    // A missing edge has zero gradients, which residue 0 may take.
    const Tensor ends = (in.neighbors.masked_fill(in.present.logical_not(), 0) + sample).flatten();
    const auto by_end = [&](const Tensor& of_edges) {
      return at::zeros({in.B * in.L, of_edges.size(1)}, center.options())
          .index_add_(0, ends, of_edges)
          .view({in.B, in.L, -1});
    };
    const Tensor frames = near + by_end(far);
    const Tensor by_1 = by_hidden_1.t();
    return {center,
            by_end(by_hidden_1),
            frames.narrow(2, 3, 9).unflatten(2, {3, 3}),
            frames.narrow(2, 0, 3),
            at::cat({at::matmul(by_1, in.features.flatten(0, 2)), at::matmul(by_1, frame_features)}, 1),
            at::matmul(by_hidden_2.t(), hidden_1),
            by_hidden_2.sum(0),
            at::matmul(by_outputs.t(), hidden_2),
            by_outputs.sum(0)};
  }
};

}  // namespace

bool local_edges_gpu_takes(const LocalEdgesInput& in) {
  constexpr int64_t kSharedBytes = 96 * 1024;  // every device of capability 8.0 or newer has 99 kB per block
  return EdgeScratch<float>::size(in.edges.neighbors.size(2), in.center.size(2), /*backward=*/true) *
             static_cast<int64_t>(in.translations.element_size()) <=
         kSharedBytes;
}

std::vector<Tensor> local_edges_gpu(EdgeOperation operation, const LocalEdgesInput& input) {
  const RowTensors in(input);
  const bool messages = operation == EdgeOperation::kMessages;
  const Tensor first = messages ? in.empty({in.B, in.L, kEdgeHeads, in.H}) : in.empty({in.B, in.L, 3});
  const Tensor second = messages ? in.empty({in.B, in.L, in.H}) : in.empty({in.B, in.L, 3, 3});
  AT_DISPATCH_FLOATING_TYPES(in.center.scalar_type(), "local_edges", [&] {
    run<scalar_t>(kind_of(operation), in.rows<scalar_t>(),
                  {first.mutable_data_ptr<scalar_t>(), second.mutable_data_ptr<scalar_t>()}, in.center.device());
  });
  return {first, second};
}

std::vector<Tensor> local_edges_gpu_backward(EdgeOperation operation, const LocalEdgesInput& input,
                                             const Tensor& by_first, const Tensor& by_second) {
  const c10::impl::ExcludeDispatchKeyGuard without_autocast(c10::autocast_dispatch_keyset);
  const RowTensors in(input);
  const GradientTensors to(in);
  const Tensor first = by_first.contiguous(), second = by_second.contiguous();
  AT_DISPATCH_FLOATING_TYPES(in.center.scalar_type(), "local_edges_backward", [&] {
    run_backward<scalar_t>(kind_of(operation), in.rows<scalar_t>(), to.rows<scalar_t>(first, second),
                           in.center.device());
  });
  return to.sums(in);
}

}  // namespace flashrna
