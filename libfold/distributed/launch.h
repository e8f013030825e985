// Which of several processes this one is, and how they find each other: from the command line, or from the environment
// that torchrun, Open MPI or SLURM sets. Does not use torch.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace flashrna {

// Launch::source of processes that cli/processes.h has started.
inline constexpr const char* kLocalSource = "--devices";

struct Launch {
  int rank = 0, size = 1;              // of all processes
  int local_rank = 0, local_size = 1;  // of those on this machine; local_size = 0: unknown
  std::string rendezvous;              // tcp://HOST:PORT or file:///PATH; empty for one process
  bool serves_rendezvous = true;       // rank 0 listens on the port; false: torchrun's agent does
  std::string attempt;                 // differs between restarts by the same agent; "" without restarts
  std::string source;                  // "torchrun (RANK, WORLD_SIZE)"; empty for one process

  bool one_machine() const { return local_size == size; }
  // "rank 1 of 4 by SLURM (SLURM_PROCID, SLURM_NTASKS), meeting at tcp://node1:29512", or "one process".
  std::string text() const;
};

// --rank, --world-size and --rendezvous; unset where not given.
struct LaunchOptions {
  int rank = -1, size = 0;
  std::string rendezvous;

  bool given() const { return rank >= 0 || size > 0 || !rendezvous.empty(); }
};

using Environment = std::function<std::optional<std::string>(const std::string& name)>;

// The variables of this process; an empty variable counts as unset.
std::optional<std::string> environment_variable(const std::string& name);

// The options, else the innermost launcher that the environment shows: torchrun, then Open MPI, then a SLURM step. A
// batch script of SLURM is one process: only srun starts several. MASTER_ADDR and MASTER_PORT, if set, say where they
// meet. Throws UsageError naming the variables or options that contradict each other, are missing, or are no numbers.
Launch find_launch(const LaunchOptions& options = {}, const Environment& environment = environment_variable);

// "node7" of "node[7-9,12],other3"; "a1" of "a1,a2".
std::string first_host(const std::string& slurm_node_list);

}  // namespace flashrna
