#include "libfold/training/losses.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "kernels/pair_distance_loss/pair_distance_loss.h"
#include "libfold/backbone/backbone_atoms.h"
#include "libfold/backbone/link_geometry.h"
#include "libfold/backbone/steric_overlap.h"
#include "libfold/flow/so3.h"
#include "libfold/training/base_pair_loss.h"
#include "libfold/training/local_frame_loss.h"
#include "rna/residue_index.h"

namespace flashrna {

using at::Tensor;

namespace {

std::vector<int> atom_slots(int atoms) {
  switch (atoms) {
    case 3:
      return {kC3, kC4, kO4};
    case 6:
      return {kC3, kC4, kO4, kC1, kO3, kP};
    case 10:
      return {kC3, kC4, kO4, kC1, kC5, kO3, kP, kOP1, kOP2, kGlycosidicNitrogen};
    case 13:
      break;
    default:
      fail("losses of {} atoms per residue: must be 3, 6, 10 or 13", atoms);
  }
  std::vector<int> all(kBackboneAtoms);
  for (int slot = 0; slot < kBackboneAtoms; ++slot) all[slot] = slot;
  return all;
}

// Positions of the atoms in the losses, Å: [B, L, n, 3].
Tensor loss_atoms(const FlowModelOutput& backbone, const LossConfig& config, const PublishedConventions& published) {
  const BackboneGeometry& geometry =
      published.deoxyadenosine_atoms ? deoxyadenosine_geometry() : ideal_backbone_geometry();
  std::vector<int> slots = atom_slots(config.atoms);
  const bool last_at_origin = published.twelfth_atom_at_origin && config.atoms == 10;
  if (last_at_origin) slots.pop_back();
  const Tensor atoms = backbone_atoms(backbone.rotations, backbone.translations, backbone.torsions, slots, geometry);
  return last_at_origin ? at::constant_pad_nd(atoms, {0, 0, 0, 1}) : atoms;
}

// Sums `values` where `mask` (broadcast) is true, over all dimensions except the batch.
Tensor masked_sum(const Tensor& values, const Tensor& mask) { return (values * mask).flatten(1).sum(1); }

Tensor count(const Tensor& mask, const Tensor& like) { return mask.flatten(1).sum(1).to(like.options()); }

// The truth in the format of the network's output.
FlowModelOutput true_output(const Batch& truth, const Tensor& like) {
  const auto options = like.options();
  return {truth.translations.to(options),
          truth.rotations.to(options),
          truth.torsions.to(options),
          {},
          truth.chi.defined() ? truth.chi.to(options) : Tensor()};
}

// Mean of `values` [B, L - 1] over the links where `linked` is true.
Tensor mean_over_links(const Tensor& values, const Tensor& linked) {
  return at::where(linked, values, at::zeros({}, values.options())).sum(1) / linked.sum(1).clamp_min(1);
}

// Losses of the link O3'(i)-P(i+1), [B] each.
void add_link_losses(const Batch& truth, const FlowModelOutput& target, const FlowModelOutput& prediction,
                     const Tensor& scale, const LossConfig& config, Losses& losses) {
  losses.bonds = at::zeros_like(scale);
  losses.angles = at::zeros_like(scale);
  losses.link_torsions = at::zeros_like(scale);
  const int64_t links = truth.translations.size(1) - 1;
  if ((config.bond_weight == 0 && config.angle_weight == 0 && config.link_torsion_weight == 0) || links < 1) return;
  const std::vector<int> slots = {kC4, kC3, kO3, kP, kO5, kC5};
  const auto atoms_of = [&](const FlowModelOutput& x) {
    return backbone_atoms(x.rotations, x.translations, x.torsions, slots).unbind(2);
  };
  const std::vector<Tensor> a = atoms_of(prediction);
  const LinkGeometry link = link_geometry(a[1], a[2], a[3], a[4]);
  const Tensor linked = bonded_links(truth);
  losses.bonds = config.bond_weight * mean_over_links((link.length - kO3PBondLength).square(), linked) *
                 (config.atom_scale * scale).square();
  losses.angles = config.angle_weight * mean_over_links((link.cosine_at_o3 - std::cos(kC3O3PAngle)).square() +
                                                            (link.cosine_at_p - std::cos(kO3PO5Angle)).square(),
                                                        linked);
  if (config.link_torsion_weight == 0) return;
  const std::vector<Tensor> b = atoms_of(target);
  const Tensor error =
      link_torsions(a[0], a[1], a[2], a[3], a[4], a[5]) - link_torsions(b[0], b[1], b[2], b[3], b[4], b[5]);
  const Tensor placed = backbone_atom_mask(truth.torsion_mask, {kO5, kC5}).all(2).narrow(1, 1, links);
  losses.link_torsions = config.link_torsion_weight * mean_over_links(error.square().sum({2, 3}), linked & placed);
}

// `defined` [B, L, 8]: defined torsions.
void add_clash_loss(const Batch& truth, const FlowModelOutput& prediction, const Tensor& defined, const Tensor& scale,
                    const LossConfig& config, Losses& losses) {
  losses.clashes = at::zeros_like(losses.bonds);
  if (config.clash_weight == 0) return;
  const std::vector<int> slots = atom_slots(kBackboneAtoms);
  const Tensor atoms = backbone_atoms(prediction.rotations, prediction.translations, prediction.torsions, slots);
  const Tensor placed = backbone_atom_mask(defined, slots) & truth.mask().unsqueeze(-1);
  losses.clashes = config.clash_weight * steric_overlap(atoms, placed, truth.residue_index, truth.lengths) /
                   truth.lengths.clamp_min(1) * (config.atom_scale * scale).square();
}

// Mean cross-entropy over the residues whose nucleotide is known and not in the condition, where t > 0.5: [B].
Tensor letter_loss(const Batch& truth, const Corrupted& noisy, const FlowModelOutput& prediction, const Tensor& t) {
  Tensor asked = truth.nucleotide < kLetterNotSaid;  // [B, L]
  if (noisy.told.nucleotide.defined()) asked = asked & (noisy.told.nucleotide == kLetterNotSaid);
  const Tensor right = truth.nucleotide.clamp(0, kLetterNotSaid - 1).unsqueeze(2);
  const Tensor entropy = -prediction.letters.log_softmax(2).gather(2, right).squeeze(2);
  return (entropy * asked).sum(1) / asked.sum(1).clamp_min(1) * (t > 0.5);
}

// Mean squared error of the torsions where `counted` [B, L, 8] is true, with chi if the network predicts it: [B].
Tensor torsion_loss(const Batch& truth, const FlowModelOutput& target, const FlowModelOutput& prediction,
                    Tensor counted, const Tensor& moving) {
  Tensor errors = (prediction.torsions - target.torsions).square();  // [B, L, 8, 2]
  if (prediction.chi.defined()) {
    errors = at::cat({errors, (prediction.chi - target.chi).square().unsqueeze(2)}, 2);
    counted = at::cat({counted, (truth.chi_mask & moving).unsqueeze(2)}, 2);
  }
  return masked_sum(errors, counted.unsqueeze(-1)) / count(counted, errors).clamp_min(1);
}

// The auxiliary terms, [B] each. `moving` [B, L]: residues that contribute; `scale` [B] = 1 / (1 - min(t, t_clip)).
void add_auxiliary_losses(const Batch& truth, const FlowModelOutput& target, const FlowModelOutput& prediction,
                          const Tensor& moving, const Tensor& scale, const LossConfig& config,
                          const PublishedConventions& published, Losses& losses) {
  const Tensor mask = moving;
  const Tensor defined = published.ignore_torsion_mask ? at::ones_like(truth.torsion_mask) : truth.torsion_mask;
  const Tensor atom_mask = backbone_atom_mask(defined, atom_slots(config.atoms)) & mask.unsqueeze(-1);  // [B, L, n]
  const Tensor n = count(atom_mask, scale);                                                             // [B]
  const Tensor squared_scale = (config.atom_scale * scale).square();

  const Tensor predicted_atoms = loss_atoms(prediction, config, published);
  const Tensor true_atoms = loss_atoms(target, config, published);
  losses.atoms = masked_sum((predicted_atoms - true_atoms).square(), atom_mask.unsqueeze(-1)) * squared_scale / n;

  const Tensor pairs = published.distance_loss_denominator ? n.square() - mask.size(1) : n * (n - 1);
  losses.distances = pair_distance_loss(predicted_atoms, true_atoms, atom_mask) * squared_scale / pairs.clamp_min(1);

  const Tensor torsion_mask = defined & mask.unsqueeze(-1);  // [B, L, 8]
  losses.local = at::zeros_like(scale);
  if (config.local_weight > 0) {
    const Tensor every_atom = backbone_atom_mask(defined, atom_slots(kBackboneAtoms));
    losses.local = config.local_weight * config.atom_scale * scale *
                   local_frame_loss(prediction, target, truth.partner, every_atom, mask, truth.lengths);
  }

  losses.pairs = at::zeros_like(scale);
  if (config.pair_weight > 0)
    losses.pairs = config.pair_weight * squared_scale * base_pair_loss(prediction, target, truth.partner, mask);

  losses.torsions = config.torsion_weight * torsion_loss(truth, target, prediction, torsion_mask, mask);
  add_link_losses(truth, target, prediction, scale, config, losses);
  add_clash_loss(truth, prediction, defined, scale, config, losses);
}

Tensor sum_of_late_terms(const Losses& losses) {
  Tensor sum;
  for (const LossTerm& term : kLossTerms) {
    if (term.phase == LossPhase::kLate) sum = sum.defined() ? sum + losses.*term.member : losses.*term.member;
  }
  return sum;
}

}  // namespace

Tensor bonded_links(const Batch& truth) {
  const int64_t links = std::max<int64_t>(truth.translations.size(1) - 1, 0);
  const std::vector<int> slots = {kO3, kP};
  const auto atoms = backbone_atoms(truth.rotations, truth.translations, truth.torsions, slots).unbind(2);
  const Tensor placed = backbone_atom_mask(truth.torsion_mask, slots) & truth.mask().unsqueeze(-1);  // [B, L, 2]
  const Tensor length = (atoms[1].narrow(1, 1, links) - atoms[0].narrow(1, 0, links)).norm(2, -1);
  const Tensor follows = truth.residue_index.narrow(1, 1, links) - truth.residue_index.narrow(1, 0, links) == 1;
  return follows & (length <= kLongestO3P) & placed.select(2, 0).narrow(1, 0, links) &
         placed.select(2, 1).narrow(1, 1, links);
}

Losses Losses::of_chain(int64_t b) const {
  Losses one = *this;
  for (const LossTerm& term : kLossTerms) one.*term.member = (this->*term.member).narrow(0, b, 1);
  one.se3 = se3.narrow(0, b, 1);
  one.total = (one.se3 + one.auxiliary).sum();
  return one;
}

Losses compute_losses(const Batch& truth, const Corrupted& noisy, const FlowModelOutput& predicted,
                      const LossConfig& config, const PublishedConventions& published) {
  const auto options = predicted.translations.options();
  const Tensor& fixed = noisy.told.fixed;
  const Tensor moving = fixed.defined() ? truth.mask() & ~fixed : truth.mask();  // [B, L]
  const Tensor mask = moving.unsqueeze(-1);
  const Tensor residues = count(mask, predicted.translations);
  const Tensor t = noisy.t.to(options).flatten();
  const Tensor scale = 1 / (1 - t.clamp_max(config.t_clip));
  const FlowModelOutput target = true_output(truth, predicted.translations);
  const FlowModelOutput prediction = fixed.defined() ? with_given(predicted, target, fixed) : predicted;

  Losses losses;
  losses.translation = config.translation_weight *
                       masked_sum((target.translations - prediction.translations).square(), mask) *
                       (config.translation_scale * scale).square() / (3 * residues);
  const Tensor rotations_t = noisy.rotations.to(options);
  const Tensor true_field = rotation_between(rotations_t, target.rotations, published.truncated_log);
  const Tensor field = rotation_between(rotations_t, prediction.rotations, published.truncated_log);
  losses.rotation =
      config.rotation_weight * masked_sum((true_field - field).square(), mask) * scale.square() / (3 * residues);
  losses.se3 = losses.translation + losses.rotation;

  add_auxiliary_losses(truth, target, prediction, moving, scale, config, published, losses);
  losses.letters = config.letter_weight > 0 && prediction.letters.defined()
                       ? config.letter_weight * letter_loss(truth, noisy, prediction, t)
                       : at::zeros_like(t);
  losses.auxiliary =
      config.auxiliary_weight * sum_of_late_terms(losses) * (t > config.auxiliary_min_t) + losses.letters;
  losses.total = losses.se3.mean() + losses.auxiliary.mean();
  return losses;
}

}  // namespace flashrna
