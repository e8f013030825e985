#include "rna/pairs/refined_base_pairs.h"

#include <array>
#include <set>
#include <string_view>
#include <utility>

#include "rna/pairs/base_pairs.h"
#include "rna/parent_nucleotide.h"

namespace flashrna {
namespace {

constexpr std::array<HydrogenBond, 3> kGuanineCytosine = {{{"N1", "N3", 2.93}, {"N2", "O2", 2.87}, {"O6", "N4", 2.95}}};
constexpr std::array<HydrogenBond, 2> kAdenineUracil = {{{"N1", "N3", 2.88}, {"N6", "O4", 2.98}}};
constexpr std::array<HydrogenBond, 2> kGuanineUracil = {{{"N1", "O2", 2.93}, {"O6", "N3", 2.93}}};

constexpr std::size_t kMostBonds = 3;

// Limits on C1' and N within which two hydrogen bonds make a canonical pair.
constexpr BasePairLimits kWideLimits{8.0, 10.3, 9.4, 12.3, 28.0, 82.0, 50.0};

// Null if the atom is missing. In pseudouridine and similar bases, attached by C5 and turned about N3, O2 takes the
// position that O4 has in uridine.
const Vec3* find_atom(const Nucleotide& nucleotide, std::string_view name) {
  if (nucleotide.base == Base::U && is_c_nucleoside(nucleotide.name)) {
    if (name == "O2") {
      name = "O4";
    } else if (name == "O4") {
      name = "O2";
    }
  }
  const int slot = atom_slot(nucleotide.base, name);
  return slot >= 0 && nucleotide.has(slot) ? &nucleotide.atoms[static_cast<std::size_t>(slot)] : nullptr;
}

// Whether all atoms of a base with known letter are present.
bool has_whole_base(const Nucleotide& nucleotide) {
  if (nucleotide.base == Base::N) return false;
  for (int slot = kGlycosidicNitrogen; slot < kAtomSlots && !atom_name(nucleotide.base, slot).empty(); ++slot) {
    if (!nucleotide.has(slot)) return false;
  }
  return true;
}

EdgeBonds count_bonds(std::span<const HydrogenBond> possible, const Nucleotide& one, const Nucleotide& other) {
  EdgeBonds bonds;
  for (const HydrogenBond& bond : possible) {
    const Vec3 *a = find_atom(one, bond.atom), *b = find_atom(other, bond.other_atom);
    if (a == nullptr || b == nullptr) return {};
    ++bonds.possible;
    bonds.formed += (*a - *b).norm() <= kLongestHydrogenBond;
  }
  return bonds;
}

}  // namespace

std::span<const HydrogenBond> hydrogen_bonds(Base one, Base other) {
  if (one == Base::G && other == Base::C) return kGuanineCytosine;
  if (one == Base::A && other == Base::U) return kAdenineUracil;
  if (one == Base::G && other == Base::U) return kGuanineUracil;
  return {};
}

EdgeBonds watson_crick_bonds(const Nucleotide& one, const Nucleotide& other) {
  if (const auto bonds = hydrogen_bonds(one.base, other.base); !bonds.empty()) return count_bonds(bonds, one, other);
  return count_bonds(hydrogen_bonds(other.base, one.base), other, one);
}

std::vector<int> refine_base_pairs(std::span<const Nucleotide> nucleotides) {
  const std::vector<BasePairCandidate> usual = find_base_pair_candidates(nucleotides).pairs;
  std::set<std::pair<int, int>> is_usual;
  for (const BasePairCandidate& candidate : usual) is_usual.emplace(candidate.i, candidate.j);

  // By number of hydrogen bonds, from none to three; each sorted from the best score.
  std::array<std::vector<BasePairCandidate>, kMostBonds + 1> of_bonds;
  for (const BasePairCandidate& candidate : find_base_pair_candidates(nucleotides, kWideLimits).pairs) {
    const Nucleotide &one = nucleotides[candidate.i], &other = nucleotides[candidate.j];
    const EdgeBonds bonds = watson_crick_bonds(one, other);
    const bool unknown = bonds.possible == 0 && !(has_whole_base(one) && has_whole_base(other));
    const bool usual_place = is_usual.contains({candidate.i, candidate.j});
    const bool pairs = bonds.formed >= 2 || (usual_place && (bonds.formed == 1 || unknown));
    if (pairs) of_bonds[static_cast<std::size_t>(bonds.formed)].push_back(candidate);
  }
  std::vector<BasePairCandidate> candidates;
  for (auto group = of_bonds.rbegin(); group != of_bonds.rend(); ++group)
    candidates.insert(candidates.end(), group->begin(), group->end());
  return choose_partners(candidates, static_cast<int>(nucleotides.size()));
}

}  // namespace flashrna
