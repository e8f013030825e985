#include "tests/kernels/published_layout.h"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "kernels/flash_ipa/fused/epilogue.h"

namespace flashrna {

using namespace fused_ipa;

namespace {

float bf16(float x) {
  std::uint32_t bits;
  std::memcpy(&bits, &x, 4);
  bits = (bits + 0x7fffu + (bits >> 16 & 1u)) & 0xffff0000u;
  std::memcpy(&x, &bits, 4);
  return x;
}

Vec3 global_point(const Arguments& in, const float* points, int P, int n, int h, int p) {
  return apply(read_rotation(in.rotations + 9 * n),
               read_vec3(points + ((static_cast<std::int64_t>(n) * in.H + h) * P + p) * 3),
               read_vec3(in.translations + 3 * n));
}

// The operands of one residue: queries [q, x, |x|^2, 1, b1], keys [k s, w x, -w/2, -w/2 |x|^2, b2].
std::vector<float> query_operand(const Arguments& in, int n, int h) {
  const auto [C, P_q, P_v, R, c] = in.size;
  const std::int64_t at = static_cast<std::int64_t>(n) * in.H + h;
  std::vector<float> row(in.q + at * C, in.q + (at + 1) * C), norms;
  for (int p = 0; p < P_q; ++p) {
    const Vec3 x = global_point(in, in.q_points, P_q, n, h, p);
    row.insert(row.end(), {x.x, x.y, x.z});
    norms.push_back(dot(x, x));
  }
  row.insert(row.end(), norms.begin(), norms.end());
  row.insert(row.end(), P_q, 1.0f);
  row.insert(row.end(), in.bias_q + at * R, in.bias_q + (at + 1) * R);
  for (float& x : row) x = bf16(x);
  return row;
}

std::vector<float> key_operand(const Arguments& in, int n, int h) {
  const auto [C, P_q, P_v, R, c] = in.size;
  const std::int64_t at = static_cast<std::int64_t>(n) * in.H + h;
  const float w = in.point_weights[h], scale = 1.0f / std::sqrt(3.0f * static_cast<float>(C));
  std::vector<float> row, norms;
  for (int channel = 0; channel < C; ++channel) row.push_back(scale * in.k[at * C + channel]);
  for (int p = 0; p < P_q; ++p) {
    const Vec3 x = global_point(in, in.k_points, P_q, n, h, p);
    row.insert(row.end(), {w * x.x, w * x.y, w * x.z});
    norms.push_back(-0.5f * w * dot(x, x));
  }
  row.insert(row.end(), P_q, -0.5f * w);
  row.insert(row.end(), norms.begin(), norms.end());
  row.insert(row.end(), in.bias_k + at * R, in.bias_k + (at + 1) * R);
  for (float& x : row) x = bf16(x);
  return row;
}

std::vector<float> value_operand(const Arguments& in, int n, int h) {
  const auto [C, P_q, P_v, R, c] = in.size;
  const std::int64_t at = static_cast<std::int64_t>(n) * in.H + h;
  std::vector<float> row(in.v + at * C, in.v + (at + 1) * C);
  for (int p = 0; p < P_v; ++p) {
    const Vec3 x = global_point(in, in.v_points, P_v, n, h, p);
    row.insert(row.end(), {x.x, x.y, x.z});
  }
  for (float& x : row) x = bf16(x);
  return row;
}

}  // namespace

void emulate_published_layout(const Arguments& in, const std::vector<int>& rows, const Outputs& out) {
  const auto [C, P_q, P_v, R, c] = in.size;
  const int L = static_cast<int>(in.length[0]), width = C + 5 * P_q + R, values = C + 3 * P_v;
  tbb::parallel_for(0, in.H, [&](int h) {
    std::vector<float> keys(static_cast<std::size_t>(width) * L);  // [width, L]
    std::vector<std::vector<float>> value_rows;
    for (int j = 0; j < L; ++j) {
      const std::vector<float> key = key_operand(in, j, h);
      for (int column = 0; column < width; ++column) keys[static_cast<std::size_t>(column) * L + j] = key[column];
      value_rows.push_back(value_operand(in, j, h));
    }
    for (const int i : rows) {
      const std::vector<float> query = query_operand(in, i, h);
      std::vector<float> logits(L, 0.0f), sums(values, 0.0f);
      for (int column = 0; column < width; ++column) {
        const float* key_column = keys.data() + static_cast<std::size_t>(column) * L;
        for (int j = 0; j < L; ++j) logits[j] += query[column] * key_column[j];
      }
      const float maximum = *std::max_element(logits.begin(), logits.end());
      float total = 0.0f;
      for (int j = 0; j < L; ++j) {
        const float p = std::exp(logits[j] - maximum);
        total += p;  // before rounding, as in FlashAttention
        const float rounded = bf16(p);
        for (int column = 0; column < values; ++column) sums[column] += rounded * value_rows[j][column];
      }
      for (float& sum : sums) sum = bf16(sum / total);
      const std::int64_t at = static_cast<std::int64_t>(i) * in.H + h;
      std::copy_n(sums.data(), C, out.scalars + at * C);
      const Vec3 t = read_vec3(in.translations + 3 * i);
      for (int p = 0; p < P_v; ++p) {
        const Vec3 y = apply_transposed(read_rotation(in.rotations + 9 * i), read_vec3(sums.data() + C + 3 * p) - t);
        float* to = out.points + (at * P_v + p) * 3;
        to[0] = y.x;
        to[1] = y.y;
        to[2] = y.z;
      }
    }
  });
}

}  // namespace flashrna
