// Backward: the query kernel, the key kernel, and the row-wise steps before and after them.
#include <tbb/parallel_for.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "kernels/flash_ipa/fused/backward_rows.h"
#include "tests/kernels/fused_ipa_emulator.h"
#include "tests/kernels/fused_ipa_operands.h"

namespace flashrna {

using namespace fused_ipa;

namespace {

// Results of the two kernels for one row of one head: sums over the columns of the other operand.
struct QuerySums {
  std::vector<float> keys;  // [columns of the key operand]
  SlopeSums slopes;
};
struct KeySums {
  std::vector<float> queries;    // [columns of the query operand]
  std::vector<float> gradients;  // [columns of the gradient operand]
  SlopeSums slopes;
};

// A product that is summed over columns: row `row` of `a` times all rows of `b`.
template <int (*kSteps)(Layout), Step (*kStep)(Layout, int)>
void multiply_columns(const Layout& layout, const float* a_row, bool a_is_first, const std::vector<float>& b_by_column,
                      int b_rows, Accumulation accumulation, std::vector<float>& sums) {
  sums.assign(b_rows, 0.0f);
  for (int s = 0; s < kSteps(layout); ++s) {
    const Step step = kStep(layout, s);
    const int* a_chunks = a_is_first ? step.a : step.b;
    const int* b_chunks = a_is_first ? step.b : step.a;
    float a[kStepDepth];
    const float* b[kStepDepth];
    for (int i = 0; i < kStepDepth; ++i) {
      a[i] = a_row[kChunk * a_chunks[i / kChunk] + i % kChunk];
      b[i] = b_by_column.data() + static_cast<std::size_t>(kChunk * b_chunks[i / kChunk] + i % kChunk) * b_rows;
    }
    tensor_core_step(sums.data(), b_rows, a, b, accumulation);
  }
}

constexpr auto multiply_logits = multiply_columns<logit_steps, logit_step>;
constexpr auto multiply_gradients = multiply_columns<gradient_steps, gradient_step>;

// sums[n] += a times the rows of b.
void multiply_rows(const std::vector<float>& a, const std::vector<float>& b_by_row, int n, Accumulation accumulation,
                   std::vector<float>& sums) {
  for (std::size_t k = 0; k < a.size(); k += kStepDepth) {
    const float* b[kStepDepth];
    for (int i = 0; i < kStepDepth; ++i) b[i] = b_by_row.data() + (k + i) * n;
    tensor_core_step(sums.data(), n, a.data() + k, b, accumulation);
  }
}

struct QueryTile {
  LogitTile queries;
  GradientTile gradients;
};

struct KeyTile {
  LogitTile keys;
  ValueTile values;
};

std::vector<QueryTile> query_tiles(const Arguments& in, const OutputGradients& gradients, const Layout& layout,
                                   const HeadOfEntry& head, int exponent, int rows) {
  std::vector<QueryTile> tiles;
  for (int first = 0; first < head.length; first += rows) {
    tiles.push_back({make_backward_query_tile(in, gradients, layout, head, first, rows),
                     make_gradient_tile(in, gradients, layout, head, exponent, first, rows)});
  }
  return tiles;
}

std::vector<KeyTile> key_tiles(const Arguments& in, const Layout& layout, const HeadOfEntry& head, int rows) {
  std::vector<KeyTile> tiles;
  for (int first = 0; first < head.length; first += rows) {
    tiles.push_back({make_key_tile(in, layout, head, first, rows), make_value_tile(in, layout, head, first, rows)});
  }
  return tiles;
}

SlopeSums sum_of_quad(const SlopeSums* quad) {
  SlopeSums whole;
  whole.sum = quad_sum(quad[0].sum, quad[1].sum, quad[2].sum, quad[3].sum);
  whole.origin = {quad_sum(quad[0].origin.x, quad[1].origin.x, quad[2].origin.x, quad[3].origin.x),
                  quad_sum(quad[0].origin.y, quad[1].origin.y, quad[2].origin.y, quad[3].origin.y),
                  quad_sum(quad[0].origin.z, quad[1].origin.z, quad[2].origin.z, quad[3].origin.z)};
  return whole;
}

// The kernel with queries as rows, over tiles [range.first, range.last).
QuerySums sum_over_keys(const Layout& layout, Accumulation accumulation, float half_weight, const QueryTile& tile,
                        int row, const std::vector<KeyTile>& key_tiles, Part range) {
  const int columns = kChunk * logit_chunks(layout), gradient_columns = kChunk * gradient_chunks(layout);
  const RowHeader header = tile.queries.row_headers[row], gradient = tile.gradients.row_headers[row];
  QuerySums sums;
  sums.keys.assign(columns, 0.0f);
  SlopeSums quad[kQuad];
  std::vector<float> logits, products, slopes;
  for (int j = range.first; j < range.last; ++j) {
    const KeyTile& other = key_tiles[j];
    const Vec3 difference = tile.queries.origin - other.keys.origin;
    const int n_keys = other.keys.rows;
    multiply_logits(layout, tile.queries.by_row.data() + row * columns, true, other.keys.by_column, n_keys,
                    accumulation, logits);
    multiply_gradients(layout, tile.gradients.by_row.data() + row * gradient_columns, true, other.values.by_column,
                       n_keys, accumulation, products);
    const float shift =
        backward_shift(header.w, row_correction(difference, header, tile_correction(difference, half_weight)), 0.0f);
    const float offset = slope_offset(difference, gradient);
    slopes.resize(n_keys);
    float tile_sums[kQuad] = {};
    for (int key = 0; key < n_keys; ++key) {
      const float logit = logits[key] + key_correction(difference, other.keys.row_headers[key]);
      slopes[key] = from_half(to_half(query_slope(probability(logit, shift), products[key], offset)));
      tile_sums[quad_of_column(key)] += slopes[key];
    }
    for (int thread = 0; thread < kQuad; ++thread) end_gradient_tile(quad[thread], tile_sums[thread], difference);
    multiply_rows(slopes, other.keys.by_row, columns, accumulation, sums.keys);
  }
  sums.slopes = sum_of_quad(quad);
  return sums;
}

// The kernel with keys as rows, over tiles [range.first, range.last).
KeySums sum_over_queries(const Layout& layout, Accumulation accumulation, float half_weight, const KeyTile& tile,
                         int row, const std::vector<QueryTile>& query_tiles, Part range) {
  const int columns = kChunk * logit_chunks(layout), gradient_columns = kChunk * gradient_chunks(layout);
  KeySums sums;
  sums.queries.assign(columns, 0.0f);
  sums.gradients.assign(gradient_columns, 0.0f);
  SlopeSums quad[kQuad];
  std::vector<float> logits, products, slopes, p;
  for (int i = range.first; i < range.last; ++i) {
    const QueryTile& other = query_tiles[i];
    const Vec3 difference = other.queries.origin - tile.keys.origin;
    const int n_queries = other.queries.rows;
    multiply_logits(layout, tile.keys.by_row.data() + row * columns, false, other.queries.by_column, n_queries,
                    accumulation, logits);
    multiply_gradients(layout, tile.values.by_row.data() + row * value_columns(layout), false,
                       other.gradients.by_column, n_queries, accumulation, products);
    const float correction = key_correction(difference, tile.keys.row_headers[row]);
    slopes.resize(n_queries);
    p.resize(n_queries);
    float tile_sums[kQuad] = {};
    for (int query = 0; query < n_queries; ++query) {
      const RowHeader header = other.queries.row_headers[query];
      const float shift = backward_shift(
          header.w, row_correction(difference, header, tile_correction(difference, half_weight)), kProbabilityExponent);
      p[query] = from_half(to_half(probability(logits[query] + correction, shift)));
      slopes[query] = from_half(
          to_half(key_slope(p[query], products[query], slope_offset(difference, other.gradients.row_headers[query]))));
      tile_sums[quad_of_column(query)] += slopes[query];
    }
    for (int thread = 0; thread < kQuad; ++thread) end_gradient_tile(quad[thread], tile_sums[thread], difference);
    multiply_rows(p, other.gradients.by_row, gradient_columns, accumulation, sums.gradients);
    multiply_rows(slopes, other.queries.by_row, columns, accumulation, sums.queries);
  }
  sums.slopes = sum_of_quad(quad);
  return sums;
}

// A row of one head, for the steps after the kernels.
void add(std::vector<float>& sum, const std::vector<float>& x) {
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += x[i];
}
void add(SlopeSums& sum, const SlopeSums& x) {
  sum.sum += x.sum;
  sum.origin = sum.origin + x.origin;
}
void add(QuerySums& sum, const QuerySums& x) {
  add(sum.keys, x.keys);
  add(sum.slopes, x.slopes);
}
void add(KeySums& sum, const KeySums& x) {
  add(sum.queries, x.queries);
  add(sum.gradients, x.gradients);
  add(sum.slopes, x.slopes);
}

// sum_of(range) over all tiles, or the sum over the parts in their order.
template <class SumOf>
auto sum_over_parts(std::size_t tiles, int parts, const SumOf& sum_of) {
  const int n = static_cast<int>(tiles);
  if (parts == 1) return sum_of(Part{0, n});
  auto sum = sum_of(Part{0, 0});  // zeros
  for (int part = 0; part < parts; ++part) {
    const Part range = part_of_tiles(n, parts, part);
    if (range.first < range.last) add(sum, sum_of(range));
  }
  return sum;
}

struct Row {
  const Arguments& in;
  const Layout& layout;
  const HeadOfEntry& head;
  int row, exponent;
  Vec3 centroid;

  std::int64_t at() const { return (head.first_row + row) * in.H + head.head; }
  RowOfHead of_tile(Vec3 origin) const {
    const std::int64_t n = head.first_row + row;
    const Vec3 t = read_vec3(in.translations + 3 * n);
    return {read_rotation(in.rotations + 9 * n), t - origin, t - centroid, in.point_weights[head.head], exponent};
  }
};

void finish_query(const Row& r, const QueryTile& tile, const QuerySums& sums, const OutputGradients& gradients,
                  const InputGradients& out, ResidueGradient& to) {
  const auto [C, P_q, P_v, R, c] = r.layout.size;
  for (int i = 0; i < C; ++i) out.q[r.at() * C + i] = unscaled(query_factor(C) * sums.keys[i], r.exponent);
  if (out.bias_q != nullptr) {
    const float* columns = sums.keys.data() + kChunk * bias_chunk(r.layout, 0);
    for (int i = 0; i < R; ++i) out.bias_q[r.at() * R + i] = unscaled(columns[i], r.exponent);
  }
  const RowOfHead row = r.of_tile(tile.queries.origin);
  finish_query_points(
      r.layout, row, r.in.q_points + r.at() * 3 * P_q, [&](int column) { return sums.keys[column]; }, sums.slopes,
      out.q_points + r.at() * 3 * P_q, to);
  if (is_masked(gradients.lse[r.at()])) return;
  const float* rounded = tile.gradients.by_row.data() +
                         static_cast<std::size_t>(r.row - tile.queries.first) * kChunk * gradient_chunks(r.layout);
  finish_output_points(
      r.layout, row, gradients.points + r.at() * 3 * P_v, [&](int column) { return rounded[column]; }, to);
}

void finish_key(const Row& r, Vec3 origin, const KeySums& sums, const InputGradients& out, float* pair_k,
                ResidueGradient& to) {
  const auto [C, P_q, P_v, R, c] = r.layout.size;
  const Layout& l = r.layout;
  for (int i = 0; i < C; ++i) {
    out.k[r.at() * C + i] = unscaled(kKeyFactor * sums.queries[i], r.exponent);
    out.v[r.at() * C + i] = value_gradient(sums.gradients[i], r.exponent);
  }
  if (out.bias_k != nullptr) {
    const float* columns = sums.queries.data() + kChunk * bias_chunk(l, 0);
    for (int i = 0; i < R; ++i) out.bias_k[r.at() * R + i] = unscaled(kKeyFactor * columns[i], r.exponent);
  }
  if (out.pair_k != nullptr) {
    const float* columns = sums.gradients.data() + kChunk * l.scalar;
    for (int i = 0; i < R * c; ++i) pair_k[i] = value_gradient(columns[i], r.exponent);
  }
  const RowOfHead row = r.of_tile(origin);
  finish_key_points(
      l, row, r.in.k_points + r.at() * 3 * P_q, [&](int column) { return sums.queries[column]; }, sums.slopes,
      out.k_points + r.at() * 3 * P_q, to);
  finish_value_points(
      l, row, r.in.v_points + r.at() * 3 * P_v, [&](int column) { return sums.gradients[column]; },
      out.v_points + r.at() * 3 * P_v, to);
}

// `sums` of this head only.
void backward_of_head(const Arguments& in, const OutputGradients& gradients, const Layout& layout,
                      const BackwardOptions& options, const HeadOfEntry& head, const InputGradients& out,
                      const HeadSums& sums) {
  const int pairs = layout.size.R * layout.size.c;
  const int exponent = exponent_of_head(in, gradients, head);
  const float half_weight = half_point_weight(layout, in.point_weights[head.head]);
  const Vec3 centroid = entry_centroid(in, head);
  {
    const std::vector<KeyTile> keys = key_tiles(in, layout, head, options.query_tile.keys);
    for (const QueryTile& tile : query_tiles(in, gradients, layout, head, exponent, options.query_tile.queries)) {
      for (int row = 0; row < tile.queries.n; ++row) {
        const Row r{in, layout, head, tile.queries.first + row, exponent, centroid};
        const QuerySums of_row = sum_over_parts(keys.size(), options.parts_of_keys, [&](Part range) {
          return sum_over_keys(layout, options.accumulation, half_weight, tile, row, keys, range);
        });
        finish_query(r, tile, of_row, gradients, out, sums.rows[r.row]);
      }
    }
  }
  const std::vector<QueryTile> queries = query_tiles(in, gradients, layout, head, exponent, options.key_tile.queries);
  for (const KeyTile& tile : key_tiles(in, layout, head, options.key_tile.keys)) {
    for (int row = 0; row < tile.keys.n; ++row) {
      const Row r{in, layout, head, tile.keys.first + row, exponent, centroid};
      const KeySums of_row = sum_over_parts(queries.size(), options.parts_of_queries, [&](Part range) {
        return sum_over_queries(layout, options.accumulation, half_weight, tile, row, queries, range);
      });
      finish_key(r, tile.keys.origin, of_row, out, sums.pair_k + static_cast<std::size_t>(r.row) * pairs,
                 sums.rows[r.row]);
    }
  }
}

}  // namespace

void emulate_backward(const Arguments& in, const OutputGradients& gradients, const BackwardOptions& options,
                      const InputGradients& out) {
  const Layout layout = make_layout(in.size);
  const int pairs = in.size.R * in.size.c;
  HeadSums sums;
  for (int b = 0; b < in.B; ++b) sums.longest = std::max<std::int64_t>(sums.longest, in.length_of(b));
  std::vector<ResidueGradient> rows(static_cast<std::size_t>(in.B) * in.H * sums.longest);
  std::vector<float> pair_k(rows.size() * pairs);
  sums.rows = rows.data();
  sums.pair_k = pair_k.data();
  tbb::parallel_for(0, in.B * in.H, [&](int i) {
    const int b = i / in.H;
    const HeadOfEntry head{in.first_row_of(b), in.length_of(b), i % in.H};
    HeadSums of_head = sums;
    of_head.rows += sums.row(i, 0);
    of_head.pair_k += sums.row(i, 0) * pairs;
    backward_of_head(in, gradients, layout, options, head, out, of_head);
  });
  for (int b = 0; b < in.B; ++b) {
    for (int row = 0; row < in.length_of(b); ++row) {
      for (int item = 0; item < shared_items(in); ++item) sum_over_heads(in, gradients, sums, b, row, item, out);
    }
  }
  for (int h = 0; h < in.H; ++h) {
    double lanes[kWeightLanes];
    for (int lane = 0; lane < kWeightLanes; ++lane) lanes[lane] = point_weight_of_lane(in, sums, h, lane);
    out.point_weights[h] = point_weight_of_lanes(lanes);
  }
}

}  // namespace flashrna
