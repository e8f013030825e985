// A nucleotide: its base, its name in the file, and its heavy atoms in a fixed layout.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "rna/geometry.h"

namespace flashrna {

// Parent base of a nucleotide; N if unknown. The values are stored in HDF5.
enum class Base : std::uint8_t { A = 0, C = 1, G = 2, U = 3, N = 4 };

char base_letter(Base base);  // 'A', 'C', 'G', 'U' or 'N'

// 12 sugar-phosphate atoms, equal for all bases, and up to 11 base atoms whose names depend on the base.
inline constexpr int kAtomSlots = 23;
inline constexpr int kSugarPhosphateAtoms = 12;
// 13 backbone atoms: the 12 above and the ring atom bonded to C1'.
inline constexpr int kBackboneAtoms = 13;

// Slots of the sugar-phosphate atoms. Slot kGlycosidicNitrogen (12) holds the ring atom bonded to C1' (N9 in purines,
// N1 in pyrimidines, C5 in C-nucleosides such as pseudouridine), so that slots 0..12 are the 13 backbone atoms.
enum AtomSlot : int { kP, kOP1, kOP2, kO5, kC5, kC4, kO4, kC3, kO3, kC2, kO2, kC1, kGlycosidicNitrogen };

// Name of the atom in `slot` for `base` (IUPAC, with a prime: "C4'"); empty if the base has no such atom. Base::N has
// names for slots 0..12 only; its slot 12 is "N9".
std::string_view atom_name(Base base, int slot);

// Slot of the atom `name` (IUPAC, with a prime) in a nucleotide of `base`; -1 if it has none.
int atom_slot(Base base, std::string_view name);

struct Nucleotide {
  Base base = Base::N;
  std::string name;  // as in the file: "PSU", "A", ...
  int seq_id = 0;    // author's number
  char insertion_code = ' ';
  int residue_index = 0;                              // rises by 1 to a bonded neighbor, by more across a gap
  int chain_in_structure = 0;                         // index of its chain in an entry of several chains
  float b_factor = 0.0f;                              // mean over the stored atoms, Å²
  std::uint32_t atom_mask = 0;                        // bit s set: slot s is present
  std::array<Vec3, kAtomSlots> atoms = zero_atoms();  // Å; zero where absent

  bool has(int slot) const { return (atom_mask >> slot & 1u) != 0; }
  void set(int slot, const Vec3& position) {
    atoms[slot] = position;
    atom_mask |= 1u << slot;
  }
  // Whether C3', C4' and O4' are present and span a frame (rna/frame.h).
  bool has_frame() const;

  static std::array<Vec3, kAtomSlots> zero_atoms() {
    std::array<Vec3, kAtomSlots> zeros;
    zeros.fill(Vec3::Zero());
    return zeros;
  }
};

// Name of the atom in `slot` of this nucleotide, as files write it. It differs from atom_name(base, slot) only in
// C-nucleosides (such as pseudouridine): their slot 12 holds C5, and their slot of C5 holds N1.
std::string_view atom_name(const Nucleotide& nucleotide, int slot);

}  // namespace flashrna
