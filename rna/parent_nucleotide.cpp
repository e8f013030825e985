#include "rna/parent_nucleotide.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <gemmi/resinfo.hpp>

#include "base/letter_case.h"

namespace flashrna {
namespace {

struct KnownName {
  std::string_view name;
  Base base;
  bool often_ligand = false;
  bool is_mirror = false;
};

// RNA names that gemmi's table lacks or lists as ligands only, sorted. For names not listed, the parent follows from
// the base atoms present. The table therefore needs only names whose atoms are ambiguous or often incomplete.
constexpr auto kRnaNames = std::to_array<KnownName>({
    {"0A", Base::A, false, true},
    {"0C", Base::C, false, true},
    {"0G", Base::G, false, true},
    {"0U", Base::U, false, true},
    {"12A", Base::A},
    {"1SC", Base::C},
    {"23G", Base::G},
    {"2AU", Base::U},
    {"574", Base::A},
    {"5FU", Base::U},
    {"5IU", Base::U},
    {"5MC", Base::C},
    {"70U", Base::U},
    {"A23", Base::A},
    {"A2M", Base::A},
    {"A3", Base::A, true},
    {"A44", Base::A},
    {"A5", Base::A, true},
    {"A5M", Base::C},
    {"ADE", Base::A, true},
    {"ADP", Base::A, true},
    {"AET", Base::A},
    {"AMP", Base::A, true},
    {"AN", Base::A, true},
    {"ANP", Base::A, true},
    {"ATP", Base::A, true},
    {"AVC", Base::A},
    {"B8N", Base::U},
    {"C3", Base::C, true},
    {"C43", Base::C},
    {"C5", Base::C, true},
    {"CBV", Base::C},
    {"CDP", Base::C, true},
    {"CN", Base::C, true},
    {"CTP", Base::C, true},
    {"CYT", Base::C, true},
    {"DHU", Base::U},
    {"FHU", Base::U},
    {"FMU", Base::U},
    {"G3", Base::G, true},
    {"G46", Base::G},
    {"G48", Base::G},
    {"G5", Base::G, true},
    {"G7M", Base::G},
    {"GDP", Base::G, true},
    {"GMP", Base::G, true},
    {"GN", Base::G, true},
    {"GNP", Base::G, true},
    {"GTP", Base::G, true},
    {"GUA", Base::G, true},
    {"IU", Base::U},
    {"MAD", Base::A},
    {"MGT", Base::G, true},
    {"PGP", Base::G},
    {"QUO", Base::G},
    {"RA", Base::A},
    {"RA3", Base::A},
    {"RA5", Base::A},
    {"RAN", Base::A, true},
    {"RC", Base::C},
    {"RC3", Base::C},
    {"RC5", Base::C},
    {"RCN", Base::C, true},
    {"RG", Base::G},
    {"RG3", Base::G},
    {"RG5", Base::G},
    {"RGN", Base::G, true},
    {"RIA", Base::A},
    {"RU", Base::U},
    {"RU3", Base::U},
    {"RU5", Base::U},
    {"RUN", Base::U, true},
    {"S4U", Base::U},
    {"T6A", Base::A},
    {"U3", Base::U, true},
    {"U37", Base::U},
    {"U5", Base::U, true},
    {"U8U", Base::U},
    {"UDP", Base::U, true},
    {"UN", Base::U, true},
    {"URA", Base::U, true},
    {"URI", Base::U, true},
    {"UTP", Base::U, true},
    {"YG", Base::G},
    {"YYG", Base::G},
});
static_assert(std::is_sorted(kRnaNames.begin(), kRnaNames.end(),
                             [](const KnownName& a, const KnownName& b) { return a.name < b.name; }));

Base base_of_letter(char letter) {
  switch (std::toupper(static_cast<unsigned char>(letter))) {
    case 'A':
      return Base::A;
    case 'C':
      return Base::C;
    case 'G':
    case 'I':
      return Base::G;  // inosine is guanosine without its amino group
    case 'U':
      return Base::U;
    default:
      return Base::N;
  }
}

}  // namespace

namespace {

ResidueIdentity identify_exactly(const std::string& name) {
  if (name == "N") return {ResidueKind::kRna, Base::N};
  // gemmi knows CCC (a cytidine bisphosphate at 3' ends) but lists our other names as unknown or as ligands.
  const auto known = std::lower_bound(kRnaNames.begin(), kRnaNames.end(), std::string_view(name),
                                      [](const KnownName& entry, std::string_view key) { return entry.name < key; });
  if (known != kRnaNames.end() && known->name == name) {
    return {ResidueKind::kRna, known->base, known->often_ligand, known->is_mirror};
  }
  const gemmi::ResidueInfo info = gemmi::find_tabulated_residue(name);
  if (info.is_rna()) return {ResidueKind::kRna, base_of_letter(info.one_letter_code)};
  if (info.is_dna()) return {ResidueKind::kDna};
  if (info.is_amino_acid()) return {ResidueKind::kAminoAcid};
  if (info.is_water()) return {ResidueKind::kWater};
  return {};
}

}  // namespace

ResidueIdentity identify_residue(const std::string& name) {
  const ResidueIdentity identity = identify_exactly(name);
  const std::string upper = to_upper(name);
  return identity.kind == ResidueKind::kUnknown && upper != name ? identify_exactly(upper) : identity;
}

bool is_unmodified_name(std::string_view name) {
  std::string upper = to_upper(name);
  if (upper == "ADE" || upper == "CYT" || upper == "GUA" || upper == "URA" || upper == "URI") return true;
  if (upper.size() > 1 && upper[0] == 'R') upper.erase(0, 1);  // AMBER, Rosetta
  if (upper.size() == 2 && std::string_view("35N").find(upper[1]) != std::string_view::npos) upper.pop_back();  // ends
  return upper == "A" || upper == "C" || upper == "G" || upper == "U";
}

bool is_c_nucleoside(std::string_view name) {
  return name == "PSU" || name == "FHU" || name == "B8N" || name == "3TD" || name == "P1P" || name == "PYO";
}

}  // namespace flashrna
