// Tiles in a block's shared memory: copies into it, and the products of one warp with mma.m16n8k16.
//
// Of 16 x 8 n sums a thread holds columns 8 n + 2 quad and + 1 of rows `group` and group + 8 (quad = thread % 4, group
// = thread % 32 / 4). Two neighboring tiles of 8 columns, rounded, are the left operand of the next product without any
// data movement.
#pragma once

#include <cstdint>

#include "kernels/flash_ipa/fused/cuda_block.h"
#include "kernels/flash_ipa/fused/fp16.h"
#include "kernels/flash_ipa/fused/lift.h"

namespace flashrna::fused_ipa {

// Bytes of 8 halves, one row of an 8 x 8 matrix of the tensor core.
inline constexpr int kHalfRow = static_cast<int>(sizeof(Half)) * kChunk;

// Starts an asynchronous copy by all kThreads threads; wait_copies() waits for it.
template <int kThreads, class Block>
FLASHRNA_DEVICE void copy_to_shared(const Block& block, int to, const char* from, int bytes) {
  for (int at = 16 * block.thread(); at < bytes; at += 16 * kThreads) block.copy_async(to + at, from + at);
}

// Reads the origin of a query or key tile in shared memory.
template <class Size, int kRows, class Block>
FLASHRNA_DEVICE Vec3 read_origin(const Block& block, int tile_at) {
  return read_vec3(block.template shared<TileHeader>(tile_at + tile_header_offset(Size::layout(), kRows))->origin);
}
template <class Size, int kRows, class Block>
FLASHRNA_DEVICE const RowHeader* row_headers(const Block& block, int tile_at) {
  return block.template shared<RowHeader>(tile_at + headers_offset(Size::layout(), kRows));
}

template <int kTiles>
FLASHRNA_DEVICE void set_zero(float (&sums)[kTiles][4]) {
  FLASHRNA_UNROLL
  for (int n = 0; n < kTiles; ++n) {
    FLASHRNA_UNROLL
    for (int i = 0; i < 4; ++i) sums[n][i] = 0.0f;
  }
}

// Operands whose columns are summed over, two chunks a step -----------------------------------------------------------
// Left: 16 rows of the warp; the matrices are rows 0-7 and 8-15 of the first chunk, then of the second chunk. Right:
// rows 8 n to 8 n + 15 of the other tile; the matrices are both chunks of the first 8 rows, then of the next 8.

template <int kRows>
class LeftRows {
 public:
  template <class Block>
  FLASHRNA_DEVICE LeftRows(const Block& block, int tile_at, int first_row)
      : at_(tile_at + kHalfRow * (first_row + block.thread() % 16)), second_(block.thread() % kWarp / 16) {}
  template <class Block>
  FLASHRNA_DEVICE void load(const Block& block, const int (&chunks)[2], std::uint32_t (&r)[4]) const {
    block.load_matrices(r, at_ + kHalfRow * kRows * (chunks[0] + second_ * (chunks[1] - chunks[0])));
  }

 private:
  int at_, second_;
};

template <int kRows>
class RightRows {
 public:
  template <class Block>
  FLASHRNA_DEVICE RightRows(const Block& block, int tile_at)
      : at_(tile_at + kHalfRow * (block.thread() % kWarp / 16 * 8 + block.thread() % 8)),
        second_(block.thread() / 8 % 2) {}
  template <class Block>
  FLASHRNA_DEVICE void load(const Block& block, const int (&chunks)[2], int n, std::uint32_t (&r)[4]) const {
    block.load_matrices(
        r, at_ + kHalfRow * kRows * second_ * (chunks[1] - chunks[0]) + kHalfRow * (kRows * chunks[0] + 8 * n));
  }

 private:
  int at_, second_;
};

// The same for a value tile, whose chunks are 8 keys of one column.
template <int kColumns>
class LeftValues {
 public:
  template <class Block>
  FLASHRNA_DEVICE LeftValues(const Block& block, int tile_at, int first_row)
      : at_(tile_at + kHalfRow * ((first_row / 8 + block.thread() / 8 % 2) * kColumns + block.thread() % 8)),
        second_(block.thread() % kWarp / 16) {}
  template <class Block>
  FLASHRNA_DEVICE void load(const Block& block, const int (&chunks)[2], std::uint32_t (&r)[4]) const {
    block.load_transposed(r, at_ + kHalfRow * kChunk * (chunks[0] + second_ * (chunks[1] - chunks[0])));
  }

 private:
  int at_, second_;
};

template <int kColumns>
class RightValues {
 public:
  template <class Block>
  FLASHRNA_DEVICE RightValues(const Block& block, int tile_at)
      : at_(tile_at + kHalfRow * (block.thread() % kWarp / 16 * kColumns + block.thread() % 8)),
        second_(block.thread() / 8 % 2) {}
  template <class Block>
  FLASHRNA_DEVICE void load(const Block& block, const int (&chunks)[2], int n, std::uint32_t (&r)[4]) const {
    block.load_transposed(r, at_ + kHalfRow * kChunk * second_ * (chunks[1] - chunks[0]) +
                                 kHalfRow * (kColumns * n + kChunk * chunks[0]));
  }

 private:
  int at_, second_;
};

// The chunks of each step: query (left) times key, gradient times value, and both with the operands swapped.
template <class Size>
struct LogitSteps {
  static constexpr int kSteps = logit_steps(Size::layout());
  FLASHRNA_HOST_DEVICE static constexpr Step step(int s) { return logit_step(Size::layout(), s); }
};
template <class Size>
struct GradientSteps {
  static constexpr int kSteps = gradient_steps(Size::layout());
  FLASHRNA_HOST_DEVICE static constexpr Step step(int s) { return gradient_step(Size::layout(), s); }
};
template <class Steps>
struct Swapped {
  static constexpr int kSteps = Steps::kSteps;
  FLASHRNA_HOST_DEVICE static constexpr Step step(int s) {
    const Step of = Steps::step(s);
    return {{of.b[0], of.b[1]}, {of.a[0], of.a[1]}};
  }
};

// sums = left right^T, in the order of Steps.
template <class Steps, int kTiles, class Block, class Left, class Right>
FLASHRNA_DEVICE void multiply_steps(const Block& block, const Left& left, const Right& right,
                                    float (&sums)[kTiles][4]) {
  static_assert(kTiles % 2 == 0);
  set_zero(sums);
  FLASHRNA_UNROLL
  for (int s = 0; s < Steps::kSteps; ++s) {
    const Step step = Steps::step(s);
    std::uint32_t a[4];
    left.load(block, step.a, a);
    FLASHRNA_UNROLL
    for (int n = 0; n < kTiles; n += 2) {
      std::uint32_t b[4];
      right.load(block, step.b, n, b);
      block.multiply(sums[n], a, b[0], b[1]);
      block.multiply(sums[n + 1], a, b[2], b[3]);
    }
  }
}

// An operand whose rows are summed over ------------------------------------------------------------------------------

// sums += p B, where B is the first kTiles chunks of the chunk-major tile of kRows rows at `tile_at`, and p is in
// registers.
template <int kRows, int kTiles, class Block>
FLASHRNA_DEVICE void multiply_rows(const Block& block, const std::uint32_t (&p)[kRows / 8][2], int tile_at,
                                   float (&sums)[kTiles][4]) {
  static_assert(kRows == 16 || kRows % 32 == 0);
  // Matrices: rows 0-7 and 8-15 of a step from one chunk, then from the next chunk.
  const int row_at = tile_at + kHalfRow * (block.thread() % 16), second = block.thread() % kWarp / 16;
  const int at = row_at + kHalfRow * kRows * second;
  FLASHRNA_UNROLL
  for (int s = 0; s < kRows / 16; ++s) {
    const std::uint32_t a[4] = {p[2 * s][0], p[2 * s][1], p[2 * s + 1][0], p[2 * s + 1][1]};
    FLASHRNA_UNROLL
    for (int n = 0; n + 1 < kTiles; n += 2) {
      std::uint32_t b[4];
      block.load_transposed(b, at + kHalfRow * (kRows * n + 16 * s));
      block.multiply(sums[n], a, b[0], b[1]);
      block.multiply(sums[n + 1], a, b[2], b[3]);
    }
  }
  if constexpr (kTiles % 2 == 1) {
    // An odd last chunk: the other two matrices are its next 16 rows. If kRows is 16 they repeat the same rows and are
    // unused.
    constexpr int kLast = kTiles - 1, kNext = kRows > 16 ? 16 : 0;
    const int last_at = row_at + kHalfRow * kNext * second;
    FLASHRNA_UNROLL
    for (int s = 0; s < kRows / 16; s += 2) {
      std::uint32_t b[4];
      block.load_transposed(b, last_at + kHalfRow * (kRows * kLast + 16 * s));
      const std::uint32_t a[4] = {p[2 * s][0], p[2 * s][1], p[2 * s + 1][0], p[2 * s + 1][1]};
      block.multiply(sums[kLast], a, b[0], b[1]);
      if constexpr (kRows > 16) {
        const std::uint32_t next[4] = {p[2 * s + 2][0], p[2 * s + 2][1], p[2 * s + 3][0], p[2 * s + 3][1]};
        block.multiply(sums[kLast], next, b[2], b[3]);
      }
    }
  }
}

// Writes a thread's share of 16 rows of sums to shared memory, rows of kStride numbers, starting at `column`.
template <int kStride, int kTiles, class Block>
FLASHRNA_DEVICE void put_sums(const Block& block, const float (&sums)[kTiles][4], int rows_at, int first_row,
                              int column) {
  const int lane = block.thread() % kWarp;
  float* to = block.template shared<float>(rows_at) + (first_row + lane / 4) * kStride + column + 2 * (lane % 4);
  FLASHRNA_UNROLL
  for (int n = 0; n < kTiles; ++n) {
    FLASHRNA_UNROLL
    for (int i = 0; i < 4; ++i) to[i / 2 * 8 * kStride + 8 * n + i % 2] = sums[n][i];
  }
}

}  // namespace flashrna::fused_ipa
