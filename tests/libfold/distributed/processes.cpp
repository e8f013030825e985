#include "tests/libfold/distributed/processes.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <thread>

#include "kernels/torch_headers.h"
#include "tests/libfold/tiny_run.h"

namespace flashrna {

namespace {

// c10d keeps a record of recent operations for all groups of a program, which several threads may not write at once.
const bool kWithoutRecord = setenv("TORCH_FR_BUFFER_SIZE", "0", 1) == 0;

}  // namespace

std::vector<std::string> run_processes(int size, const std::function<void(const ProcessGroup&)>& work) {
  EXPECT_TRUE(kWithoutRecord);
  const TemporaryFolder folder;
  std::vector<std::string> errors(static_cast<std::size_t>(size));
  std::vector<std::jthread> threads;
  for (int rank = 0; rank < size; ++rank) {
    threads.emplace_back([&, rank] {
      at::set_num_threads(1);
      Launch launch;
      launch.rank = launch.local_rank = rank;
      launch.size = launch.local_size = size;
      launch.rendezvous = "file://" + folder / "meeting";
      try {
        work(ProcessGroup(launch, std::chrono::seconds(60)));
      } catch (const std::exception& error) {
        errors[static_cast<std::size_t>(rank)] = error.what();
      }
    });
  }
  threads.clear();
  return errors;
}

void run_processes_well(int size, const std::function<void(const ProcessGroup&)>& work) {
  for (const std::string& error : run_processes(size, work)) EXPECT_EQ(error, "");
}

}  // namespace flashrna
