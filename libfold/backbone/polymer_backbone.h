// What losses, corrections and output need to know of a polymer's backbone: one implementation per polymer,
// rna_backbone and protein_backbone. Numbers that network and flow need: libfold/polymer.h.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <optional>
#include <span>
#include <vector>

#include "datasets/polymer.h"
#include "rna/geometry.h"

namespace flashrna {

// The bond from residue i to i + 1, between the third and the fourth of six successive atoms of the chain: of RNA
// C4' C3' O3' - P O5' C5', of proteins N CA C - N CA C.
struct BackboneLink {
  std::array<int, 6> slots;  // the first three of residue i, the others of residue i + 1
  double length;             // Å, ideal
  double angle_before;       // radians, ideal: at the third atom
  double angle_after;        // radians, ideal: at the fourth atom
  double longest;            // Å; residues farther apart are not bonded
};

// A distance within a residue that varies little in structures, although frame and torsions can change it.
struct RingDistance {
  int slot, other_slot;
  double distance;  // Å
};

// An atom placed from three others: at `outward` Å from `center` along the exterior bisector of the angle
// before-center-after, and `up` Å along (after - center) x (before - center).
struct ApexAtom {
  int slot, before, center, after;
  double outward, up;
};

// How frame and torsions place the atoms: group 0 is the frame, and torsion k turns group k + 1, whose pose is that of
// its parent times to_parent times a turn about x.
struct ResidueGroups {
  std::vector<int> parent;                // by group; parents precede their children, parent[0] = -1
  std::vector<RigidTransform> to_parent;  // to_parent[0] is not used
  std::vector<int> group;                 // by slot; -1 for the apex
  std::vector<Vec3> position;             // by slot, Å, in the group's frame
  std::optional<ApexAtom> apex;
};

class PolymerBackbone {
 public:
  virtual ~PolymerBackbone() = default;

  virtual Polymer polymer() const = 0;
  int torsions() const { return traits_of(polymer()).torsions; }
  virtual int atoms() const = 0;   // slots 0 ... atoms() - 1 are those that a frame and torsions place
  virtual int origin() const = 0;  // the slot at the origin of the frame
  virtual const BackboneLink& link() const = 0;
  virtual std::span<const RingDistance> ring_distances() const { return {}; }  // of polymers with a ring
  std::vector<int> all_slots() const;

  // Slots of the losses on atoms and distances, by their number (losses.atoms). Throws Error for another number.
  virtual std::vector<int> loss_slots(int atoms) const = 0;

  // Positions (Å) of the atoms `slots`, in any order: rotations [..., 3, 3], translations [..., 3] Å, torsions
  // [..., T, 2] (sin, cos) -> [..., slots, 3]. Differentiable.
  virtual at::Tensor place(const at::Tensor& rotations, const at::Tensor& translations, const at::Tensor& torsions,
                           const std::vector<int>& slots) const = 0;
  // The same as tables, for kernels.
  virtual const ResidueGroups& groups() const = 0;
  // Whether all torsions that place an atom are defined: torsion_mask [..., T] bool -> [..., slots] bool.
  virtual at::Tensor placed(const at::Tensor& torsion_mask, const std::vector<int>& slots) const = 0;

  // The distance (Å) at which two atoms of different residues clash: r_a + r_b - 0.6.
  virtual double closest_without_clash(int slot, int other_slot) const = 0;
  // Whether `slot` of a residue is one or two bonds from `next_slot` of the residue bonded after it.
  virtual bool near_by_bonds(int slot, int next_slot) const = 0;
  // C1' and the glycosidic nitrogen, between which pairs are requested (pair_energy.h); none of proteins.
  virtual std::optional<std::array<int, 2>> pair_slots() const { return std::nullopt; }
};

const PolymerBackbone& backbone_of(Polymer polymer);

// The implementations.
const PolymerBackbone& rna_backbone();
const PolymerBackbone& protein_backbone();

}  // namespace flashrna
