// Runs convert, split, merge, export, bench convert and bench pairs as a user does.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <sstream>
#include <thread>

#include "datasets/dataset_reader.h"
#include "datasets/dataset_rewrite.h"
#include "rna/io/structure_reader.h"
#include "rna/io/structure_writer.h"
#include "rna/pairs/secondary_structure_file.h"
#include "tests/cli/program.h"
#include "tests/cli/small_data.h"
#include "tests/datasets/paired_structures.h"

namespace flashrna {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class DatasetCommands : public ::testing::Test {
 protected:
  void SetUp() override { make_small_project(folder); }
  ProgramResult flashrna(const std::vector<std::string>& words) const {
    return run_flashrna(words, {.folder = folder.path()});
  }
  void expect_error(const std::vector<std::string>& words, int status, const std::string& part) const {
    const ProgramResult result = flashrna(words);
    EXPECT_EQ(result.status, status) << result.errors;
    EXPECT_THAT(result.errors, StartsWith("error: "));
    EXPECT_THAT(result.errors, HasSubstr(part));
    EXPECT_EQ(result.output, "");
  }
  TemporaryFolder folder;
};

TEST_F(DatasetCommands, SplitGivesEveryChainAPartAndShowsTheLargestGroups) {
  const ProgramResult result = flashrna({"split", "rna.h5", "--output", "split.h5", "--fractions", "0.5,0.25,0.25",
                                         "--seed", "3", "--json", "--no-clusters"});
  ASSERT_EQ(result.status, 0) << result.errors;
  EXPECT_THAT(result.errors, HasSubstr("no sequence clusters are known: the 6 held-out chains may resemble"));
  const auto json = nlohmann::json::parse(result.output);
  EXPECT_EQ(json["parts"].size(), 3u);
  EXPECT_EQ(json["largest_groups"].size(), 5u);
  std::map<std::string, int> residues;
  const DatasetReader reader(folder.path("split.h5"));
  for (const ChainRecord& chain : reader.chains()) residues[chain.split] += chain.length;
  ASSERT_EQ(residues.size(), 3u);
  EXPECT_NEAR(residues["train"], 210, 46);
  EXPECT_NEAR(residues["validation"], 105, 46);
  flashrna({"split", "rna.h5", "--output", "again.h5", "--fractions", "0.5,0.25,0.25", "--seed", "3", "--quiet",
            "--no-clusters"});
  EXPECT_TRUE(file_bytes(folder.path("again.h5")) == file_bytes(folder.path("split.h5"))) << "the seed decides";
}

TEST_F(DatasetCommands, ClustersOfATableStayTogetherAndAFoldJoinsThem) {
  std::string clusters = "entry,cluster\n", folds;
  for (int i = 0; i < 12; ++i) {
    clusters += fmt::format("small{},c{}\n", i, i / 2);
    folds += fmt::format("small{} {}\n", i, i < 6 ? 0 : i);
  }
  folder.write("clusters.csv", clusters);
  folder.write("folds.txt", folds);
  const ProgramResult result = flashrna({"split", "rna.h5", "--output", "split.h5", "--clusters", "clusters.csv",
                                         "--structure-clusters", "folds.txt", "--fractions", "0.4,0.3,0.3"});
  ASSERT_EQ(result.status, 0) << result.errors;
  std::map<std::string, std::string> split;
  const DatasetReader reader(folder.path("split.h5"));
  for (const ChainRecord& chain : reader.chains()) split[chain.entry] = chain.split;
  for (int i = 1; i < 6; ++i) EXPECT_EQ(split[fmt::format("small{}", i)], split["small0"]) << "one fold";
  for (int i = 6; i < 12; i += 2) {
    EXPECT_EQ(split[fmt::format("small{}", i)], split[fmt::format("small{}", i + 1)]) << "one cluster";
  }
  EXPECT_THAT(result.output, HasSubstr("of small0_1_A"));
}

// Without a program for clusters on the PATH.
TEST_F(DatasetCommands, SplitMakesClustersUnlessToldNotTo) {
  std::mt19937 engine(1);
  for (int family = 0; family < 6; ++family) {
    Structure structure = example_structure("f", {60});
    std::string letters;
    for (int i = 0; i < 60; ++i) letters += "ACGU"[engine() % 4];
    for (int member = 0; member < 2; ++member) {
      for (int i = 0; i < 60; ++i) {
        // The members differ in their last five letters.
        Nucleotide& nucleotide = structure.chains[0].nucleotides[static_cast<std::size_t>(i)];
        const char letter = member == 1 && i >= 55 ? "ACGU"[engine() % 4] : letters[static_cast<std::size_t>(i)];
        nucleotide.base = static_cast<Base>(std::string_view("ACGU").find(letter));
        nucleotide.name = std::string(1, base_letter(nucleotide.base));
        nucleotide.atom_mask &= (1u << kBackboneAtoms) - 1;  // the other atoms are those of another base
      }
      structure.entry = fmt::format("f{}m{}", family, member);
      folder.write("families/" + structure.entry + ".cif", to_mmcif(structure));
    }
  }
  ASSERT_EQ(flashrna({"convert", "families", "--output", "f.h5"}).status, 0);
  const auto split = [&](const std::string& more, const std::string& path) {
    return run_shell(fmt::format("program=$(command -v flashrna); PATH=/nowhere \"$program\" split f.h5 --output {} "
                                 "--fractions 0.5,0.5,0 {}",
                                 path, more),
                     {.folder = folder.path()});
  };
  const ProgramResult result = split("", "s.h5");
  ASSERT_EQ(result.status, 0) << result.errors;
  EXPECT_THAT(result.errors, AllOf(HasSubstr("6 sequence clusters of 12 chains, by 9-mers\n"),
                                   HasSubstr("none of the 6 held-out chains shares a cluster with training\n")));
  const DatasetReader reader(folder.path("s.h5"));
  EXPECT_THAT(option_value(reader.options(), "clusters"), StartsWith("9-mers:"));
  std::map<int, std::set<std::string>> parts;
  for (const ChainRecord& chain : reader.chains()) parts[chain.sequence_cluster].insert(chain.split);
  EXPECT_EQ(parts.size(), 6u);
  for (const auto& [cluster, splits] : parts) EXPECT_EQ(splits.size(), 1u) << cluster;
  EXPECT_THAT(flashrna({"info", "s.h5"}).output, HasSubstr("held out\tnone of the 6 held-out chains shares"));

  EXPECT_THAT(run_flashrna({"split", "s.h5", "--output", "again.h5"}, {.folder = folder.path()}).errors,
              HasSubstr("sequence clusters of the dataset"));
  EXPECT_THAT(split("--no-clusters", "none.h5").errors, HasSubstr("no sequence clusters are known"));
  EXPECT_EQ(DatasetReader(folder.path("none.h5")).chains()[0].sequence_cluster, -1);
  expect_error({"split", "f.h5", "--output", "x.h5", "--no-clusters", "--cluster-with", "9-mers"}, 2, "both given");

  // Computed clusters of other chains, as many, are other clusters.
  ASSERT_EQ(flashrna({"split", "rna.h5", "--output", "r.h5", "--cluster-with", "9-mers"}).status, 0);
  EXPECT_THAT(flashrna({"merge", "s.h5", "r.h5", "--output", "both.h5"}).errors, HasSubstr("clusters are left out"));
}

TEST_F(DatasetCommands, StructuresAreComparedOnceAndTheirFamiliesKept) {
  const ProgramResult found = flashrna({"split", "rna.h5", "--output", "split.h5", "--tm-cut", "0.5", "--tm-shortest",
                                        "10", "--save-structure-clusters", "families.csv", "--fractions", "0.5,0.5,0",
                                        "--threads", "2", "--no-clusters"});
  ASSERT_EQ(found.status, 0) << found.errors;
  EXPECT_THAT(found.errors, HasSubstr(" families of "));
  EXPECT_THAT(file_bytes(folder.path("families.csv")), StartsWith("chain,cluster\n"));
  const DatasetReader reader(folder.path("split.h5"));
  std::map<int, std::set<std::string>> parts;
  std::size_t compared = 0;
  for (const ChainRecord& chain : reader.chains()) {
    if (chain.structure_cluster >= 0) parts[chain.structure_cluster].insert(chain.split);
    compared += chain.structure_cluster >= 0;
    EXPECT_EQ(chain.structure_cluster >= 0, chain.length >= 10) << chain.id;
  }
  EXPECT_LT(parts.size(), compared) << "chains of ideal geometry resemble each other";
  for (const auto& [family, splits] : parts) EXPECT_EQ(splits.size(), 1u) << "family " << family;

  const ProgramResult again = flashrna({"split", "rna.h5", "--output", "again.h5", "--structure-clusters",
                                        "families.csv", "--fractions", "0.5,0.5,0", "--no-clusters"});
  ASSERT_EQ(again.status, 0) << again.errors;
  const DatasetReader from_table(folder.path("again.h5"));
  for (std::size_t i = 0; i < reader.chains().size(); ++i) {
    EXPECT_EQ(from_table.chains()[i].structure_cluster, reader.chains()[i].structure_cluster);
    EXPECT_EQ(from_table.chains()[i].split, reader.chains()[i].split);
  }
}

TEST_F(DatasetCommands, ConvertStoresTheClustersOfATable) {
  folder.write("clusters.csv", "small0,3\nsmall5,4\n");
  const ProgramResult result = flashrna({"convert", "structures", "--output", "c.h5", "--clusters", "clusters.csv"});
  EXPECT_THAT(result.errors, HasSubstr("10 of 12 chains are not in clusters.csv"));
  const DatasetReader reader(folder.path("c.h5"));
  for (const ChainRecord& chain : reader.chains()) {
    EXPECT_EQ(chain.sequence_cluster, chain.entry == "small0" ? 3 : chain.entry == "small5" ? 4 : -1);
  }
}

TEST_F(DatasetCommands, ExportedChainsAreTheChainsThatWentIn) {
  for (const char* format : {"cif", "pdb"}) {
    const ProgramResult result = flashrna({"export", "rna.h5", "--output", format, "--format", format});
    ASSERT_EQ(result.status, 0) << result.errors;
    int n_files = 0;
    for (const auto& file : fs::directory_iterator(folder.path(format))) {
      const Structure exported = read_structure(file.path().string());
      const std::string entry = file.path().stem().string().substr(0, file.path().stem().string().find('_'));
      const Structure original =
          read_structure(folder.path("structures/" + entry + (entry == "small0" ? ".pdb" : ".cif")));
      const auto& got = exported.chains.at(0).nucleotides;
      const auto& expected = original.chains.at(0).nucleotides;
      ASSERT_EQ(got.size(), expected.size());
      for (std::size_t i = 0; i < got.size(); ++i) {
        ASSERT_EQ(got[i].atom_mask, expected[i].atom_mask);
        for (int s = 0; s < kAtomSlots; ++s) ASSERT_LE((got[i].atoms[s] - expected[i].atoms[s]).norm(), 1e-3);
      }
      ++n_files;
    }
    EXPECT_EQ(n_files, 12);
  }
  expect_error({"export", "rna.h5", "--output", "cif"}, 1, "exists already");
  const ProgramResult piped = flashrna({"export", "rna.h5", "--chains", "small3", "small4_1_A", "--output", "-"});
  EXPECT_THAT(piped.output, StartsWith("data_small3\n"));
  EXPECT_THAT(piped.output, HasSubstr("\ndata_small4\n"));
}

TEST_F(DatasetCommands, ExportWritesEveryChainWhateverItsIdentifier) {
  const std::string longest(251, 'x');  // with the extension the most that the name of a file may have
  int length = 20;
  for (const std::string& stem : {std::string("a b"), std::string("a_b"), longest}) {
    Structure structure = example_structure("named by its file", {length++});
    folder.write("named/" + stem + ".cif", to_mmcif(structure));
  }
  ASSERT_EQ(flashrna({"convert", "named", "--output", "named.h5"}).status, 0);
  std::set<std::string> ids;
  const DatasetReader reader(folder.path("named.h5"));
  for (const ChainRecord& chain : reader.chains()) ids.insert(chain.id);
  ASSERT_EQ(ids, (std::set<std::string>{"a b_1_A", "a_b_1_A", longest + "_1_A"}));
  for (const char* overwrite : {"", "--overwrite"}) {  // the names stay the same
    std::vector<std::string> words = {"export", "named.h5", "--output", "exported"};
    if (*overwrite != 0) words.emplace_back(overwrite);
    const ProgramResult result = flashrna(words);
    ASSERT_EQ(result.status, 0) << result.errors;
    std::set<std::size_t> lengths;
    for (const auto& file : fs::directory_iterator(folder.path("exported")))
      lengths.insert(read_structure(file.path().string()).chains.at(0).nucleotides.size());
    EXPECT_EQ(lengths, (std::set<std::size_t>{20, 21, 22}));
  }
}

TEST_F(DatasetCommands, BasePairsAreExportedInThreeFormats) {
  folder.write("paired/hairpin.cif", to_mmcif(paired_hairpin("hairpin")));
  folder.write("paired/strand.cif", to_mmcif(example_structure("strand", {30})));
  ASSERT_EQ(flashrna({"convert", "paired", "--output", "paired.h5"}).status, 0);
  const std::vector<int> expected = parse_dot_bracket(kPairedHairpin, "test").partner;
  for (const std::string format : {"dbn", "bpseq", "ct"}) {
    const ProgramResult result = flashrna({"export", "paired.h5", "--output", format, "--format", format});
    ASSERT_EQ(result.status, 0) << result.errors;
    const auto records = read_secondary_structures(folder.path(format + "/hairpin_1_A." + format));
    ASSERT_EQ(records.size(), 1u);
    EXPECT_EQ(records[0].name, "hairpin_1_A");
    EXPECT_EQ(records[0].partner, expected);
    EXPECT_EQ(records[0].sequence, paired_hairpin("hairpin").chains[0].sequence());
  }
  EXPECT_THAT(flashrna({"export", "paired.h5", "--output", "-", "--format", "dbn"}).output,
              HasSubstr(fmt::format("{}\n>strand_1_A\n", kPairedHairpin)));
  expect_error({"export", "paired.h5", "--output", "-", "--format", "bpseq"}, 2, "2 chains");
  expect_error({"export", "paired.h5", "--output", "x", "--format", "dot"}, 2, "is not cif, pdb, dbn, bpseq or ct");
}

TEST_F(DatasetCommands, InfoShowsPairsAndSuites) {
  folder.write("paired/hairpin.cif", to_mmcif(paired_hairpin("hairpin")));
  folder.write("paired/strands.cif", to_mmcif(example_structure("strands", {10, 20})));
  const std::string shown = flashrna({"info", "paired/hairpin.cif"}).output;
  EXPECT_THAT(shown, HasSubstr("base pairs\t7; 46.7 % of the nucleotides in 2 helices\n"));
  EXPECT_THAT(shown, HasSubstr(fmt::format("dot-bracket\t{}\n", kPairedHairpin)));
  const auto json = nlohmann::json::parse(flashrna({"info", "paired/hairpin.cif", "--json"}).output);
  EXPECT_EQ(json["dot_bracket"], kPairedHairpin);
  ASSERT_EQ(json["residues"].size(), 30u);
  EXPECT_EQ(json["residues"][2]["partner"], 27);
  EXPECT_EQ(json["residues"][2]["number"], 3);
  EXPECT_TRUE(json["residues"][6]["partner"].is_null());
  EXPECT_TRUE(json["residues"][0]["suite"].is_null()) << "nothing comes before the first";
  EXPECT_EQ(json["suites"]["complete"], 29);
  EXPECT_THAT(flashrna({"info", "paired/strands.cif"}).output,
              HasSubstr(fmt::format("dot-bracket\t{}&{}\n", std::string(10, '.'), std::string(20, '.'))));
  ASSERT_EQ(flashrna({"convert", "paired", "--output", "paired.h5"}).status, 0);
  EXPECT_NEAR(nlohmann::json::parse(flashrna({"info", "paired.h5", "--json"}).output)["paired_share"].get<double>(),
              14.0 / 60.0, 1e-9);
  EXPECT_THAT(flashrna({"info", "paired.h5"}).output, AllOf(HasSubstr("in helices\t23.3 % of the nucleotides\n"),
                                                            HasSubstr("base pairs by\thydrogen bonds of whole")));
}

TEST_F(DatasetCommands, BadInputIsNamed) {
  expect_error({"split", "rna.h5", "--output", "s.h5", "--fractions", "0.8,0.2"}, 2, "\"0.8,0.2\" has 2 numbers");
  expect_error({"split", "rna.h5", "--output", "s.h5", "--fractions", "a,b,c"}, 2, "\"a,b,c\"");
  expect_error({"split", "rna.h5", "--output", "rna.h5"}, 1, "exists already");
  expect_error({"split", "rna.h5", "--output", "s.h5", "--clusters", "none.csv"}, 1, "none.csv");
  folder.write("other.csv", "9XYZ,1\n");
  expect_error({"split", "rna.h5", "--output", "s.h5", "--clusters", "other.csv"}, 1, "none of the 12 chains");
  expect_error({"split", "rna.h5", "--output", "s.h5", "--cluster-with", "blast"}, 2, "blast");
  expect_error({"split", "rna.h5", "--output", "s.h5", "--tm-cut", "45"}, 2, "--tm-cut 45");
  expect_error({"split", "rna.h5", "--output", "s.h5", "--tm-cut", "0.5", "--tm-shortest", "0"}, 2, "--tm-shortest 0");
  expect_error({"split", "rna.h5", "--output", "s.h5", "--tm-cut", "0.5", "--structure-clusters", "other.csv"}, 2,
               "come from one of them");
  expect_error({"split", "rna.h5", "--output", "s.h5", "--save-structure-clusters", "f.csv"}, 2, "give --tm-cut");
  expect_error({"export", "rna.h5", "--output", "x", "--chains", "small3_1_B"}, 1, "did you mean \"small3_1_A\"?");
  expect_error({"export", "rna.h5", "--output", "x", "--split", "train"}, 1, "no chain has the split \"train\"");
  expect_error({"export", "rna.h5", "--output", "-", "--format", "pdb"}, 2, "12 chains");
  expect_error({"merge", "rna.h5", "none.h5", "--output", "m.h5"}, 1, "none.h5: no such file");
  expect_error({"convert", "structures", "--output", "c.h5", "--unit", "complex"}, 2, "--unit \"complex\"");
  expect_error({"convert", "structures", "--output", "c.h5", "--max-unpacked", "0"}, 2, "--max-unpacked \"0\"");
  expect_error({"bench", "convrt"}, 2, "did you mean \"convert\"?");
  for (const char* name : {"s.h5", "x", "m.h5", "c.h5", "f.csv"}) EXPECT_FALSE(fs::exists(folder.path(name))) << name;
}

TEST_F(DatasetCommands, BenchConvertPrintsGemmiBesideOurs) {
  const ProgramResult result =
      flashrna({"bench", "convert", "structures", "--repeats", "1", "--threads", "2", "--json"});
  ASSERT_EQ(result.status, 0) << result.errors;
  const auto rows = nlohmann::json::parse(result.output);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0]["what"], "gemmi alone");
  EXPECT_EQ(rows[0]["relative to gemmi"], 1.0);
  EXPECT_EQ(rows[2]["what"], "convert, 2 threads");
  for (const auto& row : rows) EXPECT_GT(row["MB/s"].get<double>(), 0.0);
}

TEST_F(DatasetCommands, BenchPairsTimesBothRules) {
  const ProgramResult result = flashrna({"bench", "pairs", "rna.h5", "--repeats", "1", "--json"});
  ASSERT_EQ(result.status, 0) << result.errors;
  const auto rows = nlohmann::json::parse(result.output);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0]["rule"], "C1' and N9/N1");
  EXPECT_EQ(rows[1]["rule"], "whole bases");
  for (const auto& row : rows) {
    EXPECT_EQ(row["chains"], 12);
    EXPECT_GT(row["nt"], row["longest, nt"]);
    EXPECT_GE(row["seconds"].get<double>(), row["seconds of the longest"].get<double>());
  }
  expect_error({"bench", "pairs", "rna.h5", "--repeats", "0"}, 2, "--repeats \"0\"");
  expect_error({"bench", "pairs", "structures"}, 1, "structures");
}

// The Python of Debian, for which python3-h5py is installed, whatever other Python is on the PATH.
constexpr const char* kPython = "/usr/bin/python3";

TEST_F(DatasetCommands, H5pyReadsTheDatasetAndTheDocumentationRuns) {
  if (run_shell(fmt::format("{} -c 'import h5py, numpy'", kPython)).status != 0) {
    GTEST_SKIP() << "python3-h5py is not installed";
  }
  const ProgramResult result =
      run_shell(fmt::format("{} {}/tests/cli/h5py_test.py {} {}/docs/dataset.md {}", kPython, FLASHRNA_SOURCE_DIR,
                            folder.path("rna.h5"), FLASHRNA_SOURCE_DIR, folder.path()));
  EXPECT_EQ(result.status, 0) << result.errors;
  EXPECT_THAT(result.output, HasSubstr("ok"));
}

TEST_F(DatasetCommands, H5dumpExplainsEveryColumn) {
  if (run_shell("h5dump --version").status != 0) GTEST_SKIP() << "hdf5-tools is not installed";
  const ProgramResult result = run_shell(fmt::format("h5dump -A {}", folder.path("rna.h5")));
  EXPECT_EQ(result.status, 0);
  for (const char* part : {"DATASET \"torsion_sin_cos\"", "sine and cosine of bb2_1", "\"angstrom\"",
                           "one row per nucleotide that has C3', C4' and O4'", "heavy atoms by slot: P OP1 OP2"}) {
    EXPECT_THAT(result.output, HasSubstr(part));
  }
}

// Sends SIGKILL at 30 random moments of a conversion. The file under the final name is never incomplete, and the next
// run leaves only its output.
TEST_F(DatasetCommands, AConversionKilledAtAnyMomentLeavesAWholeFileOrNone) {
  for (int i = 0; i < 60; ++i) {
    folder.write(fmt::format("many/{}.cif", i), to_mmcif(example_structure(fmt::format("E{}", i), {120 + i})));
  }
  const auto convert = [&]() -> pid_t {
    const pid_t child = fork();
    if (child == 0) {
      if (chdir(folder.path().c_str()) != 0 || std::freopen("/dev/null", "w", stdout) == nullptr) _exit(126);
      execl(FLASHRNA_PROGRAM, "flashrna", "convert", "many", "--output", "out.h5", "--overwrite", "--quiet", "--json",
            nullptr);
      _exit(127);
    }
    return child;
  };
  const auto time = [] { return std::chrono::steady_clock::now(); };
  const auto start = time();
  int status = 0;
  waitpid(convert(), &status, 0);
  ASSERT_EQ(status, 0);
  const auto whole_run = time() - start;
  const std::string expected = file_bytes(folder.path("out.h5"));
  std::mt19937 engine(1);
  int killed = 0, absent = 0;
  for (int i = 0; i < 30; ++i) {
    const bool was_there = i % 2 == 1;
    if (was_there) {
      folder.write("out.h5", expected);
    } else {
      fs::remove(folder.path("out.h5"));
    }
    const pid_t child = convert();
    std::this_thread::sleep_for(whole_run * std::uniform_real_distribution<double>(0.2, 1.2)(engine));
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    killed += WIFSIGNALED(status) ? 1 : 0;
    if (!fs::exists(folder.path("out.h5"))) {
      EXPECT_FALSE(was_there) << "kill " << i << ": a file that was there is gone";
      ++absent;
    } else {
      EXPECT_TRUE(file_bytes(folder.path("out.h5")) == expected) << "kill " << i;
    }
  }
  std::cout << "  " << killed << " of 30 runs killed, " << absent << " left no file\n";
  EXPECT_GT(killed, 5);
  waitpid(convert(), &status, 0);
  EXPECT_EQ(status, 0);
  for (const auto& file : fs::directory_iterator(folder.path())) {
    EXPECT_FALSE(file.path().string().ends_with(".partial")) << file.path();
  }
  EXPECT_TRUE(file_bytes(folder.path("out.h5")) == expected);
}

}  // namespace
}  // namespace flashrna
