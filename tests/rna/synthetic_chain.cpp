#include "tests/rna/synthetic_chain.h"

#include <Eigen/Geometry>
#include <cmath>

#include "rna/backbone.h"

namespace flashrna {
namespace {

Base base_of(char letter) {
  constexpr std::string_view kLetters = "ACGU";
  const std::size_t found = kLetters.find(letter);
  return found == std::string_view::npos ? Base::N : static_cast<Base>(found);
}

std::array<std::array<double, 2>, kTorsions> some_torsions(int residue) {
  std::array<std::array<double, 2>, kTorsions> sin_cos;
  for (int k = 0; k < kTorsions; ++k) {
    const double angle = -2.5 + 0.7 * k + 0.05 * residue;
    sin_cos[k] = {std::sin(angle), std::cos(angle)};
  }
  return sin_cos;
}

}  // namespace

Chain synthetic_chain(const std::string& id, const std::string& sequence) {
  Chain chain;
  chain.id = id;
  Vec3 next_phosphate(3.0, -7.0, 11.0);
  for (std::size_t i = 0; i < sequence.size(); ++i) {
    Nucleotide nucleotide;
    nucleotide.base = base_of(sequence[i]);
    nucleotide.name = std::string(1, sequence[i]);
    nucleotide.seq_id = static_cast<int>(i) + 1;
    nucleotide.residue_index = static_cast<int>(i);
    nucleotide.b_factor = 20.0f + static_cast<float>(i % 50);
    RigidTransform frame;
    frame.rotation = Eigen::AngleAxisd(0.57 * static_cast<double>(i), Vec3(0.1, 0.2, 0.97).normalized());
    const auto sin_cos = some_torsions(static_cast<int>(i % 20));
    frame.translation = next_phosphate - rebuild_backbone(frame, sin_cos)[kP];
    const auto backbone = rebuild_backbone(frame, sin_cos);
    for (int slot = 0; slot < kBackboneAtoms; ++slot) nucleotide.set(slot, backbone[slot]);
    const Vec3 outward = (backbone[kGlycosidicNitrogen] - backbone[kC1]).normalized();
    for (int slot = kBackboneAtoms; slot < kAtomSlots && !atom_name(nucleotide.base, slot).empty(); ++slot) {
      const double step = 1.3 * (slot - kBackboneAtoms + 1);
      nucleotide.set(slot, backbone[kGlycosidicNitrogen] + step * outward);
    }
    next_phosphate = backbone[kO3] + Vec3(0.0, 0.0, 1.6);
    chain.nucleotides.push_back(nucleotide);
  }
  return chain;
}

void modify(Chain& chain, int position, const std::string& name) {
  chain.nucleotides[static_cast<std::size_t>(position)].name = name;
  ++chain.n_modified;
}

}  // namespace flashrna
