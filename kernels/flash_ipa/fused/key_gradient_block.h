// Backward of the fused kernel with respect to keys and values, with mma.m16n8k16, for devices of capability 8.0 and
// newer; see backward_block.h.
#pragma once

#include <cstdint>

#include "kernels/flash_ipa/fused/backward_block.h"

namespace flashrna::fused_ipa {

// Gradients of keys and values, their points, their factors of the pair bias, pair values and key biases. Two warps
// share 16 rows. One computes P and accumulates P G, the gradients of the values. The other computes dP, then dS from
// the P that the first writes to shared memory, and accumulates dS Q. Queries and their gradients have two stages.
template <int kC, int kPair, int kQueries, int kKeys>
struct KeyGradientKernel {
  using Rows = KeyGradientKernel;
  using Size = TensorCoreSize<kC, kPair>;
  static constexpr Tile kTile{kQueries, kKeys};
  static constexpr Layout kLayout = Size::layout();
  static constexpr int kRowWarps = kKeys / 16, kGroup = kRowWarps * kWarp, kThreads = 2 * kGroup;
  static constexpr int kKeyBytes = logit_tile_bytes(kLayout, kKeys);
  static constexpr int kValueBytes = value_tile_bytes(kLayout, kKeys);
  static constexpr int kQueryBytes = logit_tile_bytes(kLayout, kQueries);
  static constexpr int kGradientBytes = gradient_tile_bytes(kLayout, kQueries);

  // Offsets in shared memory. At the end the rows of sums of one group, then of the other, reuse the memory of the
  // tiles.
  static constexpr int kValuesAt = kKeyBytes;
  static constexpr int kStagesAt = kValuesAt + kValueBytes, kStageBytes = kQueryBytes + kGradientBytes;
  static constexpr int kProbabilitiesAt = kStagesAt + 2 * kStageBytes;
  static constexpr int kSharedBytes = key_gradient_shared_bytes(kLayout, kTile);

  static constexpr int kStride = kChunk * logit_chunks(kLayout) + kSlopeColumns, kValueColumns = value_columns(kLayout);
  static constexpr int kValueStride = output_columns(kLayout);
  static constexpr int kGradientHeadersAt = 2 * kChunk * gradient_chunks(kLayout) * kQueries;  // in a gradient tile
  static constexpr int kQueryTiles = kQueries / 8, kColumnTiles = logit_chunks(kLayout);
  static constexpr int kValueTiles = output_columns(kLayout) / 8;  // without the repeated chunk of G

  // Barrier ids of bar.sync: all threads, one group, and from kOfRows on the two warps of each 16 rows.
  enum Meeting { kAll = 1, kOfGroup, kOfRows };
  static_assert(kOfRows + kRowWarps <= 16);

  static FLASHRNA_DEVICE int queries_at(int stage) { return kStagesAt + stage * kStageBytes; }
  static FLASHRNA_DEVICE int gradients_at(int stage) { return queries_at(stage) + kQueryBytes; }

  template <class Block>
  static FLASHRNA_DEVICE void copy_stage(const Block& block, int stage, const char* queries, const char* gradients) {
    copy_to_shared<kThreads>(block, queries_at(stage), queries, kQueryBytes);
    copy_to_shared<kThreads>(block, gradients_at(stage), gradients, kGradientBytes);
    block.commit_copies();
  }

  // Waits until tile j is visible to all threads, then starts the copy of the next tile.
  template <class Block>
  static FLASHRNA_DEVICE void begin_tile(const Block& block, int j, int n_tiles, const char*& queries,
                                         const char*& gradients) {
    block.template wait_copies<0>();
    block.sync_some(kAll, kThreads);
    queries += kQueryBytes;
    gradients += kGradientBytes;
    if (j + 1 < n_tiles) copy_stage(block, (j + 1) % 2, queries, gradients);
  }

  template <class Block>
  static FLASHRNA_DEVICE Vec3 difference_of_origins(const Block& block, int stage) {
    return read_origin<Size, kQueries>(block, queries_at(stage)) - read_origin<Size, kKeys>(block, 0);
  }

  // P that one warp passes to the other, as vectors of 16 bytes. Vectors of the threads of a warp are contiguous.
  struct alignas(16) FourHalves {
    std::uint32_t halves[4];
  };
  static constexpr int kProbabilityBytes = 2 * kKeys * kQueries;
  template <class Block>
  static FLASHRNA_DEVICE FourHalves* probabilities(const Block& block, int at) {
    const int row_warp = block.thread() / kWarp % kRowWarps;
    return block.template shared<FourHalves>(at + row_warp * (kProbabilityBytes / kRowWarps)) + block.thread() % kWarp;
  }

  // Replaces the logits of the warp's keys by P.
  template <class Block>
  static FLASHRNA_DEVICE void exponentiate(const Block& block, float half_weight, int stage, int first_row,
                                           float (&logits)[kQueryTiles][4]) {
    const Vec3 difference = difference_of_origins(block, stage);
    const float of_tile = tile_correction(difference, half_weight);
    const int lane = block.thread() % kWarp;
    const RowHeader* keys = row_headers<Size, kKeys>(block, 0) + first_row + lane / kQuad;
    const RowHeader* queries = row_headers<Size, kQueries>(block, queries_at(stage)) + 2 * (lane % kQuad);
    const float corrections[2] = {key_correction(difference, keys[0]), key_correction(difference, keys[8])};
    FLASHRNA_UNROLL
    for (int n = 0; n < kQueryTiles; ++n) {
      FLASHRNA_UNROLL
      for (int i = 0; i < 2; ++i) {
        const RowHeader query = queries[8 * n + i];
        const float shift = backward_shift(query.w, row_correction(difference, query, of_tile), kProbabilityExponent);
        FLASHRNA_UNROLL
        for (int r = 0; r < 2; ++r) {
          logits[n][2 * r + i] = probability(logits[n][2 * r + i] + corrections[r], shift);
        }
      }
    }
  }

  // Rounds P to the operand of the next product; put_probabilities() passes it to the other warp.
  static FLASHRNA_DEVICE void round_probabilities(const float (&probabilities)[kQueryTiles][4],
                                                  std::uint32_t (&p)[kQueryTiles][2]) {
    FLASHRNA_UNROLL
    for (int n = 0; n < kQueryTiles; ++n) {
      FLASHRNA_UNROLL
      for (int r = 0; r < 2; ++r) p[n][r] = to_halves(probabilities[n][2 * r], probabilities[n][2 * r + 1]);
    }
  }
  template <class Block>
  static FLASHRNA_DEVICE void put_probabilities(const Block& block, const std::uint32_t (&p)[kQueryTiles][2], int at) {
    FourHalves* to = probabilities(block, at);
    FLASHRNA_UNROLL
    for (int n = 0; n < kQueryTiles; n += 2) to[n / 2 * kWarp] = {{p[n][0], p[n][1], p[n + 1][0], p[n + 1][1]}};
  }

  // Computes dS of the warp's keys and its sums, from P and dP.
  template <class Block>
  static FLASHRNA_DEVICE void compute_slopes(const Block& block, int stage, int probabilities_at,
                                             const float (&products)[kQueryTiles][4], SlopeSums (&slopes)[2],
                                             std::uint32_t (&ds)[kQueryTiles][2]) {
    const Vec3 difference = difference_of_origins(block, stage);
    const FourHalves* of_thread = probabilities(block, probabilities_at);
    const RowHeader* gradients =
        block.template shared<RowHeader>(gradients_at(stage) + kGradientHeadersAt) + 2 * (block.thread() % kQuad);
    float sum[2] = {0.0f, 0.0f};
    FLASHRNA_UNROLL
    for (int n = 0; n < kQueryTiles; n += 2) {
      const FourHalves p = of_thread[n / 2 * kWarp];
      FLASHRNA_UNROLL
      for (int next = 0; next < 2; ++next) {
        const float offsets[2] = {slope_offset(difference, gradients[8 * (n + next)]),
                                  slope_offset(difference, gradients[8 * (n + next) + 1])};
        FLASHRNA_UNROLL
        for (int r = 0; r < 2; ++r) {
          const std::uint32_t halves = p.halves[2 * next + r];
          const float* dp = products[n + next] + 2 * r;
          ds[n + next][r] = backward_block::round_slopes(key_slope(first_of(halves), dp[0], offsets[0]),
                                                         key_slope(second_of(halves), dp[1], offsets[1]), sum[r]);
        }
      }
    }
    FLASHRNA_UNROLL
    for (int r = 0; r < 2; ++r) end_gradient_tile(slopes[r], sum[r], difference);
  }

  static FLASHRNA_DEVICE Vec3 origin_of_tile(const BackwardProblem& problem, const TileRows& rows) {
    const char* keys = problem.tiles.keys.tile(rows.entry_head, rows.first / kKeys, kKeyBytes);
    return read_vec3(reinterpret_cast<const TileHeader*>(keys + tile_header_offset(Size::layout(), kKeys))->origin);
  }

  // Computes the gradients of the keys from the second group's rows of sums, with threads 0 to kGroup - 1 of that
  // group.
  template <class Block>
  static FLASHRNA_DEVICE void finish_keys(const Block& block, const BackwardProblem& problem, const TileRows& rows,
                                          int thread, int threads) {
    const Vec3 origin = origin_of_tile(problem, rows);
    using namespace backward_block;
    constexpr Layout l = Size::layout();
    const Arguments& in = problem.in;
    const InputGradients& out = problem.out;
    const float* columns = block.template shared<float>(0);
    const int exponent = gradient_exponent(problem.squares[rows.entry_head]), C = in.size.C, R = in.size.R;
    const auto at = [&](int row) { return (rows.row + row) * in.H + rows.head; };
    each_cell(thread, threads, rows.n, C, [&](int row, int column) {
      out.k[at(row) * C + column] = unscaled(kKeyFactor * columns[row * kStride + column], exponent);
    });
    if (out.bias_k != nullptr) {
      for (int i = thread; i < rows.n * R; i += threads) {
        out.bias_k[at(i / R) * R + i % R] =
            unscaled(kKeyFactor * columns[i / R * kStride + kChunk * bias_chunk(l, 0) + i % R], exponent);
      }
    }
    for (int row = thread; row < rows.n; row += threads) {
      constexpr int P_q = l.size.P_q;
      const float* sums = columns + row * kStride;
      ResidueGradient& to = problem.sums.rows[problem.sums.row(rows.entry_head, rows.first + row)];
      ResidueGradient sum = to;
      finish_key_points(l, read_row_of_head(problem, rows, origin, exponent, row), in.k_points + at(row) * 3 * P_q,
                        SumsOfRow{sums}, read_slopes(sums + kStride), out.k_points + at(row) * 3 * P_q, sum);
      to = sum;
    }
  }

  // Computes the gradients of the values from the first group's rows of sums.
  template <class Block>
  static FLASHRNA_DEVICE void finish_values(const Block& block, const BackwardProblem& problem, const TileRows& rows,
                                            int thread, int threads) {
    const Vec3 origin = origin_of_tile(problem, rows);
    using namespace backward_block;
    constexpr Layout l = Size::layout();
    const Arguments& in = problem.in;
    const InputGradients& out = problem.out;
    const float* columns = block.template shared<float>(0);
    const int exponent = gradient_exponent(problem.squares[rows.entry_head]), C = in.size.C;
    const int pairs = in.pair_k != nullptr ? in.size.R * in.size.c : 0;
    const auto at = [&](int row) { return (rows.row + row) * in.H + rows.head; };
    each_cell(thread, threads, rows.n, C, [&](int row, int column) {
      out.v[at(row) * C + column] = value_gradient(columns[row * kValueStride + column], exponent);
    });
    each_cell(thread, threads, rows.n, pairs, [&](int row, int column) {
      problem.sums.pair_k[problem.sums.row(rows.entry_head, rows.first + row) * pairs + column] =
          value_gradient(columns[row * kValueStride + kChunk * l.scalar + column], exponent);
    });
    for (int row = thread; row < rows.n; row += threads) {
      constexpr int P_v = l.size.P_v;
      ResidueGradient& to = problem.sums.rows[problem.sums.row(rows.entry_head, rows.first + row)];
      ResidueGradient sum = to;
      finish_value_points(l, read_row_of_head(problem, rows, origin, exponent, row), in.v_points + at(row) * 3 * P_v,
                          SumsOfRow{columns + row * kValueStride}, out.v_points + at(row) * 3 * P_v, sum);
      to = sum;
    }
  }

  // The end of each group after its loop. The second group uses shared memory first.
  template <class Block>
  static FLASHRNA_DEVICE void leave_keys(const Block& block, const BackwardProblem& problem, const TileRows& rows,
                                         const float (&sums)[kColumnTiles][4], const SlopeSums (&slopes)[2]) {
    const int thread = block.thread() % kGroup, first_row = thread / kWarp * 16;
    block.sync_some(kAll, kThreads);  // no thread reads the tiles any more
    put_sums<kStride>(block, sums, 0, first_row, 0);
    backward_block::put_slopes<kStride>(block, slopes, 0, first_row);
    block.sync_some(kOfGroup, kGroup);
    if (problem.parts == 1) {
      finish_keys(block, problem, rows, thread, kGroup);
    } else {
      backward_block::put_part<kStride>(block, part_row(block, problem, rows), kPartColumns, 0, rows.n, thread, kGroup);
    }
    block.sync_some(kAll, kThreads);
  }
  template <class Block>
  static FLASHRNA_DEVICE void leave_values(const Block& block, const BackwardProblem& problem, const TileRows& rows,
                                           const float (&sums)[kValueTiles][4]) {
    const int thread = block.thread() % kGroup;
    block.sync_some(kAll, kThreads);
    block.sync_some(kAll, kThreads);
    put_sums<kValueStride>(block, sums, 0, thread / kWarp * 16, 0);
    block.sync_some(kOfGroup, kGroup);
    if (problem.parts == 1) return finish_values(block, problem, rows, thread, kGroup);
    backward_block::put_part<kValueStride>(block, part_row(block, problem, rows), kPartColumns, kStride, rows.n, thread,
                                           kGroup);
  }

  static constexpr int kTileRows = kKeys, kCombineThreads = 128;
  // A row over queries, then over their gradients.
  static constexpr int kPartColumns = kStride + kValueStride;
  static constexpr int kCombineSharedBytes = static_cast<int>(sizeof(float)) * backward_block::kCombinedRows *
                                             (kStride > kValueStride ? kStride : kValueStride);

  template <class Block>
  static FLASHRNA_DEVICE backward_block::PartRow part_row(const Block& block, const BackwardProblem& problem,
                                                          const TileRows& rows) {
    return backward_block::part_row(problem, rows.entry_head, problem.tiles.keys.per_entry, block.block_x(), kKeys, 0,
                                    kPartColumns);
  }

  // Grid: (key tile and group of kCombinedRows rows, entry and head).
  template <class Block>
  static FLASHRNA_DEVICE void combine_parts(const Block& block, const BackwardProblem& problem) {
    using namespace backward_block;
    constexpr int kGroups = kKeys / kCombinedRows;
    const int tile = block.block_x() / kGroups, first = block.block_x() % kGroups * kCombinedRows;
    const TileRows whole = rows_of_tile(problem.in, block.block_y(), tile, kKeys);
    if (whole.n <= first) return;
    const TileRows rows = combined_rows(whole, first);
    const int n_tiles = (problem.in.length_of(rows.entry) + kQueries - 1) / kQueries;
    PartRow from = backward_block::part_row(problem, rows.entry_head, problem.tiles.keys.per_entry, tile, kKeys, first,
                                            kPartColumns);
    add_parts<kStride>(block, from, kPartColumns, problem.parts, n_tiles, rows.n);
    block.sync();
    finish_keys(block, problem, rows, block.thread(), block.threads());
    block.sync();
    from.begin += kStride;
    add_parts<kValueStride>(block, from, kPartColumns, problem.parts, n_tiles, rows.n);
    block.sync();
    finish_values(block, problem, rows, block.thread(), block.threads());
  }

  // Grid: (key tile, entry and head, part of the queries). Runs after QueryGradientKernel and adds to its sums per
  // residue.
  template <class Block>
  static FLASHRNA_DEVICE void run(const Block& block, const BackwardProblem& problem) {
    const int entry_head = block.block_y();
    const TileRows rows = rows_of_tile(problem.in, entry_head, block.block_x(), kKeys);
    if (rows.n == 0) return;
    const Part part =
        part_of_tiles((problem.in.length_of(rows.entry) + kQueries - 1) / kQueries, problem.parts, block.block_z());
    const int n_tiles = part.last - part.first;
    if (n_tiles == 0) return;
    const char* queries = problem.tiles.queries.tile(entry_head, part.first, kQueryBytes);
    const char* gradients = problem.gradient_tiles.tile(entry_head, part.first, kGradientBytes);
    const char* keys = problem.tiles.keys.tile(entry_head, block.block_x(), kKeyBytes);
    copy_to_shared<kThreads>(block, 0, keys, kKeyBytes);
    copy_to_shared<kThreads>(block, kValuesAt, problem.tiles.values.tile(entry_head, block.block_x(), kValueBytes),
                             kValueBytes);
    copy_stage(block, 0, queries, gradients);

    const int warp = block.uniform(block.thread() / kWarp), row_warp = warp % kRowWarps, first_row = 16 * row_warp;
    if (warp < kRowWarps) {
      const float half_weight = half_point_weight(Size::layout(), problem.in.point_weights[rows.head]);
      float sums[kValueTiles][4];
      set_zero(sums);
      FLASHRNA_NO_UNROLL
      for (int j = 0; j < n_tiles; ++j) {
        const int stage = j % 2;
        begin_tile(block, j, n_tiles, queries, gradients);
        float logits[kQueryTiles][4];
        multiply_steps<Swapped<LogitSteps<Size>>>(block, LeftRows<kKeys>(block, 0, first_row),
                                                  RightRows<kQueries>(block, queries_at(stage)), logits);
        std::uint32_t p[kQueryTiles][2];
        exponentiate(block, half_weight, stage, first_row, logits);
        round_probabilities(logits, p);
        put_probabilities(block, p, kProbabilitiesAt);
        block.sync_some(kOfRows + row_warp, 2 * kWarp);
        multiply_rows<kQueries>(block, p, gradients_at(stage), sums);
      }
      leave_values(block, problem, rows, sums);
    } else {
      float sums[kColumnTiles][4];
      SlopeSums slopes[2];
      set_zero(sums);
      FLASHRNA_NO_UNROLL
      for (int j = 0; j < n_tiles; ++j) {
        const int stage = j % 2;
        begin_tile(block, j, n_tiles, queries, gradients);
        float products[kQueryTiles][4];
        multiply_steps<Swapped<GradientSteps<Size>>>(block, LeftValues<kValueColumns>(block, kValuesAt, first_row),
                                                     RightRows<kQueries>(block, gradients_at(stage)), products);
        block.sync_some(kOfRows + row_warp, 2 * kWarp);
        std::uint32_t ds[kQueryTiles][2];
        compute_slopes(block, stage, kProbabilitiesAt, products, slopes, ds);
        multiply_rows<kQueries>(block, ds, queries_at(stage), sums);
      }
      leave_keys(block, problem, rows, sums, slopes);
    }
  }
};

}  // namespace flashrna::fused_ipa
