#include "libfold/flow/chain_prior.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

namespace flashrna {

using at::Tensor;

namespace {

Tensor as_rows(const Tensor& x) { return x.to(at::kDouble).contiguous(); }

}  // namespace

// a^2 / (1 - b^2) times the mean of 1 - b^|i - j| over all pairs, where (1 - b^k) / (1 - b) is a sum of powers.
double chain_prior_variance(const SizeLaw& law, double persistence, int64_t length) {
  double power = 1.0, powers = 0.0, sum = 0.0;
  for (int64_t k = 1; k < length; ++k) {
    powers += power;  // 1 + b + ... + b^(k - 1)
    power *= persistence;
    sum += static_cast<double>(length - k) * powers;
  }
  const double n = static_cast<double>(length);
  return 2.0 * law.step * law.step / (1.0 + persistence) * sum / (n * n);
}

double chain_prior_persistence(const SizeLaw& law, int64_t length) {
  if (length < 2) return 0.0;
  const double radius = law.radius_of_gyration(length), wanted = radius * radius / 3.0;
  double low = 0.0, high = kLargestPersistence;
  if (chain_prior_variance(law, high, length) <= wanted) return high;
  for (int i = 0; i < 50; ++i) {
    const double middle = (low + high) / 2.0;
    (chain_prior_variance(law, middle, length) < wanted ? low : high) = middle;
  }
  return low;
}

ChainLayout ChainLayout::contiguous(int64_t length) {
  ChainLayout layout;
  for (int64_t i = 0; i < length; ++i) layout.residue_index.push_back(i);
  return layout;
}

ChainLayout ChainLayout::of_rows(const Tensor& index, const Tensor& chain, int64_t length) {
  const auto first_of = [length](const Tensor& row) {
    const Tensor values = row.narrow(0, 0, length).contiguous();
    const int64_t* first = values.const_data_ptr<int64_t>();
    return std::vector<int64_t>(first, first + length);
  };
  ChainLayout layout = index.defined() ? ChainLayout{first_of(index), {}} : contiguous(length);
  if (chain.defined()) layout.molecule = first_of(chain);
  return layout;
}

int64_t ChainLayout::molecules() const {
  int64_t count = length() > 0 ? 1 : 0;
  for (std::size_t i = 1; i < molecule.size(); ++i) count += molecule[i] != molecule[i - 1];
  return count;
}

ChainPrior::ChainPrior(ChainLayout layout, const SizeLaw& law) : layout_(std::move(layout)) {
  const int64_t n = layout_.length();
  TORCH_CHECK(layout_.molecule.empty() || static_cast<int64_t>(layout_.molecule.size()) == n,
              "ChainPrior: ", layout_.molecule.size(), " molecule numbers for ", n, " residues");
  double within = 0.0;  // sum over residues of the mean squared distance from their molecule's center
  for (int64_t first = 0; first < n;) {
    int64_t last = first + 1;
    while (last < n && (layout_.molecule.empty() || layout_.molecule[last] == layout_.molecule[first])) ++last;
    const int64_t size = last - first;
    const double b = chain_prior_persistence(law, size);
    const double stationary = law.step * law.step / (1.0 - b * b);
    for (int64_t i = first; i < last; ++i) {
      const int64_t gap =
          i == first ? 0 : std::max<int64_t>(1, layout_.residue_index[i] - layout_.residue_index[i - 1]);
      const double retained = i == first ? 0.0 : std::pow(b, static_cast<double>(gap));
      steps_.push_back({retained, std::sqrt(stationary * (1.0 - retained * retained))});
      variance_.push_back(stationary);
    }
    const double about_mean = chain_prior_variance(law, b, size);
    molecules_.push_back({first, size, std::sqrt(stationary - about_mean)});
    within += static_cast<double>(size) * 3.0 * about_mean;
    first = last;
  }
  if (layout_.molecules() > 1) {
    const double radius = law.radius_of_gyration(n), between = radius * radius - within / static_cast<double>(n);
    // The variance of the centers about their own mean is smaller by a factor of 1 - 1 / molecules.
    const double molecules = static_cast<double>(layout_.molecules());
    center_deviation_ = std::sqrt(std::max(between, 0.0) / 3.0 * molecules / (molecules - 1.0));
  }
}

Tensor ChainPrior::draw(const Tensor& z) const {
  const int64_t n = layout_.length();
  TORCH_CHECK(z.dim() >= 2 && z.size(-2) == n && z.size(-1) == 3, "ChainPrior: noise of shape ", z.sizes(), " for ", n,
              " residues");
  Tensor x = as_rows(z).clone();
  double* rows = x.mutable_data_ptr<double>();
  const int64_t copies = n == 0 ? 0 : x.numel() / (3 * n);
  for (int64_t copy = 0; copy < copies; ++copy, rows += 3 * n)
    for (int64_t i = 0; i < n; ++i)
      for (int64_t d = 0; d < 3; ++d) {
        const double before = i > 0 ? rows[3 * (i - 1) + d] : 0.0;
        rows[3 * i + d] = steps_[i].retained * before + steps_[i].deviation * rows[3 * i + d];
      }
  return x;
}

Tensor ChainPrior::spread(const Tensor& x, const Tensor& given) const {
  if (molecules_.size() < 2) return x;
  Tensor result = as_rows(x).clone();
  for (const auto& [first, size, mean_deviation] : molecules_) {
    if (given.defined() && given.narrow(0, first, size).any().item<bool>()) continue;
    Tensor molecule = result.narrow(-2, first, size);
    molecule += (center_deviation_ / mean_deviation - 1.0) * molecule.mean(-2, /*keepdim=*/true);
  }
  return result;
}

Tensor ChainPrior::whiten(const Tensor& x) const {
  const int64_t n = layout_.length();
  const Tensor in = as_rows(x);
  Tensor z = at::empty_like(in);
  const double* from = in.const_data_ptr<double>();
  double* to = z.mutable_data_ptr<double>();
  const int64_t copies = n == 0 ? 0 : in.numel() / (3 * n);
  for (int64_t copy = 0; copy < copies; ++copy, from += 3 * n, to += 3 * n)
    for (int64_t i = 0; i < n; ++i)
      for (int64_t d = 0; d < 3; ++d) {
        const double before = i > 0 ? from[3 * (i - 1) + d] : 0.0;
        to[3 * i + d] = (from[3 * i + d] - steps_[i].retained * before) / steps_[i].deviation;
      }
  return z;
}

// Draws residues from left to right: x_i given x_(i-1) and the next given residue to the right in its molecule. The
// chain is Markov, so the information of that residue about x_i is one Gaussian.
Tensor ChainPrior::bridge(const Tensor& z, const Tensor& x, const Tensor& given) const {
  const int64_t n = layout_.length();
  Tensor result = as_rows(z).clone();
  const Tensor known = as_rows(x), is_given = given.to(at::kBool).contiguous();
  const double* y = known.const_data_ptr<double>();
  const bool* fixed = is_given.const_data_ptr<bool>();
  double* rows = result.mutable_data_ptr<double>();
  // For each residue: the next given residue of its molecule at or after it (n if none), and the product of the
  // retained factors up to it.
  std::vector<int64_t> next(n, n);
  std::vector<double> way(n, 1.0);
  for (int64_t i = n - 1; i >= 0; --i) {
    if (fixed[i]) {
      next[i] = i;
    } else if (i + 1 < n && steps_[i + 1].retained != 0.0) {
      next[i] = next[i + 1];
      way[i] = way[i + 1] * steps_[i + 1].retained;
    }
  }
  for (int64_t i = 0; i < n; ++i)
    for (int64_t d = 0; d < 3; ++d) {
      double& value = rows[3 * i + d];
      if (fixed[i]) {
        value = y[3 * i + d];
        continue;
      }
      const double before = i > 0 ? rows[3 * (i - 1) + d] : 0.0;
      double mean = steps_[i].retained * before, variance = steps_[i].deviation * steps_[i].deviation;
      if (next[i] < n) {
        const double share = way[i], noise = variance_[i] * (1.0 - share * share);
        const double precision = 1.0 / variance + share * share / noise;
        mean = (mean / variance + share * y[3 * next[i] + d] / noise) / precision;
        variance = 1.0 / precision;
      }
      value = mean + std::sqrt(variance) * value;
    }
  return result;
}

}  // namespace flashrna
