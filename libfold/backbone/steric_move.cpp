#include "libfold/backbone/steric_move.h"

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>

#include <algorithm>
#include <utility>

#include "kernels/cuda_backend.h"
#include "kernels/nearest_neighbors/nearest_neighbors.h"
#include "kernels/parallel_ranges.h"
#include "kernels/self_check.h"
#include "kernels/steric_overlap/steric_move_row.h"
#include "kernels/torch_headers.h"
#include "libfold/backbone/contact_limits.h"
#include "libfold/backbone/polymer_backbone.h"

namespace flashrna {

using at::Tensor;

namespace {

constexpr double kStepPerGradient = 0.04;  // Å per unit of a residue's gradient, stable for a dozen pairs
constexpr double kLongestStep = 0.5;       // Å

// The arguments of moved_apart that are tensors.
struct Input {
  Tensor rotations, translations, torsions, residue_index, lengths, fixed;
};

Tensor atoms_of(const Input& in, const PolymerBackbone& backbone) {
  return backbone.place(in.rotations, in.translations, in.torsions, backbone.all_slots());
}

// By the row function of kernels/steric_overlap: on a GPU two launches a round, the search of neighbors and the move.
Tensor moved_apart_by_rows(const Input& in, int rounds, const StericOptions& options) {
  const PolymerBackbone& backbone = backbone_of(options.polymer);
  const int64_t B = in.translations.size(0), L = in.translations.size(1), k = std::min(options.neighbors, L - 1);
  if (k < 1) return in.translations;
  Tensor atoms = atoms_of(in, backbone).contiguous(), next = at::zeros_like(atoms);
  const Tensor origins = in.translations.clone(at::MemoryFormat::Contiguous), lengths = in.lengths.contiguous();
  const Tensor index = in.residue_index.contiguous(), fixed = in.fixed.defined() ? in.fixed.contiguous() : in.fixed;
  const ContactLimits& contacts = contact_limits(backbone, options.margin, atoms);
  NearestNeighbors nearest{at::full({B, L, k}, -1, lengths.options()), at::zeros({B, L, k}, atoms.options())};
  for (int round = 0; round < rounds; ++round) {
    update_nearest_neighbors(nearest, origins, lengths);
    AT_DISPATCH_FLOATING_TYPES(atoms.scalar_type(), "moved_apart", [&] {
      const StericMoveRows<scalar_t> rows{.overlap = {.B = B,
                                                      .L = L,
                                                      .A = backbone.atoms(),
                                                      .k = k,
                                                      .atoms = atoms.const_data_ptr<scalar_t>(),
                                                      .mask = nullptr,
                                                      .residue_index = index.const_data_ptr<int64_t>(),
                                                      .nearest = nearest.indices.const_data_ptr<int64_t>(),
                                                      .limits = contacts.limits.const_data_ptr<scalar_t>(),
                                                      .longest = static_cast<scalar_t>(contacts.longest),
                                                      .center = backbone.origin(),
                                                      .energy = nullptr,
                                                      .gradient = nullptr},
                                          .rate = static_cast<scalar_t>(kStepPerGradient),
                                          .longest = static_cast<scalar_t>(kLongestStep),
                                          .lengths = lengths.const_data_ptr<int64_t>(),
                                          .fixed = fixed.defined() ? fixed.const_data_ptr<bool>() : nullptr,
                                          .atoms = next.mutable_data_ptr<scalar_t>(),
                                          .origins = origins.mutable_data_ptr<scalar_t>()};
      if (atoms.is_cuda()) return steric_move_rows_cuda(rows, current_cuda_stream(atoms.device()));
      parallel_ranges(B * L, 32, [&](int64_t begin, int64_t end) { steric_move_rows_cpu(rows, begin, end); });
    });
    std::swap(atoms, next);
  }
  return origins;
}

// By tensor operations and autograd.
Tensor moved_apart_by_definition(const Input& in, int rounds, const StericOptions& options) {
  const at::AutoGradMode with_gradients(true);
  const int64_t L = in.translations.size(1);
  const PolymerBackbone& backbone = backbone_of(options.polymer);
  Tensor atoms = atoms_of(in, backbone).detach(), moved = in.translations.detach();
  const Tensor real = at::arange(L, in.lengths.options()) < in.lengths.unsqueeze(1);  // [B, L]
  const Tensor mask = real.unsqueeze(-1).expand({-1, -1, backbone.atoms()});
  for (int round = 0; round < rounds; ++round) {
    const Tensor variable = atoms.detach().requires_grad_();
    steric_overlap(variable, mask, in.residue_index, in.lengths, options).sum().backward();
    const Tensor downhill = -kStepPerGradient * variable.grad().sum(2);  // [B, L, 3]
    Tensor step = downhill * (kLongestStep / downhill.norm(2, -1, true).clamp_min(kLongestStep));
    if (in.fixed.defined()) step = step.masked_fill(in.fixed.unsqueeze(-1), 0);
    moved = moved + step;
    atoms = atoms + step.unsqueeze(2);
  }
  return moved;
}

// Relative difference of the shifts by the CUDA kernel from those by autograd, for crowded residues.
double move_error(at::Device device) {
  const int64_t L = 24, T = backbone_of(StericOptions{}.polymer).torsions();
  const Tensor angles = self_check_values({1, L, T}, 0.7, device) * 2.0;
  const Input in{.rotations = at::eye(3, angles.options()).expand({1, L, 3, 3}),
                 .translations = self_check_values({1, L, 3}, 0.4, device) * 8.0,
                 .torsions = at::stack({angles.sin(), angles.cos()}, 3),
                 .residue_index = at::arange(L, angles.options().dtype(at::kLong)).unsqueeze(0),
                 .lengths = at::full({1}, L - 2, angles.options().dtype(at::kLong))};
  const Tensor expected = moved_apart_by_definition(in, 2, {});
  return ((moved_apart_by_rows(in, 2, {}) - expected).norm() / (expected - in.translations).norm()).item<double>();
}

}  // namespace

Tensor moved_apart(const Tensor& rotations, const Tensor& translations, const Tensor& torsions,
                   const Tensor& residue_index, const Tensor& lengths, int rounds, const Tensor& fixed,
                   const StericOptions& options) {
  const at::NoGradGuard no_grad;
  const at::Device device = translations.device();
  static SelfCheck kernel("the CUDA kernel of a steric move", "autograd", 1e-4, move_error);
  const Input in{rotations, translations, torsions, residue_index, lengths, fixed};
  return device.is_cpu() || (device.is_cuda() && kernel.passes(device))
             ? moved_apart_by_rows(in, rounds, options)
             : moved_apart_by_definition(in, rounds, options);
}

Tensor moved_apart_by_autograd(const Tensor& rotations, const Tensor& translations, const Tensor& torsions,
                               const Tensor& residue_index, const Tensor& lengths, int rounds, const Tensor& fixed,
                               const StericOptions& options) {
  return moved_apart_by_definition({rotations, translations, torsions, residue_index, lengths, fixed}, rounds, options);
}

}  // namespace flashrna
