#include "rna/io/conformers.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <gemmi/model.hpp>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

namespace flashrna {
namespace {

bool has_alternates(const gemmi::Residue& residue) {
  return std::any_of(residue.atoms.begin(), residue.atoms.end(),
                     [](const gemmi::Atom& atom) { return atom.altloc != '\0' && !atom.is_hydrogen(); });
}

// A conformer that preserves more bonds precedes one whose mean occupancy exceeds its own by at most this.
constexpr double kNearlyAsOccupied = 0.2;

constexpr char kAny = '?';

// The atoms called `name` in the conformer `letter`, including atoms without a letter. All atoms of that name if the
// conformer has none.
std::vector<const gemmi::Atom*> atoms_of(const gemmi::Residue& residue, std::string_view name,
                                         std::string_view old_name, char letter) {
  std::vector<const gemmi::Atom*> all, own;
  for (const gemmi::Atom& atom : residue.atoms) {
    if (atom.name != name && atom.name != old_name) continue;
    all.push_back(&atom);
    if (atom.altloc == letter || atom.altloc == '\0') own.push_back(&atom);
  }
  return own.empty() ? all : own;
}

bool may_be_bonded(const LinkAtoms& link, const gemmi::Residue& previous, const gemmi::Residue& next, char letter) {
  const std::vector<const gemmi::Atom*> ends = atoms_of(previous, link.end, link.old_end, letter);
  if (ends.empty()) return false;
  const std::vector<const gemmi::Atom*> starts = atoms_of(next, link.start, link.start, letter);
  for (const gemmi::Atom* end : ends) {
    for (const gemmi::Atom* start : starts) {
      if (end->pos.dist_sq(start->pos) <= link.longest * link.longest) return true;
    }
  }
  return false;
}

struct Conformer {
  char letter;
  double sum = 0.0;  // sum over residues of the mean occupancy
  int bonds = 0;

  long rank() const { return std::lround(1000.0 * sum); }
};

void add(std::vector<Conformer>& conformers, const gemmi::Residue& residue) {
  std::vector<std::pair<char, std::pair<double, int>>> own;
  for (const gemmi::Atom& atom : residue.atoms) {
    if (atom.altloc == '\0' || atom.is_hydrogen()) continue;
    auto entry = std::find_if(own.begin(), own.end(), [&](const auto& known) { return known.first == atom.altloc; });
    if (entry == own.end()) entry = own.insert(entry, {atom.altloc, {0.0, 0}});
    entry->second.first += static_cast<double>(atom.occ);
    ++entry->second.second;
  }
  for (const auto& [letter, occupancy] : own) {
    auto entry = std::find_if(conformers.begin(), conformers.end(),
                              [&, wanted = letter](const Conformer& known) { return known.letter == wanted; });
    if (entry == conformers.end()) entry = conformers.insert(entry, Conformer{letter});
    entry->sum += occupancy.first / occupancy.second;
  }
}

using Residues = std::span<const gemmi::Residue* const>;
using Stretch = std::vector<std::size_t>;  // positions in `residues`, in bonding order

// Stretches of residues that are consecutive in the file.
std::vector<Stretch> stretches_of(Residues residues, const LinkAtoms& link) {
  std::vector<Stretch> stretches;
  for (std::size_t i = 0; i < residues.size(); ++i) {
    if (!has_alternates(*residues[i])) continue;
    const bool goes_on = !stretches.empty() && stretches.back().back() + 1 == i &&
                         may_be_bonded(link, *residues[i - 1], *residues[i], kAny);
    if (!goes_on) stretches.emplace_back();
    stretches.back().push_back(i);
  }
  return stretches;
}

// Appends to each stretch the one whose start is bonded to its end; the appended stretch becomes empty.
void join_ends(Residues residues, const LinkAtoms& link, std::vector<Stretch>& stretches) {
  for (std::size_t from = 0; from < stretches.size(); ++from) {
    // Most stretches are a single water.
    if (stretches[from].empty() || atoms_of(*residues[stretches[from].back()], link.end, link.old_end, kAny).empty()) {
      continue;
    }
    for (std::size_t to = 0; to < stretches.size(); ++to) {
      if (to == from || stretches[to].empty()) continue;
      if (!may_be_bonded(link, *residues[stretches[from].back()], *residues[stretches[to].front()], kAny)) continue;
      stretches[from].insert(stretches[from].end(), stretches[to].begin(), stretches[to].end());
      stretches[to].clear();
      to = static_cast<std::size_t>(-1);  // restart at the first stretch: another may be bonded to the new end
    }
  }
}

// Adjacent pairs in the stretch, and pairs of its residues with those adjacent in the file.
std::set<std::pair<std::size_t, std::size_t>> neighbors_of(const Stretch& stretch, std::size_t n_residues) {
  std::set<std::pair<std::size_t, std::size_t>> pairs;
  for (std::size_t k = 0; k < stretch.size(); ++k) {
    if (k > 0) pairs.emplace(stretch[k - 1], stretch[k]);
    if (stretch[k] > 0) pairs.emplace(stretch[k] - 1, stretch[k]);
    if (stretch[k] + 1 < n_residues) pairs.emplace(stretch[k], stretch[k] + 1);
  }
  return pairs;
}

}  // namespace

std::vector<std::string> conformers_of_stretches(std::span<const gemmi::Residue* const> residues,
                                                 const LinkAtoms& link) {
  std::vector<std::string> letters(residues.size());
  std::vector<Stretch> stretches = stretches_of(residues, link);
  join_ends(residues, link, stretches);
  for (const Stretch& stretch : stretches) {
    if (stretch.empty()) continue;
    std::vector<Conformer> conformers;
    for (const std::size_t i : stretch) add(conformers, *residues[i]);
    const auto neighbors = neighbors_of(stretch, residues.size());
    for (Conformer& conformer : conformers) {
      for (const auto& [one, next] : neighbors) {
        conformer.bonds += may_be_bonded(link, *residues[one], *residues[next], conformer.letter);
      }
    }
    const double highest = std::max_element(conformers.begin(), conformers.end(), [](const auto& a, const auto& b) {
                             return a.sum < b.sum;
                           })->sum;
    const double near = highest - kNearlyAsOccupied * static_cast<double>(stretch.size()) - 1e-6;
    std::stable_sort(conformers.begin(), conformers.end(), [&](const Conformer& a, const Conformer& b) {
      const auto key = [&](const Conformer& c) {
        return std::tuple(c.sum >= near, c.sum >= near ? c.bonds : 0, c.rank());
      };
      return key(a) > key(b);
    });
    std::string order;
    for (const Conformer& conformer : conformers) order += conformer.letter;
    for (const std::size_t i : stretch) letters[i] = order;
  }
  return letters;
}

}  // namespace flashrna
