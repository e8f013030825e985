// Kills one of the processes of a training run at random moments: the others must end, the last checkpoint must be
// whole, and the run that goes on must end with the bits of one that was never killed.
#include <gtest/gtest.h>

#include <chrono>
#include <random>

#include "base/atomic_file.h"
#include "base/error.h"
#include "tests/cli/program.h"
#include "tests/cli/small_data.h"

namespace flashrna {
namespace {

TEST(KilledProcesses, LeaveARunThatEndsBitEqual) {
  const TemporaryFolder folder;
  make_small_project(folder);
  std::string options = " --threads 1 --device cpu --timeout 30 --training.keep_checkpoints 2";
  std::string first =
      "--config configs/demo.ini --data.path rna.h5 --data.batch_size 4 --training.reduction ordered "
      "--training.minutes 0";
  for (const std::string& word : small_model_words()) first += " " + word;
  const auto steps = [](std::string line, int count) {
    const std::string key = "--training.steps 4";
    return line.replace(line.find(key), key.size(), "--training.steps " + std::to_string(count));
  };
  constexpr int kSteps = 1000;
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_EQ(run_shell("flashrna train " + steps(first, kSteps) + options + " --output whole", {.folder = folder.path()})
                .status,
            0);

  // So that twenty runs end before the last step.
  const double longest = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() / 20;

  std::mt19937 random(20261130);
  int killed = 0;
  for (int attempt = 0; attempt < 20; ++attempt) {
    const int rank = static_cast<int>(random() % 2);
    const double seconds = 0.3 + longest * std::uniform_real_distribution<>()(random);
    const std::string start = attempt == 0 ? steps(first, kSteps) : "--resume";
    const ProgramResult result =
        run_shell(fmt::format("flashrna train {}{} --devices 2 --output run & parent=$!\nsleep {:.2f}\n"
                              "child=$(cut -d' ' -f{} /proc/$parent/task/$parent/children)\n[ -n \"$child\" ] && "
                              "kill -KILL $child\nwait $parent",
                              start, options, seconds, rank + 1),
                  {.folder = folder.path()});
    if (result.status == 0) break;  // it has reached the end
    EXPECT_EQ(result.status, 1) << result.errors;
    EXPECT_NE(result.errors.find(fmt::format("rank {} of 2 was ended by signal 9", rank)), std::string::npos)
        << "after " << seconds << " s: " << result.errors;
    ++killed;
    // Killed before the first checkpoint: there is nothing to resume.
    if (list_files(folder.path("run")).empty()) --attempt, run_shell("rm -rf run", {.folder = folder.path()});
  }
  EXPECT_EQ(killed, 20) << "the run was over too early";
  ASSERT_EQ(
      run_shell("flashrna train --resume --devices 2" + options + " --output run", {.folder = folder.path()}).status,
      0);
  const std::string last = fmt::format("checkpoints/step_{:08d}.h5", kSteps);
  EXPECT_EQ(read_file(folder.path("run/" + last)), read_file(folder.path("whole/" + last)));
}

}  // namespace
}  // namespace flashrna
