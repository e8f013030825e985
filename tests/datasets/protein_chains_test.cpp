// The protein chains of the real structures, against what gemmi's Python module and numpy find in the same files
// (tests/data/golden/protein_chains.py).
#include <gtest/gtest.h>

#include <cmath>
#include <iostream>
#include <map>
#include <set>

#include "base/median.h"
#include "base/sha256.h"
#include "datasets/protein_rows.h"
#include "protein/backbone.h"
#include "protein/io/structure_reader.h"
#include "tests/datasets/real_files.h"
#include "tests/support/csv_table.h"
#include "tests/support/shared_data.h"

namespace flashrna {
namespace {

// Where the two readers differ, with the reason. The script takes every amino acid of a chain; these have substrates of
// an enzyme under the identifier of its chain: tryptophan, leucine, phosphoserine.
const std::map<std::pair<std::string, std::string>, int> kSubstrates = {{{"train/2AZX.pdb", "A"}, 2},
                                                                        {{"train/2AZX.pdb", "F"}, 2},
                                                                        {{"train/2BTE.pdb", "A"}, 1},
                                                                        {{"train/2DU3.pdb", "A"}, 2},
                                                                        {{"train/2DU3.pdb", "E"}, 2}};
// Chains after the first END of a file, where gemmi stops reading.
const std::set<std::pair<std::string, std::string>> kAfterEnd = {{"train/TT_DomainA.pdb", "E"},
                                                                 {"train/TT_DomainA.pdb", "L"}};

struct FoundChain {
  int residues = 0, breaks = 0;
  std::string sequence;
  double rg = 0.0, psi_sin = 0.0, psi_cos = 0.0, phi_sin = 0.0, phi_cos = 0.0;
};

FoundChain describe(const ProteinChain& chain) {
  FoundChain found;
  found.residues = static_cast<int>(chain.residues.size());
  found.breaks = chain.n_breaks();
  found.sequence = sha256_hex(chain.sequence()).substr(0, 12);
  std::vector<Vec3> ca;
  int psis = 0, phis = 0;
  for (std::size_t i = 0; i < chain.residues.size(); ++i) {
    const ProteinResidue& residue = chain.residues[i];
    ca.push_back(residue.atom(kCA));
    if (const auto psi = psi_of(residue)) {
      found.psi_sin += (*psi)[0];
      found.psi_cos += (*psi)[1];
      ++psis;
    }
    if (i == 0 || residue.residue_index != chain.residues[i - 1].residue_index + 1) continue;
    const double phi = dihedral(chain.residues[i - 1].atom(kC), residue.atom(kN), residue.atom(kCA), residue.atom(kC));
    found.phi_sin += std::sin(phi);
    found.phi_cos += std::cos(phi);
    ++phis;
  }
  found.psi_sin /= psis;
  found.psi_cos /= psis;
  found.phi_sin /= phis;
  found.phi_cos /= phis;
  found.rg = radius_of_gyration(ca);
  return found;
}

// Distances of the rebuilt atoms from those of the files.
struct Rebuilt {
  std::vector<double> backbone, oxygen, cb;

  void add(const ProteinResidue& residue) {
    const ProteinResidue rebuilt = rebuild_residue(residue);
    const auto off = [&](int slot) { return (rebuilt.atom(slot) - residue.atom(slot)).norm(); };
    for (const int slot : {kN, kC}) backbone.push_back(off(slot));  // CA is the origin of the frame
    if (residue.has(kO)) oxygen.push_back(off(kO));
    if (residue.has(kCB) && rebuilt.has(kCB)) cb.push_back(off(kCB));
  }
};

TEST(ProteinChains, CountsSequencesAndTorsionsAreThoseOfAnIndependentReader) {
  FLASHRNA_REQUIRE_SHARED(archive, "structures/train.tar.xz");
  std::map<std::pair<std::string, std::string>, CsvRow> expected;
  for (const CsvRow& row : read_csv(std::string(FLASHRNA_TEST_DATA) + "/golden/protein_chains.csv")) {
    expected.emplace(std::pair(row.text("file"), row.text("chain")), row);
  }
  ASSERT_EQ(expected.size(), 223u);
  Rebuilt rebuilt;
  int chains = 0, exact = 0;
  for_each_real_file(shared_path("structures"), [&](const std::string& name, const std::string& bytes) {
    if (!name.starts_with("train/")) return;
    for (const ProteinChain& chain : read_protein_from_memory(bytes, name).chains) {
      SCOPED_TRACE(name + " " + chain.id);
      ++chains;
      for (const ProteinResidue& residue : chain.residues) rebuilt.add(residue);
      const auto row = expected.find({name, chain.id});
      if (row == expected.end()) {
        EXPECT_TRUE(kAfterEnd.contains({name, chain.id}));
        continue;
      }
      const auto entry = kSubstrates.find({name, chain.id});
      const int substrates = entry == kSubstrates.end() ? 0 : entry->second;
      const FoundChain found = describe(chain);
      EXPECT_EQ(found.residues, row->second.number("residues") - substrates);
      EXPECT_EQ(found.breaks, row->second.number("breaks") - substrates);
      if (substrates == 0) {
        EXPECT_EQ(found.sequence, row->second.text("sequence_sha256"));
        ++exact;
      }
      // One choice of alternate locations for a stretch, or one per atom: a few atoms differ.
      const bool alternates = row->second.number("alternates") != 0.0 || substrates > 0;
      const double tolerance = alternates ? 0.02 : 2e-6;
      EXPECT_NEAR(found.rg, row->second.number("rg"), alternates ? 0.05 : 1e-4);
      for (const auto& [key, value] : {std::pair("psi_sin", found.psi_sin), std::pair("psi_cos", found.psi_cos),
                                       std::pair("phi_sin", found.phi_sin), std::pair("phi_cos", found.phi_cos)}) {
        if (row->second.text(key).empty()) continue;
        EXPECT_NEAR(value, row->second.number(key), tolerance) << key;
      }
      expected.erase(row);
    }
  });
  // What is left is no protein: the amino acid at the end of a transfer RNA.
  for (const auto& [key, row] : expected) EXPECT_LE(row.number("residues"), 1) << key.first << " " << key.second;
  EXPECT_EQ(chains, 224);
  EXPECT_EQ(exact, 217);  // 224 - 2 after END - 5 with substrates
  const double backbone = median(rebuilt.backbone), oxygen = median(rebuilt.oxygen), cb = median(rebuilt.cb);
  std::cout << chains << " chains, " << rebuilt.oxygen.size()
            << " residues with O; rebuilt atoms are off by (median) N and C " << backbone << ", O " << oxygen << ", CB "
            << cb << " Å\n";
  EXPECT_LT(backbone, 0.05);
  EXPECT_LT(oxygen, 0.1);
  EXPECT_LT(cb, 0.1);
}

}  // namespace
}  // namespace flashrna
