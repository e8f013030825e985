#include "rna/ideal_bases.h"

#include <utility>
#include <vector>

#include "base/error.h"
#include "rna/parent_nucleotide.h"
#include "rna/superposition.h"

namespace flashrna {
namespace {

// All atoms lie in the plane z = 0; the published coordinates deviate from it by at most 0.001 Å.
struct Planar {
  double x, y;
};

IdealBase make_base(const Planar& c1, std::initializer_list<Planar> base_atoms) {
  IdealBase base{{c1.x, c1.y, 0.0}, Nucleotide::zero_atoms()};
  int slot = kGlycosidicNitrogen;
  for (const Planar& atom : base_atoms) base.atoms[slot++] = Vec3(atom.x, atom.y, 0.0);
  return base;
}

// Base atoms in the order of their slots (atom_name).
std::array<IdealBase, 4> make_bases() {
  return {{
      make_base({-2.479, 5.346},     // A: C1'
                {{-1.291, 4.498},    // N9
                 {0.024, 4.897},     // C8
                 {0.877, 3.902},     // N7
                 {0.071, 2.771},     // C5
                 {0.369, 1.398},     // C6
                 {1.611, 0.909},     // N6
                 {-0.668, 0.532},    // N1
                 {-1.912, 1.023},    // C2
                 {-2.320, 2.290},    // N3
                 {-1.267, 3.124}}),  // C4
      make_base({-2.477, 5.402},     // C: C1'
                {{-1.285, 4.542},    // N1
                 {-1.472, 3.158},    // C2
                 {-2.628, 2.709},    // O2
                 {-0.391, 2.344},    // N3
                 {0.837, 2.868},     // C4
                 {1.875, 2.027},     // N4
                 {1.056, 4.275},     // C5
                 {-0.023, 5.068}}),  // C6
      make_base({-2.477, 5.399},     // G: C1'
                {{-1.289, 4.551},    // N9
                 {0.023, 4.962},     // C8
                 {0.870, 3.969},     // N7
                 {0.071, 2.833},     // C5
                 {0.424, 1.460},     // C6
                 {1.554, 0.955},     // O6
                 {-0.700, 0.641},    // N1
                 {-1.999, 1.087},    // C2
                 {-2.949, 0.139},    // N2
                 {-2.342, 2.364},    // N3
                 {-1.265, 3.177}}),  // C4
      make_base({-2.481, 5.354},     // U: C1'
                {{-1.284, 4.500},    // N1
                 {-1.462, 3.131},    // C2
                 {-2.563, 2.608},    // O2
                 {-0.302, 2.397},    // N3
                 {0.989, 2.884},     // C4
                 {1.935, 2.094},     // O4
                 {1.089, 4.311},     // C5
                 {-0.024, 5.053}}),  // C6
  }};
}

// N9 C8 N7 C5 C6 N1 C2 N3 C4 of A; G has O6 and N2 between them.
constexpr std::array<int, 9> kRingOfA = {12, 13, 14, 15, 16, 18, 19, 20, 21};
constexpr std::array<int, 9> kRingOfG = {12, 13, 14, 15, 16, 18, 19, 21, 22};
// N1 C2 N3 C4 C5 C6.
constexpr std::array<int, 6> kRingOfPyrimidines = {12, 13, 15, 16, 18, 19};

}  // namespace

const IdealBase& ideal_base(Base base) {
  static const std::array<IdealBase, 4> bases = make_bases();
  if (base == Base::N) fail("ideal geometry of a base: residue N has none; give A, C, G or U");
  return bases[static_cast<std::size_t>(base)];
}

std::span<const int> ring_slots(Base base) {
  switch (base) {
    case Base::A:
      return kRingOfA;
    case Base::G:
      return kRingOfG;
    case Base::C:
    case Base::U:
      return kRingOfPyrimidines;
    case Base::N:
      break;
  }
  return {};
}

int chi_slot(Base base) {
  if (base == Base::N) fail("torsion chi: residue N has no base atoms; give A, C, G or U");
  return atom_slot(base, base == Base::A || base == Base::G ? "C4" : "C2");
}

std::optional<RigidTransform> base_frame(const Nucleotide& nucleotide) {
  if (nucleotide.base == Base::N) return std::nullopt;
  const IdealBase& ideal = ideal_base(nucleotide.base);
  const bool turned = nucleotide.base == Base::U && is_c_nucleoside(nucleotide.name);
  const int c2 = atom_slot(Base::U, "C2"), c4 = atom_slot(Base::U, "C4");
  std::vector<Vec3> from, to;
  for (int slot : ring_slots(nucleotide.base)) {
    const int stored = !turned ? slot : slot == c2 ? c4 : slot == c4 ? c2 : slot;
    if (!nucleotide.has(stored)) return std::nullopt;
    from.push_back(ideal.atoms[slot]);
    to.push_back(nucleotide.atoms[stored]);
  }
  return superpose(from, to).motion;
}

}  // namespace flashrna
