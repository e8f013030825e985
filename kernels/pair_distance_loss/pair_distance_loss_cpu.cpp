#include <ATen/ATen.h>
#include <ATen/Dispatch.h>

#include <vector>

#include "kernels/pair_distance_loss/pair_distance_loss_backends.h"
#include "kernels/pair_distance_loss/pair_distance_row.h"
#include "kernels/parallel_ranges.h"

namespace flashrna {

using at::Tensor;

namespace {

constexpr int64_t kRowsPerTask = 64;

// The real atoms of one sample, with a separate array for each coordinate.
template <typename T>
struct PackedAtoms {
  std::vector<int64_t> origin;  // index of each atom in the unpacked sample
  std::vector<T> predicted[3], truth[3], weight;

  PackedAtoms(const T* unpacked_predicted, const T* unpacked_truth, const bool* mask, int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      if (mask[i]) origin.push_back(i);
    }
    const std::size_t padded = (origin.size() + kPairDistanceLanes - 1) / kPairDistanceLanes * kPairDistanceLanes;
    weight.assign(padded, T(0));
    std::fill_n(weight.begin(), origin.size(), T(1));
    for (int d = 0; d < 3; ++d) {
      predicted[d].assign(padded, T(0));
      truth[d].assign(padded, T(0));
      for (std::size_t i = 0; i < origin.size(); ++i) {
        predicted[d][i] = unpacked_predicted[3 * origin[i] + d];
        truth[d][i] = unpacked_truth[3 * origin[i] + d];
      }
    }
  }

  PairDistanceAtoms<T> view() const {
    return {static_cast<int64_t>(weight.size()),
            {predicted[0].data(), predicted[1].data(), predicted[2].data()},
            {truth[0].data(), truth[1].data(), truth[2].data()},
            weight.data()};
  }
};

// `gradient` [count, 3] may be null.
template <typename T>
double compute_sample(const T* predicted, const T* truth, const bool* mask, int64_t count, T* gradient) {
  const PackedAtoms<T> packed(predicted, truth, mask, count);
  const PairDistanceAtoms<T> atoms = packed.view();
  std::vector<double> rows(packed.origin.size());
  parallel_ranges(static_cast<int64_t>(rows.size()), kRowsPerTask, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      double pull[3];
      rows[i] = pair_distance_row(atoms, i, gradient != nullptr ? pull : nullptr);
      if (gradient == nullptr) continue;
      for (int d = 0; d < 3; ++d) gradient[3 * packed.origin[i] + d] = static_cast<T>(pull[d]);
    }
  });
  double total = 0.0;  // in row order, independent of the thread that computed each row
  for (const double row : rows) total += row;
  return total;
}

}  // namespace

PairDistanceLoss pair_distance_loss_cpu(const Tensor& predicted, const Tensor& truth, const Tensor& atom_mask,
                                        bool with_gradient) {
  const Tensor x = predicted.detach().contiguous(), y = truth.detach().contiguous(), mask = atom_mask.contiguous();
  const int64_t B = x.size(0), count = x.size(1) * x.size(2);
  PairDistanceLoss loss{at::zeros({B}, x.options()), with_gradient ? at::zeros_like(x) : Tensor()};
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "pair_distance_loss", [&] {
    for (int64_t b = 0; b < B; ++b) {
      const int64_t first = b * count;
      scalar_t* gradient = with_gradient ? loss.gradient.mutable_data_ptr<scalar_t>() + 3 * first : nullptr;
      loss.value.mutable_data_ptr<scalar_t>()[b] = static_cast<scalar_t>(
          compute_sample(x.const_data_ptr<scalar_t>() + 3 * first, y.const_data_ptr<scalar_t>() + 3 * first,
                         mask.const_data_ptr<bool>() + first, count, gradient));
    }
  });
  return loss;
}

}  // namespace flashrna
