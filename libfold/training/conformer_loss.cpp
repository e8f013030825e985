#include "libfold/training/conformer_loss.h"

#include "libfold/training/smooth_distance.h"

namespace flashrna {

using at::Tensor;

namespace {

// Distance of two conformers from the differences of their (sin, cos) [..., n, 2]: [...].
Tensor distances(const Tensor& differences, const Tensor& counted) {
  const Tensor squared = differences.square().sum(-1) * counted;
  const Tensor n = counted.sum(-1).clamp_min(1).to(differences.options());
  return smooth_distance(squared.sum(-1) / n) + smooth_distance(squared).sum(-1) / n;
}

// [B, L, K]
Tensor distances_to(const Conformers& conformers, const Tensor& truth, const Tensor& counted) {
  return distances(conformers.torsions - truth.unsqueeze(2), counted.unsqueeze(2));
}

}  // namespace

Tensor conformer_loss(const Conformers& conformers, const Tensor& truth, const Tensor& counted) {
  const Tensor p = conformers.logits.softmax(2);  // [B, L, K]
  const Tensor& x = conformers.torsions;          // [B, L, K, n, 2]
  const Tensor to_truth = (p * distances_to(conformers, truth, counted)).sum(2);
  const Tensor between = distances(x.unsqueeze(3) - x.unsqueeze(2), counted.unsqueeze(2).unsqueeze(2));
  const Tensor spread = (p.unsqueeze(3) * p.unsqueeze(2) * between).flatten(2).sum(2);
  const Tensor any = counted.any(2);
  return ((to_truth - 0.5 * spread) * any).sum(1) / any.sum(1).clamp_min(1);
}

Tensor nearest_conformer(const Conformers& conformers, const Tensor& truth, const Tensor& counted) {
  const at::NoGradGuard no_grad;
  return distances_to(conformers, truth, counted).argmin(2);
}

}  // namespace flashrna
