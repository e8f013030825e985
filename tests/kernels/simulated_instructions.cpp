// The collective instructions of the simulated block, as the PTX ISA defines them.
#include <cstring>
#include <vector>

#include "kernels/flash_ipa/fused/fp16.h"
#include "tests/kernels/block_simulation.h"

namespace flashrna {

using fused_ipa::GroupMatrix;
using fused_ipa::kWarp;
using fused_ipa::kWarpgroup;

// Reads row `row` of a matrix, halves 0 to 15 along the summed dimension. Without swizzle 8 x 8 halves are 128 bytes:
// 16 per row (PTX ISA, canonical layouts of wgmma), or if transposed 16 per step along the summed dimension.
void BlockSimulation::read_row(const SimulatedBlock::GroupOperand& operand, int row, float* to) {
  const GroupMatrix& m = operand.matrix;
  for (int i = 0; i < kStepDepth; ++i) {
    const std::uint32_t block = m.offset + row / 8 * m.next_rows + i / 8 * m.next_chunk;
    const int major = operand.transposed ? i % 8 : row % 8, minor = operand.transposed ? row % 8 : i % 8;
    fused_ipa::Half half;
    std::memcpy(&half, memory(block, 128, 16) + 16 * major + 2 * minor, 2);
    to[i] = fused_ipa::from_half(half);
  }
}

// wgmma (PTX ISA, wgmma.mma_async): warp w of the group holds rows 16 w to 16 w + 15 of a and c, distributed over its
// threads as for mma.m16n8k16. Without swizzle, 8 rows of 16 bytes are contiguous.
void BlockSimulation::group_multiply(int first, std::size_t k) {
  const SimulatedBlock::GroupProduct& any = threads_[first].products.front()[k];
  const int columns = 8 * any.tiles;
  std::vector<float> b(kStepDepth * columns), row(kStepDepth), sums(columns);
  const float* b_rows[kStepDepth];
  for (int i = 0; i < kStepDepth; ++i) b_rows[i] = b.data() + i * columns;
  for (int column = 0; column < columns; ++column) {
    read_row(any.b, column, row.data());
    for (int i = 0; i < kStepDepth; ++i) b[i * columns + column] = row[i];
  }
  for (int r = 0; r < kWarpgroup / 2; ++r) {
    // The four threads of this row, and which of their two rows it is.
    const int quad = first + r / 16 * kWarp + r % 8 * 4, upper = r % 16 / 8;
    if (any.registers[0] == nullptr) {
      read_row(any.a, r, row.data());
    } else {
      for (int i = 0; i < kStepDepth; ++i) {
        const auto& thread = threads_[quad + i % 8 / 2].products.front()[k];
        const std::uint32_t halves = *thread.registers[upper + i / 8 * 2];
        row[i] = i % 2 == 0 ? fused_ipa::first_of(halves) : fused_ipa::second_of(halves);
      }
    }
    for (int column = 0; column < columns; ++column) {
      const auto& thread = threads_[quad + column % 8 / 2].products.front()[k];
      sums[column] = thread.add ? thread.c[column / 8][2 * upper + column % 2] : 0.0f;
    }
    tensor_core_step(sums.data(), columns, row.data(), b_rows, launch.accumulation);
    for (int column = 0; column < columns; ++column) {
      threads_[quad + column % 8 / 2].products.front()[k].c[column / 8][2 * upper + column % 2] = sums[column];
    }
  }
}

void BlockSimulation::exchange(int first) {
  float values[kWarp];
  for (int i = 0; i < kWarp; ++i) values[i] = threads_[first + i].value;
  for (int i = 0; i < kWarp; ++i) threads_[first + i].value = values[i ^ threads_[first + i].mask];
}

// ldmatrix.x4 (PTX ISA, warp-level matrix load): lane 8 m + r passes the address of row r of matrix m. Lane t gets
// elements 2 (t % 4) and + 1 of row t / 4 of each matrix, or if transposed element t / 4 of rows 2 (t % 4) and + 1.
void BlockSimulation::load_matrices(int first, bool transposed) {
  for (int m = 0; m < 4; ++m) {
    const char* rows[8];
    for (int r = 0; r < 8; ++r) rows[r] = memory(threads_[first + 8 * m + r].offset, 16, 16);
    for (int t = 0; t < kWarp; ++t) {
      auto* to = reinterpret_cast<char*>(&threads_[first + t].r[m]);
      for (int i = 0; i < 2; ++i) {
        const int along = 2 * (t % 4) + i, across = t / 4;
        std::memcpy(to + 2 * i, transposed ? rows[along] + 2 * across : rows[across] + 2 * along, 2);
      }
    }
  }
}

// mma.m16n8k16 (PTX ISA, matrix fragments for mma.m16n8k16 with .f16). With g = t / 4 and q = t % 4, lane t holds a:
// rows g, g + 8, g, g + 8 at columns 2 q (+ 1), the last two 8 columns further; b: rows 2 q (+ 1), then 8 rows further,
// of column g; c: columns 2 q (+ 1) of rows g and g + 8.
void BlockSimulation::multiply(int first) {
  float a[16][kStepDepth], b[kStepDepth][8];
  for (int t = 0; t < kWarp; ++t) {
    const Thread& thread = threads_[first + t];
    const int g = t / 4, q = t % 4;
    for (int i = 0; i < 4; ++i) {
      a[g + i % 2 * 8][2 * q + i / 2 * 8] = fused_ipa::first_of(thread.a[i]);
      a[g + i % 2 * 8][2 * q + 1 + i / 2 * 8] = fused_ipa::second_of(thread.a[i]);
    }
    for (int i = 0; i < 2; ++i) {
      b[2 * q + 8 * i][g] = fused_ipa::first_of(thread.b[i]);
      b[2 * q + 1 + 8 * i][g] = fused_ipa::second_of(thread.b[i]);
    }
  }
  const float* rows[kStepDepth];
  for (int k = 0; k < kStepDepth; ++k) rows[k] = b[k];
  for (int row = 0; row < 16; ++row) {
    float sums[8];
    for (int column = 0; column < 8; ++column) {
      sums[column] = threads_[first + row % 8 * 4 + column / 2].c[row / 8 * 2 + column % 2];
    }
    tensor_core_step(sums, 8, a[row], rows, launch.accumulation);
    for (int column = 0; column < 8; ++column) {
      threads_[first + row % 8 * 4 + column / 2].c[row / 8 * 2 + column % 2] = sums[column];
    }
  }
}

}  // namespace flashrna
