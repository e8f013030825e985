#include "libfold/distributed/launch.h"

#include <charconv>
#include <cstdlib>
#include <vector>

#include "base/error.h"

namespace flashrna {
namespace {

constexpr int kDefaultPort = 29500;  // torchrun's

int number(const std::string& name, const std::string& text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0)
    fail_usage("{} = \"{}\": must be a whole number from 0", name, text);
  return value;
}

// The variables of one launcher.
class Variables {
 public:
  explicit Variables(const Environment& environment) : environment_(environment) {}

  bool has(const std::string& name) const { return environment_(name).has_value(); }
  std::string text(const std::string& name, const std::string& standard = "") const {
    return environment_(name).value_or(standard);
  }
  int integer(const std::string& name, int standard) const {
    const std::optional<std::string> value = environment_(name);
    return value ? number(name, *value) : standard;
  }
  int required(const std::string& name, const std::string& because) const {
    if (!has(name)) fail_usage("{} is not set, although {} is; set both, or neither", name, because);
    return integer(name, 0);
  }

 private:
  const Environment& environment_;
};

void check_rank(const std::string& rank_name, int rank, const std::string& size_name, int size) {
  if (size < 1) fail_usage("{} = {}: must be at least 1", size_name, size);
  if (rank >= size)
    fail_usage("{} = {} and {} = {}: ranks are numbered from 0 to {}", rank_name, rank, size_name, size, size - 1);
}

std::string meeting_point(const Variables& variables, const std::string& host, int port) {
  return fmt::format("tcp://{}:{}", variables.text("MASTER_ADDR", host), variables.integer("MASTER_PORT", port));
}

std::optional<Launch> find_torchrun(const Variables& variables) {
  if (!variables.has("RANK") && !variables.has("WORLD_SIZE")) return std::nullopt;
  Launch launch;
  launch.rank = variables.required("RANK", "WORLD_SIZE");
  launch.size = variables.required("WORLD_SIZE", "RANK");
  launch.local_rank = variables.integer("LOCAL_RANK", launch.rank);
  launch.local_size = variables.integer("LOCAL_WORLD_SIZE", 0);
  launch.source = "torchrun (RANK, WORLD_SIZE)";
  check_rank("RANK", launch.rank, "WORLD_SIZE", launch.size);
  if (launch.local_size > 0) check_rank("LOCAL_RANK", launch.local_rank, "LOCAL_WORLD_SIZE", launch.local_size);
  if (launch.local_size > launch.size)
    fail_usage("LOCAL_WORLD_SIZE = {} and WORLD_SIZE = {}: a machine cannot have more processes than there are",
               launch.local_size, launch.size);
  if (variables.has("FLASHRNA_RENDEZVOUS")) {  // cli/processes.cpp
    launch.rendezvous = variables.text("FLASHRNA_RENDEZVOUS");
    launch.source = kLocalSource;
  } else if (launch.size > 1) {
    variables.required("MASTER_PORT", "WORLD_SIZE");
    if (!variables.has("MASTER_ADDR"))
      fail_usage("MASTER_ADDR is not set, although WORLD_SIZE is; set both, or neither");
    launch.rendezvous = meeting_point(variables, "", kDefaultPort);
  }
  const std::string agent = variables.text("TORCHELASTIC_USE_AGENT_STORE");
  launch.serves_rendezvous = agent != "True" && agent != "1" && agent != "true";
  if (!launch.serves_rendezvous) launch.attempt = variables.text("TORCHELASTIC_RESTART_COUNT");
  return launch;
}

std::optional<Launch> find_open_mpi(const Variables& variables) {
  if (!variables.has("OMPI_COMM_WORLD_SIZE") && !variables.has("OMPI_COMM_WORLD_RANK")) return std::nullopt;
  Launch launch;
  launch.rank = variables.required("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE");
  launch.size = variables.required("OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK");
  launch.local_rank = variables.integer("OMPI_COMM_WORLD_LOCAL_RANK", launch.rank);
  launch.local_size = variables.integer("OMPI_COMM_WORLD_LOCAL_SIZE", 0);
  launch.source = "Open MPI (OMPI_COMM_WORLD_RANK, OMPI_COMM_WORLD_SIZE)";
  check_rank("OMPI_COMM_WORLD_RANK", launch.rank, "OMPI_COMM_WORLD_SIZE", launch.size);
  if (launch.size > 1 && !launch.one_machine() && !variables.has("MASTER_ADDR"))
    fail_usage(
        "MASTER_ADDR is not set, and Open MPI does not say on which machine rank 0 runs; give it to every process: "
        "mpirun -x MASTER_ADDR=HOST -x MASTER_PORT={} ...",
        kDefaultPort);
  if (launch.size > 1) launch.rendezvous = meeting_point(variables, "127.0.0.1", kDefaultPort);
  return launch;
}

// srun sets SLURM_STEP_ID; a batch script and the shell of salloc have only the variables of the allocation.
std::optional<Launch> find_slurm(const Variables& variables) {
  const bool in_step = variables.has("SLURM_STEP_ID") || variables.has("SLURM_STEPID");
  if (!in_step || !variables.has("SLURM_PROCID")) return std::nullopt;
  Launch launch;
  const std::string size_name = variables.has("SLURM_STEP_NUM_TASKS") ? "SLURM_STEP_NUM_TASKS" : "SLURM_NTASKS";
  launch.rank = variables.integer("SLURM_PROCID", 0);
  launch.size = variables.required(size_name, "SLURM_PROCID");
  launch.local_rank = variables.integer("SLURM_LOCALID", launch.rank);
  const int machines = variables.integer("SLURM_STEP_NUM_NODES", variables.integer("SLURM_NNODES", 0));
  launch.local_size = machines == 1 ? launch.size : 0;
  launch.source = fmt::format("SLURM (SLURM_PROCID, {})", size_name);
  check_rank("SLURM_PROCID", launch.rank, size_name, launch.size);
  if (launch.size == 1) return launch;
  const std::string nodes = variables.text("SLURM_STEP_NODELIST", variables.text("SLURM_JOB_NODELIST"));
  if (nodes.empty() && !variables.has("MASTER_ADDR"))
    fail_usage(
        "neither SLURM_JOB_NODELIST nor MASTER_ADDR is set, although SLURM_PROCID is; export MASTER_ADDR, the "
        "machine of rank 0");
  // Steps of different jobs on one machine must not meet.
  const int port = 20000 + variables.integer("SLURM_JOB_ID", 0) % 10000;
  launch.rendezvous = meeting_point(variables, launch.one_machine() ? "127.0.0.1" : first_host(nodes), port);
  return launch;
}

// What two launchers that both started this process must agree on.
void check_agreement(const Launch& a, const Launch& b) {
  if (a.rank != b.rank || a.size != b.size)
    fail_usage("{} says rank {} of {}, {} says rank {} of {}; unset those of one", a.source, a.rank, a.size, b.source,
               b.rank, b.size);
}

Launch from_options(const LaunchOptions& options) {
  if (options.rank < 0 || options.size < 1 || options.rendezvous.empty())
    fail_usage("--rank {}, --world-size {}, --rendezvous \"{}\": all three are needed together", options.rank,
               options.size, options.rendezvous);
  check_rank("--rank", options.rank, "--world-size", options.size);
  if (!options.rendezvous.starts_with("file:///") && !options.rendezvous.starts_with("tcp://"))
    fail_usage("--rendezvous \"{}\": must be file:///PATH, a new file that all processes see, or tcp://HOST:PORT",
               options.rendezvous);
  Launch launch;
  launch.rank = launch.local_rank = options.rank;
  launch.size = options.size;
  launch.local_size = 0;
  launch.rendezvous = options.rendezvous;
  launch.source = "--rank, --world-size";
  return launch;
}

}  // namespace

std::string Launch::text() const {
  if (size == 1) return source.empty() ? "one process" : fmt::format("one process, by {}", source);
  return fmt::format("rank {} of {} by {}, meeting at {}", rank, size, source, rendezvous);
}

std::optional<std::string> environment_variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

std::string first_host(const std::string& slurm_node_list) {
  const std::size_t bracket = slurm_node_list.find('['), comma = slurm_node_list.find(',');
  if (bracket == std::string::npos || comma < bracket) return slurm_node_list.substr(0, comma);
  const std::size_t end = slurm_node_list.find_first_of(",-]", bracket);
  const std::size_t close = slurm_node_list.find(']', bracket);
  const std::string suffix =
      close == std::string::npos
          ? ""
          : slurm_node_list.substr(close + 1, slurm_node_list.find(',', close) - close - 1);  // node[1-2]-ib
  return slurm_node_list.substr(0, bracket) + slurm_node_list.substr(bracket + 1, end - bracket - 1) + suffix;
}

Launch find_launch(const LaunchOptions& options, const Environment& environment) {
  const Variables variables(environment);
  std::optional<Launch> torchrun = find_torchrun(variables), open_mpi = find_open_mpi(variables),
                        slurm = find_slurm(variables);
  // torchrun and mpirun may themselves run in a SLURM step, one per machine, whose ranks are not those of the
  // processes.
  const bool elastic = variables.has("TORCHELASTIC_RUN_ID");
  if (torchrun && open_mpi && open_mpi->size > 1 && !elastic) check_agreement(*torchrun, *open_mpi);
  if (torchrun && slurm && slurm->size > 1 && !open_mpi && !elastic) check_agreement(*torchrun, *slurm);
  const std::optional<Launch>& found = torchrun ? torchrun : open_mpi ? open_mpi : slurm;
  if (options.given()) {
    const Launch launch = from_options(options);
    if (found && found->size > 1) check_agreement(launch, *found);
    return launch;
  }
  return found.value_or(Launch{});
}

}  // namespace flashrna
