#include "libfold/backbone/steric_overlap.h"

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>

#include <algorithm>

#include "kernels/cuda_backend.h"
#include "kernels/nearest_neighbors/nearest_neighbors.h"
#include "kernels/parallel_ranges.h"
#include "kernels/self_check.h"
#include "kernels/steric_overlap/steric_overlap_row.h"
#include "kernels/torch_headers.h"
#include "libfold/backbone/contact_limits.h"
#include "libfold/backbone/polymer_backbone.h"

namespace flashrna {

using at::Tensor;

namespace {

constexpr int64_t kPairsAtOnce = int64_t{1} << 22;  // of atoms; some 50 bytes of memory each

struct Overlap {
  Tensor value;     // [B]
  Tensor gradient;  // [B, L, A, 3]
};

// By the row function of kernels/steric_overlap.
Overlap compute_rows(const Tensor& atoms, const Tensor& atom_mask, const Tensor& residue_index, const Tensor& nearest,
                     const ContactLimits& contacts, const PolymerBackbone& backbone) {
  const int64_t B = atoms.size(0), L = atoms.size(1);
  const Tensor x = atoms.contiguous(), mask = atom_mask.contiguous(), position = residue_index.contiguous();
  const Tensor energy = at::empty({B, L}, atoms.options()), gradient = at::empty_like(x);
  AT_DISPATCH_FLOATING_TYPES(atoms.scalar_type(), "steric_overlap", [&] {
    const StericRows<scalar_t> rows{.B = B,
                                    .L = L,
                                    .A = atoms.size(2),
                                    .k = nearest.size(2),
                                    .atoms = x.const_data_ptr<scalar_t>(),
                                    .mask = mask.const_data_ptr<bool>(),
                                    .residue_index = position.const_data_ptr<int64_t>(),
                                    .nearest = nearest.const_data_ptr<int64_t>(),
                                    .limits = contacts.limits.const_data_ptr<scalar_t>(),
                                    .longest = static_cast<scalar_t>(contacts.longest),
                                    .center = backbone.origin(),
                                    .energy = energy.mutable_data_ptr<scalar_t>(),
                                    .gradient = gradient.mutable_data_ptr<scalar_t>()};
    if (atoms.is_cuda()) return steric_rows_cuda(rows, current_cuda_stream(atoms.device()));
    parallel_ranges(B * L, 32, [&](int64_t begin, int64_t end) { steric_rows_cpu(rows, begin, end); });
  });
  return {energy.sum(1), gradient};
}

enum class Implementation { kFastest, kBlocks, kRows };

Overlap compute(const Tensor& atoms, const Tensor& atom_mask, const Tensor& residue_index, const Tensor& lengths,
                const StericOptions& options, Implementation implementation = Implementation::kFastest);

// Relative difference of energies and gradients of the CUDA kernel from those in blocks, for crowded residues.
double steric_overlap_error(at::Device device) {
  const int64_t L = 24, A = backbone_of(StericOptions{}.polymer).atoms();
  const Tensor atoms = self_check_values({1, L, A, 3}, 0.4, device) * 4.0;
  const Tensor mask = self_check_values({1, L, A}, 0.1, device) > -0.8;
  const Tensor index = at::arange(L, atoms.options().dtype(at::kLong)).unsqueeze(0),
               lengths = at::full_like(index.select(1, 0), L - 2);
  const auto run = [&](Implementation implementation) {
    return compute(atoms, mask & (index < L - 2).unsqueeze(2), index, lengths, {}, implementation);
  };
  const Overlap got = run(Implementation::kRows), expected = run(Implementation::kBlocks);
  const auto error = [](const Tensor& a, const Tensor& b) { return ((a - b).norm() / b.norm()).item<double>(); };
  return larger_error(error(got.value, expected.value), error(got.gradient, expected.gradient));
}

Overlap compute(const Tensor& atoms, const Tensor& atom_mask, const Tensor& residue_index, const Tensor& lengths,
                const StericOptions& options, Implementation implementation) {
  const PolymerBackbone& backbone = backbone_of(options.polymer);
  const int64_t B = atoms.size(0), L = atoms.size(1), A = backbone.atoms();
  Overlap overlap{at::zeros({B}, atoms.options()), at::zeros(atoms.sizes(), atoms.options())};
  const int64_t k = std::min(options.neighbors, L - 1);
  if (B == 0 || k < 1) return overlap;
  const ContactLimits& contacts = contact_limits(backbone, options.margin, atoms);
  const Tensor nearest =
      nearest_neighbors(atoms.select(2, backbone.origin()).contiguous(), lengths, k).indices;  // [B, L, k]
  static SelfCheck kernel("the CUDA kernel of steric_overlap", "blocks of pairs", 1e-4, steric_overlap_error);
  if (implementation == Implementation::kRows ||
      (implementation == Implementation::kFastest &&
       (atoms.is_cpu() || (atoms.is_cuda() && kernel.passes(atoms.device())))))
    return compute_rows(atoms, atom_mask, residue_index, nearest, contacts, backbone);
  const Tensor limit = contacts.limits.view({kRelations, A * A});
  // Index of each chain's first row when the chains are concatenated.
  const Tensor offset = at::arange(B, nearest.options()).mul(L).view({B, 1, 1});
  const Tensor others = (nearest.clamp_min(0) + offset).view({B * L, k});
  const Tensor found = (nearest >= 0).view({B * L, k});
  const Tensor x = atoms.reshape({B * L, A, 3}), mask = atom_mask.reshape({B * L, A});
  const Tensor position = residue_index.reshape({B * L});
  Tensor gradient = overlap.gradient.view({B * L, A, 3}), energy = at::zeros({B * L}, atoms.options());

  const int64_t rows_at_once = std::max<int64_t>(1, kPairsAtOnce / (k * A * A));
  for (int64_t begin = 0; begin < B * L; begin += rows_at_once) {
    const int64_t n = std::min(rows_at_once, B * L - begin);
    const auto rows = [&](const Tensor& all) { return all.narrow(0, begin, n); };
    const Tensor other = rows(others).flatten();  // [n k]
    const auto of_other = [&](const Tensor& all) { return all.index_select(0, other); };
    const Tensor step = of_other(position).view({n, k}) - rows(position).unsqueeze(1);
    const Tensor relation = (step == 1) * int64_t{kNext} + (step == -1) * int64_t{kPrevious};
    const Tensor pairs = (rows(mask).view({n, 1, A, 1}) & of_other(mask).view({n, k, 1, A})) &
                         rows(found).view({n, k, 1, 1});  // [n, k, A, A]

    const Tensor apart = rows(x).view({n, 1, A, 1, 3}) - of_other(x).view({n, k, 1, A, 3});
    const Tensor distance = apart.square().sum(-1).sqrt_();
    const Tensor depth = (limit.index_select(0, relation.flatten()).view({n, k, A, A}) - distance)
                             .clamp_min_(0)
                             .masked_fill_(pairs.logical_not(), 0);
    rows(energy).copy_(depth.square().sum({1, 2, 3}) / 2);
    // Each atom gets the pair's force once, in its own row: the derivative of the squared depth of both.
    const Tensor push = -2 * depth / distance.clamp_min(1e-6);
    rows(gradient).copy_((push.unsqueeze(-1) * apart).sum({1, 3}));
  }
  overlap.value = energy.view({B, L}).sum(1);
  return overlap;
}

class StericOverlapFunction : public torch::autograd::Function<StericOverlapFunction> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& atoms, const Tensor& atom_mask,
                        const Tensor& residue_index, const Tensor& lengths, double margin, int64_t neighbors,
                        int64_t polymer, bool in_blocks) {
    const StericOptions options{margin, neighbors, static_cast<Polymer>(polymer)};
    const Overlap overlap = compute(atoms, atom_mask, residue_index, lengths, options,
                                    in_blocks ? Implementation::kBlocks : Implementation::kFastest);
    context->save_for_backward({overlap.gradient});
    return overlap.value;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const Tensor saved = context->get_saved_variables()[0];
    return {
        saved * gradients[0].view({-1, 1, 1, 1}), Tensor(), Tensor(), Tensor(), Tensor(), Tensor(), Tensor(), Tensor()};
  }
};

Tensor checked(const Tensor& atoms, const Tensor& atom_mask, const Tensor& residue_index, const Tensor& lengths,
               const StericOptions& options, bool in_blocks) {
  const int slots = backbone_of(options.polymer).atoms();
  TORCH_CHECK(atoms.dim() == 4 && atoms.size(2) == slots && atoms.size(3) == 3, "steric_overlap: atoms has shape ",
              atoms.sizes(), ", expected [B, L, ", slots, ", 3]");
  TORCH_CHECK(atom_mask.scalar_type() == at::kBool && atom_mask.sizes() == atoms.sizes().slice(0, 3),
              "steric_overlap: atom_mask must be bool of shape ", atoms.sizes().slice(0, 3));
  TORCH_CHECK(residue_index.sizes() == atoms.sizes().slice(0, 2), "steric_overlap: residue_index has shape ",
              residue_index.sizes(), ", expected ", atoms.sizes().slice(0, 2));
  return StericOverlapFunction::apply(atoms, atom_mask, residue_index, lengths, options.margin, options.neighbors,
                                      static_cast<int64_t>(options.polymer), in_blocks);
}

}  // namespace

Tensor steric_overlap(const Tensor& atoms, const Tensor& atom_mask, const Tensor& residue_index, const Tensor& lengths,
                      const StericOptions& options) {
  return checked(atoms, atom_mask, residue_index, lengths, options, /*in_blocks=*/false);
}

Tensor steric_overlap_in_blocks(const Tensor& atoms, const Tensor& atom_mask, const Tensor& residue_index,
                                const Tensor& lengths, const StericOptions& options) {
  return checked(atoms, atom_mask, residue_index, lengths, options, /*in_blocks=*/true);
}

}  // namespace flashrna
