// Inputs and memory for tests that run the source of the CUDA kernels in the simulated block.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "tests/kernels/fused_ipa_scene.h"
#include "tests/kernels/simulated_block.h"

namespace flashrna {

// A ragged batch in one scene: the entries are not contiguous, one is empty, and one has a single residue.
struct RaggedBatch {
  RaggedBatch(fused_ipa::HeadSize size, int H, std::vector<std::int64_t> lengths_)
      : lengths(std::move(lengths_)),
        scene(size, H, total_rows(lengths), 3.0, 11),
        in(scene.moved(random_motion(1, 7.0))) {
    std::int64_t row = 2;
    for (const std::int64_t n : lengths) {
      first_rows.push_back(row);
      row += n + 3;
    }
    in.B = static_cast<int>(lengths.size());
    in.first_row = first_rows.data();
    in.length = lengths.data();
  }

  static int total_rows(const std::vector<std::int64_t>& lengths) {
    std::int64_t rows = 2;
    for (const std::int64_t n : lengths) rows += n + 3;
    return static_cast<int>(rows);
  }

  int tiles(int rows) const {
    std::int64_t most = 0;
    for (const std::int64_t n : lengths) most = std::max(most, (n + rows - 1) / rows);
    return static_cast<int>(most);
  }

  std::vector<std::int64_t> lengths, first_rows;
  FusedIpaScene scene;
  fused_ipa::Arguments in;
};

// Memory of the operands, aligned as on a GPU. All bits are set, so that everything that a kernel does not write is
// NaN.
class DeviceMemory {
 public:
  explicit DeviceMemory(std::size_t bytes) : storage_(bytes + 256, '\xff') {}
  char* begin() {
    void* begin = storage_.data();
    std::size_t space = storage_.size();
    return static_cast<char*>(std::align(256, storage_.size() - 256, begin, space));
  }

 private:
  std::vector<char> storage_;
};

inline SimulatedLaunch launch_of(int blocks_x, int blocks_y, int blocks_z, int threads, int shared_bytes,
                                 Accumulation accumulation = Accumulation::kNearest) {
  SimulatedLaunch launch;
  launch.blocks_x = blocks_x;
  launch.blocks_y = blocks_y;
  launch.blocks_z = blocks_z;
  launch.threads = threads;
  launch.shared_bytes = shared_bytes;
  launch.accumulation = accumulation;
  return launch;
}

// Expects equality bit for bit.
inline void expect_same(const std::vector<float>& got, const std::vector<float>& expected, const char* name) {
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    ASSERT_EQ(std::memcmp(&got[i], &expected[i], sizeof(float)), 0)
        << name << " at flat index " << i << ": got " << got[i] << ", expected " << expected[i];
  }
}

}  // namespace flashrna
