#include "libfold/distributed/nccl_backend.h"

#include <cstdlib>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>

extern "C" void flashrna_open_nccl(const c10::intrusive_ptr<c10d::Store>& store, int rank, int size,
                                   std::chrono::milliseconds timeout, c10::intrusive_ptr<c10d::Backend>& backend);

void flashrna_open_nccl(const c10::intrusive_ptr<c10d::Store>& store, int rank, int size,
                        std::chrono::milliseconds timeout, c10::intrusive_ptr<c10d::Backend>& backend) {
  // With it, wait() throws when a process is lost or the time is over. Otherwise NCCL's own thread aborts the program.
  constexpr int kKeepThatOfTheUser = 0;
  setenv("TORCH_NCCL_BLOCKING_WAIT", "1", kKeepThatOfTheUser);
  const auto options = c10d::ProcessGroupNCCL::Options::create();
  options->timeout = timeout;
  backend = c10::make_intrusive<c10d::ProcessGroupNCCL>(c10::make_intrusive<c10d::PrefixStore>("nccl", store), rank,
                                                        size, options);
}
