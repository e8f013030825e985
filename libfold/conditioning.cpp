#include "libfold/conditioning.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "libfold/batch.h"
#include "libfold/conditioning_config.h"
#include "libfold/pinned_memory.h"
#include "libfold/random_streams.h"

namespace flashrna {

using at::Tensor;

namespace {

constexpr int64_t kNotChosen = -1;

// Selects `count` of `n` residues in `segments` segments at random positions: the number of the segment, or kNotChosen.
// Lengths and gaps are random compositions, so that every segment has a residue.
std::vector<int64_t> random_stretches(int64_t n, int64_t count, int64_t segments, RandomStream& stream) {
  count = std::clamp<int64_t>(count, 0, n);
  segments = std::min(segments, count);
  std::vector<int64_t> chosen(static_cast<std::size_t>(n), kNotChosen);
  if (segments < 1) return chosen;
  // Random composition of `total` into `parts` parts of at least `least`.
  const auto parts_of = [&](int64_t total, int64_t parts, int64_t least) {
    std::vector<int64_t> cuts = {0, total - parts * least};
    for (int64_t i = 1; i < parts; ++i)
      cuts.push_back(static_cast<int64_t>(stream.below(static_cast<std::uint64_t>(total - parts * least + 1))));
    std::ranges::sort(cuts);
    std::vector<int64_t> sizes;
    for (int64_t i = 0; i < parts; ++i) sizes.push_back(cuts[i + 1] - cuts[i] + least);
    return sizes;
  };
  const std::vector<int64_t> lengths = parts_of(count, segments, 1), gaps = parts_of(n - count, segments + 1, 0);
  int64_t place = 0;
  for (int64_t s = 0; s < segments; ++s) {
    place += gaps[s];
    for (int64_t i = 0; i < lengths[s]; ++i) chosen[static_cast<std::size_t>(place++)] = s;
  }
  return chosen;
}

void draw_pairs(const int64_t* truth, int64_t n, const ConditioningConfig& config, RandomStream stream,
                int64_t* given) {
  if (stream.uniform() < config.pairs_hidden) return;  // rows are initially unspecified
  std::vector<int64_t> kept(static_cast<std::size_t>(n), 0);
  if (stream.uniform() < config.pairs_partial) {
    const double share = 0.2 + 0.8 * stream.uniform();
    const auto segments = static_cast<int64_t>(1 + stream.below(6));
    kept = random_stretches(n, std::llround(share * static_cast<double>(n)), segments, stream);
  }
  for (int64_t i = 0; i < n; ++i) {
    const int64_t j = truth[i];
    if (j == kUnspecified || kept[i] == kNotChosen || (j >= 0 && kept[j] == kNotChosen))
      continue;  // only together with its partner
    given[i] = j;
  }
}

void draw_letters(const int64_t* truth, int64_t n, const ConditioningConfig& config, RandomStream stream,
                  int64_t* given) {
  if (stream.uniform() < config.letters_hidden) return;
  const double rate = stream.uniform();
  for (int64_t i = 0; i < n; ++i)
    if (stream.uniform() < rate) given[i] = truth[i];
}

// Sets `fixed`, and where `group` is not null the groups: one group that keeps its place, or a group for each segment,
// of which none does.
void draw_motif(int64_t n, const ConditioningConfig& config, RandomStream stream, bool* fixed, int64_t* group) {
  if (stream.uniform() >= config.motif_rate || n < 4) return;
  const double share = config.motif_least + (config.motif_most - config.motif_least) * stream.uniform();
  const auto segments = static_cast<int64_t>(1 + stream.below(static_cast<std::uint64_t>(config.motif_segments)));
  const std::vector<int64_t> chosen =
      random_stretches(n, std::max<int64_t>(1, std::llround(share * static_cast<double>(n))), segments, stream);
  const bool free = group != nullptr && stream.uniform() < config.free_motifs;
  for (int64_t i = 0; i < n; ++i) {
    if (chosen[i] == kNotChosen) continue;
    fixed[i] = !free;
    if (group != nullptr) group[i] = free ? chosen[i] : 0;
  }
}

// A condition with the results of change(tensor) for its defined tensors.
template <typename Change>
Conditioning changed(Conditioning conditioning, const Change& change) {
  for (Tensor* tensor : {&conditioning.partner, &conditioning.nucleotide, &conditioning.fixed, &conditioning.chain,
                         &conditioning.fixed_group, &conditioning.given.rotations, &conditioning.given.translations}) {
    if (tensor->defined()) *tensor = change(*tensor);
  }
  return conditioning;
}

}  // namespace

Conditioning Conditioning::to(at::Device device) const {
  return changed(*this, [&](const Tensor& tensor) { return tensor.to(device, /*non_blocking=*/device.is_cuda()); });
}

Conditioning pinned(const Conditioning& conditioning_on_host) {
  return changed(conditioning_on_host, [](const Tensor& tensor) { return tensor.pin_memory(); });
}

Conditioning draw_conditioning(const Batch& truth, const ConditioningConfig& config, const ConditioningKinds& kinds,
                               std::uint64_t seed, std::uint64_t index) {
  const int64_t B = truth.translations.size(0), L = truth.translations.size(1);
  const Tensor lengths = truth.lengths.cpu();
  Conditioning conditioning;
  conditioning.chain = truth.chain;  // which residues form a molecule is always known
  if (kinds.pairs) conditioning.partner = at::full({B, L}, kUnspecified, at::kLong);
  if (kinds.letters) conditioning.nucleotide = at::full({B, L}, kLetterUnspecified, at::kLong);
  if (kinds.motifs) conditioning.fixed = at::zeros({B, L}, at::kBool);
  if (kinds.motif_groups) conditioning.fixed_group = at::full({B, L}, -1, at::kLong);
  const Tensor partner = kinds.pairs ? truth.partner.cpu().contiguous() : Tensor();
  const Tensor nucleotide = kinds.letters ? truth.nucleotide.cpu().contiguous() : Tensor();
  for (int64_t b = 0; b < B; ++b) {
    const int64_t n = lengths[b].item<int64_t>();
    const auto stream = [&](std::uint64_t kind) {
      return RandomStream(seed, "conditioning", {index, static_cast<std::uint64_t>(b), kind});
    };
    if (kinds.pairs)
      draw_pairs(partner.const_data_ptr<int64_t>() + b * L, n, config, stream(0),
                 conditioning.partner.mutable_data_ptr<int64_t>() + b * L);
    if (kinds.letters)
      draw_letters(nucleotide.const_data_ptr<int64_t>() + b * L, n, config, stream(1),
                   conditioning.nucleotide.mutable_data_ptr<int64_t>() + b * L);
    if (kinds.motifs)
      draw_motif(n, config, stream(2), conditioning.fixed.mutable_data_ptr<bool>() + b * L,
                 kinds.motif_groups ? conditioning.fixed_group.mutable_data_ptr<int64_t>() + b * L : nullptr);
  }
  if (kinds.motif_groups) conditioning.given = {truth.rotations, truth.translations};
  return conditioning;
}

}  // namespace flashrna
