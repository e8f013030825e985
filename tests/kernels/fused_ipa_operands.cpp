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

// Where row `row` of the entry has its numbers of one head: `width` of them, for arrays [N, H, width].
const float* row_of_head(const float* array, const Arguments& in, const HeadOfEntry& head, int row, int width) {
  return array + ((head.first_row + row) * in.H + head.head) * width;
}

Vec3 translation_of(const Arguments& in, const HeadOfEntry& head, int row) {
  return fused_ipa::read_vec3(in.translations + 3 * (head.first_row + row));
}

Rotation rotation_of(const Arguments& in, const HeadOfEntry& head, int row) {
  return fused_ipa::read_rotation(in.rotations + 9 * (head.first_row + row));
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

// Reads the image back: numbers, then headers.
void decode(const Layout& layout, LogitTile& tile) {
  const int columns = kChunk * fused_ipa::logit_chunks(layout), rows = tile.rows;
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
  std::memcpy(tile.row_headers.data(), tile.image.data() + fused_ipa::headers_offset(layout, rows),
              sizeof(RowHeader) * rows);
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

LogitTile make_query_tile(const Arguments& in, const Layout& layout, const HeadOfEntry& head, int first, int rows) {
  LogitTile tile = empty_tile(in, layout, head, first, rows);
  const auto [C, P_q, P_v, R, c] = layout.size;
  for (int row = 0; row < tile.n; ++row) {
    const auto store = [&](int column, Half half) {
      std::memcpy(tile.image.data() + sizeof(Half) * fused_ipa::element(row, column, rows), &half, sizeof(Half));
    };
    fused_ipa::lift_scalars(row_of_head(in.q, in, head, first + row, C), C, fused_ipa::query_scale(C), 0, store);
    const Vec3 sum = fused_ipa::lift_query_points(
        layout, row_of_head(in.q_points, in, head, first + row, 3 * P_q), rotation_of(in, head, first + row),
        translation_of(in, head, first + row) - tile.origin, in.point_weights[head.head], store);
    if (in.bias_q != nullptr) {
      fused_ipa::lift_scalars(row_of_head(in.bias_q, in, head, first + row, R), R, fused_ipa::kLog2e,
                              kChunk * fused_ipa::bias_chunk(layout, 0), store);
    }
    write_row_header(layout, tile, row, {sum.x, sum.y, sum.z, 0.0f});
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
    fused_ipa::lift_scalars(row_of_head(in.k, in, head, first + row, C), C, 1.0f, 0, store);
    const RowHeader header = fused_ipa::lift_key_points(
        layout, row_of_head(in.k_points, in, head, first + row, 3 * P_q), rotation_of(in, head, first + row),
        translation_of(in, head, first + row) - tile.origin, in.point_weights[head.head],
        in.key_bias != nullptr ? in.key_bias[head.first_row + first + row] : 0.0f, store);
    if (in.bias_k != nullptr) {
      fused_ipa::lift_scalars(row_of_head(in.bias_k, in, head, first + row, R), R, 1.0f,
                              kChunk * fused_ipa::bias_chunk(layout, 0), store);
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
    fused_ipa::lift_scalars(row_of_head(in.v, in, head, first + row, C), C, 1.0f, 0, store);
    if (in.pair_k != nullptr) {
      fused_ipa::lift_scalars(in.pair_k + (head.first_row + first + row) * R * c, R * c, 1.0f, kChunk * layout.scalar,
                              store);
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

}  // namespace flashrna
