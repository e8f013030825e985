// Invalid input by the user: every case has its message on stderr and its exit status, and leaves no incomplete file.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>
#include <hdf5.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "rna/io/structure_writer.h"
#include "tests/cli/program.h"
#include "tests/cli/trained_project.h"

namespace flashrna {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

constexpr const char* kProtein =
    "ATOM      1  N   ALA A   1      11.104   6.134  -6.504  1.00 20.00           N\n"
    "ATOM      2  CA  ALA A   1      11.639   6.071  -5.147  1.00 20.00           C\n"
    "ATOM      3  C   ALA A   1      13.139   6.278  -5.119  1.00 20.00           C\n"
    "ATOM      4  O   ALA A   1      13.840   6.086  -6.121  1.00 20.00           O\n"
    "TER\nEND\n";

// The first 18 bytes of a gzipped PDB file: the header and the start of its first block.
const std::string kTruncatedGzip("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x9d\x9d\x5f\x8f\x1c\x37\x72\xc0", 18);

void write_foreign_hdf5(const std::string& path) {
  H5Fclose(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
}

void set_version(const std::string& path, int version) {
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  const hid_t attribute = H5Aopen(file, "version", H5P_DEFAULT);
  ASSERT_GE(attribute, 0) << path << " has no attribute \"version\"";
  H5Awrite(attribute, H5T_NATIVE_INT, &version);
  H5Aclose(attribute);
  H5Fclose(file);
}

// One folder of valid and invalid inputs, shared by all cases.
class BadInput : public TrainedProject {
 protected:
  static void SetUpTestSuite() {
    TrainedProject::SetUpTestSuite();
    const std::string pdb = to_pdb(example_structure("whole", {30}));
    folder->write("cut.pdb", pdb.substr(0, pdb.size() / 2 - 33));
    folder->write("cut.pdb.gz", kTruncatedGzip);
    folder->write("text.cif", "These are my notes about the ribosome.\nNothing else.\n");
    folder->write("proteins/one.pdb", kProtein);
    folder->write("proteins/two.pdb", kProtein);
    folder->write("unknown_key.ini", "[model]\nblocks = 1\n\n[training]\nlearning_rat = 0.1\n");
    folder->write("bad_value.ini", "[model]\nblocks = many\n");
    folder->write("notes.h5", "not HDF5 at all\n");
    fs::create_directory(folder->path("empty"));
    write_foreign_hdf5(folder->path("foreign.h5"));
    fs::copy_file(folder->path("rna.h5"), folder->path("later.h5"));
    set_version(folder->path("later.h5"), 1000);
  }

  // Runs in the folder; checks the status, the message on stderr, that stdout is empty and that no file has changed.
  static void expect_refused(const Words& words, int status, const Words& message_parts, long file_size_limit = -1) {
    SCOPED_TRACE(fmt::format("flashrna {}", fmt::join(words, " ")));
    const Words before = list_files(folder->path());
    const ProgramResult result = run_flashrna(words, {.folder = folder->path(), .file_size_limit = file_size_limit});
    EXPECT_EQ(result.status, status) << result.errors;
    EXPECT_EQ(result.output, "");
    EXPECT_TRUE(result.errors.starts_with("error: ") || result.errors.find("\nerror: ") != std::string::npos)
        << result.errors;
    for (const std::string& part : message_parts) {
      EXPECT_NE(result.errors.find(part), std::string::npos) << "\"" << part << "\" is not in\n" << result.errors;
    }
    EXPECT_EQ(result.errors.find("Exception raised from"), std::string::npos) << result.errors;
    EXPECT_EQ(list_files(folder->path()), before);
  }
};

TEST_F(BadInput, ConvertNamesTheFileThatIsMissingEmptyOrDamaged) {
  expect_refused({"convert", "no/such.pdb", "--output", "new.h5"}, 1, {"no/such.pdb"});
  expect_refused({"convert", "empty", "--output", "new.h5"}, 1, {"empty"});
  expect_refused({"convert", "proteins", "--output", "new.h5"}, 1, {"proteins", "protein"});
  expect_refused({"convert", "cut.pdb.gz", "--output", "new.h5"}, 1, {"cut.pdb.gz"});
  expect_refused({"convert", "cut.pdb", "--output", "new.h5"}, 1, {"cut.pdb"});
  expect_refused({"convert", "text.cif", "--output", "new.h5"}, 1, {"text.cif"});
}

TEST_F(BadInput, ConvertRefusesAnOutputThatExists) {
  expect_refused({"convert", "structures", "--output", "rna.h5"}, 1, {"rna.h5", "--overwrite"});
}

TEST_F(BadInput, FilesThatAreNotOursOrOfALaterVersionAreNamed) {
  expect_refused({"info", "no/such.h5"}, 1, {"no/such.h5"});
  expect_refused({"info", "notes.h5"}, 1, {"notes.h5"});
  expect_refused({"info", "foreign.h5"}, 1, {"foreign.h5"});
  expect_refused({"info", "later.h5"}, 1, {"later.h5", "1000"});
  for (const char* path : {"no/such.h5", "notes.h5", "foreign.h5", "later.h5"}) {
    expect_refused({"train", "--data.path", path, "--output", "new"}, 1, {path});
    expect_refused({"sample", "--checkpoint", path, "--lengths", "40", "--output", "new"}, 1, {path});
  }
  expect_refused({"sample", "--checkpoint", "rna.h5", "--lengths", "40", "--output", "new"}, 1, {"rna.h5"});
  expect_refused({"train", "--config", "no/such.ini", "--data.path", "rna.h5", "--output", "new"}, 1,
                 {"no/such.ini: cannot read the configuration"});
}

TEST_F(BadInput, ConfigurationFilesAreUsage) {
  expect_refused({"train", "--config", "unknown_key.ini", "--output", "new"}, 2,
                 {"error: unknown_key.ini:5: unknown key \"training.learning_rat\"; did you mean "
                  "\"training.learning_rate\"?"});
  expect_refused({"train", "--config", "bad_value.ini", "--output", "new"}, 2,
                 {"error: bad_value.ini:2: model.blocks = \"many\" is not a whole number"});
  expect_refused({"train", "--data.path", "rna.h5", "--model.pair_rank", "99", "--output", "new"}, 2,
                 {"model.pair_rank", "99"});
}

TEST_F(BadInput, LengthsThatAreNoLengthsAreUsage) {
  for (const char* lengths : {"0", "abc", "40-", "-5", "60-40", "4x", "40,0"}) {
    expect_refused({"sample", "--checkpoint", "run", "--lengths", lengths, "--output", "new"}, 2,
                   {"--lengths", lengths});
  }
  expect_refused({"sample", "--checkpoint", "run", "--lengths", "40", "--samples", "0", "--output", "new"}, 2,
                 {"samples"});
}

TEST_F(BadInput, SecondaryStructuresThatAreNoneAreNamed) {
  const auto words = [](const std::string& structure) {
    return Words{"sample", "--checkpoint", "run", "--secondary-structure", structure, "--output", "new"};
  };
  expect_refused(words("((((....)))"), 1, {"--secondary-structure", "character 1"});
  expect_refused(words("((..))"), 1, {"--secondary-structure"});  // closer than 4
  expect_refused(words("no/such.dbn"), 1, {"no/such.dbn"});
  Words both = words("((((....))))");
  both.insert(both.end(), {"--lengths", "12"});
  expect_refused(both, 2, {"--lengths 12", "--secondary-structure"});
  expect_refused({"sample", "--checkpoint", "run", "--output", "new"}, 2, {"--lengths", "--secondary-structure"});
}

TEST_F(BadInput, DesignsThatCannotBeAreNamedByTheirPlace) {
  const std::string motif = "structures/small1.cif";  // chain A, residues 1 to 26
  const auto words = [](const Words& more) {
    Words all{"sample", "--checkpoint", "run", "--output", "new"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  expect_refused(words({"--contig", "10,A30-40", "--motif", motif}), 1,
                 {"character 4", "\"A30-40\"", "no residue A30", "1 to 26"});
  expect_refused(words({"--contig", "10,B3-9", "--motif", motif}), 1, {"no chain B", "RNA chains are A"});
  expect_refused(words({"--contig", "A3-9,2,A9-12", "--motif", motif}), 1, {"residue A9 is also in \"A3-9\""});
  expect_refused(words({"--contig", "20-10", "--motif", motif}), 2, {"character 1", "runs backward"});
  expect_refused(words({"--contig", "5,A3-9,5", "--motif", motif, "--length", "30"}), 2, {"17", "30"});
  expect_refused(words({"--contig", "5,A3-9", "--motif", "no/such.cif"}), 1, {"no/such.cif"});
  expect_refused(words({"--secondary-structure", "((((....))))", "--sequence", "GGGG"}), 1,
                 {"has 4 residues, but 12 are asked for"});
  // The model was trained without motifs.
  expect_refused(words({"--contig", "5,A3-9,5", "--motif", motif}), 1, {"condition_motifs = false"});
  expect_refused(words({"--partial", "0.5", "--lengths", "20"}), 2, {"--partial", "--start"});
  expect_refused(words({"--lengths", "20", "--symmetry", "C1"}), 2, {"C1", "C2"});
  expect_refused(words({"--spec", "no/such.ini"}), 1, {"no/such.ini"});
  folder->write("spec.json", "{\"length\": \"30\", \"lenghts\": \"40\"}");
  expect_refused(words({"--spec", "spec.json"}), 2, {"spec.json", "lenghts", "sample.lengths"});
}

TEST_F(BadInput, SamplingOptionsThatMeanNothingAreUsage) {
  for (const auto& [option, value] : std::vector<std::pair<std::string, std::string>>{{"--format", "xyz"},
                                                                                      {"--nucleotide", "T"},
                                                                                      {"--shard", "3/2"},
                                                                                      {"--trajectory", "some"},
                                                                                      {"--schedule", "cosine"},
                                                                                      {"--noise-scale", "0"},
                                                                                      {"--steric-rounds", "-1"}}) {
    expect_refused({"sample", "--checkpoint", "run", "--lengths", "40", "--output", "new", option, value}, 2,
                   {option, value});
  }
}

TEST_F(BadInput, SequencesThatDoNotFitTheLengthsAreNamed) {
  folder->write("names.fasta", ">forty\n" + std::string(40, 'G') + "\n");
  const Words words{"sample", "--checkpoint", "run", "--lengths", "40,50", "--output", "new", "--sequence"};
  Words missing = words, short_of_one = words;
  missing.emplace_back("no/such.fasta");
  short_of_one.emplace_back("names.fasta");
  expect_refused(missing, 1, {"no/such.fasta"});
  expect_refused(short_of_one, 1, {"names.fasta: has no record of 50 residues, only of 40"});
}

TEST_F(BadInput, CheckpointThatDisagreesWithTheConfigurationIsNamed) {
  expect_refused({"train", "--resume", "--output", "run", "--model.pair_rank", "4"}, 1,
                 {"run/checkpoints/", "pair_rank", "2", "4"});
}

TEST_F(BadInput, CudaDeviceThatIsNotThereIsUsage) {
  expect_refused({"sample", "--checkpoint", "run", "--lengths", "40", "--output", "new", "--device", "cuda:99"}, 2,
                 {"--device \"cuda:99\"", "--device cpu"});
}

// A limit on the size of a file makes a write fail like a full disk.
TEST_F(BadInput, FullDiskLeavesNothingBehind) {
  expect_refused({"convert", "structures", "--output", "new.h5"}, 1, {"new.h5"}, 4096);
  expect_refused({"convert", "structures", "--output", "rna.h5", "--overwrite"}, 1, {"rna.h5"}, 4096);
}

TEST_F(BadInput, FullDiskDuringTrainingAndSamplingIsAnErrorThatNamesTheFile) {
  for (const auto& [words, part] :
       {std::pair<Words, std::string>{{"train", "--resume", "--output", "full_run", "--training.steps", "8"},
                                      "full_run/"},
        {{"sample", "--checkpoint", "run", "--lengths", "200", "--steps", "2", "--output", "full_samples"},
         "full_samples/"}}) {
    if (words[0] == "train") {
      fs::copy(folder->path("run"), folder->path("full_run"), fs::copy_options::recursive);
    }
    const ProgramResult result = run_flashrna(words, {.folder = folder->path(), .file_size_limit = 6000});
    EXPECT_EQ(result.status, 1) << result.errors;
    EXPECT_NE(result.errors.find("error: "), std::string::npos) << result.errors;
    EXPECT_NE(result.errors.find(part), std::string::npos) << result.errors;
    for (const std::string& file : list_files(folder->path(part))) {
      const bool temporary = file.find(".tmp") != std::string::npos || file.find(".partial") != std::string::npos;
      EXPECT_FALSE(temporary) << file;
    }
    fs::remove_all(folder->path(part));
  }
}

TEST_F(BadInput, FolderThatCannotBeWrittenIsNamed) {
  if (geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  fs::create_directory(folder->path("locked"));
  fs::permissions(folder->path("locked"), fs::perms::owner_read | fs::perms::owner_exec);
  expect_refused({"convert", "structures", "--output", "locked/new.h5"}, 1, {"locked/new.h5"});
  expect_refused({"train", "--data.path", "rna.h5", "--output", "locked/run"}, 1, {"locked/run"});
  expect_refused({"sample", "--checkpoint", "run", "--lengths", "30", "--output", "locked/samples"}, 1,
                 {"locked/samples"});
  fs::permissions(folder->path("locked"), fs::perms::owner_all);
}

}  // namespace
}  // namespace flashrna
