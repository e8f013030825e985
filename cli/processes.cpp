#include "cli/processes.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "base/error.h"
#include "base/program_group.h"
#include "base/thread_limits.h"
#include "base/work_folder.h"
#include "cli/interruption.h"
#include "kernels/cuda_backend.h"

namespace flashrna {

namespace fs = std::filesystem;

namespace {

std::vector<std::string> without_devices(const std::vector<std::string>& arguments) {
  std::vector<std::string> others;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--devices") {
      ++i;
    } else if (!arguments[i].starts_with("--devices=")) {
      others.push_back(arguments[i]);
    }
  }
  return others;
}

}  // namespace

void ProcessOptions::add_to(CommandLine& line) {
  line.option("devices", devices, "N",
              "processes on this machine, one per GPU if it has any; this command starts them");
  line.option("rank", launch.rank, "R", "number of this process from 0, if no launcher says it; -1 = not given");
  line.option("world-size", launch.size, "N", "number of processes, with --rank; 0 = not given");
  line.option("rendezvous", launch.rendezvous, "URL", "where they meet, with --rank: file:///PATH or tcp://HOST:PORT");
  line.option("timeout", timeout, "SECONDS", "how long a process waits for the others");
}

void ProcessOptions::check() const {
  if (devices < 1) fail_usage("--devices {}: must be at least 1", devices);
  if (timeout < 1) fail_usage("--timeout {}: must be at least 1 second", timeout);
  if (devices == 1) return;
  if (launch.given())
    fail_usage("--devices {} and --rank {}: the processes that it starts get their ranks; give one", devices,
               launch.rank);
  if (const Launch found = find_launch(); found.size > 1)
    fail_usage("--devices {}: this process is already {}; leave the option out, or start one process", devices,
               found.text());
}

int run_local_processes(const std::vector<std::string>& command, const std::vector<std::string>& arguments,
                        int devices) {
  const WorkFolder folder("meeting");  // with the file through which they meet
  std::vector<std::string> words{fs::read_symlink("/proc/self/exe").string()};
  words.insert(words.end(), command.begin(), command.end());
  for (std::string& word : without_devices(arguments)) words.push_back(std::move(word));
  std::vector<ProgramStart> programs;
  for (int rank = 0; rank < devices; ++rank) {
    ProgramStart program{
        words,
        {fmt::format("RANK={}", rank), fmt::format("WORLD_SIZE={}", devices), fmt::format("LOCAL_RANK={}", rank),
         fmt::format("LOCAL_WORLD_SIZE={}", devices), "FLASHRNA_RENDEZVOUS=file://" + folder.file("rendezvous")}};
    if (std::getenv("OMP_NUM_THREADS") == nullptr)
      program.variables.push_back(fmt::format("OMP_NUM_THREADS={}", std::max(1, thread_count(0) / devices)));
    programs.push_back(std::move(program));
  }
  constexpr double kGraceSeconds = 10.0;  // they notice that one has ended, and say so
  const ProgramEnd end = run_program_group(
      programs, [] { return interrupted() ? interrupted_status() - 128 : 0; }, kGraceSeconds);
  if (end.status >= 0) return end.status;
  fail("rank {} of {} was ended by signal {}{}; the others are ended too; the last checkpoint is whole", end.program,
       devices, -end.status, end.status == -SIGKILL ? ", as the kernel does when memory runs out" : "");
}

ProcessGroup join_processes(const Launch& launch, const ProcessOptions& options) {
  if (launch.source == kLocalSource) end_with_parent();
  return ProcessGroup(launch, std::chrono::seconds(options.timeout));
}

std::string device_of_process(const std::string& device, const Launch& launch) {
  if (launch.size == 1 || (device != "auto" && device != "cuda")) return device;
  const int gpus = count_cuda_devices();
  if (gpus < 2) return device;  // none, or the launcher shows each process its own
  if (launch.local_rank >= gpus)
    fail_usage("rank {} is process {} on this machine, which has {} GPUs; start as many processes as GPUs", launch.rank,
               launch.local_rank, gpus);
  return fmt::format("cuda:{}", launch.local_rank);
}

}  // namespace flashrna
