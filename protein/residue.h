// A residue of a protein: its type, its name in the file, and the atoms of its backbone and CB.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "protein/amino_acid.h"
#include "rna/geometry.h"

namespace flashrna {

inline constexpr int kProteinAtomSlots = 5;

enum ProteinAtomSlot : int { kN, kCA, kC, kCB, kO };

inline constexpr std::array<std::string_view, kProteinAtomSlots> kProteinAtomNames = {"N", "CA", "C", "CB", "O"};

struct ProteinResidue {
  AminoAcid type = AminoAcid::kUnknown;
  std::string name;  // as in the file: "MSE", "ALA", ...
  int seq_id = 0;    // author's number
  char insertion_code = ' ';
  int residue_index = 0;                                     // rises by 1 to a bonded neighbor, by more across a gap
  int chain_in_structure = 0;                                // index of its chain in an entry of several chains
  float b_factor = 0.0f;                                     // mean over the stored atoms, Å²
  std::uint32_t atom_mask = 0;                               // bit s set: slot s is present
  std::array<Vec3, kProteinAtomSlots> atoms = zero_atoms();  // Å; zero where absent

  bool has(int slot) const { return (atom_mask >> slot & 1u) != 0; }
  void set(int slot, const Vec3& position) {
    atoms[static_cast<std::size_t>(slot)] = position;
    atom_mask |= 1u << slot;
  }
  const Vec3& atom(int slot) const { return atoms[static_cast<std::size_t>(slot)]; }
  // Whether N, CA and C are present and span a frame (protein/backbone.h).
  bool has_frame() const;

  static std::array<Vec3, kProteinAtomSlots> zero_atoms() {
    std::array<Vec3, kProteinAtomSlots> zeros;
    zeros.fill(Vec3::Zero());
    return zeros;
  }
};

}  // namespace flashrna
