#include "libfold/backbone/base_atoms.h"

#include <ATen/ATen.h>

#include "libfold/device_constants.h"
#include "rna/frame.h"
#include "rna/ideal_bases.h"
#include "rna/nucleotide.h"

namespace flashrna {

using at::Tensor;

namespace {

constexpr int kBaseSlots = kAtomSlots - kBackboneAtoms;

// Coordinates (Å) from the glycosidic nitrogen in the axes of the torsion chi at chi = 0, [5, kBaseSlots, 3], by
// letter: x along C1'->N, the atom that ends chi in the xy-plane with y > 0.
Tensor make_local_atoms(const at::TensorOptions& like) {
  Tensor local = at::zeros({5, kBaseSlots, 3}, at::kDouble);
  auto values = local.accessor<double, 3>();
  for (const Base base : {Base::A, Base::C, Base::G, Base::U}) {
    const IdealBase& ideal = ideal_base(base);
    const Vec3& nitrogen = ideal.atoms[kGlycosidicNitrogen];
    const Mat3 axes = frame_from_atoms(ideal.atoms[chi_slot(base)], ideal.c1, nitrogen).rotation;
    for (int slot = kBackboneAtoms; slot < kAtomSlots && !atom_name(base, slot).empty(); ++slot) {
      const Vec3 place = axes.transpose() * (ideal.atoms[slot] - nitrogen);
      for (int d = 0; d < 3; ++d) values[static_cast<int>(base)][slot - kBackboneAtoms][d] = place[d];
    }
  }
  return local.to(like);
}

Tensor normalized(const Tensor& v) { return v / (v.square().sum(-1, true) + 1e-12).sqrt(); }

}  // namespace

Tensor place_bases(const Tensor& backbone, const Tensor& chi, const Tensor& letters) {
  static DeviceConstants<int, Tensor> constants;
  const Tensor local = constants.get(0, backbone, make_local_atoms)
                           .index_select(0, letters.flatten())
                           .view({letters.size(0), letters.size(1), kBaseSlots, 3});
  const Tensor c1 = backbone.select(2, kC1), nitrogen = backbone.select(2, kGlycosidicNitrogen);
  const Tensor x = normalized(nitrogen - c1), to_o4 = backbone.select(2, kO4) - c1;
  const Tensor y = normalized(to_o4 - (to_o4 * x).sum(-1, true) * x), z = at::cross(x, y, -1);
  const Tensor sine = chi.narrow(-1, 0, 1), cosine = chi.narrow(-1, 1, 1);
  // The axes turned by chi about x.
  const Tensor axes = at::stack({x, cosine * y + sine * z, cosine * z - sine * y}, 2);  // [B, L, axis, 3]
  return nitrogen.unsqueeze(2) + at::matmul(local, axes);
}

}  // namespace flashrna
