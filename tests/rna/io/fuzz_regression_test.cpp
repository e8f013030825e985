// Every input for which the fuzzer found a fault: must be read or rejected with Error.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/error.h"
#include "rna/io/structure_reader.h"
#include "rna/io/structure_writer.h"
#include "rna/residue_index.h"
#include "tests/fuzz/structure_input.h"
#include "tests/rna/synthetic_chain.h"

namespace flashrna {
namespace {

TEST(FuzzRegression, EveryFindingIsReadOrRefused) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(FLASHRNA_TEST_DATA "/fuzz")) files.push_back(entry);
  ASSERT_FALSE(files.empty());
  std::sort(files.begin(), files.end());
  for (const std::filesystem::path& file : files) {
    std::ifstream stream(file, std::ios::binary);
    const std::string input{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
    try {
      read_structure_input(input);
    } catch (const Error&) {  // rejected
    } catch (const std::exception& error) {
      ADD_FAILURE() << file.filename() << ": " << error.what();
    }
  }
}

TEST(FuzzRegression, ABaseThatHangsNowhereFillsNoSlotsWithoutAName) {
  Structure structure;
  structure.chains = {synthetic_chain("A", "U")};
  structure.chains[0].nucleotides[0].atoms[kGlycosidicNitrogen] += Vec3(5, 0, 0);
  const Structure back = read_structure_from_memory(to_mmcif(structure), "loose.cif");
  const std::uint32_t mask = back.chains.at(0).nucleotides.at(0).atom_mask;
  EXPECT_EQ(mask, structure.chains[0].nucleotides[0].atom_mask & ~(1u << kGlycosidicNitrogen));
}

TEST(FuzzRegression, ResidueIndexRisesWhateverTheNumbersInTheFile) {
  Structure structure;
  structure.chains = {synthetic_chain("A", "GACU")};
  std::vector<Nucleotide>& nucleotides = structure.chains[0].nucleotides;
  for (int i = 0; i < 4; ++i) {
    for (Vec3& atom : nucleotides[i].atoms) atom += Vec3(100.0 * i, 0, 0);
    nucleotides[i].seq_id = i % 2 == 0 ? -999'999'999 : 999'999'999;
  }
  const std::vector<PolymerPosition> positions = {{0, 0}, {1, 2'147'483'647}, {2, 1}, {3, 2'147'483'647}};
  assign_residue_indices(nucleotides, positions);
  std::vector<int> indices;
  for (const Nucleotide& nucleotide : nucleotides) indices.push_back(nucleotide.residue_index);
  EXPECT_EQ(indices, (std::vector<int>{0, 333'333'333, 333'333'335, 1'000'000'000}));
}

}  // namespace
}  // namespace flashrna
