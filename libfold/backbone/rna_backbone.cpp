// The backbone of RNA: the 13 backbone atoms of a nucleotide (rna/nucleotide.h).
#include <cmath>

#include "base/error.h"
#include "libfold/backbone/backbone_atoms.h"
#include "libfold/backbone/link_geometry.h"
#include "libfold/backbone/polymer_backbone.h"
#include "rna/measure/clashes.h"
#include "rna/residue_index.h"

namespace flashrna {
namespace {

using at::Tensor;

// C2' and C1' are placed by a torsion each. These bonds and angles (as distances over two bonds) close the ribose and
// attach O3' and the base to it: means over C3'-endo and C2'-endo (Gelbin et al. 1996, doi:10.1021/ja9528846).
constexpr std::array<RingDistance, 5> kRiboseDistances = {
    {{kC1, kC2, 1.528}, {kC1, kC3, 2.36}, {kO4, kC2, 2.36}, {kO3, kC2, 2.44}, {kGlycosidicNitrogen, kC2, 2.50}}};

ResidueGroups make_rna_groups() {
  const BackboneGeometry& geometry = ideal_backbone_geometry();
  return {{geometry.parent.begin(), geometry.parent.end()},
          {geometry.to_parent.begin(), geometry.to_parent.end()},
          {geometry.group.begin(), geometry.group.end()},
          {geometry.position.begin(), geometry.position.end()},
          ApexAtom{kO2, kC1, kC2, kC3, kO2BondLength * std::cos(kO2Elevation), kO2BondLength * std::sin(kO2Elevation)}};
}

class RnaBackbone final : public PolymerBackbone {
 public:
  Polymer polymer() const override { return Polymer::kRna; }
  int atoms() const override { return kBackboneAtoms; }
  int origin() const override { return kC4; }

  const BackboneLink& link() const override {
    static const BackboneLink link = {
        {kC4, kC3, kO3, kP, kO5, kC5}, kO3PBondLength, kC3O3PAngle, kO3PO5Angle, kLongestO3P};
    return link;
  }

  std::span<const RingDistance> ring_distances() const override { return kRiboseDistances; }

  std::vector<int> loss_slots(int atoms) const override {
    switch (atoms) {
      case 3:
        return {kC3, kC4, kO4};
      case 6:
        return {kC3, kC4, kO4, kC1, kO3, kP};
      case 10:
        return {kC3, kC4, kO4, kC1, kC5, kO3, kP, kOP1, kOP2, kGlycosidicNitrogen};
      case 13:
        return all_slots();
      default:
        fail("losses of {} atoms per residue: must be 3, 6, 10 or 13", atoms);
    }
  }

  Tensor place(const Tensor& rotations, const Tensor& translations, const Tensor& torsions,
               const std::vector<int>& slots) const override {
    return backbone_atoms(rotations, translations, torsions, slots);
  }
  const ResidueGroups& groups() const override {
    static const ResidueGroups groups = make_rna_groups();
    return groups;
  }
  Tensor placed(const Tensor& torsion_mask, const std::vector<int>& slots) const override {
    return backbone_atom_mask(torsion_mask, slots);
  }

  double closest_without_clash(int slot, int other_slot) const override {
    return flashrna::closest_without_clash(slot, other_slot);
  }
  bool near_by_bonds(int slot, int next_slot) const override { return flashrna::near_by_bonds(slot, next_slot); }
  std::optional<std::array<int, 2>> pair_slots() const override { return {{kC1, kGlycosidicNitrogen}}; }
};

}  // namespace

const PolymerBackbone& rna_backbone() {
  static const RnaBackbone backbone;
  return backbone;
}

}  // namespace flashrna
