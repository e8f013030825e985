#include "libfold/training/step_shards.h"

namespace flashrna {

std::vector<StepShard> plan_shards(std::span<const std::vector<std::int64_t>> lengths, int shards) {
  std::int64_t total = 0;
  for (const std::vector<std::int64_t>& batch : lengths)
    for (const std::int64_t length : batch) total += length;

  std::vector<StepShard> plan(static_cast<std::size_t>(shards));
  std::int64_t before = 0;  // residues of the chains so far
  for (std::size_t a = 0; a < lengths.size(); ++a) {
    const double chain_share = 1.0 / static_cast<double>(lengths.size()) / static_cast<double>(lengths[a].size());
    for (std::size_t b = 0; b < lengths[a].size(); ++b) {
      const std::int64_t twice_middle = 2 * before + lengths[a][b];
      before += lengths[a][b];
      StepShard& shard = plan[static_cast<std::size_t>(shards * twice_middle / (2 * total))];
      if (shard.empty() || shard.back().batch != a) shard.push_back({a, static_cast<std::int64_t>(b), 0, 0.0});
      BatchSlice& slice = shard.back();
      ++slice.count;
      // A whole batch gets exactly the share that it has without shards.
      const bool whole = slice.count == static_cast<std::int64_t>(lengths[a].size());
      slice.share = whole ? 1.0 / static_cast<double>(lengths.size()) : chain_share * static_cast<double>(slice.count);
    }
  }
  return plan;
}

ShardRange shards_of(int rank, int size, int shards) {
  const auto bound = [&](int r) { return static_cast<int>(static_cast<std::int64_t>(shards) * r / size); };
  return {bound(rank), bound(rank + 1)};
}

}  // namespace flashrna
