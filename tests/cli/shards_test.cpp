// Work in parts, as jobs of an array do it: the parts together are the bytes of the whole. The scripts of
// examples/slurm run with the variables of SLURM set by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "base/atomic_file.h"
#include "rna/io/structure_writer.h"
#include "tests/cli/program.h"
#include "tests/cli/small_data.h"

namespace flashrna {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Shards : public testing::Test {
 protected:
  Shards() {
    for (int i = 0; i < 14; ++i) {
      const std::string entry = "part" + std::to_string(10 + i);
      const Structure structure = example_structure(entry, {12 + 3 * (i % 5), 20 + i});
      folder_.write("structures/" + entry + ".cif", to_mmcif(structure));
    }
    // Duplicates within a part and across parts, under the same and under another name, and files to reject between
    // them.
    const std::string twin = to_mmcif(example_structure("part11", {15, 21}));
    folder_.write("structures/part11_again.cif", twin);
    folder_.write("structures/part22_again.cif", twin);
    folder_.write("structures/part19_broken.cif", "data_broken\nloop_\n_atom_site.id\n");
    folder_.write("structures/part22_a_broken.pdb", "HEADER    nothing\n");
    folder_.write("structures/part23_broken.pdb", "END\n");
  }

  ProgramResult run(const std::string& line) const { return run_shell(line, {.folder = folder_.path()}); }
  std::string bytes(const std::string& name) const { return read_file(folder_.path(name)); }
  void expect_done(const std::string& line) const {
    const ProgramResult result = run(line);
    EXPECT_EQ(result.status, 0) << line << "\n" << result.errors;
  }

  TemporaryFolder folder_;
};

TEST_F(Shards, MergedPartsOfAConversionHaveTheBytesOfTheWhole) {
  expect_done("flashrna convert structures --output whole.h5 --quiet");
  for (const int count : {2, 3, 16}) {
    std::string parts;
    for (int k = 1; k <= count; ++k) {
      const std::string part = fmt::format("{}_of_{}.h5", k, count);
      expect_done(fmt::format("flashrna convert structures --shard {}/{} --output {} --quiet", k, count, part));
      parts += " " + part;
    }
    expect_done(fmt::format("flashrna merge{} --output merged_{}.h5 --quiet", parts, count));
    EXPECT_EQ(bytes(fmt::format("merged_{}.h5", count)), bytes("whole.h5")) << count;
  }
}

TEST_F(Shards, PartsThatAreNotAllThereInOrderAreNotMerged) {
  for (const char* part : {"1/2", "2/2", "1/3"})
    expect_done(fmt::format("flashrna convert structures --shard {} --output {}.h5 --quiet", part,
                            std::string(part).replace(1, 1, "of")));
  expect_done("flashrna convert structures --output whole.h5 --quiet");
  for (const char* inputs : {"1of2.h5", "2of2.h5 1of2.h5", "1of3.h5 2of2.h5", "1of2.h5 2of2.h5 whole.h5"}) {
    const ProgramResult result = run(fmt::format("flashrna merge {} --output none.h5", inputs));
    EXPECT_EQ(result.status, 1) << inputs;
    EXPECT_THAT(result.errors, HasSubstr("give all parts of one conversion, in order, and nothing else"));
    EXPECT_FALSE(fs::exists(folder_.path("none.h5")));
  }
  EXPECT_EQ(run("flashrna convert structures --shard 3/2 --output none.h5").status, 2);
}

TEST_F(Shards, JoinedPartsOfAnEvaluationHaveTheBytesOfTheWhole) {
  expect_done("flashrna convert structures --output rna.h5 --quiet");
  fs::remove(folder_.path("structures/part23_broken.pdb"));
  const std::string command = "flashrna evaluate --samples structures --reference rna.h5 --quiet ";
  expect_done(command + "--output whole/report");
  for (int k = 1; k <= 3; ++k) {
    const ProgramResult early = run(command + "--output parts/report --join");
    EXPECT_EQ(early.status, 1);
    EXPECT_THAT(early.errors, k == 1 ? HasSubstr("run the same command with --shard 1/N")
                                     : HasSubstr(fmt::format("part {}/3 is missing", k)));
    EXPECT_FALSE(fs::exists(folder_.path("parts/report/summary.json")));
    expect_done(command + fmt::format("--output parts/report --shard {}/3", k));
  }
  expect_done(command + "--output parts/report --join");
  for (const char* file : {"metrics.csv", "summary.json", "report.html"})
    EXPECT_EQ(bytes(std::string("parts/report/") + file), bytes(std::string("whole/report/") + file)) << file;

  // Parts of other samples do not count.
  fs::remove(folder_.path("structures/part10.cif"));
  EXPECT_THAT(run(command + "--output parts/report --join").errors, HasSubstr("no part of these samples"));
  EXPECT_EQ(run(command + "--output parts/report --join --shard 1/2").status, 2);
}

// A stand-in for srun: as many processes as SLURM_NTASKS, with the variables of a step.
constexpr const char* kSrun = R"(#!/bin/bash
while [[ $1 == --* ]]; do shift; done
for ((rank = SLURM_NTASKS - 1; rank >= 0; --rank)); do
  SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=$SLURM_NTASKS SLURM_PROCID=$rank SLURM_LOCALID=$rank "$@" &
  processes+=($!)
done
for process in "${processes[@]}"; do wait $process || status=$?; done
exit ${status:-0}
)";

class SlurmScripts : public Shards {
 protected:
  SlurmScripts() {
    folder_.write("bin/srun", kSrun);
    fs::permissions(folder_.path("bin/srun"), fs::perms::owner_all);
    fs::copy(FLASHRNA_SOURCE_DIR "/configs", folder_.path("configs"));
  }
  // Runs a script of examples/slurm as a job with these variables.
  void submit(const std::string& variables, const std::string& script_and_words) const {
    expect_done("export PATH=\"" + folder_.path("bin") + ":$PATH\" " + variables +
                "\nbash " FLASHRNA_SOURCE_DIR "/examples/slurm/" + script_and_words);
  }
  void submit_array(int count, const std::string& script_and_words) const {
    for (int k = 1; k <= count; ++k)
      submit(fmt::format("SLURM_ARRAY_TASK_ID={} SLURM_ARRAY_TASK_COUNT={}", k, count), script_and_words);
  }
};

TEST_F(SlurmScripts, ConvertTrainSampleAndEvaluate) {
  submit_array(2, "convert.sbatch structures work --quiet");
  submit("PARTS=2", "merge.sbatch work rna.h5");
  expect_done("flashrna convert structures --output whole.h5 --quiet");
  EXPECT_EQ(bytes("rna.h5"), bytes("whole.h5"));
  EXPECT_NE(run("PARTS=3 bash " FLASHRNA_SOURCE_DIR "/examples/slurm/merge.sbatch work other.h5").status, 0);

  std::string options;
  for (const std::string& word : small_model_words()) options += " " + word;
  const std::string job =
      fmt::format("SLURM_JOB_ID={} SLURM_NTASKS=2 SLURM_NNODES=1 SLURM_JOB_NODELIST=localhost", getpid() % 10000);
  submit(job,
         "train.sbatch rna.h5 configs/demo.ini runs/a --data.min_length 10 --data.validation_fraction 0 "
         "--threads 1 --device cpu" +
             options);
  EXPECT_TRUE(fs::exists(folder_.path("runs/a/checkpoints/step_00000004.h5")));
  submit(job, "train.sbatch rna.h5 configs/demo.ini runs/a --training.steps 6 --threads 1 --device cpu");
  EXPECT_TRUE(fs::exists(folder_.path("runs/a/checkpoints/step_00000006.h5")));

  submit_array(2, "sample.sbatch runs/a samples --lengths 12,14 --samples 1 --steps 2");
  EXPECT_TRUE(fs::exists(folder_.path("samples/len_00012_sample_000.cif")));
  EXPECT_TRUE(fs::exists(folder_.path("samples/len_00014_sample_000.cif")));
  submit_array(2, "evaluate.sbatch samples rna.h5 report");
  submit("", "evaluate.sbatch samples rna.h5 report");
  EXPECT_TRUE(fs::exists(folder_.path("report/report.html")));
}

}  // namespace
}  // namespace flashrna
