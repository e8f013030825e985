#include "tests/kernels/fused_ipa_emulator.h"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "kernels/flash_ipa/fused/epilogue.h"
#include "kernels/flash_ipa/fused/softmax.h"
#include "tests/kernels/fused_ipa_operands.h"

namespace flashrna {

using namespace fused_ipa;

namespace {

// Sums of one row over a part of the keys, divided by the sum of P.
struct RowSums {
  std::vector<float> columns;  // [output_columns], points relative to the origin of the query's tile
  PartSums of{kLowestMaximum, 0.0f};
};

struct KeyTile {
  LogitTile keys;
  ValueTile values;
};

// One row times all rows of a tile: sums over chunks in the order of logit_step().
void multiply_logits(const Layout& layout, const float* query_row, const LogitTile& keys, Accumulation accumulation,
                     std::vector<float>& logits) {
  std::fill(logits.begin(), logits.end(), 0.0f);
  for (int s = 0; s < logit_steps(layout); ++s) {
    const Step step = logit_step(layout, s);
    float a[kStepDepth];
    const float* b[kStepDepth];
    for (int i = 0; i < kStepDepth; ++i) {
      a[i] = query_row[kChunk * step.a[i / kChunk] + i % kChunk];
      b[i] = keys.by_column.data() + static_cast<std::size_t>(kChunk * step.b[i / kChunk] + i % kChunk) * keys.rows;
    }
    tensor_core_step(logits.data(), keys.rows, a, b, accumulation);
  }
}

// sums[n] += P V over step `s` of 16 keys, for the columns starting at `first_column`.
void multiply_values(const std::vector<float>& p, const ValueTile& values, int s, int n_columns, int first_column,
                     int n, Accumulation accumulation, float* sums) {
  const float* b[kStepDepth];
  for (int i = 0; i < kStepDepth; ++i) b[i] = values.by_row.data() + (s * kStepDepth + i) * n_columns + first_column;
  tensor_core_step(sums, n, p.data() + s * kStepDepth, b, accumulation);
}

RowSums attend(const Layout& layout, const EmulatorOptions& options, float half_weight, const LogitTile& queries,
               int row, const std::vector<KeyTile>& tiles, Part part) {
  const int n_keys = options.tile.keys, columns = value_columns(layout), main = main_value_columns(layout),
            points = point_columns(layout);
  const float* query_row = queries.by_row.data() + static_cast<std::size_t>(row) * kChunk * logit_chunks(layout);
  const RowHeader& header = queries.row_headers[row];
  SoftmaxRow quad[kQuad];
  RowSums out;
  out.columns.assign(output_columns(layout), 0.0f);
  std::vector<float> logits(n_keys), p(n_keys), rest(n_keys), tile_points(points);
  for (int j = part.first; j < part.last; ++j) {
    const KeyTile& tile = tiles[j];
    const Vec3 difference = queries.origin - tile.keys.origin;
    multiply_logits(layout, query_row, tile.keys, options.accumulation, logits);
    float maximum = -kInfinity;
    for (int key = 0; key < n_keys; ++key) {
      logits[key] += key_correction(difference, tile.keys.row_headers[key]);
      maximum = fmaxf(maximum, logits[key]);
    }
    const float correction = row_correction(difference, header, tile_correction(difference, half_weight));
    SoftmaxTile step{};
    for (SoftmaxRow& thread : quad) step = begin_tile(thread, maximum, correction);
    for (float& sum : out.columns) sum *= step.alpha;
    float sums[kQuad] = {};
    for (int key = 0; key < n_keys; ++key) {
      const HiLo rounded = split(probability(logits[key], step.shift));
      p[key] = from_half(rounded.hi);
      rest[key] = from_half(rounded.lo);
      sums[quad_of_column(key)] += p[key];
      if (options.strict) sums[quad_of_column(key)] += rest[key];
    }
    for (int thread = 0; thread < kQuad; ++thread) end_tile(quad[thread], sums[thread], difference);
    const auto multiply = [&](const std::vector<float>& a, int s, int first_column, int n, float* to) {
      multiply_values(a, tile.values, s, columns, first_column, n, options.accumulation, to);
    };
    const int steps = n_keys / kStepDepth, hi = main, lo = main + points;
    float* point_sums = out.columns.data() + main;
    if (options.strict) {
      // Small products first, and points from zero: truncation is relative to the sum of this tile, not to that of all
      // tiles.
      for (int s = 0; s < steps; ++s) multiply(rest, s, 0, main, out.columns.data());
      for (int s = 0; s < steps; ++s) multiply(p, s, 0, main, out.columns.data());
      std::fill(tile_points.begin(), tile_points.end(), 0.0f);
      for (int s = 0; s < steps; ++s) {
        multiply(rest, s, hi, points, tile_points.data());
        multiply(p, s, lo, points, tile_points.data());
      }
      for (int s = 0; s < steps; ++s) multiply(p, s, hi, points, tile_points.data());
      for (int i = 0; i < points; ++i) point_sums[i] += tile_points[i];
    } else {
      for (int s = 0; s < steps; ++s) {
        multiply(p, s, 0, main, out.columns.data());
        multiply(p, s, hi, points, point_sums);
        multiply(p, s, lo, points, point_sums);
      }
    }
  }
  const auto over_quad = [&](auto member) {
    return quad_sum(member(quad[0]), member(quad[1]), member(quad[2]), member(quad[3]));
  };
  const float sum = over_quad([](const SoftmaxRow& thread) { return thread.sum; });
  const Vec3 owed{over_quad([](const SoftmaxRow& thread) { return thread.origin.x; }),
                  over_quad([](const SoftmaxRow& thread) { return thread.origin.y; }),
                  over_quad([](const SoftmaxRow& thread) { return thread.origin.z; })};
  const float inverse = inverse_sum(sum);
  for (int column = 0; column < output_columns(layout); ++column) {
    out.columns[column] = finish_column(layout, column, out.columns[column], owed, inverse);
  }
  out.of = {quad[0].maximum, sum};
  return out;
}

// Combines the parts in their order, weighted by part_weight().
RowSums combine(const std::vector<RowSums>& parts) {
  if (parts.size() == 1) return parts[0];
  std::vector<PartSums> sums;
  for (const RowSums& part : parts) sums.push_back(part.of);
  RowSums whole;
  whole.of = combine_sums(sums.data(), static_cast<int>(sums.size()), 1);
  whole.columns.assign(parts[0].columns.size(), 0.0f);
  for (const RowSums& part : parts) {
    const float weight = part_weight(part.of, whole.of.maximum);
    for (std::size_t i = 0; i < whole.columns.size(); ++i) {
      whole.columns[i] = fmaf(weight, part.columns[i], whole.columns[i]);
    }
  }
  for (float& column : whole.columns) column *= inverse_sum(whole.of.sum);
  return whole;
}

void write_row(const Arguments& in, const Layout& layout, const HeadOfEntry& head, const LogitTile& queries, int row,
               const RowSums& sums, const Outputs& out) {
  const auto [C, P_q, P_v, R, c] = layout.size;
  const std::int64_t n = head.first_row + row, at = n * in.H + head.head;
  const float* pair = sums.columns.data() + kChunk * layout.scalar;
  const float* points = sums.columns.data() + main_value_columns(layout);
  std::copy_n(sums.columns.data(), C, out.scalars + at * C);
  for (int p = 0; p < P_v; ++p) {
    const LocalPoint local = local_point(read_rotation(in.rotations + 9 * n), read_vec3(points + 3 * p),
                                         queries.origin - read_vec3(in.translations + 3 * n), is_masked(sums.of));
    float* y = out.points + (at * P_v + p) * 3;
    y[0] = local.y.x;
    y[1] = local.y.y;
    y[2] = local.y.z;
    out.point_norms[at * P_v + p] = local.norm;
  }
  if (in.pair_k != nullptr) {
    for (int channel = 0; channel < c; ++channel) {
      out.pairs[at * c + channel] = pair_output(in.pair_q + n * R * c + channel, pair + channel, R, c);
    }
    if (out.pair_sums != nullptr) std::copy_n(pair, R * c, out.pair_sums + at * R * c);
  }
  if (out.lse != nullptr) {
    out.lse[at] = log_sum_exp(sums.of.maximum, sums.of.sum) + queries.row_headers[row - queries.first].w;
  }
}

void forward_of_head(const Arguments& in, const Layout& layout, const EmulatorOptions& options, const HeadOfEntry& head,
                     const Outputs& out) {
  std::vector<KeyTile> tiles;
  for (int first = 0; first < head.length; first += options.tile.keys) {
    tiles.push_back({make_key_tile(in, layout, head, first, options.tile.keys),
                     make_value_tile(in, layout, head, first, options.tile.keys)});
  }
  const float half_weight = half_point_weight(layout, in.point_weights[head.head]);
  for (int first = 0; first < head.length; first += options.tile.queries) {
    const int end = std::min(head.length, first + options.tile.queries);
    std::vector<int> rows;
    for (int row = first; row < end; ++row) {
      if (options.rows.empty() || std::binary_search(options.rows.begin(), options.rows.end(), row)) {
        rows.push_back(row);
      }
    }
    if (rows.empty()) continue;
    const LogitTile queries = make_query_tile(in, layout, head, first, options.tile.queries);
    for (const int row : rows) {
      std::vector<RowSums> parts;
      for (int part = 0; part < options.parts; ++part) {
        const Part range = part_of_tiles(static_cast<int>(tiles.size()), options.parts, part);
        parts.push_back(attend(layout, options, half_weight, queries, row - first, tiles, range));
      }
      write_row(in, layout, head, queries, row, combine(parts), out);
    }
  }
}

}  // namespace

void emulate_forward(const Arguments& in, const EmulatorOptions& options, const Outputs& out) {
  const Layout layout = make_layout(in.size);
  tbb::parallel_for(0, in.B * in.H, [&](int i) {
    const int b = i / in.H;
    const HeadOfEntry head{in.first_row_of(b), in.length_of(b), i % in.H};
    forward_of_head(in, layout, options, head, out);
  });
}

}  // namespace flashrna
