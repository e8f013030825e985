// Noise of translations whose local statistics do not depend on the length. Per coordinate it is a stationary
// autoregressive chain, x_i = b x_(i-1) + a z_i with z ~ N(0, 1), after the globular covariance of Chroma (Ingraham et
// al. 2023, doi:10.1038/s41586-023-06728-8). b follows from the radius of gyration of natives of that length. The chain
// is Markov, so drawing, whitening and conditional drawing take O(L). All computation is in f64 on the CPU.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "libfold/polymer.h"

namespace flashrna {

// Exact variance per coordinate, Å^2, of `length` >= 1 residues about their mean:
// a^2 / (1 - b^2) [1 - (1 + b) / ((1 - b) n) + 2 b (1 - b^n) / (n^2 (1 - b)^2)],
// with the step a of `law`, computed by a sum that avoids the cancellation of this form for b near 1. O(length).
double chain_prior_variance(const SizeLaw& law, double persistence, int64_t length);

// The largest b. A chain with this b is a random walk over about a thousand residues.
inline constexpr double kLargestPersistence = 0.9999;

// b in [0, kLargestPersistence], from 3 variance = Rg^2 by bisection. The shortest chains (RNA: below 13 residues)
// cannot reach that radius and get the largest b, so that the distance of neighbors is the same as at other lengths.
// One residue: 0.
double chain_prior_persistence(const SizeLaw& law, int64_t length);

// Positions of a sample's residues in their molecules, n entries each.
struct ChainLayout {
  // A gap of g counts as g steps of the recurrence. An index that does not increase within a molecule counts as one
  // step.
  std::vector<int64_t> residue_index;
  std::vector<int64_t> molecule;  // the recurrence restarts where it changes; empty = one molecule

  static ChainLayout contiguous(int64_t length);
  // Of the first `length` residues of rows [L] i64 on the CPU. An undefined `index` has no gaps, an undefined `chain`
  // is one molecule.
  static ChainLayout of_rows(const at::Tensor& index, const at::Tensor& chain, int64_t length);
  int64_t length() const { return static_cast<int64_t>(residue_index.size()); }
  int64_t molecules() const;
};

class ChainPrior {
 public:
  ChainPrior(ChainLayout layout, const SizeLaw& law);

  // Standard normal z [..., n, 3] -> positions in Å, same shape, not centered. The mean of every molecule's chain is
  // the origin.
  at::Tensor draw(const at::Tensor& z) const;
  // Scales the centers of mass of several molecules in draw(z) to the variance that gives the total radius of gyration:
  // [..., n, 3] -> the same. Needs no random numbers besides z. Molecules with residues in `given` [n] bool (may be
  // undefined), and a single molecule, are unchanged.
  at::Tensor spread(const at::Tensor& x, const at::Tensor& given = {}) const;
  // The inverse of draw(): [..., n, 3] -> z.
  at::Tensor whiten(const at::Tensor& x) const;
  // draw() conditioned on the rows of `x` [n, 3] Å where `given` [n] bool is true; z [n, 3] -> [n, 3]. The mean of the
  // chain is the origin.
  at::Tensor bridge(const at::Tensor& z, const at::Tensor& x, const at::Tensor& given) const;

 private:
  // x_i given x_(i-1) ~ N(retained x_(i-1), deviation^2); retained = 0 starts a molecule.
  struct Step {
    double retained, deviation;
  };

  ChainLayout layout_;
  std::vector<Step> steps_;
  std::vector<double> variance_;  // by residue: stationary variance of its molecule's chain
  // A molecule's residues, and the standard deviation of their mean in draw(z), Å per coordinate (without gaps).
  struct Molecule {
    int64_t first, size;
    double mean_deviation;
  };
  std::vector<Molecule> molecules_;
  double center_deviation_ = 0.0;  // Å per coordinate, of the centers of several molecules
};

}  // namespace flashrna
