#include "rna/chi.h"

#include "rna/frame.h"
#include "rna/ideal_bases.h"
#include "rna/parent_nucleotide.h"
#include "rna/torsion.h"

namespace flashrna {

std::optional<std::array<double, 2>> chi_of(const Nucleotide& nucleotide) {
  if (nucleotide.base == Base::N) return std::nullopt;
  const bool by_c5 = nucleotide.base == Base::U && is_c_nucleoside(nucleotide.name);
  const int last = by_c5 ? atom_slot(Base::U, "C4") : chi_slot(nucleotide.base);
  for (int slot : {static_cast<int>(kO4), static_cast<int>(kC1), static_cast<int>(kGlycosidicNitrogen), last})
    if (!nucleotide.has(slot)) return std::nullopt;
  const auto& atoms = nucleotide.atoms;
  const Vec3 &o4 = atoms[kO4], &c1 = atoms[kC1], &n = atoms[kGlycosidicNitrogen], &c = atoms[last];
  if (!spans_frame(o4, c1, n) || !spans_frame(c, n, c1)) return std::nullopt;
  return dihedral_sin_cos(o4, c1, n, c);
}

}  // namespace flashrna
