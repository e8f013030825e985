// The 20 standard amino acids, and the parents of modified ones by residue name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace flashrna {

// In the order of their letters. The values are stored in HDF5.
enum class AminoAcid : std::uint8_t {
  kAla,
  kCys,
  kAsp,
  kGlu,
  kPhe,
  kGly,
  kHis,
  kIle,
  kLys,
  kLeu,
  kMet,
  kAsn,
  kPro,
  kGln,
  kArg,
  kSer,
  kThr,
  kVal,
  kTrp,
  kTyr,
  kUnknown
};

inline constexpr std::string_view kAminoAcidLetters = "ACDEFGHIKLMNPQRSTVWYX";

constexpr char amino_acid_letter(AminoAcid type) { return kAminoAcidLetters[static_cast<std::size_t>(type)]; }

// kUnknown for every letter but the 20, in either case.
AminoAcid amino_acid_of_letter(char letter);

// "ALA", ..., "UNK".
std::string_view amino_acid_name(AminoAcid type);

struct AminoAcidIdentity {
  bool is_amino_acid = false;
  AminoAcid parent = AminoAcid::kUnknown;
};

// By the residue name: the standard names, those of AMBER and CHARMM for protonation states (HIE, CYX), and the
// modified residues that gemmi tabulates (MSE, SEP, D-amino acids). Selenocysteine is cysteine, pyrrolysine lysine;
// ASX, GLX and UNK are amino acids of unknown type. Names of other cases are looked up in upper case.
AminoAcidIdentity identify_amino_acid(const std::string& name);

// Whether the name denotes an unmodified amino acid in any program: "HIS", "HIE", "His".
bool is_unmodified_amino_acid(const std::string& name);

}  // namespace flashrna
