// The backbone of proteins: N, CA, C, CB and O (protein/residue.h). The frame places the first four, psi places O.
#include <ATen/ATen.h>

#include <array>

#include "base/error.h"
#include "libfold/backbone/polymer_backbone.h"
#include "protein/backbone.h"

namespace flashrna {
namespace {

using at::Tensor;

constexpr double kOverlapAllowed = 0.6;                                                // Å, as of RNA
constexpr std::array<double, kProteinAtomSlots> kRadii{1.55, 1.70, 1.70, 1.70, 1.52};  // Å, by slot

// psi turns O about CA->C.
ResidueGroups make_protein_groups() {
  const auto point = [](const std::array<double, 3>& v) { return Vec3(v[0], v[1], v[2]); };
  ResidueGroups groups{{-1, 0},
                       std::vector<RigidTransform>(2),
                       std::vector<int>(kProteinAtomSlots, 0),
                       std::vector<Vec3>(kProteinAtomSlots, Vec3::Zero()),
                       std::nullopt};
  groups.to_parent[1].translation = point(kIdealC);
  groups.group[kO] = 1;
  groups.position[kN] = point(kIdealN);
  groups.position[kC] = point(kIdealC);
  groups.position[kCB] = point(kIdealCB);
  groups.position[kO] = Vec3(kIdealO[0], -kIdealO[1], kIdealO[2]);
  return groups;
}

class ProteinBackbone final : public PolymerBackbone {
 public:
  Polymer polymer() const override { return Polymer::kProtein; }
  int atoms() const override { return kProteinAtomSlots; }
  int origin() const override { return kCA; }

  const BackboneLink& link() const override {
    static const BackboneLink link = {
        {kN, kCA, kC, kN, kCA, kC}, kPeptideBond, kAngleCaCN, kAngleCNCa, kLongestPeptideBond};
    return link;
  }

  std::vector<int> loss_slots(int atoms) const override {
    if (atoms == 3) return {kN, kCA, kC};
    if (atoms == kProteinAtomSlots) return all_slots();
    fail("losses of {} atoms per residue: must be 3 or 5", atoms);
  }

  // The tensor version of rebuild_protein_backbone (protein/backbone.h).
  Tensor place(const Tensor& rotations, const Tensor& translations, const Tensor& torsions,
               const std::vector<int>& slots) const override {
    std::vector<Tensor> atoms;
    for (const int slot : slots) atoms.push_back(in_frame(slot, rotations, torsions));  // [..., 3]
    return at::matmul(at::stack(atoms, -2), rotations.transpose(-1, -2)) + translations.unsqueeze(-2);
  }

  const ResidueGroups& groups() const override {
    static const ResidueGroups groups = make_protein_groups();
    return groups;
  }

  Tensor placed(const Tensor& torsion_mask, const std::vector<int>& slots) const override {
    const Tensor psi = torsion_mask.select(-1, 0);
    std::vector<Tensor> defined;
    for (const int slot : slots) defined.push_back(slot == kO ? psi : at::ones_like(psi));
    return at::stack(defined, -1);
  }

  double closest_without_clash(int slot, int other_slot) const override {
    return kRadii.at(static_cast<std::size_t>(slot)) + kRadii.at(static_cast<std::size_t>(other_slot)) -
           kOverlapAllowed;
  }
  // C-N, CA-N, O-N and C-CA.
  bool near_by_bonds(int slot, int next_slot) const override {
    return (next_slot == kN && (slot == kC || slot == kCA || slot == kO)) || (slot == kC && next_slot == kCA);
  }

 private:
  // Position of an atom in the residue's frame, [..., 3]. Constants are added as numbers, so that none is copied to the
  // device.
  static Tensor in_frame(int slot, const Tensor& rotations, const Tensor& torsions) {
    const Tensor zero = at::zeros_like(rotations.select(-1, 0).select(-1, 0));
    const auto constant = [&](const std::array<double, 3>& v) {
      return at::stack({zero + v[0], zero + v[1], zero + v[2]}, -1);
    };
    switch (slot) {
      case kN:
        return constant(kIdealN);
      case kCA:
        return constant({0.0, 0.0, 0.0});
      case kC:
        return constant(kIdealC);
      case kCB:
        return constant(kIdealCB);
      default: {
        const Tensor sin = torsions.select(-2, 0).select(-1, 0), cos = torsions.select(-2, 0).select(-1, 1);
        return at::stack({zero + (kIdealC[0] + kIdealO[0]), -kIdealO[1] * cos, -kIdealO[1] * sin}, -1);
      }
    }
  }
};

}  // namespace

const PolymerBackbone& protein_backbone() {
  static const ProteinBackbone backbone;
  return backbone;
}

}  // namespace flashrna
