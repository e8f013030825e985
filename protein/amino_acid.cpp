#include "protein/amino_acid.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <gemmi/resinfo.hpp>

#include "base/letter_case.h"

namespace flashrna {
namespace {

constexpr std::array<std::string_view, 21> kNames = {"ALA", "CYS", "ASP", "GLU", "PHE", "GLY", "HIS",
                                                     "ILE", "LYS", "LEU", "MET", "ASN", "PRO", "GLN",
                                                     "ARG", "SER", "THR", "VAL", "TRP", "TYR", "UNK"};

struct OtherName {
  std::string_view name;
  AminoAcid type;
};

// Protonation states and disulfides in AMBER, CHARMM, GROMACS and Rosetta.
constexpr auto kOtherNames = std::to_array<OtherName>({
    {"ARN", AminoAcid::kArg},  {"ASH", AminoAcid::kAsp},  {"ASPP", AminoAcid::kAsp}, {"CYM", AminoAcid::kCys},
    {"CYX", AminoAcid::kCys},  {"CYZ", AminoAcid::kCys},  {"GLH", AminoAcid::kGlu},  {"GLUP", AminoAcid::kGlu},
    {"HID", AminoAcid::kHis},  {"HIE", AminoAcid::kHis},  {"HIP", AminoAcid::kHis},  {"HISD", AminoAcid::kHis},
    {"HISE", AminoAcid::kHis}, {"HISH", AminoAcid::kHis}, {"HSD", AminoAcid::kHis},  {"HSE", AminoAcid::kHis},
    {"HSP", AminoAcid::kHis},  {"LYN", AminoAcid::kLys},  {"TYM", AminoAcid::kTyr},
});

const OtherName* find_other(std::string_view name) {
  const auto found = std::ranges::find(kOtherNames, name, &OtherName::name);
  return found == kOtherNames.end() ? nullptr : &*found;
}

// Parents of the two amino acids beyond the 20 that have letters.
AminoAcid parent_of_letter(char letter) {
  if (letter == 'U') return AminoAcid::kCys;
  if (letter == 'O') return AminoAcid::kLys;
  return amino_acid_of_letter(letter);
}

}  // namespace

AminoAcid amino_acid_of_letter(char letter) {
  const auto upper = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  const std::size_t place = kAminoAcidLetters.find(upper);
  return place == std::string_view::npos ? AminoAcid::kUnknown : static_cast<AminoAcid>(place);
}

std::string_view amino_acid_name(AminoAcid type) { return kNames[static_cast<std::size_t>(type)]; }

AminoAcidIdentity identify_amino_acid(const std::string& name) {
  const std::string upper = to_upper(name);
  if (const OtherName* other = find_other(upper)) return {true, other->type};
  const gemmi::ResidueInfo info = gemmi::find_tabulated_residue(upper);
  if (!info.is_amino_acid()) return {};
  // Lower-case letters mark modified residues. SEC and PYL have 'U' and 'O'.
  return {true, parent_of_letter(static_cast<char>(std::toupper(static_cast<unsigned char>(info.one_letter_code))))};
}

bool is_unmodified_amino_acid(const std::string& name) {
  const std::string upper = to_upper(name);
  const bool is_named = std::ranges::find(kNames.begin(), kNames.end() - 1, upper) != kNames.end() - 1;
  return is_named || find_other(upper) != nullptr;
}

}  // namespace flashrna
