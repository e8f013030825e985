#include <ATen/ATen.h>
#include <ATen/Dispatch.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "kernels/local_edges/local_edges_backends.h"
#include "kernels/local_edges/local_edges_rows.h"
#include "kernels/parallel_ranges.h"

namespace flashrna {

using at::Tensor;

namespace {

// Residues per task: a sample has at most 16 chunks, because each has gradients of its own for the sample's residues.
// Chunks do not depend on the number of threads, and their gradients are added in order.
constexpr int64_t kLeastChunk = 64, kMostChunks = 16;

// Contiguous: where nothing is to be padded, constant_pad_nd keeps the strides, and gradients come in any layout.
Tensor padded(const Tensor& x, int64_t columns) {
  return at::constant_pad_nd(x, {0, columns - x.size(-1)}).contiguous();
}
Tensor padded(const Tensor& x, int64_t rows, int64_t columns) {
  return at::constant_pad_nd(x, {0, columns - x.size(1), 0, rows - x.size(0)}).contiguous();
}

// The inputs as the loops read them: contiguous, with channels padded to `width`.
struct PackedEdges {
  int64_t B, L, E, F, H, O, width, chunk, chunks;  // `chunks` chunks of `chunk` residues per sample
  Tensor center, neighbor, frames, neighbors, present, features, nonzero;
  Tensor list_weight_t, frame_weight, frame_weight_t, weight_2, weight_2_t, bias_2, out_weight, out_weight_t, out_bias;

  explicit PackedEdges(const LocalEdgesInput& in)
      : B(in.center.size(0)),
        L(in.center.size(1)),
        E(in.edges.neighbors.size(2)),
        F(in.edges.features.size(3)),
        H(in.center.size(2)),
        O(in.out_bias.size(0)),
        width((H + kHiddenMultiple - 1) / kHiddenMultiple * kHiddenMultiple),
        chunk(std::max(kLeastChunk, (L + kMostChunks - 1) / kMostChunks)),
        chunks((L + chunk - 1) / chunk) {
    const auto channels = [&](const Tensor& x) { return width == H ? x.contiguous() : padded(x, width); };
    center = channels(in.center);
    neighbor = channels(in.neighbor);
    frames = at::cat({in.translations, in.rotations.flatten(2)}, 2);
    neighbors = in.edges.neighbors.contiguous();
    present = in.edges.present.contiguous();
    features = in.edges.features.contiguous();
    nonzero = in.edges.nonzero.contiguous();
    list_weight_t = padded(in.weight_1.narrow(1, 0, F), width, F).t().contiguous();
    frame_weight = padded(in.weight_1.narrow(1, F, kEdgeFrameFeatures), width, kFrameColumns);
    frame_weight_t = frame_weight.t().contiguous();
    weight_2 = padded(in.weight_2, width, width);
    weight_2_t = weight_2.t().contiguous();
    bias_2 = padded(in.bias_2, width);
    out_weight = padded(in.out_weight, kOutputs, width);
    out_weight_t = out_weight.t().contiguous();
    out_bias = padded(in.out_bias, kOutputs);
  }

  template <typename T>
  LocalEdgesArrays<T> arrays(InstructionSet instructions) const {
    const auto read = [](const Tensor& x) { return x.const_data_ptr<T>(); };
    return {.instructions = instructions,
            .L = L,
            .E = E,
            .F = F,
            .width = width,
            .center = read(center),
            .neighbor = read(neighbor),
            .frames = read(frames),
            .neighbors = neighbors.const_data_ptr<int64_t>(),
            .present = present.const_data_ptr<bool>(),
            .features = read(features),
            .nonzero = nonzero.const_data_ptr<int64_t>(),
            .list_weight_t = read(list_weight_t),
            .frame_weight = read(frame_weight),
            .frame_weight_t = read(frame_weight_t),
            .weight_2 = read(weight_2),
            .weight_2_t = read(weight_2_t),
            .bias_2 = read(bias_2),
            .out_weight = read(out_weight),
            .out_weight_t = read(out_weight_t),
            .out_bias = read(out_bias)};
  }

  // Calls task(chunk number in [0, B * chunks), begin, end in [0, B * L)) for every chunk, on all threads.
  template <typename Task>
  void for_each_chunk(Task task) const {
    parallel_ranges(B * chunks, 1, [&](int64_t first, int64_t last) {
      for (int64_t c = first; c < last; ++c) {
        const int64_t begin = c % chunks * chunk, sample = c / chunks * L;
        task(c, sample + begin, sample + std::min(L, begin + chunk));
      }
    });
  }
};

// Gradients of every chunk, zero at first. The last dimensions are those of LocalEdgesGradients.
struct ChunkGradients {
  Tensor center, near;   // [B, L, ...]: no residue is in two chunks
  Tensor neighbor, far;  // [B, chunks, L, ...]
  Tensor list_weight_t, frame_weight_t, weight_2, bias_2, out_weight, out_bias;  // [B * chunks, ...]

  explicit ChunkGradients(const PackedEdges& in) {
    const auto zeros = [&](at::IntArrayRef shape) { return at::zeros(shape, in.center.options()); };
    const int64_t all = in.B * in.chunks;
    center = zeros({in.B, in.L, in.width});
    near = zeros({in.B, in.L, 12});
    neighbor = zeros({in.B, in.chunks, in.L, in.width});
    far = zeros({in.B, in.chunks, in.L, 12});
    list_weight_t = zeros({all, in.F, in.width});
    frame_weight_t = zeros({all, kFrameColumns, in.width});
    weight_2 = zeros({all, in.width, in.width});
    bias_2 = zeros({all, in.width});
    out_weight = zeros({all, kOutputs, in.width});
    out_bias = zeros({all, kOutputs});
  }

  template <typename T>
  LocalEdgesGradients<T> of_chunk(int64_t c) const {
    const auto all = [](const Tensor& x) { return x.mutable_data_ptr<T>(); };
    const auto part = [c](const Tensor& x) { return x.mutable_data_ptr<T>() + c * x.stride(0); };
    const auto of_sample = [c](const Tensor& x) { return x.mutable_data_ptr<T>() + c * x.stride(1); };
    return {.center = all(center),
            .near = all(near),
            .neighbor = of_sample(neighbor),
            .far = of_sample(far),
            .list_weight_t = part(list_weight_t),
            .frame_weight_t = part(frame_weight_t),
            .weight_2 = part(weight_2),
            .bias_2 = part(bias_2),
            .out_weight = part(out_weight),
            .out_bias = part(out_bias)};
  }

  // In the order of kLocalEdgesGradients.
  std::vector<Tensor> sums(const PackedEdges& in) const {
    const int64_t H = in.H, O = in.O;
    const Tensor frames = near + far.sum(1);
    const auto block = [](const Tensor& x, int64_t rows, int64_t columns) {
      return x.sum(0).narrow(0, 0, rows).narrow(1, 0, columns);
    };
    const Tensor weight_1 =
        at::cat({block(list_weight_t, in.F, H), block(frame_weight_t, kEdgeFrameFeatures, H)}, 0).t();
    return {center.narrow(2, 0, H),
            neighbor.sum(1).narrow(2, 0, H),
            frames.narrow(2, 3, 9).unflatten(2, {3, 3}),
            frames.narrow(2, 0, 3),
            weight_1,
            block(weight_2, H, H),
            bias_2.sum(0).narrow(0, 0, H),
            block(out_weight, O, H),
            out_bias.sum(0).narrow(0, 0, O)};
  }
};

}  // namespace

std::vector<Tensor> local_edges_cpu(EdgeOperation operation, const LocalEdgesInput& input,
                                    InstructionSet instructions) {
  const PackedEdges in(input);
  const bool messages = operation == EdgeOperation::kMessages;
  const auto empty = [&](at::IntArrayRef shape) { return at::empty(shape, in.center.options()); };
  const Tensor first = messages ? empty({in.B, in.L, kEdgeHeads, in.width}) : empty({in.B, in.L, 3});
  const Tensor second = messages ? empty({in.B, in.L, in.width}) : empty({in.B, in.L, 3, 3});
  AT_DISPATCH_FLOATING_TYPES(in.center.scalar_type(), "local_edges", [&] {
    const LocalEdgesArrays<scalar_t> arrays = in.arrays<scalar_t>(instructions);
    const auto run = messages ? edge_messages_rows<scalar_t> : edge_votes_rows<scalar_t>;
    scalar_t *to_first = first.mutable_data_ptr<scalar_t>(), *to_second = second.mutable_data_ptr<scalar_t>();
    in.for_each_chunk([&](int64_t, int64_t begin, int64_t end) { run(arrays, begin, end, to_first, to_second); });
  });
  if (!messages) return {first, second};
  return {first.narrow(3, 0, in.H), second.narrow(2, 0, in.H)};
}

std::vector<Tensor> local_edges_cpu_backward(EdgeOperation operation, const LocalEdgesInput& input,
                                             const Tensor& by_first, const Tensor& by_second,
                                             InstructionSet instructions) {
  const PackedEdges in(input);
  const bool messages = operation == EdgeOperation::kMessages;
  const auto channels = [&](const Tensor& x) { return messages ? padded(x, in.width) : x.contiguous(); };
  const Tensor first = channels(by_first), second = channels(by_second);
  const ChunkGradients gradients(in);
  AT_DISPATCH_FLOATING_TYPES(in.center.scalar_type(), "local_edges_backward", [&] {
    const LocalEdgesArrays<scalar_t> arrays = in.arrays<scalar_t>(instructions);
    const auto run = messages ? edge_messages_rows_backward<scalar_t> : edge_votes_rows_backward<scalar_t>;
    const scalar_t *from_first = first.const_data_ptr<scalar_t>(), *from_second = second.const_data_ptr<scalar_t>();
    in.for_each_chunk([&](int64_t c, int64_t begin, int64_t end) {
      run(arrays, begin, end, from_first, from_second, gradients.of_chunk<scalar_t>(c));
    });
  });
  return gradients.sums(in);
}

}  // namespace flashrna
