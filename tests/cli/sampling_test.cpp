// Runs flashrna sample as on a cluster: output formats, files readable by other programs, work divided in any way.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "base/file_lock.h"
#include "tests/cli/program.h"
#include "tests/cli/trained_project.h"

namespace flashrna {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

class SampleCommand : public TrainedProject {
 protected:
  // A fast request with additional arguments.
  static Words request(const std::string& output, const Words& more, const std::string& steps = "3") {
    Words words{"sample", "--checkpoint", "run",       "--steps", steps,      "--seed",
                "1",      "--quiet",      "--threads", "1",       "--output", output};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  static ProgramResult sample(const std::string& output, const Words& more) {
    ProgramResult result = run_flashrna(request(output, more), {.folder = folder->path()});
    EXPECT_EQ(result.status, 0) << result.errors;
    return result;
  }
};

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

TEST_F(SampleCommand, H5pyReadsTheTrajectoryAndTheDocumentationRuns) {
  if (run_shell(FLASHRNA_PYTHON " -c 'import h5py, numpy'").status != 0) {
    GTEST_SKIP() << FLASHRNA_PYTHON << " has no h5py; choose another with -DFLASHRNA_PYTHON=";
  }
  const Words words{"--lengths", "40", "--samples", "10", "--trajectory", "all"};
  sample("samples", words);
  const std::string trajectory = folder->path("samples/len_00040_samples_000-009.trajectory.h5");
  const ProgramResult result = run_shell(fmt::format("{0} {1}/tests/cli/trajectory_test.py {2} {1}/docs/sampling.md",
                                                     FLASHRNA_PYTHON, FLASHRNA_SOURCE_DIR, trajectory));
  EXPECT_EQ(result.output, "ok\n") << result.errors;

  // A deleted trajectory is written again with the same bytes.
  const std::string bytes = file_bytes(trajectory);
  fs::remove(trajectory);
  sample("samples", words);
  EXPECT_TRUE(file_bytes(trajectory) == bytes);
}

TEST_F(SampleCommand, EachSampleGetsAStructureOfItsOwnUnlessTheyAreLeftToTheNetwork) {
  const Words words{"--lengths", "24,30", "--samples", "2"};
  const auto with = [&](const char* structures) {
    Words more = words;
    more.insert(more.end(), {"--secondary-structure", structures});
    return more;
  };
  const auto columns = [](const std::string& output) {
    const std::string table = file_bytes(folder->path(output + "/samples.csv"));
    return table.substr(0, table.find('\n'));
  };
  sample("drawn", words);
  const std::string structures = file_bytes(folder->path("drawn/structures.dbn"));
  for (const char* name : {">len_00024_sample_000\n", ">len_00024_sample_001\n", ">len_00030_sample_001\n"})
    EXPECT_NE(structures.find(name), std::string::npos) << structures;
  EXPECT_NE(columns("drawn").find("pair_f1"), std::string::npos);
  EXPECT_NE(file_bytes(folder->path("drawn/config.ini")).find("secondary_structure = grammar"), std::string::npos);

  sample("asked", with("grammar"));
  EXPECT_EQ(file_bytes(folder->path("asked/structures.dbn")), structures);
  EXPECT_EQ(file_bytes(folder->path("asked/len_00030_sample_001.cif")),
            file_bytes(folder->path("drawn/len_00030_sample_001.cif")));

  sample("left", with("none"));
  EXPECT_FALSE(fs::exists(folder->path("left/structures.dbn")));
  EXPECT_EQ(columns("left").find("pair_f1"), std::string::npos);
}

TEST_F(SampleCommand, EveryFormatHoldsTheSameCoordinates) {
  for (const char* format : {"cif", "pdb", "both", "models"}) {
    const ProgramResult result = sample(format, {"--lengths", "8", "--samples", "2", "--format", format});
    EXPECT_NE(result.output.find("len_00008_sample"), std::string::npos) << result.output;
  }
  const auto bytes = [](const std::string& name) { return file_bytes(folder->path(name)); };
  EXPECT_TRUE(bytes("cif/len_00008_sample_001.cif") == bytes("both/len_00008_sample_001.cif"));
  EXPECT_TRUE(bytes("pdb/len_00008_sample_001.pdb") == bytes("both/len_00008_sample_001.pdb"));
  // The coordinates of an atom record.
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

// Structure files in a folder with their contents.
std::map<std::string, std::string> structures_in(const std::string& path) {
  std::map<std::string, std::string> files;
  for (const auto& item : fs::directory_iterator(path)) {
    if (item.path().extension() == ".cif") files[item.path().filename()] = file_bytes(item.path());
  }
  return files;
}

// 21 batches of one to four samples.
const Words kManyBatches{"--lengths", "20-44:4", "--samples", "7", "--max-residues", "80"};

TEST_F(SampleCommand, ShardsTogetherAreTheRunInOnePiece) {
  sample("whole", kManyBatches);
  std::vector<std::string> rows;
  for (const char* shard : {"2/3", "1/3", "3/3"}) {
    Words words = kManyBatches;
    words.insert(words.end(), {"--shard", shard});
    sample("shards", words);
    const std::string name = fmt::format("shards/samples.{}-of-3.csv", shard[0]);
    std::istringstream table(file_bytes(folder->path(name)));
    std::string line;
    for (std::getline(table, line); std::getline(table, line);) rows.push_back(line);
    EXPECT_GT(rows.size(), 10u) << name;
  }
  EXPECT_TRUE(structures_in(folder->path("whole")) == structures_in(folder->path("shards")));
  std::ranges::sort(rows);
  const std::string table = file_bytes(folder->path("whole/samples.csv"));
  EXPECT_EQ(table.substr(table.find('\n') + 1), fmt::format("{}\n", fmt::join(rows, "\n")));
  EXPECT_FALSE(fs::exists(folder->path("shards/samples.csv")));

  // Without --shard, the command has nothing to sample and merges the tables.
  const auto written = fs::last_write_time(folder->path("shards/len_00020_sample_000.cif"));
  sample("shards", kManyBatches);
  EXPECT_EQ(file_bytes(folder->path("shards/samples.csv")), table);
  EXPECT_EQ(fs::last_write_time(folder->path("shards/len_00020_sample_000.cif")), written);
}

TEST_F(SampleCommand, BatchesSampledAtOnceAreThoseSampledOneAfterTheOther) {
  sample("one_thread", kManyBatches);
  Words words = request("three_threads", kManyBatches);
  *(std::ranges::find(words, "--threads") + 1) = "3";
  const ProgramResult result = run_flashrna(words, {.folder = folder->path()});
  ASSERT_EQ(result.status, 0) << result.errors;
  EXPECT_TRUE(structures_in(folder->path("one_thread")) == structures_in(folder->path("three_threads")));
  const auto table = [](const std::string& name) { return file_bytes(folder->path(name)); };
  EXPECT_EQ(table("three_threads/samples.csv"), table("one_thread/samples.csv"));
  const auto batches = [&](const std::string& name) {
    std::istringstream text(table(name));
    std::vector<std::string> names;
    for (std::string line; std::getline(text, line);) names.push_back(line.substr(0, line.find(',')));
    return names;
  };
  EXPECT_EQ(batches("three_threads/timings.csv"), batches("one_thread/timings.csv"));
}

TEST_F(SampleCommand, MoreShardsThanBatchesLeaveSomeWithNothingToDo) {
  const ProgramResult result = sample("spare", {"--lengths", "8", "--samples", "2", "--shard", "2/2"});
  EXPECT_EQ(std::count(result.output.begin(), result.output.end(), '\n'), 1) << result.output;
  EXPECT_TRUE(structures_in(folder->path("spare")).empty());
  EXPECT_TRUE(fs::exists(folder->path("spare/samples.2-of-2.csv")));
}

TEST_F(SampleCommand, SamplesThatAnotherProcessMakesAreRefused) {
  fs::create_directory(folder->path("busy"));
  const auto try_shard = [](const Words& shard) {
    Words words = request("busy", kManyBatches);
    words.insert(words.end(), shard.begin(), shard.end());
    return run_flashrna(words, {.folder = folder->path()});
  };
  {
    const FileLock second_shard(folder->path("busy/.samples.2-of-3.lock"), "");
    for (const Words& shard : {Words{"--shard", "2/3"}, Words{}}) {
      const ProgramResult refused = try_shard(shard);
      EXPECT_EQ(refused.status, 1);
      EXPECT_NE(refused.errors.find("error: busy: another process is making these samples"), std::string::npos)
          << refused.errors;
    }
    EXPECT_EQ(try_shard({"--shard", "1/3"}).status, 0) << "another part";
  }
  {
    const FileLock whole(folder->path("busy/.samples.lock"), "");
    EXPECT_EQ(try_shard({"--shard", "3/3"}).status, 1);
  }
  EXPECT_EQ(try_shard({}).status, 0);
}

TEST_F(SampleCommand, ARunThatMadeNothingLeavesTheFolderToAnother) {
  fs::create_directory(folder->path("empty"));
  sample("other", {"--lengths", "9", "--samples", "1"});
  fs::copy_file(folder->path("other/config.ini"), folder->path("empty/config.ini"));
  sample("empty", {"--lengths", "8", "--samples", "1"});
  const std::string config = file_bytes(folder->path("empty/config.ini"));
  EXPECT_NE(config.find("lengths = 8"), std::string::npos) << config;
}

TEST_F(SampleCommand, LengthsBeyondTheTrainingChainsAreAWarningThatNamesTheLongest) {
  const auto sample_aloud = [](const std::string& output, const std::string& lengths) {
    const Words words{"sample", "--checkpoint", "run", "--lengths", lengths, "--samples",
                      "1",      "--steps",      "2",   "--output",  output};
    return run_flashrna(words, {.folder = folder->path()});
  };
  const ProgramResult longer = sample_aloud("longer", "9,300");
  EXPECT_NE(longer.errors.find("warning: --lengths up to 300: the longest chain that "), std::string::npos)
      << longer.errors;
  EXPECT_NE(longer.errors.find("was trained on is "), std::string::npos) << longer.errors;
  EXPECT_EQ(sample_aloud("short", "9").errors.find("warning"), std::string::npos);
}

TEST_F(SampleCommand, OutOfMemoryNamesLengthAndBatchAndLeavesNoSample) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "AddressSanitizer needs terabytes of address space";
#endif
  for (const auto& [lengths, samples, part] :
       {std::tuple{"400", "5000", "in a batch of 5000 backbones of 400 residues; give a --max-residues below 2000000"},
        {"2000000", "1", "in a batch of 1 backbone of 2000000 residues; it was alone in it"}}) {
    const ProgramResult result =
        run_flashrna(request("large", {"--lengths", lengths, "--samples", samples, "--max-residues", "2000000",
                                       "--secondary-structure", "none"}),
                     {.folder = folder->path(), .memory_limit = 1200L << 20});
    EXPECT_EQ(result.status, 1);
    EXPECT_NE(result.errors.find(part), std::string::npos) << result.errors;
    EXPECT_TRUE(structures_in(folder->path("large")).empty());
  }
}

TEST_F(SampleCommand, ShardsThatAreNoPartAreUsage) {
  for (const char* shard : {"0/3", "4/3", "3", "a/b", "1/0", "-1/3", "1/3x"}) {
    const ProgramResult result =
        run_flashrna(request("refused", {"--lengths", "8", "--shard", shard}), {.folder = folder->path()});
    EXPECT_EQ(result.status, 2);
    EXPECT_EQ(result.errors, fmt::format("error: --shard {}: must be K/N with K from 1 to N, such as 3/16\n", shard));
  }
}

// Sends SIGKILL at 20 random moments: existing files are complete and are kept, and a kill loses at most the current
// batch.
TEST_F(SampleCommand, ARunKilledAtAnyMomentLosesAtMostTheBatchInHand) {
  const auto start = [&](const std::string& output) -> pid_t {
    Words words = request(output, kManyBatches, "30");
    words.insert(words.end(), {"--relax-rounds", "5"});
    words.insert(words.begin(), FLASHRNA_PROGRAM);
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    std::cout.flush();
    const pid_t child = fork();
    if (child == 0) {
      if (chdir(folder->path().c_str()) != 0 || std::freopen("/dev/null", "w", stdout) == nullptr) _exit(126);
      execv(pointers[0], pointers.data());
      _exit(127);
    }
    return child;
  };
  const auto begin = std::chrono::steady_clock::now();
  int status = 0;
  waitpid(start("unharmed"), &status, 0);
  ASSERT_EQ(status, 0);
  const auto whole_run = std::chrono::steady_clock::now() - begin;
  const auto expected = structures_in(folder->path("unharmed"));
  ASSERT_EQ(expected.size(), 49u);

  std::mt19937 engine(1);
  int killed = 0, made_before_the_end = 0;
  std::size_t there = 0;
  for (int i = 0; i < 20; ++i) {
    // Every fifth run starts from an empty folder; the others resume.
    if (i % 5 == 0) fs::remove_all(folder->path("harmed")), there = 0;
    const pid_t child = start("harmed");
    std::this_thread::sleep_for(whole_run * std::uniform_real_distribution<double>(0.1, 0.4)(engine));
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    killed += WIFSIGNALED(status) ? 1 : 0;
    if (!fs::exists(folder->path("harmed"))) continue;
    const auto files = structures_in(folder->path("harmed"));
    for (const auto& [name, bytes] : files) EXPECT_TRUE(bytes == expected.at(name)) << "kill " << i << ": " << name;
    EXPECT_GE(files.size(), there) << "kill " << i << ": a file that was there is gone";
    // Batches are made in order: all files before those of the last batch exist.
    if (!files.empty()) {
      const auto before = std::distance(expected.begin(), expected.find(files.rbegin()->first)) + 1;
      EXPECT_EQ(static_cast<std::size_t>(before), files.size()) << "kill " << i;
    }
    there = files.size();
    made_before_the_end += there > 0 && there < expected.size() ? 1 : 0;
  }
  std::cout << "  " << killed << " of 20 runs killed, " << made_before_the_end << " of them amid the samples\n";
  EXPECT_GT(killed, 2);
  EXPECT_GT(made_before_the_end, 2);
  waitpid(start("harmed"), &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(structures_in(folder->path("harmed")) == expected);
  EXPECT_EQ(file_bytes(folder->path("harmed/samples.csv")), file_bytes(folder->path("unharmed/samples.csv")));
  for (const auto& file : fs::directory_iterator(folder->path("harmed"))) {
    EXPECT_FALSE(file.path().string().ends_with(".tmp")) << file.path();
  }
}

}  // namespace
}  // namespace flashrna
