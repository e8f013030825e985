// flashrna sample as a cluster uses it: formats, files that other programs read, work cut in any way.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <iterator>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "tests/cli/program.h"
#include "tests/cli/small_data.h"

namespace flashrna {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

class SampleCommand : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder = std::make_unique<TemporaryFolder>();
    make_small_project(*folder);
    train_small_model(*folder, "run");
  }
  static void TearDownTestSuite() { folder.reset(); }

  // A quick request, with more words at the end.
  static Words request(const std::string& output, const Words& more = {}) {
    Words words{"sample", "--checkpoint", "run",       "--steps", "3",        "--seed",
                "1",      "--quiet",      "--threads", "1",       "--output", output};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  static ProgramResult sample(const std::string& output, const Words& more) {
    ProgramResult result = run_flashrna(request(output, more), {.folder = folder->path()});
    EXPECT_EQ(result.status, 0) << result.errors;
    return result;
  }

  static std::unique_ptr<TemporaryFolder> folder;
};
std::unique_ptr<TemporaryFolder> SampleCommand::folder;

TEST_F(SampleCommand, BiopythonReadsThePdbFiles) {
  if (run_shell(FLASHRNA_PYTHON " -c 'import Bio.PDB'").status != 0) {
    GTEST_SKIP() << FLASHRNA_PYTHON << " has no Biopython; choose another with -DFLASHRNA_PYTHON=";
  }
  for (const char* letter : {"N", "G", "U"}) {
    const std::string output = std::string("bio_") + letter;
    sample(output, {"--lengths", "30", "--samples", "3", "--format", "both", "--nucleotide", letter});
    const ProgramResult result =
        run_shell(fmt::format("{} {}/tests/cli/biopython_test.py {} 30 {}/*.pdb", FLASHRNA_PYTHON, FLASHRNA_SOURCE_DIR,
                              letter, folder->path(output)));
    EXPECT_EQ(result.output, "ok\n") << result.errors;
  }
}

TEST_F(SampleCommand, EveryFormatHoldsTheSameCoordinates) {
  for (const char* format : {"cif", "pdb", "both", "models"}) {
    const ProgramResult result = sample(format, {"--lengths", "8", "--samples", "2", "--format", format});
    EXPECT_NE(result.output.find("len_00008_sample"), std::string::npos) << result.output;
  }
  const auto bytes = [](const std::string& name) { return file_bytes(folder->path(name)); };
  EXPECT_TRUE(bytes("cif/len_00008_sample_001.cif") == bytes("both/len_00008_sample_001.cif"));
  EXPECT_TRUE(bytes("pdb/len_00008_sample_001.pdb") == bytes("both/len_00008_sample_001.pdb"));
  // Of a line of atoms, the coordinates.
  const auto coordinates = [&](const std::string& name) {
    std::vector<std::string> found;
    std::istringstream text(bytes(name));
    for (std::string line; std::getline(text, line);) {
      std::istringstream words(line);
      const std::vector<std::string> columns{std::istream_iterator<std::string>(words), {}};
      if (columns.size() == 20 && columns[0] == "ATOM") found.push_back(columns[10] + columns[11] + columns[12]);
    }
    return found;
  };
  std::vector<std::string> expected = coordinates("cif/len_00008_sample_000.cif");
  for (const std::string& line : coordinates("cif/len_00008_sample_001.cif")) expected.push_back(line);
  EXPECT_EQ(expected.size(), 2u * 8 * 13);
  EXPECT_EQ(coordinates("models/len_00008_samples_000-001.cif"), expected);
}

}  // namespace
}  // namespace flashrna
