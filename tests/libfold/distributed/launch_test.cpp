#include "libfold/distributed/launch.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "tests/support/error_message.h"

namespace flashrna {
namespace {

using Variables = std::map<std::string, std::string>;

Launch launch_in(const Variables& variables, const LaunchOptions& options = {}) {
  return find_launch(options, [&](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  });
}

std::string refusal(const Variables& variables, const LaunchOptions& options = {}) {
  return message_of([&] { launch_in(variables, options); });
}

const Variables kTorchrun = {{"RANK", "5"},
                             {"WORLD_SIZE", "8"},
                             {"LOCAL_RANK", "1"},
                             {"LOCAL_WORLD_SIZE", "4"},
                             {"MASTER_ADDR", "node1"},
                             {"MASTER_PORT", "29400"},
                             {"TORCHELASTIC_RUN_ID", "none"}};
const Variables kSrun = {{"SLURM_JOB_ID", "12345"},
                         {"SLURM_STEP_ID", "0"},
                         {"SLURM_PROCID", "3"},
                         {"SLURM_NTASKS", "4"},
                         {"SLURM_STEP_NUM_TASKS", "4"},
                         {"SLURM_LOCALID", "1"},
                         {"SLURM_JOB_NODELIST", "gpu[07-08]"},
                         {"SLURM_NNODES", "2"}};
const Variables kOpenMpi = {{"OMPI_COMM_WORLD_RANK", "1"},
                            {"OMPI_COMM_WORLD_SIZE", "2"},
                            {"OMPI_COMM_WORLD_LOCAL_RANK", "1"},
                            {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"}};

Variables joined(Variables a, const Variables& b) {
  a.insert(b.begin(), b.end());
  return a;
}

Variables changed(Variables variables, const std::string& name, const std::string& value) {
  variables[name] = value;
  return variables;
}

Variables without(Variables variables, const std::string& name) {
  variables.erase(name);
  return variables;
}

TEST(Launch, NothingSetIsOneProcess) {
  const Launch launch = launch_in({});
  EXPECT_EQ(launch.size, 1);
  EXPECT_EQ(launch.text(), "one process");
}

TEST(Launch, TorchrunTellsRankSizeAndMeetingPoint) {
  const Launch launch = launch_in(kTorchrun);
  EXPECT_EQ(launch.rank, 5);
  EXPECT_EQ(launch.size, 8);
  EXPECT_EQ(launch.local_rank, 1);
  EXPECT_EQ(launch.rendezvous, "tcp://node1:29400");
  EXPECT_TRUE(launch.serves_rendezvous);
  EXPECT_FALSE(launch.one_machine());
  EXPECT_EQ(launch.text(), "rank 5 of 8 by torchrun (RANK, WORLD_SIZE), meeting at tcp://node1:29400");
}

TEST(Launch, TheStoreOfTorchrunsAgentIsJoinedNotServed) {
  const Launch launch =
      launch_in(joined(kTorchrun, {{"TORCHELASTIC_USE_AGENT_STORE", "True"}, {"TORCHELASTIC_RESTART_COUNT", "2"}}));
  EXPECT_FALSE(launch.serves_rendezvous);
  EXPECT_EQ(launch.attempt, "2");
}

TEST(Launch, AStepOfSlurmMeetsOnItsFirstMachine) {
  const Launch launch = launch_in(kSrun);
  EXPECT_EQ(launch.rank, 3);
  EXPECT_EQ(launch.size, 4);
  EXPECT_EQ(launch.local_rank, 1);
  EXPECT_EQ(launch.rendezvous, "tcp://gpu07:22345") << "the port depends on the job";
  EXPECT_EQ(launch_in(joined(kSrun, {{"MASTER_ADDR", "ib07"}, {"MASTER_PORT", "5000"}})).rendezvous, "tcp://ib07:5000");
}

// sbatch sets SLURM_PROCID = 0 and SLURM_NTASKS in the script itself, where there is one process.
TEST(Launch, ABatchScriptOfSlurmIsOneProcess) { EXPECT_EQ(launch_in(without(kSrun, "SLURM_STEP_ID")).size, 1); }

TEST(Launch, OpenMpiOnOneMachineNeedsNoAddress) {
  const Launch launch = launch_in(kOpenMpi);
  EXPECT_EQ(launch.rank, 1);
  EXPECT_EQ(launch.rendezvous, "tcp://127.0.0.1:29500");
  EXPECT_TRUE(launch.one_machine());
  EXPECT_NE(refusal(changed(kOpenMpi, "OMPI_COMM_WORLD_LOCAL_SIZE", "1")).find("mpirun -x MASTER_ADDR=HOST"),
            std::string::npos);
}

TEST(Launch, TheInnermostLauncherCounts) {
  EXPECT_EQ(launch_in(joined(kTorchrun, kSrun)).size, 8) << "srun torchrun";
  EXPECT_EQ(launch_in(joined(kOpenMpi, kSrun)).size, 2) << "mpirun in an allocation of SLURM";
}

TEST(Launch, OptionsGiveAllThree) {
  const Launch launch = launch_in({}, {1, 3, "file:///shared/meeting"});
  EXPECT_EQ(launch.rank, 1);
  EXPECT_EQ(launch.size, 3);
  EXPECT_EQ(launch.rendezvous, "file:///shared/meeting");
  EXPECT_NE(refusal({}, {1, 3, ""}).find("all three are needed together"), std::string::npos);
  EXPECT_NE(refusal({}, {3, 3, "file:///a"}).find("--rank = 3 and --world-size = 3"), std::string::npos);
  EXPECT_NE(refusal({}, {1, 3, "/shared/meeting"}).find("must be file:///PATH"), std::string::npos);
}

struct Contradiction {
  const char* name;
  Variables variables;
  LaunchOptions options;
  std::vector<std::string> named;  // in the message
};

class Contradictions : public testing::TestWithParam<Contradiction> {};

TEST_P(Contradictions, AreErrorsThatNameTheVariables) {
  const std::string message = refusal(GetParam().variables, GetParam().options);
  for (const std::string& part : GetParam().named) EXPECT_NE(message.find(part), std::string::npos) << message;
}

std::vector<Contradiction> contradictions() {
  std::vector<Contradiction> all;
  const auto add = [&](const char* name, const Variables& variables, const std::vector<std::string>& named,
                       const LaunchOptions& options = {}) {
    all.push_back({name, variables, options, named});
  };
  const Variables by_hand = without(kTorchrun, "TORCHELASTIC_RUN_ID");
  add("rank_without_size", without(kTorchrun, "WORLD_SIZE"), {"WORLD_SIZE is not set", "RANK"});
  add("rank_beyond_size", changed(kTorchrun, "RANK", "8"), {"RANK = 8", "WORLD_SIZE = 8"});
  add("no_number", changed(kTorchrun, "RANK", "two"), {"RANK = \"two\""});
  add("negative", changed(kTorchrun, "RANK", "-1"), {"RANK = \"-1\""});
  add("no_port", without(kTorchrun, "MASTER_PORT"), {"MASTER_PORT is not set"});
  add("no_address", without(kTorchrun, "MASTER_ADDR"), {"MASTER_ADDR is not set"});
  add("two_launchers", joined(by_hand, kSrun), {"RANK, WORLD_SIZE", "rank 5 of 8", "SLURM_PROCID", "rank 3 of 4"});
  add("torchrun_and_open_mpi", joined(by_hand, kOpenMpi), {"RANK, WORLD_SIZE", "OMPI_COMM_WORLD_RANK"});
  add("options_and_slurm", kSrun, {"--rank", "SLURM_PROCID"}, {0, 2, "file:///a"});
  add("slurm_rank", changed(kSrun, "SLURM_PROCID", "4"), {"SLURM_PROCID = 4"});
  add("more_here_than_in_all", changed(changed(kTorchrun, "WORLD_SIZE", "6"), "LOCAL_WORLD_SIZE", "7"),
      {"LOCAL_WORLD_SIZE = 7", "WORLD_SIZE = 6"});
  return all;
}

INSTANTIATE_TEST_SUITE_P(Launch, Contradictions, testing::ValuesIn(contradictions()),
                         [](const auto& contradiction) { return std::string(contradiction.param.name); });

TEST(FirstHost, OfNodeListsAsSlurmWritesThem) {
  EXPECT_EQ(first_host("gpu7"), "gpu7");
  EXPECT_EQ(first_host("a1,a2"), "a1");
  EXPECT_EQ(first_host("node[7-9,12],other3"), "node7");
  EXPECT_EQ(first_host("node[012,014]"), "node012");
  EXPECT_EQ(first_host("n[1-2]-ib,x"), "n1-ib");
  EXPECT_EQ(first_host("login,node[1-2]"), "login");
}

}  // namespace
}  // namespace flashrna
