#include "tests/kernels/fused_ipa_operands.h"

#include <algorithm>
#include <cstring>

namespace flashrna {

using fused_ipa::Arguments;
using fused_ipa::Half;
using fused_ipa::kChunk;
using fused_ipa::Layout;
using fused_ipa::Rotation;
using fused_ipa::RowHeader;
using fused_ipa::Vec3;

namespace {

// Start of row `row` of the entry for one head, in an array [N, H, width].
const float* row_of_head(const float* array, const Arguments& in, const HeadOfEntry& head, int row, int width) {
  return array + ((head.first_row + row) * in.H + head.head) * width;
}

Vec3 translation_of(const Arguments& in, const HeadOfEntry& head, int row) {
  return fused_ipa::read_vec3(in.translations + 3 * (head.first_row + row));
}

Rotation rotation_of(const Arguments& in, const HeadOfEntry& head, int row) {
  return fused_ipa::read_rotation(in.rotations + 9 * (head.first_row + row));
}

// Stores a row of scalars by chunks, starting at `first_chunk`.
template <typename Store>
void lift_row(const float* values, int width, float scale, int first_chunk, const Store& store) {
  for (int chunk = 0; chunk < fused_ipa::chunks_of(width); ++chunk) {
    const fused_ipa::HalfChunk halves = fused_ipa::lift_chunk(values + kChunk * chunk, width - kChunk * chunk, scale);
    for (int i = 0; i < kChunk; ++i) store(kChunk * (first_chunk + chunk) + i, halves.h[i]);
  }
}

LogitTile empty_tile(const Arguments& in, const Layout& layout, const HeadOfEntry& head, int first, int rows) {
  LogitTile tile;
  tile.first = first;
  tile.rows = rows;
  tile.n = std::min(rows, head.length - first);
  tile.origin = tile_origin(in, head, first, tile.n);
  tile.image.resize(fused_ipa::logit_tile_bytes(layout, rows));
  return tile;
}

// Decodes a chunk-major image: numbers, then the headers at offset `headers`.
template <typename Tile>
void decode(int rows, int columns, std::size_t headers, Tile& tile) {
  tile.by_row.resize(static_cast<std::size_t>(rows) * columns);
  tile.by_column.resize(tile.by_row.size());
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; ++column) {
      Half half;
      std::memcpy(&half, tile.image.data() + sizeof(Half) * fused_ipa::element(row, column, rows), sizeof(Half));
      tile.by_row[row * columns + column] = tile.by_column[column * rows + row] = fused_ipa::from_half(half);
    }
  }
  tile.row_headers.resize(rows);
  std::memcpy(tile.row_headers.data(), tile.image.data() + headers, sizeof(RowHeader) * rows);
}

void decode(const Layout& layout, LogitTile& tile) {
  decode(tile.rows, kChunk * fused_ipa::logit_chunks(layout), fused_ipa::headers_offset(layout, tile.rows), tile);
}

void write_row_header(const Layout& layout, LogitTile& tile, int row, const RowHeader& header) {
  std::memcpy(tile.image.data() + fused_ipa::headers_offset(layout, tile.rows) + sizeof(RowHeader) * row, &header,
              sizeof(header));
}

}  // namespace

Vec3 tile_origin(const Arguments& in, const HeadOfEntry& head, int first, int n) {
  Vec3 lanes[fused_ipa::kOriginLanes];
  for (int lane = 0; lane < fused_ipa::kOriginLanes; ++lane) {
    lanes[lane] = fused_ipa::sum_of_lane(in.translations + 3 * (head.first_row + first), n, lane);
  }
  return fused_ipa::origin_of_lanes(lanes, n);
}

Vec3 entry_centroid(const Arguments& in, const HeadOfEntry& head) {
  Vec3 sums[fused_ipa::kCentroidLanes], lanes[fused_ipa::kOriginLanes];
  for (int lane = 0; lane < fused_ipa::kCentroidLanes; ++lane) {
    sums[lane] =
        fused_ipa::sum_of_lane<fused_ipa::kCentroidLanes>(in.translations + 3 * head.first_row, head.length, lane);
  }
  for (int lane = 0; lane < fused_ipa::kOriginLanes; ++lane) lanes[lane] = fused_ipa::sum_of_lanes(sums, lane);
  return fused_ipa::origin_of_lanes(lanes, head.length);
}

LogitTile make_query_tile(const Arguments& in, const Layout& layout, const HeadOfEntry& head, int first, int rows) {
  LogitTile tile = empty_tile(in, layout, head, first, rows);
  const auto [C, P_q, P_v, R, c] = layout.size;
  for (int row = 0; row < tile.n; ++row) {
    const auto store = [&](int column, Half half) {
      std::memcpy(tile.image.data() + sizeof(Half) * fused_ipa::element(row, column, rows), &half, sizeof(Half));
    };
    lift_row(row_of_head(in.q, in, head, first + row, C), C, fused_ipa::query_scale(C), 0, store);
    const RowHeader header = fused_ipa::lift_query_points(
        layout, row_of_head(in.q_points, in, head, first + row, 3 * P_q), rotation_of(in, head, first + row),
        translation_of(in, head, first + row) - tile.origin, in.point_weights[head.head], store);
    if (in.bias_q != nullptr) {
      lift_row(row_of_head(in.bias_q, in, head, first + row, R), R, fused_ipa::kLog2e, fused_ipa::bias_chunk(layout, 0),
               store);
    }
    write_row_header(layout, tile, row, header);
  }
  decode(layout, tile);
  return tile;
}

LogitTile make_key_tile(const Arguments& in, const Layout& layout, const HeadOfEntry& head, int first, int rows) {
  LogitTile tile = empty_tile(in, layout, head, first, rows);
  const auto [C, P_q, P_v, R, c] = layout.size;
  for (int row = 0; row < rows; ++row) {
    if (row >= tile.n) {
      write_row_header(layout, tile, row, fused_ipa::header_past_end());
      continue;
    }
    const auto store = [&](int column, Half half) {
      std::memcpy(tile.image.data() + sizeof(Half) * fused_ipa::element(row, column, rows), &half, sizeof(Half));
    };
    lift_row(row_of_head(in.k, in, head, first + row, C), C, 1.0f, 0, store);
    const RowHeader header = fused_ipa::lift_key_points(
        layout, row_of_head(in.k_points, in, head, first + row, 3 * P_q), rotation_of(in, head, first + row),
        translation_of(in, head, first + row) - tile.origin, in.point_weights[head.head],
        in.key_bias != nullptr ? in.key_bias[head.first_row + first + row] : 0.0f, store);
    if (in.bias_k != nullptr) {
      lift_row(row_of_head(in.bias_k, in, head, first + row, R), R, 1.0f, fused_ipa::bias_chunk(layout, 0), store);
    }
    write_row_header(layout, tile, row, header);
  }
  decode(layout, tile);
  return tile;
}

ValueTile make_value_tile(const Arguments& in, const Layout& layout, const HeadOfEntry& head, int first, int rows) {
  ValueTile tile;
  const int columns = fused_ipa::value_columns(layout), n = std::min(rows, head.length - first);
  const auto [C, P_q, P_v, R, c] = layout.size;
  const Vec3 origin = tile_origin(in, head, first, n);
  tile.image.resize(static_cast<std::size_t>(rows) * columns);
  for (int row = 0; row < n; ++row) {
    const auto store = [&](int column, Half half) {
      tile.image[fused_ipa::value_element(row, column, columns)] = half;
    };
    lift_row(row_of_head(in.v, in, head, first + row, C), C, 1.0f, 0, store);
    if (in.pair_k != nullptr) {
      lift_row(in.pair_k + (head.first_row + first + row) * R * c, R * c, 1.0f, layout.scalar, store);
    }
    fused_ipa::lift_value_points(layout, row_of_head(in.v_points, in, head, first + row, 3 * P_v),
                                 rotation_of(in, head, first + row), translation_of(in, head, first + row) - origin,
                                 store);
  }
  tile.by_row.resize(tile.image.size());
  tile.by_column.resize(tile.image.size());
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; ++column) {
      tile.by_row[row * columns + column] = tile.by_column[column * rows + row] =
          fused_ipa::from_half(tile.image[fused_ipa::value_element(row, column, columns)]);
    }
  }
  return tile;
}

// Backward -----------------------------------------------------------------------------------------------------------

namespace {

constexpr int kWarp = 32;

// Sum over 32 lanes in the order of a warp's exchanges over distances 16, 8, 4, 2 and 1.
float sum_of_warp(float* lanes) {
  for (int apart = kWarp / 2; apart > 0; apart /= 2) {
    for (int lane = 0; lane < apart; ++lane) lanes[lane] += lanes[lane + apart];
  }
  return lanes[0];
}

template <typename F>
float sum_over_lanes(const F& f) {
  float lanes[kWarp];
  for (int lane = 0; lane < kWarp; ++lane) lanes[lane] = f(lane);
  return sum_of_warp(lanes);
}

}  // namespace

int exponent_of_head(const Arguments& in, const fused_ipa::OutputGradients& gradients, const HeadOfEntry& head) {
  const auto [C, P_q, P_v, R, c] = in.size;
  const Vec3 centroid = entry_centroid(in, head);
  float gradient = 0.0f, values = 0.0f;
  for (int row = 0; row < head.length; ++row) {
    const fused_ipa::GradientRow g = fused_ipa::read_gradient_row(in, gradients, head.first_row + row, head.head);
    gradient = std::max(
        gradient, sum_over_lanes([&](int lane) { return fused_ipa::square_of_gradient(in.size, g, lane, kWarp); }));
    values = std::max(values, sum_over_lanes([&](int lane) {
                        return fused_ipa::square_of_values(
                            in.size, row_of_head(in.v, in, head, row, C),
                            in.pair_k != nullptr ? in.pair_k + (head.first_row + row) * R * c : nullptr,
                            row_of_head(in.v_points, in, head, row, 3 * P_v), rotation_of(in, head, row),
                            translation_of(in, head, row) - centroid, lane, kWarp);
                      }));
  }
  return fused_ipa::gradient_exponent(gradient, values);
}

LogitTile make_backward_query_tile(const Arguments& in, const fused_ipa::OutputGradients& gradients,
                                   const Layout& layout, const HeadOfEntry& head, int first, int rows) {
  LogitTile tile = make_query_tile(in, layout, head, first, rows);
  for (int row = 0; row < rows; ++row) {
    RowHeader header = tile.row_headers[row];
    header.w = row < tile.n ? *row_of_head(gradients.lse, in, head, first + row, 1) - header.w : fused_ipa::kInfinity;
    write_row_header(layout, tile, row, header);
    tile.row_headers[row] = header;
  }
  return tile;
}

GradientTile make_gradient_tile(const Arguments& in, const fused_ipa::OutputGradients& gradients, const Layout& layout,
                                const HeadOfEntry& head, int exponent, int first, int rows) {
  const int columns = kChunk * fused_ipa::gradient_chunks(layout), n = std::min(rows, head.length - first);
  const Vec3 origin = tile_origin(in, head, first, n);
  GradientTile tile;
  tile.image.resize(fused_ipa::gradient_tile_bytes(layout, rows));
  const std::size_t headers = sizeof(Half) * rows * columns;
  for (int row = 0; row < n; ++row) {
    const fused_ipa::GradientRow g =
        fused_ipa::read_gradient_row(in, gradients, head.first_row + first + row, head.head);
    float parts[4][kWarp];
    for (int lane = 0; lane < kWarp; ++lane) {
      const RowHeader part = fused_ipa::round_gradient(
          layout, g, exponent, translation_of(in, head, first + row) - origin, lane, kWarp, [&](int column, Half half) {
            std::memcpy(tile.image.data() + sizeof(Half) * fused_ipa::element(row, column, rows), &half, sizeof(Half));
          });
      parts[0][lane] = part.x;
      parts[1][lane] = part.y;
      parts[2][lane] = part.z;
      parts[3][lane] = part.w;
    }
    const RowHeader header{sum_of_warp(parts[0]), sum_of_warp(parts[1]), sum_of_warp(parts[2]), sum_of_warp(parts[3])};
    std::memcpy(tile.image.data() + headers + sizeof(RowHeader) * row, &header, sizeof(header));
  }
  decode(rows, columns, headers, tile);
  return tile;
}

}  // namespace flashrna
