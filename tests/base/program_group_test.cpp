#include "base/program_group.h"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>

#include "base/error.h"
#include "tests/support/temporary_folder.h"

namespace flashrna {
namespace {

ProgramStart shell(const std::string& line, std::vector<std::string> variables = {}) {
  return {{"sh", "-c", line}, std::move(variables)};
}

// Runs for a minute unless it is killed, and then makes a file.
ProgramStart slow(const std::string& file) {
  return shell("i=0; while [ $i -lt 1200 ]; do sleep 0.05; i=$((i + 1)); done; touch '" + file + "'");
}

int no_signal() { return 0; }

double seconds_of(const auto& call) {
  const auto start = std::chrono::steady_clock::now();
  call();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

TEST(ProgramGroup, WaitsForAllAndGivesEachItsVariables) {
  const ProgramEnd end = run_program_group({shell("test $PART = 0", {"PART=0"}), shell("test $PART = 1", {"PART=1"}),
                                            shell("test \"$PATH\" = here", {"PATH=here"})},
                                           no_signal, 10.0);
  EXPECT_EQ(end.status, 0);
}

TEST(ProgramGroup, ReportsTheFirstThatFailed) {
  const ProgramEnd end =
      run_program_group({shell("sleep 0.5; exit 4"), shell("exit 3"), shell("exit 0")}, no_signal, 10.0);
  EXPECT_EQ(end.program, 1u);
  EXPECT_EQ(end.status, 3);
}

TEST(ProgramGroup, KillsTheOthersAfterTheGrace) {
  const TemporaryFolder folder;
  ProgramEnd end;
  const double seconds = seconds_of([&] {
    end = run_program_group({slow(folder.path("finished")), shell("kill -KILL $$")}, no_signal, 0.3);
  });
  EXPECT_EQ(end.program, 1u);
  EXPECT_EQ(end.status, -SIGKILL);
  EXPECT_GE(seconds, 0.3);
  EXPECT_FALSE(std::filesystem::exists(folder.path("finished"))) << "it was killed before its end";
}

TEST(ProgramGroup, PassesASignalOnOnce) {
  const auto start = std::chrono::steady_clock::now();
  const auto signal = [&] {
    return std::chrono::steady_clock::now() - start > std::chrono::milliseconds(500) ? SIGTERM : 0;
  };
  // A second SIGTERM would end the program by the signal instead of by its status.
  const std::string patient = "trap 'trap - TERM; sleep 0.5; exit 143' TERM; while :; do sleep 0.05; done";
  const ProgramEnd end = run_program_group({shell(patient), shell(patient)}, signal, 10.0);
  EXPECT_EQ(end.status, 143);
}

TEST(ProgramGroup, AProgramThatIsNotThereIsAnErrorAndEndsTheOthers) {
  const TemporaryFolder folder;
  const auto run = [&] {
    run_program_group({slow(folder.path("finished")), {{"no-such-program"}, {}}}, no_signal, 10.0);
  };
  EXPECT_THROW(run(), Error);
  EXPECT_FALSE(std::filesystem::exists(folder.path("finished"))) << "it was killed before its end";
}

}  // namespace
}  // namespace flashrna
