#include "libfold/sampling/drawn_structures.h"

#include "libfold/random_streams.h"

namespace flashrna {

std::vector<int> draw_structure(const StructureSampler& sampler, std::uint64_t seed, int length, std::uint64_t index) {
  RandomStream stream(seed, "secondary_structure", {static_cast<std::uint64_t>(length), index});
  return sampler.draw(length, [&stream] { return stream.uniform(); });
}

}  // namespace flashrna
