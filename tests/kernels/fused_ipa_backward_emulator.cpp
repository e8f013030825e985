// Backward: the query kernel, the key kernel, and the row-wise steps around them.
#include <tbb/parallel_for.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "kernels/flash_ipa/fused/gradients.h"
#include "tests/kernels/fused_ipa_emulator.h"
#include "tests/kernels/fused_ipa_operands.h"

namespace flashrna {

using namespace fused_ipa;

namespace {

// What the two kernels leave for one row of one head: sums over the columns of the other operand.
struct QuerySums {
  std::vector<float> keys;  // [columns of the key operand]
  SlopeSums slopes;
};
struct KeySums {
  std::vector<float> queries;    // [columns of the query operand]
  std::vector<float> gradients;  // [columns of the gradient operand]
  SlopeSums slopes;
};

// Everything of one head that is summed over heads afterwards, by row of the entry.
struct HeadGradients {
  std::vector<FrameGradient> frames;
  std::vector<float> pair_k, key_bias;  // [length, R c], [length]
  double weight = 0.0;
};

// The two operands of a product whose sums run over columns: row `row` of `a` against all rows of `b`.
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

// The kernel whose rows are queries.
QuerySums sum_over_keys(const Layout& layout, Accumulation accumulation, float half_weight, const QueryTile& tile,
                        int row, const std::vector<KeyTile>& key_tiles) {
  const int columns = kChunk * logit_chunks(layout), gradient_columns = kChunk * gradient_chunks(layout);
  const RowHeader header = tile.queries.row_headers[row], gradient = tile.gradients.row_headers[row];
  QuerySums sums;
  sums.keys.assign(columns, 0.0f);
  SlopeSums quad[kQuad];
  std::vector<float> logits, products, slopes;
  for (const KeyTile& other : key_tiles) {
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
      slopes[key] = from_half(query_slope(probability(logit, shift), products[key], offset));
      tile_sums[quad_of_column(key)] += slopes[key];
    }
    for (int thread = 0; thread < kQuad; ++thread) end_gradient_tile(quad[thread], tile_sums[thread], difference);
    multiply_rows(slopes, other.keys.by_row, columns, accumulation, sums.keys);
  }
  sums.slopes = sum_of_quad(quad);
  return sums;
}

// The kernel whose rows are keys.
KeySums sum_over_queries(const Layout& layout, Accumulation accumulation, float half_weight, const KeyTile& tile,
                         int row, const std::vector<QueryTile>& query_tiles) {
  const int columns = kChunk * logit_chunks(layout), gradient_columns = kChunk * gradient_chunks(layout);
  KeySums sums;
  sums.queries.assign(columns, 0.0f);
  sums.gradients.assign(gradient_columns, 0.0f);
  SlopeSums quad[kQuad];
  std::vector<float> logits, products, slopes, p;
  for (const QueryTile& other : query_tiles) {
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
      const Half rounded = to_half(probability(logits[query] + correction, shift));
      p[query] = from_half(rounded);
      slopes[query] =
          from_half(key_slope(rounded, products[query], slope_offset(difference, other.gradients.row_headers[query])));
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
struct Row {
  const Arguments& in;
  const Layout& layout;
  const HeadOfEntry& head;
  int row, exponent;
  Vec3 centroid;

  std::int64_t n() const { return head.first_row + row; }
  std::int64_t at() const { return n() * in.H + head.head; }
  float weight() const { return in.point_weights[head.head]; }
  Rotation rotation() const { return read_rotation(in.rotations + 9 * n()); }
  Vec3 translation() const { return read_vec3(in.translations + 3 * n()); }
};

Vec3 read_columns(const std::vector<float>& sums, int hi, int lo) {
  return {sums[hi] + sums[lo], sums[hi + 1] + sums[lo + 1], sums[hi + 2] + sums[lo + 2]};
}

void write_vec3(Vec3 x, float* to) {
  to[0] = x.x;
  to[1] = x.y;
  to[2] = x.z;
}

// Column of coordinate i of the points in the key operand.
int key_hi_column(const Layout& l, int i) { return kChunk * key_hi(l, i / kChunk) + i % kChunk; }
int key_lo_column(const Layout& l, int i) { return kChunk * key_lo(l, i / kChunk) + i % kChunk; }

void finish_query(const Row& r, Vec3 origin, const QuerySums& sums, const InputGradients& out, HeadGradients& head) {
  const auto [C, P_q, P_v, R, c] = r.layout.size;
  for (int i = 0; i < C; ++i) out.q[r.at() * C + i] = unscaled(query_factor(C) * sums.keys[i], r.exponent);
  if (out.bias_q != nullptr) {
    const float* columns = sums.keys.data() + kChunk * bias_chunk(r.layout, 0);
    for (int i = 0; i < R; ++i) out.bias_q[r.at() * R + i] = unscaled(columns[i], r.exponent);
  }
  const Rotation rotation = r.rotation();
  for (int p = 0; p < P_q; ++p) {
    Vec3 products{};
    float* product[3] = {&products.x, &products.y, &products.z};
    for (int axis = 0; axis < 3; ++axis) {
      *product[axis] =
          sums.keys[key_hi_column(r.layout, 3 * p + axis)] + sums.keys[key_lo_column(r.layout, 3 * p + axis)];
    }
    const Vec3 local = read_vec3(r.in.q_points + (r.at() * P_q + p) * 3);
    const Vec3 x = apply(rotation, local, r.translation() - origin);
    const Vec3 g = query_point_gradient(products, sums.slopes, x, r.weight(), r.exponent);
    write_vec3(apply_transposed(rotation, g), out.q_points + (r.at() * P_q + p) * 3);
    add_global_point(head.frames[r.row], local, g);
    head.weight += weight_gradient(apply(rotation, local, r.translation() - r.centroid), g, r.weight());
  }
}

void finish_key(const Row& r, Vec3 origin, const KeySums& sums, const InputGradients& out, HeadGradients& head) {
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
    for (int i = 0; i < R * c; ++i) head.pair_k[r.row * R * c + i] = value_gradient(columns[i], r.exponent);
  }
  head.key_bias[r.row] = unscaled(sums.slopes.sum, r.exponent);
  const Rotation rotation = r.rotation();
  for (int p = 0; p < P_q; ++p) {
    const Vec3 local = read_vec3(r.in.k_points + (r.at() * P_q + p) * 3);
    const Vec3 x = apply(rotation, local, r.translation() - origin);
    const Vec3 products = read_columns(sums.queries, kChunk * query_hi(l, 0) + 3 * p, kChunk * query_lo(l, 0) + 3 * p);
    const Vec3 g = key_point_gradient(products, sums.slopes, x, r.weight(), r.exponent);
    write_vec3(apply_transposed(rotation, g), out.k_points + (r.at() * P_q + p) * 3);
    add_global_point(head.frames[r.row], local, g);
    head.weight += weight_gradient(apply(rotation, local, r.translation() - r.centroid), g, r.weight());
  }
  for (int p = 0; p < P_v; ++p) {
    const Vec3 sum = read_vec3(sums.gradients.data() + main_value_columns(l) + 3 * p);
    const Vec3 g{value_gradient(sum.x, r.exponent), value_gradient(sum.y, r.exponent),
                 value_gradient(sum.z, r.exponent)};
    write_vec3(apply_transposed(rotation, g), out.v_points + (r.at() * P_v + p) * 3);
    add_global_point(head.frames[r.row], read_vec3(r.in.v_points + (r.at() * P_v + p) * 3), g);
  }
}

// The output points' own part of the frame's gradient, from a row of the gradient operand.
void finish_outputs(const Row& r, const OutputGradients& gradients, const float* gradient_row, HeadGradients& head) {
  if (is_masked(gradients.lse[r.at()])) return;  // X = t: y is zero whatever the frame is
  const int P_v = r.layout.size.P_v;
  for (int p = 0; p < P_v; ++p) {
    const Vec3 rounded = read_vec3(gradient_row + main_value_columns(r.layout) + 3 * p);
    const Vec3 y = read_vec3(gradients.points + (r.at() * P_v + p) * 3);
    add_local_point(head.frames[r.row], r.rotation(), y, unscaled(rounded, r.exponent));
  }
}

HeadGradients backward_of_head(const Arguments& in, const OutputGradients& gradients, const Layout& layout,
                               const BackwardOptions& options, const HeadOfEntry& head, const InputGradients& out) {
  const auto [C, P_q, P_v, R, c] = layout.size;
  HeadGradients sums;
  sums.frames.resize(head.length);
  sums.pair_k.resize(static_cast<std::size_t>(head.length) * R * c);
  sums.key_bias.resize(head.length);
  const int exponent = exponent_of_head(in, gradients, head);
  const float half_weight = half_point_weight(layout, in.point_weights[head.head]);
  const Vec3 centroid = tile_origin(in, head, 0, head.length);
  {
    const std::vector<KeyTile> keys = key_tiles(in, layout, head, options.query_tile.keys);
    for (const QueryTile& tile : query_tiles(in, gradients, layout, head, exponent, options.query_tile.queries)) {
      for (int row = 0; row < tile.queries.n; ++row) {
        const Row r{in, layout, head, tile.queries.first + row, exponent, centroid};
        finish_query(r, tile.queries.origin, sum_over_keys(layout, options.accumulation, half_weight, tile, row, keys),
                     out, sums);
        finish_outputs(r, gradients, tile.gradients.by_row.data() + row * kChunk * gradient_chunks(layout), sums);
      }
    }
  }
  const std::vector<QueryTile> queries = query_tiles(in, gradients, layout, head, exponent, options.key_tile.queries);
  for (const KeyTile& tile : key_tiles(in, layout, head, options.key_tile.keys)) {
    for (int row = 0; row < tile.keys.n; ++row) {
      const Row r{in, layout, head, tile.keys.first + row, exponent, centroid};
      finish_key(r, tile.keys.origin, sum_over_queries(layout, options.accumulation, half_weight, tile, row, queries),
                 out, sums);
    }
  }
  return sums;
}

}  // namespace

void emulate_backward(const Arguments& in, const OutputGradients& gradients, const BackwardOptions& options,
                      const InputGradients& out) {
  const Layout layout = make_layout(in.size);
  const auto [C, P_q, P_v, R, c] = in.size;
  std::vector<HeadGradients> heads(static_cast<std::size_t>(in.B) * in.H);
  tbb::parallel_for(0, in.B * in.H, [&](int i) {
    const int b = i / in.H;
    const HeadOfEntry head{in.first_row_of(b), in.length_of(b), i % in.H};
    heads[i] = backward_of_head(in, gradients, layout, options, head, out);
  });
  // What heads share, in their order.
  std::vector<double> weights(in.H, 0.0);
  for (int b = 0; b < in.B; ++b) {
    for (int row = 0; row < in.length_of(b); ++row) {
      const std::int64_t n = in.first_row_of(b) + row;
      FrameGradient frame;
      std::vector<float> pair_k(R * c, 0.0f), pair_q(R * c, 0.0f);
      float key_bias = 0.0f;
      for (int h = 0; h < in.H; ++h) {
        const HeadGradients& head = heads[b * in.H + h];
        for (int axis = 0; axis < 3; ++axis) {
          frame.rotation.rows[axis] = frame.rotation.rows[axis] + head.frames[row].rotation.rows[axis];
        }
        frame.translation = frame.translation + head.frames[row].translation;
        key_bias += head.key_bias[row];
        if (in.pair_k == nullptr) continue;
        for (int i = 0; i < R * c; ++i) {
          pair_k[i] += head.pair_k[row * R * c + i];
          pair_q[i] = fmaf(gradients.d_pairs[(n * in.H + h) * c + i % c],
                           gradients.pair_sums[(n * in.H + h) * R * c + i], pair_q[i]);
        }
      }
      for (int axis = 0; axis < 3; ++axis) write_vec3(frame.rotation.rows[axis], out.rotations + 9 * n + 3 * axis);
      write_vec3(frame.translation, out.translations + 3 * n);
      if (in.pair_k != nullptr) {
        std::copy(pair_k.begin(), pair_k.end(), out.pair_k + n * R * c);
        std::copy(pair_q.begin(), pair_q.end(), out.pair_q + n * R * c);
      }
      if (out.key_bias != nullptr) out.key_bias[n] = key_bias;
    }
    for (int h = 0; h < in.H; ++h) weights[h] += heads[b * in.H + h].weight;
  }
  for (int h = 0; h < in.H; ++h) out.point_weights[h] = static_cast<float>(weights[h]);
}

}  // namespace flashrna
