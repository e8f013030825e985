// The PTX of the kernels of sparse edges and of overlaps, through their own launch code, against the same rows on the
// host in f64.
#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <vector>

#include "kernels/local_edges/local_edges_gpu_rows_backward.h"
#include "kernels/steric_overlap/steric_overlap_row.h"
#include "tests/ptx/device_array.h"
#include "tests/ptx/row_values.h"

namespace flashrna::ptx {
namespace {

template <typename T>
class EdgeKernelsPtx : public RowKernelTest {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(EdgeKernelsPtx, Types);

struct EdgeSizes {
  std::int64_t B, L, E, F, H;
};

// Operands of edge messages or votes. Some edges are missing, one residue has none, and most features are 0.
template <typename T>
struct EdgeScene {
  EdgeScene(EdgeRowKind kind_of_rows, EdgeSizes sizes)
      : kind(kind_of_rows), n(sizes), O(kind == EdgeRowKind::kMessages ? kEdgeHeads : kVoteOutputs) {
    const std::int64_t residues = n.B * n.L, edges = residues * n.E, D = n.F + kEdgeFrameFeatures;
    center = waves<T>(residues * n.H, 0.1);
    neighbor = waves<T>(residues * n.H, 0.5);
    rotations = turns<T>(residues);
    translations = waves<T>(residues * 3, 0.9);
    for (std::int64_t edge = 0; edge < edges; ++edge) {
      const std::int64_t i = edge / n.E % n.L, e = edge % n.E;
      neighbors.push_back((i + e + 1) % n.L);
      present.push_back(i != 2 && (edge * 7) % 5 != 1);
      nonzero.push_back(0);
      for (std::int64_t f = 0; f < n.F; ++f) {
        const bool set = (edge + 3 * f) % 4 == 0;
        features.push_back(set ? static_cast<T>(0.5 + 0.1 * static_cast<double>(f)) : T(0));
        if (set) nonzero.back() |= std::int64_t{1} << f;
      }
    }
    weight_1_t = waves<T>(D * n.H, 0.2, 0.3);
    weight_2 = waves<T>(n.H * n.H, 0.6, 0.3);
    for (std::int64_t row = 0; row < n.H; ++row) {
      for (std::int64_t column = 0; column < n.H; ++column) weight_2_t.push_back(weight_2[column * n.H + row]);
    }
    bias_2 = waves<T>(n.H, 0.4, 0.2);
    out_weight = waves<T>(O * n.H, 0.8, 0.3);
    out_bias = waves<T>(O, 0.3, 0.5);
    const bool messages = kind == EdgeRowKind::kMessages;
    first = std::vector<T>(static_cast<std::size_t>(residues * (messages ? kEdgeHeads * n.H : 3)));
    second = std::vector<T>(static_cast<std::size_t>(residues * (messages ? n.H : 9)));
    by_first = waves<T>(std::ssize(first), 0.15);
    by_second = waves<T>(std::ssize(second), 0.45);
  }

  EdgeRowKind kind;
  EdgeSizes n;
  std::int64_t O;
  std::vector<T> center, neighbor, rotations, translations, features;
  std::vector<std::int64_t> neighbors, nonzero;
  Flags present;
  std::vector<T> weight_1_t, weight_2, weight_2_t, bias_2, out_weight, out_bias;
  std::vector<T> first, second, by_first, by_second;
};

// The gradients of a scene, in the order of EdgeRowGradients.
template <typename T>
std::vector<std::vector<T>> empty_gradients(const EdgeScene<T>& s) {
  const std::int64_t residues = s.n.B * s.n.L, edges = residues * s.n.E;
  std::vector<std::vector<T>> all;
  for (const std::int64_t size : {residues * s.n.H, residues * kRowFrame, edges * kRowFrame, edges * kEdgeFrameFeatures,
                                  edges * s.n.H, edges * s.n.H, edges * s.n.H, edges * s.n.H, edges * s.O}) {
    all.emplace_back(static_cast<std::size_t>(size));
  }
  return all;
}

// The arguments of a scene; pointer_to(values) says where its values are.
template <typename T, typename PointerTo>
EdgeRows<T> rows_of(const EdgeScene<T>& s, PointerTo& pointer_to) {
  return {.B = s.n.B,
          .L = s.n.L,
          .E = s.n.E,
          .F = s.n.F,
          .H = s.n.H,
          .O = s.O,
          .center = pointer_to(s.center),
          .neighbor = pointer_to(s.neighbor),
          .rotations = pointer_to(s.rotations),
          .translations = pointer_to(s.translations),
          .neighbors = pointer_to(s.neighbors),
          .present = reinterpret_cast<const bool*>(pointer_to(s.present)),
          .features = pointer_to(s.features),
          .nonzero = pointer_to(s.nonzero),
          .weight_1_t = pointer_to(s.weight_1_t),
          .weight_2 = pointer_to(s.weight_2),
          .weight_2_t = pointer_to(s.weight_2_t),
          .bias_2 = pointer_to(s.bias_2),
          .out_weight = pointer_to(s.out_weight),
          .out_bias = pointer_to(s.out_bias)};
}

// Gradients in the order of empty_gradients(); g[k] has data().
template <typename T, typename Arrays>
EdgeRowGradients<T> gradients_in(const T* by_first, const T* by_second, Arrays& g) {
  return {by_first,    by_second,   g[0].data(), g[1].data(), g[2].data(), g[3].data(),
          g[4].data(), g[5].data(), g[6].data(), g[7].data(), g[8].data()};
}

// The two outputs, then the gradients.
std::vector<std::vector<double>> on_host(EdgeScene<double> s) {
  const auto pointer_to = [](const auto& values) { return values.data(); };
  const EdgeRows<double> rows = rows_of(s, pointer_to);
  const EdgeRowOutputs<double> outputs{s.first.data(), s.second.data()};
  std::vector<std::vector<double>> results = empty_gradients(s);
  const EdgeRowGradients<double> gradients = gradients_in(s.by_first.data(), s.by_second.data(), results);
  std::vector<double> scratch(static_cast<std::size_t>(EdgeScratch<double>::size(s.n.E, s.n.H, true)));
  for (std::int64_t item = 0; item < s.n.B * s.n.L; ++item) {
    if (s.kind == EdgeRowKind::kMessages) {
      edge_messages_row(HostLanes{}, rows, outputs, item, scratch.data());
      edge_messages_row_backward(HostLanes{}, rows, gradients, item, scratch.data());
    } else {
      edge_votes_row(HostLanes{}, rows, outputs, item, scratch.data());
      edge_votes_row_backward(HostLanes{}, rows, gradients, item, scratch.data());
    }
  }
  results.insert(results.begin(), {s.first, s.second});
  return results;
}

template <typename T>
std::vector<std::vector<T>> on_device(const EdgeScene<T>& s) {
  DeviceCopies copies;
  const EdgeRows<T> rows = rows_of(s, copies);
  DeviceArray<T> first(s.first.size()), second(s.second.size());
  edge_rows_cuda<T>(s.kind, rows, {first.data(), second.data()}, {});
  std::deque<DeviceArray<T>> g;
  for (const std::vector<T>& empty : empty_gradients(s)) g.emplace_back(empty.size());
  edge_rows_backward_cuda<T>(s.kind, rows, gradients_in(copies(s.by_first), copies(s.by_second), g), {});
  std::vector<std::vector<T>> results{first.values(), second.values()};
  for (const DeviceArray<T>& gradient : g) results.push_back(gradient.values());
  return results;
}

template <typename T>
void expect_edges(EdgeRowKind kind, EdgeSizes sizes) {
  const std::vector<std::vector<double>> expected = on_host(EdgeScene<double>(kind, sizes));
  const std::vector<std::vector<T>> got = on_device(EdgeScene<T>(kind, sizes));
  constexpr const char* kNames[] = {"first output", "second output", "d center",  "d near",
                                    "d far",        "features",      "hidden 1",  "hidden 2",
                                    "by hidden 1",  "by hidden 2",   "by outputs"};
  ASSERT_EQ(got.size(), expected.size());
  // Two layers of H channels, then a sum over the edges; backward passes through both layers again.
  const int additions = static_cast<int>(4 * sizes.H + sizes.F + kEdgeFrameFeatures + sizes.E);
  for (std::size_t k = 0; k < got.size(); ++k) expect_near(got[k], expected[k], additions, kNames[k]);
}

TYPED_TEST(EdgeKernelsPtx, MessagesAreTheHostsInF64) {
  expect_edges<TypeParam>(EdgeRowKind::kMessages, {2, 5, 4, 7, 16});
  expect_edges<TypeParam>(EdgeRowKind::kMessages, {1, 4, 11, 3, 40});
}

TYPED_TEST(EdgeKernelsPtx, VotesAreTheHostsInF64) {
  expect_edges<TypeParam>(EdgeRowKind::kVotes, {2, 5, 4, 7, 16});
  expect_edges<TypeParam>(EdgeRowKind::kVotes, {1, 4, 11, 3, 40});
}

// Crowded residues with absent atoms and lists of different lengths.
template <typename T>
void expect_overlaps(std::int64_t B, std::int64_t L, std::int64_t A, std::int64_t k) {
  const std::int64_t residues = B * L, atoms = residues * A;
  const std::vector<T> x = waves<T>(atoms * 3, 0.3, 2.0);
  Flags mask;
  for (std::int64_t i = 0; i < atoms; ++i) mask.push_back(i % 9 != 4);
  std::vector<std::int64_t> index, nearest;
  for (std::int64_t i = 0; i < residues; ++i) {
    index.push_back(i % L + (i % L > L / 2 ? 3 : 0));
    for (std::int64_t n = 0; n < k; ++n) nearest.push_back(n < k - i % 2 ? (i + n + 1) % L : -1);
  }
  std::vector<T> limits;
  for (std::int64_t i = 0; i < 3 * A * A; ++i)
    limits.push_back(i % 7 == 3 ? T(-1) : static_cast<T>(2.5 + 0.1 * (i % 5)));

  DeviceArray<T> device_x(x), device_limits(limits), energy(static_cast<std::size_t>(residues)),
      gradient(static_cast<std::size_t>(atoms * 3));
  DeviceArray<char> device_mask(mask);
  DeviceArray<std::int64_t> device_index(index), device_nearest(nearest);
  steric_rows_cuda<T>({.B = B,
                       .L = L,
                       .A = A,
                       .k = k,
                       .atoms = device_x.data(),
                       .mask = reinterpret_cast<const bool*>(device_mask.data()),
                       .residue_index = device_index.data(),
                       .nearest = device_nearest.data(),
                       .limits = device_limits.data(),
                       .longest = T(2.9),
                       .center = 1,
                       .energy = energy.data(),
                       .gradient = gradient.data()},
                      {});
  const std::vector<double> x_f64 = in_f64(x), limits_f64 = in_f64(limits);
  std::vector<double> expected_energy(static_cast<std::size_t>(residues)),
      expected_gradient(static_cast<std::size_t>(atoms * 3)), scratch(static_cast<std::size_t>(steric_scratch(A, k)));
  const StericRows<double> rows{.B = B,
                                .L = L,
                                .A = A,
                                .k = k,
                                .atoms = x_f64.data(),
                                .mask = as_bool(mask),
                                .residue_index = index.data(),
                                .nearest = nearest.data(),
                                .limits = limits_f64.data(),
                                .longest = 2.9,
                                .center = 1,
                                .energy = expected_energy.data(),
                                .gradient = expected_gradient.data()};
  for (std::int64_t item = 0; item < residues; ++item) steric_row(HostLanes{}, rows, item, scratch.data());
  const int additions = static_cast<int>(k * A);
  expect_near(energy.values(), expected_energy, additions, "energy");
  expect_near(gradient.values(), expected_gradient, additions, "gradient");
}

TYPED_TEST(EdgeKernelsPtx, OverlapsAreTheHostsInF64) {
  expect_overlaps<TypeParam>(2, 7, 13, 5);
  expect_overlaps<TypeParam>(1, 6, 5, 3);
}

}  // namespace
}  // namespace flashrna::ptx
