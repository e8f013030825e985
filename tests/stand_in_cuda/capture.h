// Graphs on the stand-in. While one is recorded, every operation is computed once, for the shapes of its results, and
// remembered; at the end of the recording all memory is as it was, and what the recorded operations allocated is NaN. A
// replay computes the operations again, on the same addresses and with the values that the host gave when recording.
// What a GPU refuses while recording is an error here too: waiting, and recording on the default stream.
#pragma once

#include <ATen/core/Tensor.h>

#include <tuple>
#include <utility>

#include "tests/stand_in_cuda/host_views.h"
#include "tests/stand_in_cuda/stand_in_cuda.h"

namespace flashrna::stand_in {

// Throws c10::Error as CUDA does if a graph is being recorded.
void refuse_while_recording(const char* what);

// Computes results, which are new tensors on the device, and again in each replay.
template <typename Compute>
auto computed(const Compute& compute) {
  auto results = compute();
  if (is_recording())
    remember([compute, results] {
      const auto again = compute();
      const auto write = [](const at::Tensor& to, const at::Tensor& from) {
        if (to.defined()) on_host(to).copy_(on_host(from));
      };
      [&]<std::size_t... i>(std::index_sequence<i...>) { (write(std::get<i>(results), std::get<i>(again)), ...); }
      (std::make_index_sequence<std::tuple_size_v<decltype(results)>>());
    });
  return results;
}

}  // namespace flashrna::stand_in
