#include "libfold/sampling/drawn_structures.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "libfold/checkpoint.h"
#include "libfold/random_streams.h"
#include "libfold/run_config.h"
#include "libfold/sampling/symmetry.h"
#include "rna/pairs/dot_bracket.h"

namespace flashrna {
namespace {

std::string dot_bracket_of(const Design& design, const std::string& symmetry) {
  if (symmetry.empty()) return to_dot_bracket(design.partner, design.molecule);
  const RotationGroup group = rotation_group(symmetry);
  std::vector<int> molecule;
  for (int copy = 0; copy < group.order(); ++copy)
    for (const int of_design : design.molecule) molecule.push_back(copy * (design.molecule.back() + 1) + of_design);
  return to_dot_bracket(partners_of_copies(design.partner, group), molecule, group.order());
}

// Gives every sample a copy of its design that change(design, sample) has changed; samples may share a design.
void change_designs(std::vector<PlannedBatch>& batches, const auto& change) {
  for (PlannedBatch& batch : batches)
    for (PlannedSample& sample : batch.samples) {
      Design design = *sample.design;
      change(design, sample);
      sample.design = std::make_shared<const Design>(std::move(design));
    }
}

bool takes_pairs(const Checkpoint& checkpoint) {
  return read_run_config(checkpoint.configuration, checkpoint.path).model.condition_pairs;
}

}  // namespace

std::optional<StructureGrammar> choose_grammar(SampleConfig& config, const Checkpoint& checkpoint) {
  const std::string& text = checkpoint.structure_grammar;
  if (config.secondary_structure.empty() && !config.lengths.empty() && config.sequence.empty() && !text.empty() &&
      takes_pairs(checkpoint))
    config.secondary_structure = kFromGrammar;
  if (config.secondary_structure != kFromGrammar) return std::nullopt;
  if (text.empty())
    fail(
        "--secondary-structure {}: {} has no grammar of secondary structures; flashrna weights --grammar-from DATASET "
        "adds one",
        kFromGrammar, checkpoint.path);
  return StructureGrammar::from_text(text, checkpoint.path + ":structure_grammar");
}

bool set_motif_structures(std::vector<PlannedBatch>& batches, SampleConfig& config, const Checkpoint& checkpoint) {
  if (config.secondary_structure.empty() && !config.motif.empty() && takes_pairs(checkpoint))
    config.secondary_structure = kFromMotif;
  if (config.secondary_structure != kFromMotif) return false;
  bool any = false;
  change_designs(batches, [&](Design& design, const PlannedSample&) {
    set_motif_partners(design);
    any = any || std::ranges::any_of(design.partner, [](int partner) { return partner >= 0; });
  });
  return any;
}

std::vector<int> draw_structure(const StructureSampler& sampler, std::uint64_t seed, int length, std::uint64_t index) {
  RandomStream stream(seed, "secondary_structure", {static_cast<std::uint64_t>(length), index});
  return sampler.draw(length, [&stream] { return stream.uniform(); });
}

std::vector<int> draw_structure(const StructureSampler& sampler, std::uint64_t seed, const Design& design,
                                std::uint64_t index) {
  const std::vector<int> lengths = design.molecule_lengths();
  if (lengths.size() == 1) return draw_structure(sampler, seed, lengths.front(), index);
  std::vector<int> partner;
  for (std::size_t m = 0; m < lengths.size(); ++m) {
    RandomStream stream(seed, "secondary_structure",
                        {static_cast<std::uint64_t>(lengths[m]), index, static_cast<std::uint64_t>(m)});
    const auto first = static_cast<int>(partner.size());
    for (int mate : sampler.draw(lengths[m], [&stream] { return stream.uniform(); }))
      partner.push_back(mate < 0 ? mate : first + mate);
  }
  return partner;
}

void draw_structures(std::vector<PlannedBatch>& batches, const StructureGrammar& grammar, std::uint64_t seed) {
  int longest = 1;
  for (const PlannedBatch& batch : batches) longest = std::max(longest, batch.longest());
  const StructureSampler sampler(grammar, longest);
  change_designs(batches, [&](Design& design, const PlannedSample& sample) {
    design.partner = draw_structure(sampler, seed, design, sample.index);
  });
}

std::string structures_text(const std::vector<PlannedBatch>& batches, const std::string& symmetry) {
  std::string text;
  for (const PlannedBatch& batch : batches)
    for (const PlannedSample& sample : batch.samples)
      text += fmt::format(">{}\n{}\n", sample.name, dot_bracket_of(*sample.design, symmetry));
  return text;
}

}  // namespace flashrna
