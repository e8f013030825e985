#include "libfold/training/losses.h"

#include <algorithm>
#include <cmath>

#include "kernels/pair_distance_loss/pair_distance_loss.h"
#include "libfold/backbone/backbone_atoms.h"
#include "libfold/backbone/link_geometry.h"
#include "libfold/backbone/polymer_backbone.h"
#include "libfold/backbone/steric_overlap.h"
#include "libfold/flow/so3.h"
#include "libfold/training/base_pair_loss.h"
#include "libfold/training/conformer_loss.h"
#include "libfold/training/local_frame_loss.h"
#include "libfold/training/near_distance_loss.h"
#include "libfold/training/smooth_distance.h"

namespace flashrna {

using at::Tensor;

namespace {

// Positions of the atoms in the losses, Å: [B, L, n, 3].
Tensor loss_atoms(const PolymerBackbone& backbone, const FlowModelOutput& x, const LossConfig& config,
                  const PublishedConventions& published) {
  std::vector<int> slots = backbone.loss_slots(config.atoms);
  if (!published.deoxyadenosine_atoms && !published.twelfth_atom_at_origin)
    return backbone.place(x.rotations, x.translations, x.torsions, slots);
  const BackboneGeometry& geometry =
      published.deoxyadenosine_atoms ? deoxyadenosine_geometry() : ideal_backbone_geometry();
  const bool last_at_origin = published.twelfth_atom_at_origin && config.atoms == 10;
  if (last_at_origin) slots.pop_back();
  const Tensor atoms = backbone_atoms(x.rotations, x.translations, x.torsions, slots, geometry);
  return last_at_origin ? at::constant_pad_nd(atoms, {0, 0, 0, 1}) : atoms;
}

// Sums `values` where `mask` (broadcast) is true, over all dimensions except the batch.
Tensor masked_sum(const Tensor& values, const Tensor& mask) { return (values * mask).flatten(1).sum(1); }

Tensor count(const Tensor& mask, const Tensor& like) { return mask.flatten(1).sum(1).to(like.options()); }

// Of rotation vectors [B, L, 3] from the noisy frames to the true and the predicted end, which a factor of `scale` [B]
// makes vector fields, times their weight: [B].
Tensor rotation_loss(const Tensor& true_field, const Tensor& field, const Tensor& counted, const Tensor& residues,
                     const Tensor& scale, const LossConfig& config) {
  if (config.rotation_error == "vector")
    return config.rotation_weight * masked_sum((true_field - field).square(), counted.unsqueeze(-1)) * scale.square() /
           (3 * residues);
  constexpr double kSmallAngle = 1e-6;  // radians; shorter vectors have axes shorter than 1
  const Tensor true_angle = true_field.norm(2, -1, /*keepdim=*/true), angle = field.norm(2, -1, /*keepdim=*/true);
  const Tensor axes =
      (true_field / true_angle.clamp_min(kSmallAngle) - field / angle.clamp_min(kSmallAngle)).square().sum(-1);
  const Tensor angles = (true_angle - angle).squeeze(-1).square() * scale.square().unsqueeze(-1);
  return config.rotation_weight * masked_sum(axes + config.rotation_angle_weight * angles, counted) / residues;
}

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

// Errors of torsions [..., T] from the differences of their (sin, cos) [..., T, 2].
Tensor torsion_errors(const Tensor& differences, const LossConfig& config) {
  const Tensor squared = differences.square().sum(-1);
  if (config.torsion_error == "squared") return squared;
  return smooth_distance(squared);
}

// Losses of the link between residues, [B] each.
void add_link_losses(const Batch& truth, const FlowModelOutput& target, const FlowModelOutput& prediction,
                     const Tensor& scale, const LossConfig& config, Losses& losses) {
  losses.bonds = at::zeros_like(scale);
  losses.angles = at::zeros_like(scale);
  losses.link_torsions = at::zeros_like(scale);
  const int64_t links = truth.translations.size(1) - 1;
  if ((config.bond_weight == 0 && config.angle_weight == 0 && config.link_torsion_weight == 0) || links < 1) return;
  const PolymerBackbone& backbone = backbone_of(truth.polymer);
  const BackboneLink& ideal = backbone.link();
  const std::vector<int> slots(ideal.slots.begin(), ideal.slots.end());
  const auto atoms_of = [&](const FlowModelOutput& x) {
    return backbone.place(x.rotations, x.translations, x.torsions, slots).unbind(2);
  };
  const std::vector<Tensor> a = atoms_of(prediction);
  const LinkGeometry link = link_geometry(a[1], a[2], a[3], a[4]);
  const Tensor linked = bonded_links(truth);
  losses.bonds = config.bond_weight * mean_over_links((link.length - ideal.length).square(), linked) *
                 (config.atom_scale * scale).square();
  losses.angles = config.angle_weight * mean_over_links((link.cosine_before - std::cos(ideal.angle_before)).square() +
                                                            (link.cosine_after - std::cos(ideal.angle_after)).square(),
                                                        linked);
  if (config.link_torsion_weight == 0) return;
  const std::vector<Tensor> b = atoms_of(target);
  const Tensor error =
      link_torsions(a[0], a[1], a[2], a[3], a[4], a[5]) - link_torsions(b[0], b[1], b[2], b[3], b[4], b[5]);
  const Tensor placed = backbone.placed(truth.torsion_mask, {slots[4], slots[5]}).all(2).narrow(1, 1, links);
  losses.link_torsions =
      config.link_torsion_weight * mean_over_links(torsion_errors(error, config).sum(2), linked & placed);
}

// `defined` [B, L, T]: defined torsions.
void add_clash_loss(const Batch& truth, const FlowModelOutput& prediction, const Tensor& defined, const Tensor& scale,
                    const LossConfig& config, Losses& losses) {
  losses.clashes = at::zeros_like(losses.bonds);
  if (config.clash_weight == 0) return;
  const PolymerBackbone& backbone = backbone_of(truth.polymer);
  const std::vector<int> slots = backbone.all_slots();
  const Tensor atoms = backbone.place(prediction.rotations, prediction.translations, prediction.torsions, slots);
  const Tensor placed = backbone.placed(defined, slots) & truth.mask().unsqueeze(-1);
  losses.clashes = config.clash_weight *
                   steric_overlap(atoms, placed, truth.residue_index, truth.lengths, {.polymer = truth.polymer}) /
                   truth.lengths.clamp_min(1) * (config.atom_scale * scale).square();
}

// Mean cross-entropy over the residues whose nucleotide is known and not in the condition, where t > 0.5: [B].
Tensor letter_loss(const Batch& truth, const Corrupted& noisy, const FlowModelOutput& prediction, const Tensor& t) {
  Tensor asked = truth.nucleotide < kLetterUnspecified;  // [B, L]
  if (noisy.conditioning.nucleotide.defined()) asked = asked & (noisy.conditioning.nucleotide == kLetterUnspecified);
  const Tensor right = truth.nucleotide.clamp(0, kLetterUnspecified - 1).unsqueeze(2);
  const Tensor entropy = -prediction.letters.log_softmax(2).gather(2, right).squeeze(2);
  return (entropy * asked).sum(1) / asked.sum(1).clamp_min(1) * (t > 0.5);
}

Tensor defined_torsions(const Batch& truth, const PublishedConventions& published) {
  return published.ignore_torsion_mask ? at::ones_like(truth.torsion_mask) : truth.torsion_mask;
}

// The torsions of the truth in the format of the network's, of which chi is the last if it is predicted.
struct TrueTorsions {
  Tensor sin_cos;  // [B, L, n, 2]
  Tensor defined;  // [B, L, n] bool
};

TrueTorsions true_torsions(const Batch& truth, const FlowModelOutput& target, const FlowModelOutput& prediction,
                           const PublishedConventions& published) {
  const Tensor defined = defined_torsions(truth, published);
  if (!prediction.chi.defined()) return {target.torsions, defined};
  return {at::cat({target.torsions, target.chi.unsqueeze(2)}, 2), at::cat({defined, truth.chi_mask.unsqueeze(2)}, 2)};
}

// Mean error of the torsions where `counted` [B, L, n] is true, or of their distribution if the network predicts one:
// [B].
Tensor torsion_loss(const FlowModelOutput& prediction, const Tensor& truth, const Tensor& counted,
                    const LossConfig& config) {
  if (prediction.conformers.defined()) return conformer_loss(prediction.conformers, truth, counted);
  Tensor torsions = prediction.torsions;
  if (prediction.chi.defined()) torsions = at::cat({torsions, prediction.chi.unsqueeze(2)}, 2);
  const Tensor differences = torsions - truth;
  return masked_sum(torsion_errors(differences, config), counted) / count(counted, differences).clamp_min(1);
}

// The auxiliary terms, [B] each. `torsions` are those of `truth`; `moving` [B, L]: residues that contribute; `scale`
// [B] = 1 / (1 - min(t, t_clip)), or 1.
void add_auxiliary_losses(const Batch& truth, const FlowModelOutput& target, const FlowModelOutput& prediction,
                          const TrueTorsions& torsions, const Tensor& moving, const Tensor& scale,
                          const LossConfig& config, const PublishedConventions& published, Losses& losses) {
  const PolymerBackbone& backbone = backbone_of(truth.polymer);
  const Tensor mask = moving;
  const Tensor defined = defined_torsions(truth, published);
  const Tensor atom_mask =
      backbone.placed(defined, backbone.loss_slots(config.atoms)) & mask.unsqueeze(-1);  // [B, L, n]
  const Tensor n = count(atom_mask, scale);                                              // [B]
  const Tensor squared_scale = (config.atom_scale * scale).square();

  const Tensor predicted_atoms = loss_atoms(backbone, prediction, config, published);
  const Tensor true_atoms = loss_atoms(backbone, target, config, published);
  losses.atoms = masked_sum((predicted_atoms - true_atoms).square(), atom_mask.unsqueeze(-1)) * squared_scale / n;

  if (config.distance_cutoff > 0) {
    losses.distances =
        near_distance_loss(predicted_atoms, true_atoms, atom_mask, config.distance_cutoff) * squared_scale;
  } else {
    const Tensor pairs = published.distance_loss_denominator ? n.square() - mask.size(1) : n * (n - 1);
    losses.distances = pair_distance_loss(predicted_atoms, true_atoms, atom_mask) * squared_scale / pairs.clamp_min(1);
  }

  losses.local = at::zeros_like(scale);
  if (config.local_weight > 0) {
    const Tensor every_atom = backbone.placed(defined, backbone.all_slots());
    losses.local = config.local_weight * config.atom_scale * scale *
                   local_frame_loss(prediction, target, truth.partner, every_atom, mask, truth.lengths);
  }

  losses.pairs = at::zeros_like(scale);
  if (config.pair_weight > 0)
    losses.pairs = config.pair_weight * squared_scale * base_pair_loss(prediction, target, truth.partner, mask);

  losses.torsions =
      config.torsion_weight * torsion_loss(prediction, torsions.sin_cos, torsions.defined & mask.unsqueeze(-1), config);
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
  const PolymerBackbone& backbone = backbone_of(truth.polymer);
  const BackboneLink& link = backbone.link();
  const std::vector<int> slots = {link.slots[2], link.slots[3]};
  const auto atoms = backbone.place(truth.rotations, truth.translations, truth.torsions, slots).unbind(2);
  const Tensor placed = backbone.placed(truth.torsion_mask, slots) & truth.mask().unsqueeze(-1);  // [B, L, 2]
  const Tensor length = (atoms[1].narrow(1, 1, links) - atoms[0].narrow(1, 0, links)).norm(2, -1);
  const Tensor follows = truth.residue_index.narrow(1, 1, links) - truth.residue_index.narrow(1, 0, links) == 1;
  return follows & (length <= link.longest) & placed.select(2, 0).narrow(1, 0, links) &
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
  const Tensor& fixed = noisy.conditioning.fixed;
  const Tensor moving = fixed.defined() ? truth.mask() & ~fixed : truth.mask();  // [B, L]
  const Tensor mask = moving.unsqueeze(-1);
  const Tensor residues = count(mask, predicted.translations);
  const Tensor t = noisy.t.to(options).flatten();
  const Tensor scale = 1 / (1 - t.clamp_max(config.t_clip));
  const FlowModelOutput target = true_output(truth, predicted.translations);
  FlowModelOutput prediction = predicted;
  const TrueTorsions torsions = true_torsions(truth, target, prediction, published);
  if (prediction.conformers.defined()) {
    const Tensor nearest = nearest_conformer(prediction.conformers, torsions.sin_cos, torsions.defined);
    set_torsions(prediction, prediction.conformers.take(nearest), truth.polymer);
  }
  if (fixed.defined()) prediction = with_given(prediction, target, fixed);

  Losses losses;
  losses.translation = config.translation_weight *
                       masked_sum((target.translations - prediction.translations).square(), mask) *
                       (config.translation_scale * scale).square() / (3 * residues);
  const Tensor rotations_t = noisy.rotations.to(options);
  const Tensor true_field = rotation_between(rotations_t, target.rotations, published.truncated_log);
  const Tensor field = rotation_between(rotations_t, prediction.rotations, published.truncated_log);
  losses.rotation = rotation_loss(true_field, field, moving, residues, scale, config);
  losses.se3 = losses.translation + losses.rotation;

  add_auxiliary_losses(truth, target, prediction, torsions, moving,
                       config.auxiliary_scaling ? scale : at::ones_like(scale), config, published, losses);
  losses.letters = config.letter_weight > 0 && prediction.letters.defined()
                       ? config.letter_weight * letter_loss(truth, noisy, prediction, t)
                       : at::zeros_like(t);
  losses.auxiliary =
      config.auxiliary_weight * sum_of_late_terms(losses) * (t > config.auxiliary_min_t) + losses.letters;
  losses.total = losses.se3.mean() + losses.auxiliary.mean();
  return losses;
}

}  // namespace flashrna
