// The distances below which atoms of two residues overlap, as a table for kernels.
#pragma once

#include <ATen/core/Tensor.h>

#include "libfold/backbone/polymer_backbone.h"

namespace flashrna {

// Position of another residue relative to this one along the chain.
enum Relation { kElsewhere, kNext, kPrevious, kRelations };

struct ContactLimits {
  // [relation, own slot, other slot], Å: the distance at which two atoms clash plus a margin, -1 for pairs that never
  // count.
  at::Tensor limits;
  double longest;  // the largest of them
};

// On the device and in the dtype of `like`, made once.
const ContactLimits& contact_limits(const PolymerBackbone& backbone, double margin, const at::Tensor& like);

}  // namespace flashrna
