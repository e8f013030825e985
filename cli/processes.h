// Commands that run in several processes: the options that say so, and starting them on this machine.
#pragma once

#include <string>
#include <vector>

#include "cli/options.h"
#include "libfold/distributed/launch.h"
#include "libfold/distributed/process_group.h"

namespace flashrna {

struct ProcessOptions {
  int devices = 1;  // processes that this command starts on this machine
  LaunchOptions launch;
  int timeout = 600;  // seconds

  void add_to(CommandLine& line);
  void check() const;
};

// Runs `flashrna COMMAND ARGUMENTS` without its --devices as ranks 0 ... devices - 1 on this machine and waits for
// them. Forwards SIGINT and SIGTERM; ends all when one fails. Returns the exit status.
int run_local_processes(const std::vector<std::string>& command, const std::vector<std::string>& arguments,
                        int devices);

// Meets the other processes of `launch`. A process that run_local_processes started ends with the one that started it.
ProcessGroup join_processes(const Launch& launch, const ProcessOptions& options);

// The GPU of this process where --device leaves the choice and there are several: that of its rank on this machine.
// Throws UsageError if this machine has more processes than GPUs.
std::string device_of_process(const std::string& device, const Launch& launch);

}  // namespace flashrna
