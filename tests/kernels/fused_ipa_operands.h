// The operands of the fused kernels of invariant point attention as they are in memory, computed on the host by the
// functions that the kernels call, and converted back to f32.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/flash_ipa/fused/arguments.h"
#include "kernels/flash_ipa/fused/gradient_tiles.h"

namespace flashrna {

// One head of one batch entry, divided into tiles.
struct HeadOfEntry {
  std::int64_t first_row;  // of the entry, in 0 to N - 1
  int length;
  int head;
};

// Query or key operand of one tile: exactly the kernels' bytes, and the numbers that a tensor core reads from them.
struct LogitTile {
  fused_ipa::Vec3 origin;
  int first = 0, n = 0;                           // rows of the entry; n <= rows of a tile
  int rows = 0;                                   // rows of a full tile; those from n on are zero
  std::vector<std::byte> image;                   // logit_tile_bytes
  std::vector<float> by_row, by_column;           // [rows][columns] and [columns][rows]
  std::vector<fused_ipa::RowHeader> row_headers;  // [rows]
};

struct ValueTile {
  std::vector<fused_ipa::Half> image;    // value_tile_bytes / 2
  std::vector<float> by_row, by_column;  // [rows][value columns] and [value columns][rows]
};

fused_ipa::Vec3 tile_origin(const fused_ipa::Arguments& in, const HeadOfEntry& head, int first, int n);
// Of the whole entry, in the order of summation of the centroids.
fused_ipa::Vec3 entry_centroid(const fused_ipa::Arguments& in, const HeadOfEntry& head);

// The tile of `rows` rows that starts at row `first` of the entry.
LogitTile make_query_tile(const fused_ipa::Arguments& in, const fused_ipa::Layout& layout, const HeadOfEntry& head,
                          int first, int rows);
LogitTile make_key_tile(const fused_ipa::Arguments& in, const fused_ipa::Layout& layout, const HeadOfEntry& head,
                        int first, int rows);
ValueTile make_value_tile(const fused_ipa::Arguments& in, const fused_ipa::Layout& layout, const HeadOfEntry& head,
                          int first, int rows);

// The gradient operand of a query tile.
struct GradientTile {
  std::vector<std::byte> image;                   // gradient_tile_bytes
  std::vector<float> by_row, by_column;           // [rows][columns] and [columns][rows]
  std::vector<fused_ipa::RowHeader> row_headers;  // [rows]
};

// The query tile for backward, with the log-sum-exp relative to the tile's origin in the headers; infinite past the
// end.
LogitTile make_backward_query_tile(const fused_ipa::Arguments& in, const fused_ipa::OutputGradients& gradients,
                                   const fused_ipa::Layout& layout, const HeadOfEntry& head, int first, int rows);
GradientTile make_gradient_tile(const fused_ipa::Arguments& in, const fused_ipa::OutputGradients& gradients,
                                const fused_ipa::Layout& layout, const HeadOfEntry& head, int exponent, int first,
                                int rows);

// Exponent of the power of two that scales the gradients of one head.
int exponent_of_head(const fused_ipa::Arguments& in, const fused_ipa::OutputGradients& gradients,
                     const HeadOfEntry& head);

}  // namespace flashrna
