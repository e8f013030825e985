#include "libfold/sampling/design_request.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "rna/frame.h"
#include "rna/torsion.h"

namespace flashrna {
namespace {

// Degrees, in the order of rna/torsion.h: medians of 1,330 nucleotides in double helices of 38 deposited
// structures.
constexpr std::array<double, kTorsions> kHelixTorsions{-157, 22, -120, 81, 55, 171, 51, -179};

std::array<std::array<double, 2>, kTorsions> all_torsions(const Nucleotide& nucleotide) {
  Torsions torsions = torsions_of(nucleotide);
  for (std::size_t k = 0; k < kTorsions; ++k) {
    if ((torsions.mask >> k & 1) != 0) continue;
    const double radians = kHelixTorsions[k] * std::numbers::pi / 180.0;
    torsions.sin_cos[k] = {std::sin(radians), std::cos(radians)};
  }
  return torsions.sin_cos;
}

// [B, L] of a member of the designs: `value_of(design, i)` for each residue, `padding` behind each sample.
template <typename T, typename ValueOf>
at::Tensor by_residue(const PlannedBatch& batch, T padding, at::ScalarType type, const ValueOf& value_of) {
  const auto B = static_cast<std::int64_t>(batch.samples.size());
  at::Tensor values = at::full({B, batch.longest()}, padding, type);
  for (std::int64_t b = 0; b < B; ++b) {
    const Design& design = *batch.samples[static_cast<std::size_t>(b)].design;
    T* row = values.mutable_data_ptr<T>() + b * values.size(1);
    for (std::size_t i = 0; i < design.molecule.size(); ++i) row[i] = value_of(design, i);
  }
  return values;
}

template <typename Condition>
bool any_design(std::span<const PlannedBatch> batches, const Condition& condition) {
  return std::ranges::any_of(batches, [&](const PlannedBatch& batch) {
    return std::ranges::any_of(batch.samples, [&](const PlannedSample& sample) { return condition(*sample.design); });
  });
}

bool has_partners(const Design& design) {
  return std::ranges::any_of(design.partner, [](int partner) { return partner != kUnspecified; });
}
bool has_letters(const Design& design) {
  return std::ranges::any_of(design.letter, [](Base letter) { return letter != Base::N; });
}
bool has_motif(const Design& design) { return design.motif != nullptr; }
bool has_groups(const Design& design) { return !design.motif_group.empty(); }
bool has_molecules(const Design& design) { return design.molecule.back() > 0; }
bool has_breaks(const Design& design) { return design.residue_index.back() + 1 != design.length(); }

// Frames (Å) and torsions of the residues for which `nucleotide_of(design, i)` is not null; identities elsewhere.
template <typename NucleotideOf>
FlowModelOutput structure_of(const PlannedBatch& batch, const NucleotideOf& nucleotide_of) {
  const auto B = static_cast<std::int64_t>(batch.samples.size());
  const std::int64_t L = batch.longest();
  FlowModelOutput structure;
  structure.translations = at::zeros({B, L, 3}, at::kFloat);
  structure.rotations = at::eye(3, at::kFloat).expand({B, L, 3, 3}).contiguous();
  structure.torsions = at::zeros({B, L, kTorsions, 2}, at::kFloat);
  structure.torsions.select(3, 1).fill_(1.0);
  float* x = structure.translations.mutable_data_ptr<float>();
  float* r = structure.rotations.mutable_data_ptr<float>();
  float* s = structure.torsions.mutable_data_ptr<float>();
  for (std::int64_t b = 0; b < B; ++b) {
    const Design& design = *batch.samples[static_cast<std::size_t>(b)].design;
    for (std::int64_t i = 0; i < design.length(); ++i) {
      const Nucleotide* nucleotide = nucleotide_of(design, static_cast<std::size_t>(i));
      if (!nucleotide) continue;
      const RigidTransform frame = frame_of(*nucleotide);
      const auto sin_cos = all_torsions(*nucleotide);
      const std::int64_t residue = b * L + i;
      for (int a = 0; a < 3; ++a) x[3 * residue + a] = static_cast<float>(frame.translation[a]);
      for (int a = 0; a < 9; ++a) r[9 * residue + a] = static_cast<float>(frame.rotation(a / 3, a % 3));
      for (int a = 0; a < 2 * kTorsions; ++a)
        s[2 * kTorsions * residue + a] = static_cast<float>(sin_cos[static_cast<std::size_t>(a / 2)][a % 2]);
    }
  }
  return structure;
}

std::int64_t letter_code(const Design& design, std::size_t i) {
  if (design.letter.empty() || design.letter[i] == Base::N) return kLetterUnspecified;
  return static_cast<std::int64_t>(design.letter[i]);
}

}  // namespace

ConditioningKinds conditions_of(std::span<const PlannedBatch> batches) {
  return {.pairs = any_design(batches, has_partners),
          .letters = any_design(batches, has_letters),
          .motifs = any_design(batches, has_motif),
          .motif_groups = any_design(batches, has_groups)};
}

SampleRequest make_request(const PlannedBatch& batch, const SampleConfig& config, bool letters_known) {
  SampleRequest request{.lengths = batch.lengths(),
                        .indices = batch.indices(),
                        .seed = config.seed,
                        .steps = config.steps,
                        .start_time = config.partial,
                        .symmetry = config.symmetry};
  const std::span one(&batch, 1);
  const auto as_i64 = [](const auto& member) {
    return [member](const Design& design, std::size_t i) { return std::int64_t{(design.*member)[i]}; };
  };
  if (any_design(one, has_partners))
    request.conditioning.partner =
        by_residue<std::int64_t>(batch, kUnspecified, at::kLong, [](const Design& design, std::size_t i) {
          return design.partner.empty() ? std::int64_t{kUnspecified} : std::int64_t{design.partner[i]};
        });
  if (letters_known && any_design(one, has_letters))
    request.conditioning.nucleotide = by_residue<std::int64_t>(batch, kLetterUnspecified, at::kLong, letter_code);
  if (any_design(one, has_molecules))
    request.conditioning.chain = by_residue<std::int64_t>(batch, 0, at::kLong, as_i64(&Design::molecule));
  if (any_design(one, has_breaks))
    request.residue_index = by_residue<std::int64_t>(batch, 0, at::kLong, as_i64(&Design::residue_index));
  if (any_design(one, has_motif)) {
    request.conditioning.fixed = by_residue<bool>(batch, false, at::kBool, [](const Design& design, std::size_t i) {
      return design.motif_nucleotide(i) != nullptr;
    });
    request.given = structure_of(batch, [](const Design& design, std::size_t i) { return design.motif_nucleotide(i); });
  }
  if (any_design(one, has_groups))
    request.conditioning.fixed_group = by_residue<std::int64_t>(batch, -1, at::kLong, as_i64(&Design::motif_group));
  if (config.partial > 0)
    request.start = structure_of(batch, [](const Design& design, std::size_t i) { return &(*design.start)[i]; });
  return request;
}

}  // namespace flashrna
