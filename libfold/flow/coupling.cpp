#include "libfold/flow/coupling.h"

#include <ATen/ATen.h>

#include <limits>

#include "libfold/flow/so3.h"

namespace flashrna {

using at::Tensor;

Tensor kabsch_rotations(const Tensor& mobile, const Tensor& target) {
  const Tensor centered_mobile = mobile - mobile.mean(1, /*keepdim=*/true), centered_target = target - target.mean(0);
  const Tensor covariance = at::matmul(centered_mobile.transpose(1, 2), centered_target);  // [N, 3, 3]
  auto [u, singular_values, vh] = at::linalg_svd(covariance);
  // If the optimum is a reflection, inverting the axis of the smallest singular value gives the best proper rotation.
  const Tensor sign = at::linalg_det(at::matmul(u, vh)).sign();
  const Tensor signs = at::stack({at::ones_like(sign), at::ones_like(sign), sign}, -1).unsqueeze(-1);  // [N, 3, 1]
  return at::matmul(u, signs * vh);
}

// Shortest augmenting paths with potentials (Jonker and Volgenant 1987, doi:10.1007/BF02278710). Written here because
// Debian's libraries solve this problem only for integer costs (dlib) or inside a full solver (or-tools).
std::vector<int64_t> minimum_cost_assignment(const Tensor& costs) {
  TORCH_CHECK(
      costs.dim() == 2 && costs.size(0) == costs.size(1) && costs.scalar_type() == at::kDouble && costs.is_cpu(),
      "minimum_cost_assignment: costs must be a square f64 matrix on the CPU, have shape ", costs.sizes());
  const int64_t n = costs.size(0);
  TORCH_CHECK(costs.isfinite().all().item<bool>(), "minimum_cost_assignment: costs must be finite");
  const Tensor contiguous = costs.contiguous();
  const double* cost = contiguous.const_data_ptr<double>();

  // Rows and columns count from 1. Column 0 holds the row to be assigned.
  std::vector<double> row_potential(n + 1, 0.0), column_potential(n + 1, 0.0);
  std::vector<int64_t> row_of_column(n + 1, 0), previous(n + 1, 0);
  for (int64_t row = 1; row <= n; ++row) {
    std::vector<double> shortest(n + 1, std::numeric_limits<double>::infinity());
    std::vector<bool> visited(n + 1, false);
    row_of_column[0] = row;
    int64_t column = 0;
    do {
      visited[column] = true;
      const int64_t from = row_of_column[column];
      double step = std::numeric_limits<double>::infinity();
      int64_t next = 0;
      for (int64_t j = 1; j <= n; ++j) {
        if (visited[j]) continue;
        const double reduced = cost[(from - 1) * n + j - 1] - row_potential[from] - column_potential[j];
        if (reduced < shortest[j]) {
          shortest[j] = reduced;
          previous[j] = column;
        }
        if (shortest[j] < step) {
          step = shortest[j];
          next = j;
        }
      }
      for (int64_t j = 0; j <= n; ++j) {
        if (visited[j]) {
          row_potential[row_of_column[j]] += step;
          column_potential[j] -= step;
        } else {
          shortest[j] -= step;
        }
      }
      column = next;
    } while (row_of_column[column] != 0);
    for (; column != 0; column = previous[column]) row_of_column[column] = row_of_column[previous[column]];
  }
  std::vector<int64_t> column_of_row(n);
  for (int64_t j = 1; j <= n; ++j) column_of_row[row_of_column[j] - 1] = j - 1;
  return column_of_row;
}

Coupling couple(const Tensor& noise, const Tensor& data, const Tensor& lengths,
                const std::vector<TranslationPrior>& priors, const CouplingConventions& conventions) {
  const int64_t B = noise.size(0);
  const int64_t* length = lengths.const_data_ptr<int64_t>();
  Coupling result;
  result.rotations = at::empty({B, B, 3, 3}, noise.options());
  result.costs = at::empty({B, B}, noise.options());
  for (int64_t j = 0; j < B; ++j) {
    const Tensor scaled = noise_for_datum(noise, length[j], priors[j], conventions.padded);  // [B, L, 3]
    const Tensor rotations = kabsch_rotations(scaled.narrow(1, 0, length[j]), data[j].narrow(0, 0, length[j]));
    const Tensor distances = (at::matmul(scaled, rotations) - data[j]).square().sum(-1).sqrt();  // [B, L]
    result.rotations.select(1, j).copy_(rotations);
    result.costs.select(1, j).copy_(distances.sum(-1) / length[j]);
  }

  result.datum_of_noise = minimum_cost_assignment(result.costs);
  result.noise = at::empty_like(data);
  for (int64_t i = 0; i < B; ++i) {
    // Correct: noise i is assigned to its datum. Inverse (published): datum i gets the noise with that number.
    const int64_t partner = result.datum_of_noise[i];
    const int64_t source = conventions.inverse ? partner : i, j = conventions.inverse ? i : partner;
    const Tensor scaled = noise_for_datum(noise[source], length[j], priors[j], conventions.padded);
    result.noise[j].copy_(at::matmul(scaled, result.rotations[source][j]));
  }
  return result;
}

FrameCoupling couple_frames(const Tensor& noise, const Tensor& noise_rotations, const Tensor& data,
                            const Tensor& data_rotations, const Tensor& lengths,
                            const std::vector<TranslationPrior>& priors, double unit) {
  const int64_t B = noise.size(0);
  const int64_t* length = lengths.const_data_ptr<int64_t>();
  const auto scaled = [&](int64_t i, int64_t j) { return noise_for_datum(noise[i], length[j], priors[j], false); };
  FrameCoupling result;
  result.costs = at::empty({B, B}, noise.options());
  for (int64_t j = 0; j < B; ++j) {
    const Tensor turns = rotation_between(data_rotations[j].unsqueeze(0), noise_rotations).narrow(1, 0, length[j]);
    for (int64_t i = 0; i < B; ++i) {
      const Tensor shifts = (scaled(i, j) - data[j]).narrow(0, 0, length[j]) / unit;
      result.costs[i][j].copy_(shifts.square().sum() + turns[i].square().sum());
    }
  }
  result.datum_of_noise = minimum_cost_assignment(result.costs);
  result.translations = at::empty_like(data);
  result.rotations = at::empty_like(data_rotations);
  for (int64_t i = 0; i < B; ++i) {
    const int64_t j = result.datum_of_noise[i];
    result.translations[j].copy_(scaled(i, j));
    result.rotations[j].copy_(noise_rotations[i]);
  }
  return result;
}

}  // namespace flashrna
