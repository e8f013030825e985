#include "libfold/sampling/drawn_structures.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "libfold/checkpoint.h"
#include "libfold/random_streams.h"
#include "libfold/run_config.h"
#include "rna/pairs/dot_bracket.h"

namespace flashrna {

std::optional<StructureGrammar> choose_grammar(SampleConfig& config, const Checkpoint& checkpoint) {
  const std::string& text = checkpoint.structure_grammar;
  if (config.secondary_structure.empty() && !config.lengths.empty() && config.sequence.empty() && !text.empty() &&
      read_run_config(checkpoint.configuration, checkpoint.path).model.condition_pairs)
    config.secondary_structure = kFromGrammar;
  if (config.secondary_structure != kFromGrammar) return std::nullopt;
  if (text.empty())
    fail(
        "--secondary-structure {}: {} has no grammar of secondary structures; flashrna weights --grammar-from DATASET "
        "adds one",
        kFromGrammar, checkpoint.path);
  return StructureGrammar::from_text(text, checkpoint.path + ":structure_grammar");
}

std::vector<int> draw_structure(const StructureSampler& sampler, std::uint64_t seed, int length, std::uint64_t index) {
  RandomStream stream(seed, "secondary_structure", {static_cast<std::uint64_t>(length), index});
  return sampler.draw(length, [&stream] { return stream.uniform(); });
}

void draw_structures(std::vector<PlannedBatch>& batches, const StructureGrammar& grammar, std::uint64_t seed) {
  int longest = 1;
  for (const PlannedBatch& batch : batches) longest = std::max(longest, batch.length);
  const StructureSampler sampler(grammar, longest);
  for (PlannedBatch& batch : batches)
    for (PlannedSample& sample : batch.samples)
      sample.partner = draw_structure(sampler, seed, sample.length, sample.index);
}

std::string structures_text(const std::vector<PlannedBatch>& batches) {
  std::string text;
  for (const PlannedBatch& batch : batches)
    for (const PlannedSample& sample : batch.samples)
      text += fmt::format(">{}\n{}\n", sample.name, to_dot_bracket(sample.partner));
  return text;
}

}  // namespace flashrna
