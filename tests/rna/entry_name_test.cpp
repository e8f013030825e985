// Information that a file name gives about its content.
#include <gtest/gtest.h>

#include <limits>

#include "base/error.h"
#include "rna/assembly.h"
#include "rna/io/structure_reader.h"
#include "rna/io/structure_writer.h"
#include "rna/rnasolo_name.h"
#include "tests/rna/synthetic_chain.h"

namespace flashrna {
namespace {

TEST(EntryName, IsThePdbIdThatTheFileNameBeginsWith) {
  Structure structure;
  structure.chains.push_back(synthetic_chain("A", "GAC"));
  const std::string text = to_pdb(structure);
  const std::pair<const char*, const char*> cases[] = {{"set/1abc.pdb", "1ABC"},
                                                       {"1abc_rna.pdb", "1ABC"},
                                                       {"1ABC_full.pdb.gz", "1ABC"},
                                                       {"1abc-assembly1.pdb", "1ABC"},
                                                       {"1ddyA.pdb", "1DDY"},
                                                       {"8btk_B7.pdb", "8BTK"},
                                                       {"1abcd.pdb", "1abcd"},
                                                       {"1abcAB.pdb", "1abcAB"},
                                                       {"2024_model.pdb", "2024_model"},
                                                       {"10_solution.pdb", "10_solution"},
                                                       {"rp05.pdb", "rp05"},
                                                       {"pdb_00001abc_x.pdb", "1ABC"},
                                                       {"pdb_00001abc_xyz_v1-2.pdb.gz", "1ABC"},
                                                       {"pdb_10001abc.pdb", "PDB_10001ABC"},
                                                       {"pdb1abc.ent.gz", "1ABC"},
                                                       {"1abc.pdb1.gz", "1ABC"},
                                                       {"1abc.pdb12", "1ABC"},
                                                       {"pdbs.pdb", "pdbs"}};
  for (const auto& [name, entry] : cases) EXPECT_EQ(read_structure_from_memory(text, name).entry, entry) << name;
}

TEST(RnasoloName, IsEntryModelAndChains) {
  const auto name = parse_rnasolo_name("set/7m57_3_qq-bb.cif.gz");
  ASSERT_TRUE(name.has_value());
  EXPECT_EQ(name->entry, "7M57");
  EXPECT_EQ(name->model, 3);
  EXPECT_EQ(name->chains, (std::vector<std::string>{"qq", "bb"}));
  EXPECT_EQ(parse_rnasolo_name("6WD5_1_2.pdb")->chains, std::vector<std::string>{"2"});
  EXPECT_EQ(parse_rnasolo_name("3B58_1_B-C-A.cif")->chains, (std::vector<std::string>{"B", "C", "A"}));
  for (const char* other : {"1ehz.cif", "1ehz_A.cif", "1ehz_1_.cif", "1ehz_1_A-.cif", "1ehz_1A.cif", "1ehz_-1_A.cif",
                            "1ehz_99999999999_A.cif", "1ehz_1_relaxed.cif", "model_1_A.cif", "1ehz_x_A.cif"}) {
    EXPECT_FALSE(parse_rnasolo_name(other).has_value()) << other;
  }
}

Structure with_chains(const std::vector<std::string>& ids) {
  Structure structure;
  for (const std::string& id : ids) structure.chains.push_back({.id = id});
  return structure;
}

std::vector<std::string> ids_of(const Structure& structure) {
  std::vector<std::string> ids;
  for (const Chain& chain : structure.chains) ids.push_back(chain.id);
  return ids;
}

TEST(RnasoloName, NamesChainsOfPdbFilesThatHaveNoRoomForThem) {
  const RnasoloName name{"7M57", 3, {"qq", "bb"}};
  struct Case {
    std::vector<std::string> before, after;
    bool is_pdb;
  };
  const Case cases[] = {{{"A", "B"}, {"qq", "bb"}, true},
                        {{"A", "B"}, {"A", "B"}, false},  // mmCIF: identifiers of any length, so kept
                        {{"A"}, {"A"}, true},             // ambiguous
                        {{"A", "B", "C"}, {"A", "B", "C"}, true}};
  for (const Case& c : cases) {
    Structure structure = with_chains(c.before);
    structure.entry = "7M57";
    apply_rnasolo_name(name, c.is_pdb, structure);
    EXPECT_EQ(ids_of(structure), c.after);
    EXPECT_EQ(structure.model, 3);
  }
}

TEST(RnasoloName, GivesWayToWhatStandsInTheFile) {
  Structure other = with_chains({"A"});
  other.entry = "1Y26";
  apply_rnasolo_name({"2XYZ", 2, {"qq"}}, true, other);
  EXPECT_EQ(other.entry, "1Y26");
  EXPECT_EQ(other.model, 1);
  EXPECT_EQ(ids_of(other), std::vector<std::string>{"A"});
  Structure ensemble = with_chains({"A"});
  ensemble.entry = "1TOB";
  ensemble.n_models = 7;
  apply_rnasolo_name({"1TOB", 2, {"A"}}, true, ensemble);
  EXPECT_EQ(ensemble.model, 1) << "the model that was read";
}

TEST(Assembly, CountsAreSummedAndIndicesJumpAtTheJoin) {
  Chain first = synthetic_chain("A", "GAC");
  first.n_without_frame = 1;
  first.n_modified = 2;
  Chain second = synthetic_chain("b", "GU");
  second.molecule_kind = "DNA/RNA hybrid";
  second.n_without_frame = 4;
  const Chain joined = join_chains(std::vector<Chain>{first, second});
  EXPECT_EQ(joined.id, "A,b");
  EXPECT_EQ(joined.molecule_kind, "DNA/RNA hybrid");
  EXPECT_EQ(joined.n_without_frame, 5);
  EXPECT_EQ(joined.n_modified, 2);
  EXPECT_EQ(joined.n_breaks(), 1);
  std::vector<int> indices, chains;
  for (const Nucleotide& nucleotide : joined.nucleotides) {
    indices.push_back(nucleotide.residue_index);
    chains.push_back(nucleotide.chain_in_structure);
  }
  EXPECT_EQ(indices, (std::vector<int>{0, 1, 2, 203, 204}));
  EXPECT_EQ(chains, (std::vector<int>{0, 0, 0, 1, 1}));
}

TEST(Assembly, IndicesBeyondIntAreAnError) {
  Chain chain = synthetic_chain("A", "GU");
  chain.nucleotides[1].residue_index = std::numeric_limits<int>::max() - 300;
  EXPECT_THROW(join_chains(std::vector<Chain>{chain, chain}), Error);
}

}  // namespace
}  // namespace flashrna
