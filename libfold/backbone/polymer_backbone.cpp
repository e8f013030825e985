#include "libfold/backbone/polymer_backbone.h"

#include <numeric>

namespace flashrna {

std::vector<int> PolymerBackbone::all_slots() const {
  std::vector<int> slots(static_cast<std::size_t>(atoms()));
  std::iota(slots.begin(), slots.end(), 0);
  return slots;
}

const PolymerBackbone& backbone_of(Polymer polymer) {
  return polymer == Polymer::kProtein ? protein_backbone() : rna_backbone();
}

}  // namespace flashrna
