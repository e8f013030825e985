#include "tests/fuzz/structure_input.h"

#include <array>
#include <stdexcept>
#include <string>

#include "base/error.h"
#include "rna/frame.h"
#include "rna/io/structure_reader.h"
#include "rna/io/structure_writer.h"
#include "rna/torsion.h"

namespace flashrna {
namespace {

// Small, so that a decompression bomb is detected quickly.
constexpr std::uint64_t kMaxBytes = 8 << 20;
constexpr std::array<const char*, 4> kNames = {"input.pdb", "input.cif", "input.pdb.gz", "input.cif.gz"};

void require(bool holds, const char* promise) {
  if (!holds) throw std::logic_error(promise);
}

void check(const Chain& chain) {
  require(!chain.nucleotides.empty(), "a chain has nucleotides");
  for (std::size_t i = 0; i < chain.nucleotides.size(); ++i) {
    const Nucleotide& nucleotide = chain.nucleotides[i];
    require(nucleotide.has_frame(), "a nucleotide has a frame");
    for (int slot = 0; slot < 32; ++slot) {
      const bool is_named = slot < kAtomSlots && !atom_name(nucleotide, slot).empty();
      require(is_named || (nucleotide.atom_mask >> slot & 1u) == 0, "an atom is one of its base");
    }
    require(i == 0 || nucleotide.residue_index > chain.nucleotides[i - 1].residue_index, "residue_index rises");
    frame_of(nucleotide);
    torsions_of(nucleotide);
  }
}

}  // namespace

void read_structure_input(std::string_view input) {
  if (input.empty()) return;
  const unsigned choice = static_cast<unsigned char>(input[0]);
  const ReadOptions options = {.model = 1 + static_cast<int>(choice >> 2 & 3), .max_bytes = kMaxBytes};
  const Structure structure =
      read_structure_from_memory(input.substr(1), (choice & 16) != 0 ? "input.bcif" : kNames[choice & 3], options);
  for (const Chain& chain : structure.chains) check(chain);
  const std::string mmcif = to_mmcif(structure);
  try {
    to_pdb(structure);
  } catch (const Error&) {  // the format cannot represent it
  }
  if (structure.chains.empty()) return;
  try {
    read_structure_from_memory(mmcif, "written.cif");
  } catch (const Error& error) {
    throw std::logic_error(std::string("what is written can be read: ") + error.what());
  }
}

}  // namespace flashrna
