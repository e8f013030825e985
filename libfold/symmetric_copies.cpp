#include "libfold/symmetric_copies.h"

#include <algorithm>

#include "libfold/batch.h"
#include "libfold/rigid.h"
#include "rna/assembly.h"

namespace flashrna {

using at::Tensor;

namespace {

Tensor as_tensor(const std::vector<Mat3>& rotations) {
  Tensor all = at::empty({static_cast<int64_t>(rotations.size()), 3, 3}, at::kDouble);
  auto values = all.accessor<double, 3>();
  for (std::size_t g = 0; g < rotations.size(); ++g)
    for (int row = 0; row < 3; ++row)
      for (int column = 0; column < 3; ++column)
        values[static_cast<int64_t>(g)][row][column] = rotations[g](row, column);
  return all;
}

Tensor as_tensor(const std::vector<std::vector<int>>& product) {
  const auto n = static_cast<int64_t>(product.size());
  Tensor all = at::empty({n, n}, at::kLong);
  auto values = all.accessor<int64_t, 2>();
  for (int64_t a = 0; a < n; ++a)
    for (int64_t b = 0; b < n; ++b) values[a][b] = product[static_cast<std::size_t>(a)][static_cast<std::size_t>(b)];
  return all;
}

// Rows of x [B, N, ...] at index [B, M] -> [B, M, ...].
Tensor take_rows(const Tensor& x, const Tensor& index) {
  const int64_t B = x.size(0), N = x.size(1);
  const Tensor first = at::arange(B, index.options()).unsqueeze(1) * N;
  std::vector<int64_t> shape = x.sizes().vec();
  const Tensor taken = x.reshape({B * N, -1}).index_select(0, (index + first).view({-1}));
  shape[1] = index.size(1);
  return taken.view(shape);
}

// `x` where `real` [B, N] is true, else 0.
Tensor where_real(const Tensor& x, const Tensor& real) {
  std::vector<int64_t> shape = real.sizes().vec();
  shape.resize(static_cast<std::size_t>(x.dim()), 1);
  return x.masked_fill(real.view(shape).logical_not(), 0);
}

Tensor with_identities(const Tensor& rotations, const Tensor& real) {
  return at::where(real.unsqueeze(-1).unsqueeze(-1), rotations, at::eye(3, rotations.options()));
}

}  // namespace

SymmetricCopies::SymmetricCopies(const std::vector<Mat3>& rotations, const std::vector<std::vector<int>>& product,
                                 const std::vector<int>& lengths, at::Device device) {
  const auto G = static_cast<int64_t>(rotations.size()), B = static_cast<int64_t>(lengths.size());
  const int64_t L = lengths.empty() ? 0 : *std::ranges::max_element(lengths);
  rotations_ = as_tensor(rotations).to(device);
  product_ = as_tensor(product).to(device);
  const std::vector<int64_t> wide(lengths.begin(), lengths.end());
  unit_lengths_ = at::tensor(wide, at::kLong).to(device).view({B, 1});
  all_lengths_ = unit_lengths_.view({B}) * G;
  in_assembly_ = mask_from_lengths(all_lengths_, G * L);
  in_unit_ = mask_from_lengths(unit_lengths_.view({B}), L);
  const Tensor place = at::arange(G * L, unit_lengths_.options()).unsqueeze(0);
  const Tensor copy = place.div(unit_lengths_, "floor");
  of_assembly_ = (copy * L + place - copy * unit_lengths_).masked_fill(in_assembly_.logical_not(), 0);
  const Tensor copy_in_unit = place.div(L, "floor"), i = place - copy_in_unit * L;
  of_unit_ = (copy_in_unit * unit_lengths_ + i).masked_fill(i >= unit_lengths_, 0);
}

Tensor SymmetricCopies::mask() const { return in_assembly_; }

Tensor SymmetricCopies::gathered(const Tensor& by_copy) const {
  return where_real(take_rows(by_copy.flatten(1, 2), of_assembly_), in_assembly_);
}

Tensor SymmetricCopies::separated(const Tensor& all) const {
  return take_rows(all, of_unit_).unflatten(1, {count(), in_unit_.size(1)});
}

Tensor SymmetricCopies::values(const Tensor& unit) const {
  std::vector<int64_t> shape = unit.sizes().vec();
  shape.insert(shape.begin() + 1, count());
  return gathered(unit.unsqueeze(1).expand(shape));
}

Tensor SymmetricCopies::points(const Tensor& unit) const {
  const Tensor turned = at::matmul(unit.flatten(1, -2).unsqueeze(1), rotations_.to(unit.scalar_type()).transpose(1, 2));
  std::vector<int64_t> shape = unit.sizes().vec();  // turned is [B, G, L ..., 3]
  shape.insert(shape.begin() + 1, count());
  return gathered(turned.view(shape));
}

Tensor SymmetricCopies::rotations(const Tensor& unit) const {
  const Tensor turned = at::matmul(rotations_.to(unit.scalar_type()).view({1, -1, 1, 3, 3}), unit.unsqueeze(1));
  return with_identities(gathered(turned), in_assembly_);
}

Tensor SymmetricCopies::residue_index(const Tensor& unit) const {
  const Tensor last = unit.gather(1, unit_lengths_ - 1), first = unit.narrow(1, 0, 1);  // [B, 1]
  const Tensor copy = at::arange(count(), unit.options()).view({1, -1, 1});
  return gathered(unit.unsqueeze(1) + copy * (last - first + kChainJoin).unsqueeze(2));
}

Tensor SymmetricCopies::molecules(const Tensor& unit) const {
  const Tensor copy = at::arange(count(), unit.options()).view({1, -1, 1});
  const Tensor most = where_real(unit, in_unit_).amax({1}).view({-1, 1, 1});
  return gathered(unit.unsqueeze(1) + copy * (most + 1));
}

Tensor SymmetricCopies::partner(const Tensor& unit) const {
  const Tensor seen = unit.clamp_min(0).div(unit_lengths_, "floor");  // [B, L]: the partner's copy, seen from the unit
  const Tensor j = unit.clamp_min(0) - seen * unit_lengths_;
  const Tensor copy = product_.index_select(1, seen.flatten()).view({count(), unit.size(0), unit.size(1)});
  const Tensor of_copies = copy.transpose(0, 1) * unit_lengths_.unsqueeze(1) + j.unsqueeze(1);  // [B, G, L]
  const Tensor all = gathered(at::where((unit >= 0).unsqueeze(1), of_copies, unit.unsqueeze(1)));
  return all.masked_fill(in_assembly_.logical_not(), -1);
}

Tensor SymmetricCopies::mean_values(const Tensor& all) const { return where_real(separated(all).mean(1), in_unit_); }

Tensor SymmetricCopies::mean_points(const Tensor& all) const {
  // Rows times R are columns times its inverse.
  return where_real(at::matmul(separated(all), rotations_.to(all.scalar_type())).mean(1), in_unit_);
}

Tensor SymmetricCopies::mean_rotations(const Tensor& all) const {
  const Tensor back = rotations_.to(all.scalar_type()).transpose(1, 2).view({1, -1, 1, 3, 3});
  const Tensor mean = at::matmul(back, separated(all)).mean(1);
  return with_identities(rotation_from_columns(mean), in_unit_);
}

}  // namespace flashrna
