// Converts structure files to a dataset, as `flashrna convert` does.
#include "datasets/conversion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include <filesystem>
#include <map>

#include "base/sha256.h"
#include "datasets/chain_rows.h"
#include "datasets/dataset_reader.h"
#include "datasets/dataset_summary.h"
#include "datasets/source_files.h"
#include "datasets/unique_chains.h"
#include "rna/io/structure_reader.h"
#include "rna/io/structure_writer.h"
#include "tests/datasets/example_structures.h"
#include "tests/support/shared_data.h"

namespace flashrna {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;

constexpr const char* kProteinPdb =
    "ATOM      1  N   ALA A   1      11.104   6.134  -6.504  1.00  0.00           N\n"
    "ATOM      2  CA  ALA A   1      11.639   6.071  -5.147  1.00  0.00           C\n"
    "ATOM      3  C   ALA A   1      12.689   7.143  -4.889  1.00  0.00           C\n"
    "ATOM      4  O   ALA A   1      13.500   7.500  -5.700  1.00  0.00           O\n"
    "ATOM      5  N   GLY A   2      12.700   7.700  -3.700  1.00  0.00           N\n"
    "ATOM      6  CA  GLY A   2      13.600   8.800  -3.300  1.00  0.00           C\n"
    "ATOM      7  C   GLY A   2      13.300   9.300  -1.900  1.00  0.00           C\n"
    "ATOM      8  O   GLY A   2      12.200   9.200  -1.400  1.00  0.00           O\n"
    "END\n";

std::string gzipped(const std::string& text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string bytes(deflateBound(&stream, text.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_out = static_cast<uInt>(bytes.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  bytes.resize(stream.total_out);
  deflateEnd(&stream);
  return bytes;
}

class ConversionTest : public ::testing::Test {
 protected:
  // Valid, invalid and other files in two levels of folders; 5 RNA chains in 3 valid files.
  std::string make_mixed_folder() const {
    folder.write("in/1abc.cif", to_mmcif(example_structure("1ABC", {12, 30})));
    folder.write("in/2ABC.pdb", to_pdb(example_structure("2ABC", {21})));
    folder.write("in/deep/3abc.cif.gz", gzipped(to_mmcif(example_structure("3ABC", {8, 25}))));
    folder.write("in/protein.pdb", kProteinPdb);
    folder.write("in/text.cif", "This is no structure.\n");
    const std::string gz = gzipped(to_mmcif(example_structure("4ABC", {40})));
    folder.write("in/truncated.cif.gz", gz.substr(0, gz.size() / 2));
    folder.write("in/notes.txt", "not looked at");
    folder.write("in/.hidden.cif", "not looked at");
    return folder.path("in");
  }
  ConversionResult convert(const std::vector<std::string>& inputs, const ConversionOptions& options = {}) const {
    return convert_structures(inputs, output(), options);
  }
  std::string refusal(const std::vector<std::string>& inputs, const ConversionOptions& options = {}) const {
    return message_of([&] { convert(inputs, options); });
  }
  std::string output() const { return folder.path("out.h5"); }
  // Converts a folder and compares every stored chain with what the reader reads from its file.
  void expect_stored(const std::string& sample, std::size_t files) const;

  TemporaryFolder folder;
};

TEST_F(ConversionTest, AMixedFolderGivesItsChainsAndNamesTheRest) {
  const ConversionResult result = convert({make_mixed_folder()});
  EXPECT_EQ(result.files, 6u);
  EXPECT_EQ(result.unreadable_files, 2u);
  EXPECT_EQ(result.chains, 5u);
  EXPECT_EQ(result.residues, 96u);
  const DatasetReader reader(output());
  std::vector<std::string> ids, sources;
  for (const ChainRecord& chain : reader.chains()) {
    ids.push_back(chain.id);
    sources.push_back(chain.source_file);
  }
  EXPECT_THAT(ids, ElementsAre("1ABC_1_A", "1ABC_1_B", "2ABC_1_A", "3ABC_1_A", "3ABC_1_B"));
  EXPECT_THAT(sources,
              ElementsAre("in/1abc.cif", "in/1abc.cif", "in/2ABC.pdb", "in/deep/3abc.cif.gz", "in/deep/3abc.cif.gz"));
  EXPECT_EQ(reader.source(), "in");
  std::map<std::string, RejectedRecord> rejected;
  for (const RejectedRecord& record : reader.read_rejected()) rejected[record.source] = record;
  EXPECT_EQ(rejected.size(), 3u);
  EXPECT_EQ(rejected["in/text.cif"].reason, kUnreadableFile);
  EXPECT_THAT(rejected["in/text.cif"].detail, HasSubstr("in/text.cif"));
  EXPECT_EQ(rejected["in/truncated.cif.gz"].reason, kUnreadableFile);
  EXPECT_EQ(rejected["in/protein.pdb"].reason, "protein");
  EXPECT_EQ(rejected["in/protein.pdb"].chain, "A");
  EXPECT_EQ(result.rejected.at(kUnreadableFile), 2u);
}

TEST_F(ConversionTest, StoredCoordinatesAreThoseOfTheFile) {
  const Structure structure = example_structure("1ABC", {12, 30});
  const std::string text = to_mmcif(structure);
  const std::string path = folder.write("1abc.cif", text);
  convert({path});
  const DatasetReader reader(output());
  ASSERT_EQ(reader.chains().size(), 2u);
  EXPECT_EQ(reader.chains()[0].source_file, "1abc.cif");
  EXPECT_EQ(reader.chains()[0].source_sha256, sha256_hex(text));
  EXPECT_EQ(reader.chains()[1].length, 30);
  EXPECT_EQ(reader.chains()[1].n_breaks, 0);
  double worst = 0;
  for (std::size_t c = 0; c < 2; ++c) {
    const std::vector<Nucleotide> stored = nucleotides_of(reader.read_rows(c));
    ASSERT_EQ(stored.size(), structure.chains[c].nucleotides.size());
    for (std::size_t i = 0; i < stored.size(); ++i) {
      const Nucleotide& expected = structure.chains[c].nucleotides[i];
      EXPECT_EQ(stored[i].base, expected.base);
      EXPECT_EQ(stored[i].atom_mask, expected.atom_mask);
      for (int s = 0; s < kAtomSlots; ++s) {
        worst = std::max(worst, (stored[i].atoms[s] - expected.atoms[s]).cwiseAbs().maxCoeff());
      }
    }
  }
  EXPECT_LE(worst, 5.3e-4);  // three decimals in the file, and float32 below 1,000 Å
  std::printf("largest coordinate error: %.2e A\n", worst);
}

TEST_F(ConversionTest, TheSameInputGivesTheSameBytesOnAnyNumberOfThreadsAndFromAnyFolder) {
  for (int i = 0; i < 40; ++i) {
    const std::string entry = fmt::format("E{}", 100 + i);
    folder.write(fmt::format("in/{}.cif", entry), to_mmcif(example_structure(entry, {10 + 13 * (i % 7), 5 + i})));
  }
  make_mixed_folder();
  convert({folder.path("in")}, {.threads = 1});
  const std::string expected = file_bytes(output());
  fs::create_directory(folder.path("elsewhere"));
  fs::copy(folder.path("in"), folder.path("elsewhere/in"), fs::copy_options::recursive);
  for (const int threads : {2, 3, 8, 0}) {
    convert({folder.path(threads == 3 ? "elsewhere/in/" : "in")}, {.overwrite = true, .threads = threads});
    EXPECT_TRUE(file_bytes(output()) == expected) << threads << " threads";
  }
}

TEST_F(ConversionTest, InputOrderDecidesAndFilesOfOneEntryKeepTheirNamesApart) {
  const std::string first = folder.write("b/1abc.cif", to_mmcif(example_structure("1ABC", {12})));
  const std::string second = folder.write("a/1abc.cif", to_mmcif(example_structure("1ABC", {15})));
  convert({first, second, first});
  const DatasetReader reader(output());
  ASSERT_EQ(reader.chains().size(), 2u) << "a file given twice is taken once";
  EXPECT_EQ(reader.chains()[0].id, "1ABC_1_A");
  EXPECT_EQ(reader.chains()[0].length, 12);
  EXPECT_EQ(reader.chains()[1].id, "1ABC_1_A.2");
  EXPECT_EQ(reader.chains()[1].length, 15);
}

TEST_F(ConversionTest, ABadFileStopsTheRunOnlyIfStrict) {
  const std::string in = make_mixed_folder();
  EXPECT_THAT(refusal({in}, {.strict = true}), AllOf(HasSubstr("in/text.cif"), HasSubstr("--strict")));
  EXPECT_EQ(folder.count(), 1) << "nothing but the input";
}

TEST_F(ConversionTest, BadInputIsNamedAndLeavesNoFile) {
  EXPECT_THAT(refusal({folder.path("none.cif")}), EndsWith("none.cif: no such file or folder"));
  fs::create_directory(folder.path("empty"));
  EXPECT_THAT(refusal({folder.path("empty")}), HasSubstr("empty: no structure file in this folder"));
  EXPECT_THAT(refusal({folder.write("notes.txt", "x")}), HasSubstr("notes.txt: not the name of a structure file"));
  folder.write("proteins/a.pdb", kProteinPdb);
  folder.write("proteins/b.pdb", kProteinPdb);
  EXPECT_THAT(refusal({folder.path("proteins")}),
              AllOf(HasSubstr("no RNA chain found in 2 files"), HasSubstr("protein (2)"), HasSubstr("proteins/a.pdb")));
  EXPECT_THAT(refusal({folder.write("text.cif", "This is no structure.\n")}),
              AllOf(HasSubstr("no RNA chain found in 1 file,"), HasSubstr("text.cif")));
  const std::string pdb = to_pdb(example_structure("1ABC", {12}));
  EXPECT_THAT(refusal({folder.write("cut.pdb", pdb.substr(0, pdb.rfind("\nATOM", pdb.size() / 2) + 40))}),
              HasSubstr("cut.pdb"));
  EXPECT_FALSE(fs::exists(output()));
  EXPECT_EQ(folder.count(), 5);
}

TEST_F(ConversionTest, TheOutputMayHaveTheLongestName) {
  const std::string in = folder.write("1abc.cif", to_mmcif(example_structure("1ABC", {12})));
  const std::string out = folder.path(std::string(252, 'n') + ".h5");
  convert_structures({in}, out);
  EXPECT_EQ(DatasetReader(out).chains().size(), 1u);
}

TEST_F(ConversionTest, AnExistingOutputIsRefusedBeforeAnyWork) {
  folder.write("out.h5", "precious");
  EXPECT_THAT(refusal({folder.path("none.cif")}), HasSubstr("out.h5: exists already; pass --overwrite"));
  EXPECT_EQ(file_bytes(output()), "precious");
  const std::string in = folder.write("1abc.cif", to_mmcif(example_structure("1ABC", {12})));
  EXPECT_THAT(refusal({folder.path("none.cif")}, {.overwrite = true}), HasSubstr("none.cif"));
  EXPECT_EQ(file_bytes(output()), "precious") << "a run that fails leaves the old file";
  convert({in}, {.overwrite = true});
  EXPECT_EQ(DatasetReader(output()).chains().size(), 1u);
}

TEST_F(ConversionTest, AnAssemblyIsOneEntryWithBreaksAtItsJoins) {
  const std::string in = make_mixed_folder();
  const ConversionResult result = convert({in}, {.unit = EntryUnit::kAssembly});
  EXPECT_EQ(result.chains, 3u);
  EXPECT_EQ(result.residues, 96u);
  const DatasetReader reader(output());
  EXPECT_EQ(reader.options(), "model=1 unit=assembly");
  const ChainRecord& record = reader.chains()[0];
  EXPECT_EQ(record.id, "1ABC_1_A-B");
  EXPECT_EQ(record.chain_ids, "A,B");
  EXPECT_EQ(record.length, 42);
  EXPECT_EQ(record.n_breaks, 1);
  const ChainRows rows = reader.read_rows(0);
  EXPECT_EQ(rows.residue_index[11], 11);
  EXPECT_EQ(rows.residue_index[12], 11 + 201);
  EXPECT_EQ(rows.residue_index[41], 11 + 201 + 29);
  EXPECT_EQ(rows.chain_in_structure[11], 0);
  EXPECT_EQ(rows.chain_in_structure[12], 1);
}

// PDB text in which two chains have the same identifier.
std::string strands_of_one_chain() {
  Structure structure = example_structure("1ABC", {12, 12});
  for (Nucleotide& nucleotide : structure.chains[1].nucleotides) {
    for (Vec3& atom : nucleotide.atoms) atom.x() += 40.0;
  }
  std::string text = to_pdb(structure);
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
    if (text.substr(at, 4) == "ATOM") text[at + 21] = 'A';
  }
  return text;
}

TEST_F(ConversionTest, StrandsOfOneChainIdentifierAreTwoChains) {
  const std::string in = folder.write("1abc.pdb", strands_of_one_chain());
  EXPECT_EQ(convert({in}).chains, 2u);
  const DatasetReader reader(output());
  EXPECT_EQ(reader.chains()[0].id, "1ABC_1_A");
  EXPECT_EQ(reader.chains()[1].id, "1ABC_1_A-2");
  for (const ChainRecord& record : reader.chains()) {
    EXPECT_EQ(record.length, 12);
    EXPECT_EQ(record.n_breaks, 0);
  }
  convert({in}, {.unit = EntryUnit::kAssembly, .overwrite = true});
  const ChainRows rows = DatasetReader(output()).read_rows(0);
  EXPECT_EQ(rows.residue_index[12], 11 + 201);
  EXPECT_EQ(rows.chain_in_structure[12], 1);
}

TEST_F(ConversionTest, NoRotationOfDeterminantZeroIsStored) {
  Structure structure = example_structure("1ABC", {12});
  for (const int i : {4, 5, 6}) {
    for (Vec3& atom : structure.chains[0].nucleotides[static_cast<std::size_t>(i)].atoms) atom = Vec3::Zero();
  }
  convert({folder.write("1abc.pdb", to_pdb(structure)), folder.write("2abc.cif", to_mmcif(structure))});
  const DatasetReader reader(output());
  ASSERT_EQ(reader.chains().size(), 1u);
  EXPECT_EQ(reader.chains()[0].length, 9);
  EXPECT_EQ(reader.chains()[0].n_without_frame, 3);
  EXPECT_EQ(reader.chains()[0].n_breaks, 1);
  EXPECT_EQ(reader.read_chain(0).length, 9) << "the reader checks every rotation";
}

TEST_F(ConversionTest, AFileWithoutCoordinatesIsRejectedAndTheOthersAreConverted) {
  std::string text = to_pdb(example_structure("1ABC", {12}));
  text.replace(text.find("ATOM") + 30, 8, "********");
  folder.write("in/1abc.pdb", text);
  folder.write("in/2abc.pdb", to_pdb(example_structure("2ABC", {12, 15})));
  const ConversionResult result = convert({folder.path("in")});
  EXPECT_EQ(result.chains, 2u);
  EXPECT_EQ(result.unreadable_files, 1u);
  EXPECT_THAT(DatasetReader(output()).read_rejected().at(0).detail, HasSubstr("x of atom"));
}

TEST_F(ConversionTest, AnAssemblyOfMoreChainsThanCanBeToldApartIsRejected) {
  const std::string path = folder.write("1abc.cif", to_mmcif(example_structure("1ABC", std::vector<int>(257, 2))));
  EXPECT_THAT(refusal({path}, {.unit = EntryUnit::kAssembly}), HasSubstr("at most 256 chains"));
}

// Translates every atom by `shift` along x.
Structure shifted(Structure structure, double shift) {
  for (Chain& chain : structure.chains) {
    for (Nucleotide& nucleotide : chain.nucleotides) {
      for (Vec3& atom : nucleotide.atoms) atom.x() += shift;
    }
  }
  return structure;
}

TEST_F(ConversionTest, AChainIsStoredOnceHoweverOftenItComes) {
  const Structure structure = example_structure("1ABC", {12, 30});
  Structure other_names = structure;
  other_names.chains[0].nucleotides[3].name = "PSU";
  Structure fewer_atoms = structure;
  fewer_atoms.chains[1].nucleotides[3].atom_mask &= ~1u;
  folder.write("in/a.cif", to_mmcif(structure));
  folder.write("in/b.pdb", to_pdb(structure));                    // the same in another format
  folder.write("in/c.cif", to_mmcif(shifted(structure, 0.001)));  // within the tolerance
  folder.write("in/d.cif", to_mmcif(shifted(structure, 0.003)));  // beyond the tolerance
  folder.write("in/e.cif", to_mmcif(other_names));
  folder.write("in/f.cif", to_mmcif(fewer_atoms));
  const ConversionResult result = convert({folder.path("in")});
  const DatasetReader reader(output());
  std::vector<std::string> stored, duplicates;
  for (const ChainRecord& chain : reader.chains()) stored.push_back(chain.source_file + " " + chain.id);
  for (const RejectedRecord& record : reader.read_rejected()) {
    EXPECT_EQ(record.reason, kDuplicate);
    duplicates.push_back(record.source + " " + record.chain + ": " + record.detail);
  }
  EXPECT_THAT(stored, ElementsAre("in/a.cif 1ABC_1_A", "in/a.cif 1ABC_1_B", "in/d.cif 1ABC_1_A.2",
                                  "in/d.cif 1ABC_1_B.2", "in/e.cif 1ABC_1_A.3", "in/f.cif 1ABC_1_B.3"));
  const std::string same = ": the same residues and coordinates as 1ABC_1_";
  EXPECT_THAT(duplicates, ElementsAre("in/b.pdb A" + same + "A", "in/b.pdb B" + same + "B", "in/c.cif A" + same + "A",
                                      "in/c.cif B" + same + "B", "in/e.cif B" + same + "B", "in/f.cif A" + same + "A"));
  EXPECT_EQ(result.rejected.at(kDuplicate), 6u);
}

TEST_F(ConversionTest, NamesOfRnasoloGiveEntryModelAndChains) {
  folder.write("in/7M57_2_qq-bb.pdb", to_pdb(example_structure("XXXX", {12, 30})));
  folder.write("in/6wd5_1_2.cif", to_mmcif(example_structure("XXXX", {9})));
  folder.write("in/3B58_1_B-A.cif", to_mmcif(example_structure("3B58", {8, 25})));
  folder.write("in/3B59_1_B-C-A.cif", to_mmcif(example_structure("3B59", {6, 5})));
  folder.write("in/other_1_A.cif", to_mmcif(example_structure("4ABC", {7})));
  convert({folder.path("in")});
  std::vector<std::string> ids;
  const DatasetReader reader(output());
  for (const ChainRecord& chain : reader.chains()) {
    ids.push_back(fmt::format("{} {} {}", chain.entry, chain.model, chain.chain_ids));
  }
  EXPECT_THAT(ids, ElementsAre("3B58 1 A", "3B58 1 B", "3B59 1 A", "3B59 1 B", "6WD5 1 A", "7M57 2 qq", "7M57 2 bb",
                               "4ABC 1 A"));
}

TEST_F(ConversionTest, OverwritingTakesNoInputNoPipeAndNoLink) {
  const std::string input = folder.write("in/1abc.cif", to_mmcif(example_structure("1ABC", {12})));
  const std::string text = file_bytes(input);
  EXPECT_THAT(message_of([&] { convert_structures({folder.path("in")}, input, {.overwrite = true}); }),
              HasSubstr("1abc.cif: is an input"));
  EXPECT_EQ(file_bytes(input), text);
  ASSERT_EQ(mkfifo(folder.path("pipe.h5").c_str(), 0600), 0);
  EXPECT_THAT(message_of([&] { convert_structures({input}, folder.path("pipe.h5"), {.overwrite = true}); }),
              HasSubstr("is a device or a pipe"));
  EXPECT_TRUE(fs::is_fifo(folder.path("pipe.h5")));
  folder.write("real.h5", "old");
  fs::create_symlink(folder.path("real.h5"), folder.path("link.h5"));
  convert_structures({input}, folder.path("link.h5"), {.overwrite = true});
  EXPECT_TRUE(fs::is_symlink(folder.path("link.h5")));
  EXPECT_EQ(DatasetReader(folder.path("real.h5")).chains().size(), 1u);
}

TEST_F(ConversionTest, AModelThatAFileLacksIsSaid) {
  const std::string path = folder.write("1abc.cif", to_mmcif(example_structure("1ABC", {12})));
  EXPECT_THAT(refusal({path}, {.model = 7}), AllOf(HasSubstr("1abc.cif"), HasSubstr("7")));
}

TEST_F(ConversionTest, AStoppedRunLeavesNothing) {
  const std::string in = make_mixed_folder();
  std::size_t seen = 0;
  ConversionCalls calls;
  calls.progress = [&](const ConversionProgress& progress) { seen = progress.files_done; };
  calls.stop = [&] { return seen >= 2; };
  const ConversionResult result = convert_structures({in}, output(), {.threads = 1}, calls);
  EXPECT_TRUE(result.stopped);
  EXPECT_EQ(folder.count(), 1) << "nothing but the input";
}

// Forks a child that converts `in` until it is terminated; returns its wait status.
template <typename Body>
int status_of_child(Body&& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

TEST_F(ConversionTest, AFullDiskIsAnErrorAndLeavesNothing) {
  for (int i = 0; i < 60; ++i) {
    const std::string entry = fmt::format("E{}", 100 + i);
    folder.write(fmt::format("in/{}.cif", entry), to_mmcif(example_structure(entry, {150})));
  }
  const int status = status_of_child([&] {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {200'000, 200'000};
    setrlimit(RLIMIT_FSIZE, &limit);
    const std::string message = refusal({folder.path("in")}, {.threads = 1});
    const bool good =
        message.find("out.h5") != std::string::npos && message.find("File too large") != std::string::npos;
    if (!good) std::fprintf(stderr, "message: %s\n", message.c_str());
    return good ? 0 : 1;
  });
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_EQ(folder.count(), 1) << "nothing but the input";
}

TEST_F(ConversionTest, AKilledRunLeavesNoFileUnderTheFinalName) {
  const std::string in = make_mixed_folder();
  const int status = status_of_child([&] {
    ConversionCalls calls;
    calls.progress = [](const ConversionProgress& progress) {
      if (progress.files_done == 4) raise(SIGKILL);
    };
    convert_structures({in}, output(), {.threads = 1}, calls);
    return 0;
  });
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  EXPECT_FALSE(fs::exists(output()));
  EXPECT_EQ(folder.count(), 2) << "the temporary file";
  convert({in});
  EXPECT_EQ(DatasetReader(output()).chains().size(), 5u) << "the next run is not disturbed";
  EXPECT_EQ(folder.count(), 2) << "and leaves only its output";
}

void ConversionTest::expect_stored(const std::string& sample, std::size_t files) const {
  const ConversionResult result = convert({sample});
  EXPECT_EQ(result.files, files);
  EXPECT_EQ(result.unreadable_files, 0u);
  const DatasetReader reader(output());
  std::map<std::string, std::string> paths;
  SourceFiles sources({sample}, kMaxUnpackedBytes);
  while (const std::optional<SourceFile> source = sources.next()) paths[source->name] = source->path;
  double worst = 0;
  std::size_t compared = 0;
  std::map<std::string, Structure> structures;
  for (const auto& [name, path] : paths) structures[name] = read_structure(path);
  for (std::size_t c = 0; c < reader.chains().size(); ++c) {
    const ChainRecord& record = reader.chains()[c];
    const Structure& structure = structures.at(record.source_file);
    const auto chain = std::find_if(structure.chains.begin(), structure.chains.end(),
                                    [&](const Chain& candidate) { return candidate.id == record.chain_ids; });
    ASSERT_NE(chain, structure.chains.end()) << record.id;
    EXPECT_EQ(record.n_breaks, chain->n_breaks()) << record.id;
    EXPECT_EQ(record.n_modified, chain->n_modified) << record.id;
    const std::vector<Nucleotide> stored = nucleotides_of(reader.read_rows(c));
    ASSERT_EQ(stored.size(), chain->nucleotides.size()) << record.id;
    for (std::size_t i = 0; i < stored.size(); ++i, ++compared) {
      EXPECT_EQ(stored[i].name, chain->nucleotides[i].name) << record.id;
      EXPECT_EQ(stored[i].atom_mask, chain->nucleotides[i].atom_mask) << record.id;
      for (int s = 0; s < kAtomSlots; ++s) {
        worst = std::max(worst, (stored[i].atoms[s] - chain->nucleotides[i].atoms[s]).cwiseAbs().maxCoeff());
      }
    }
  }
  EXPECT_LE(worst, 1e-3);
  EXPECT_EQ(compared, reader.residue_count());
  std::printf("%zu chains, %zu residues, largest coordinate error %.2e A\n", reader.chains().size(), compared, worst);
  for (const auto& [reason, count] : result.rejected) std::printf("rejected, %s: %zu\n", reason.c_str(), count);
}

TEST_F(ConversionTest, RealStructuresComeBackToAThousandthOfAnAngstrom) {
  FLASHRNA_REQUIRE_SHARED(sample, "structures/sample");
  expect_stored(sample, 38);
}

TEST_F(ConversionTest, SmallStructuresComeBackToAThousandthOfAnAngstrom) { expect_stored(small_structure(), 10); }

TEST_F(ConversionTest, TransferRna1EhzHas76NucleotidesOfWhich14AreModified) {
  FLASHRNA_REQUIRE_SHARED(path, "structures/sample/1EHZ.cif");
  convert({path});
  const DatasetReader reader(output());
  ASSERT_EQ(reader.chains().size(), 1u);
  EXPECT_EQ(reader.chains()[0].id, "1EHZ_1_A");
  EXPECT_EQ(reader.chains()[0].length, 76);
  EXPECT_EQ(reader.chains()[0].n_modified, 14);
  EXPECT_EQ(reader.chains()[0].n_breaks, 0);
  EXPECT_FLOAT_EQ(reader.chains()[0].resolution, 1.93f);
  const ChainRows rows = reader.read_rows(0);
  EXPECT_EQ(rows.residue_name[38], "PSU");
  EXPECT_EQ(rows.nucleotide[38], static_cast<std::uint8_t>(Base::U));
  EXPECT_EQ(rows.seq_id[38], 39);
}

// Names, numbers and parents as tests/data/structures/make_structures.py writes them.
TEST_F(ConversionTest, AGapAndModifiedNucleotidesAreStoredAsTheirFilesHaveThem) {
  convert({small_structure("gap.cif"), small_structure("modified.cif")});
  const DatasetReader reader(output());
  ASSERT_EQ(reader.chains().size(), 2u);
  EXPECT_EQ(reader.chains()[0].id, "0GAP_1_A");
  EXPECT_EQ(reader.chains()[0].n_breaks, 1);
  EXPECT_EQ(reader.chains()[0].n_modified, 0);
  EXPECT_THAT(reader.read_rows(0).seq_id, ElementsAre(3, 4, 5, 6, 9, 10, 11, 12));
  EXPECT_THAT(reader.read_rows(0).residue_index, ElementsAre(0, 1, 2, 3, 6, 7, 8, 9));
  EXPECT_EQ(reader.chains()[1].id, "0MOD_1_A");
  EXPECT_EQ(reader.chains()[1].length, 8);
  EXPECT_EQ(reader.chains()[1].n_breaks, 0);
  EXPECT_EQ(reader.chains()[1].n_modified, 5);
  const ChainRows rows = reader.read_rows(1);
  EXPECT_THAT(rows.residue_name, ElementsAre("GTP", "U", "2MG", "5MC", "1MA", "5MU", "G", "C"));
  std::string parents;
  for (const std::uint8_t nucleotide : rows.nucleotide) parents += base_letter(static_cast<Base>(nucleotide));
  EXPECT_EQ(parents, "GUGCAUGC");
}

}  // namespace
}  // namespace flashrna
