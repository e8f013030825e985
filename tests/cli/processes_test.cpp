// Training in several processes as users start them: --devices, the variables of launchers, signals, and ends.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>

#include "base/atomic_file.h"
#include "base/error.h"
#include "tests/cli/program.h"
#include "tests/cli/small_data.h"

namespace flashrna {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

// A port of this machine on which somebody listens and says nothing.
class SilentPort {
 public:
  SilentPort() : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_ANY);
    socklen_t size = sizeof(address);
    if (bind(socket_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(socket_, 8) != 0 ||
        getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      fail("no port can be had");
    number_ = ntohs(address.sin_port);
  }
  ~SilentPort() { close(socket_); }
  SilentPort(const SilentPort&) = delete;
  SilentPort& operator=(const SilentPort&) = delete;
  int number() const { return number_; }

 private:
  int socket_;
  int number_ = 0;
};

class TrainingProcesses : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder = std::make_unique<TemporaryFolder>();
    make_small_project(*folder);
  }
  static void TearDownTestSuite() { folder.reset(); }

  // "flashrna train ..." with a small model, one thread and ordered sums, into `run`.
  static std::string command(const std::string& run, const std::string& more = "") {
    std::string line = "flashrna train --config configs/demo.ini --data.path rna.h5 --threads 1 --device cpu";
    for (const std::string& word : small_model_words()) line += " " + word;
    return line +
           " --training.reduction ordered --training.validation_samples 0 --data.batch_size 4 --timeout 30 "
           "--training.minutes 0" +
           " --output " + run + " " + more;
  }
  // The same with another number of steps: the small model's words set it too, and an option may be there only once.
  static std::string long_command(const std::string& run, const std::string& more = "") {
    std::string line = command(run, more);
    const std::string steps = "--training.steps 4", every = "--training.checkpoint_every 2";
    line.replace(line.find(steps), steps.size(), "--training.steps 100000");
    line.replace(line.find(every), every.size(), "--training.checkpoint_every 5");
    return line;
  }
  static ProgramResult shell(const std::string& line) { return run_shell(line, {.folder = folder->path()}); }
  static std::string bytes(const std::string& name) { return read_file(folder->path(name)); }

  static inline std::unique_ptr<TemporaryFolder> folder;
};

TEST_F(TrainingProcesses, DevicesGiveTheCheckpointOfOneProcess) {
  ASSERT_EQ(shell(command("one")).status, 0);
  const ProgramResult two = shell(command("two", "--devices 2 --json"));
  ASSERT_EQ(two.status, 0) << two.errors;
  EXPECT_EQ(bytes("two/checkpoints/step_00000004.h5"), bytes("one/checkpoints/step_00000004.h5"));
  EXPECT_THAT(two.errors, HasSubstr("in 2 processes"));
  EXPECT_EQ(two.output.find("\"step\""), two.output.rfind("\"step\"")) << "one process prints the result";
}

TEST_F(TrainingProcesses, ProcessesStartedByHandMeetThroughAFile) {
  const std::string meeting = " --world-size 2 --rendezvous file://" + folder->path("meeting");
  const ProgramResult result = shell(command("hand", "--rank 1" + meeting) + " & other=$!\n" +
                                     command("hand", "--rank 0" + meeting) + " || exit $?\nwait $other");
  EXPECT_EQ(result.status, 0) << result.errors;
  EXPECT_TRUE(fs::exists(folder->path("hand/checkpoints/step_00000004.h5")));
}

TEST_F(TrainingProcesses, VariablesOfSrunStartThem) {
  const SilentPort free;  // some number near it is free
  const std::string srun = "export SLURM_JOB_ID=" + std::to_string(free.number() % 10000 + 1) +
                           " SLURM_STEP_ID=0 SLURM_NTASKS=2 SLURM_STEP_NUM_TASKS=2 SLURM_NNODES=1 "
                           "SLURM_JOB_NODELIST=localhost\n";
  const ProgramResult result = shell(srun + "SLURM_PROCID=1 SLURM_LOCALID=1 " + command("slurm") + " & other=$!\n" +
                                     "SLURM_PROCID=0 SLURM_LOCALID=0 " + command("slurm") + " || exit $?\nwait $other");
  EXPECT_EQ(result.status, 0) << result.errors;
  EXPECT_THAT(result.errors, HasSubstr("in 2 processes"));
}

TEST_F(TrainingProcesses, DoctorSaysWhatTheVariablesMean) {
  const ProgramResult result = shell(
      "SLURM_JOB_ID=7 SLURM_STEP_ID=0 SLURM_PROCID=1 SLURM_NTASKS=4 SLURM_NNODES=2 SLURM_JOB_NODELIST=n[3-4] "
      "flashrna doctor --device cpu");
  EXPECT_THAT(result.output, HasSubstr("rank 1 of 4 by SLURM (SLURM_PROCID, SLURM_NTASKS), meeting at tcp://n3:20007"));
  EXPECT_THAT(result.output, HasSubstr("Gloo"));
  EXPECT_THAT(shell("RANK=2 flashrna doctor --device cpu").output, HasSubstr("failed: WORLD_SIZE is not set"));
}

// As SLURM sends SIGTERM before it kills: to every process, or to one.
TEST_F(TrainingProcesses, SigtermToAllOrToOneWritesOneCheckpointAndExits143) {
  for (const std::string who : {"all", "one"}) {
    const std::string run = "term_" + who;
    const std::string target =
        who == "all" ? "$parent" : "$(cut -d' ' -f2 /proc/$parent/task/$parent/children)";  // the second rank
    const ProgramResult result =
        shell(long_command(run, "--devices 2") + " & parent=$!\nuntil [ -e " + run +
              "/checkpoints/step_00000005.h5 ]; do sleep 0.1; done\nkill -TERM " + target + "\nwait $parent");
    EXPECT_EQ(result.status, 143) << result.errors;
    const std::size_t note = result.errors.find("interrupted after step ");
    ASSERT_NE(note, std::string::npos) << result.errors;
    EXPECT_EQ(result.errors.rfind("interrupted after step "), note) << result.errors;
    const int step = std::stoi(result.errors.substr(note + std::string("interrupted after step ").size()));
    EXPECT_TRUE(fs::exists(folder->path(run + fmt::format("/checkpoints/step_{:08d}.h5", step)))) << step;
  }
}

TEST_F(TrainingProcesses, AKilledProcessEndsTheOthersAndTheRunResumesBitEqual) {
  const ProgramResult result =
      shell(long_command("killed", "--devices 2") +
            " & parent=$!\nuntil [ -e killed/checkpoints/step_00000005.h5 ]; do sleep 0.1; done\n"
            "kill -KILL $(cut -d' ' -f2 /proc/$parent/task/$parent/children)\nwait $parent");
  EXPECT_EQ(result.status, 1) << result.errors;
  EXPECT_THAT(result.errors, HasSubstr("rank 1 of 2 was ended by signal 9"));
  const std::string resumed = "flashrna train --resume --threads 1 --device cpu --training.steps 200 --output ";
  const ProgramResult rest = shell(resumed + "killed --devices 2");
  ASSERT_EQ(rest.status, 0) << rest.errors;

  std::string whole = long_command("whole");
  whole.replace(whole.find("100000"), 6, "200");
  ASSERT_EQ(shell(whole).status, 0);
  // config.ini is stored in the checkpoint and equal; so is all else.
  EXPECT_EQ(bytes("killed/checkpoints/step_00000200.h5"), bytes("whole/checkpoints/step_00000200.h5"));
}

TEST_F(TrainingProcesses, ContradictingVariablesAreBadUsage) {
  const auto expect_refused = [&](const std::string& variables, const std::string& options, const std::string& part) {
    const ProgramResult result = shell(variables + " " + command("none", options));
    EXPECT_EQ(result.status, 2) << result.errors;
    EXPECT_THAT(result.errors, HasSubstr(part));
    EXPECT_FALSE(fs::exists(folder->path("none")));
  };
  expect_refused("RANK=1", "", "WORLD_SIZE is not set, although RANK is");
  expect_refused("RANK=2 WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=1", "", "RANK = 2 and WORLD_SIZE = 2");
  expect_refused(
      "RANK=0 WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=1 SLURM_STEP_ID=0 SLURM_PROCID=1 SLURM_NTASKS=2 "
      "SLURM_JOB_NODELIST=a",
      "", "SLURM (SLURM_PROCID, SLURM_NTASKS) says rank 1 of 2");
  expect_refused("RANK=0 WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=1", "--devices 2", "leave the option out");
  expect_refused("", "--devices 2 --rank 0", "give one");
  expect_refused("", "--rank 0 --world-size 2", "all three are needed together");
}

TEST_F(TrainingProcesses, AMeetingThatFailsIsOneSentence) {
  const SilentPort port;
  const std::string variables = fmt::format("WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 MASTER_PORT={} ", port.number());
  std::string waits = command("none");
  waits.replace(waits.find("--timeout 30"), 12, "--timeout 3");
  const auto expect_error = [&](const std::string& line, const std::string& part) {
    const ProgramResult result = shell(line);
    EXPECT_EQ(result.status, 1) << result.errors;
    EXPECT_THAT(result.errors, HasSubstr(part));
    EXPECT_EQ(result.errors.find("error: "), result.errors.rfind("error: ")) << result.errors;
    EXPECT_FALSE(fs::exists(folder->path("none")));
  };
  expect_error("RANK=0 " + variables + waits, fmt::format("port {} of this machine is in use", port.number()));
  expect_error("RANK=1 " + variables + waits, "nobody answers at tcp://127.0.0.1:");
  std::string closed = "RANK=1 WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 MASTER_PORT=9 ";
  expect_error(closed + waits, "nobody answers at tcp://127.0.0.1:9 within 3 s");
  expect_error("RANK=0 WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 MASTER_PORT=" +
                   std::to_string(port.number() > 60000 ? port.number() - 7 : port.number() + 7) + " " + waits,
               "only some of the 2 processes came");
}

TEST_F(TrainingProcesses, AFileOfAnEarlierRunIsNamed) {
  folder->write("stale", "left over");
  fs::last_write_time(folder->path("stale"), fs::file_time_type::clock::now() - std::chrono::hours(1));
  const ProgramResult result =
      shell(command("none", "--rank 0 --world-size 2 --rendezvous file://" + folder->path("stale")));
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.errors, HasSubstr("is left from an earlier run; remove it"));
}

TEST_F(TrainingProcesses, AnotherConfigurationIsNamedByEveryProcess) {
  const std::string meeting = " --world-size 2 --rendezvous file://" + folder->path("differs");
  const ProgramResult result =
      shell(command("differs_run", "--rank 1 --training.learning_rate 0.5" + meeting) + " & other=$!\n" +
            command("differs_run", "--rank 0" + meeting) + "\nfirst=$?\nwait $other || [ $first -ne 1 ] || exit 7");
  EXPECT_EQ(result.status, 7) << "both end with status 1: " << result.errors;
  const std::string part = "rank 1 has another configuration than rank 0: \"training.learning_rate = 0.5\"";
  EXPECT_NE(result.errors.find(part), result.errors.rfind(part)) << result.errors;
  EXPECT_FALSE(fs::exists(folder->path("differs_run/checkpoints/step_00000000.h5")));
}

}  // namespace
}  // namespace flashrna
