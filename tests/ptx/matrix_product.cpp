// ldmatrix, mma.m16n8k16 and wgmma with f16 operands and f32 sums. The layouts are those of the PTX ISA, sections
// "Matrix multiply-accumulate" and "Asynchronous warpgroup level matrix instructions".
#include <array>
#include <cstring>
#include <set>
#include <string_view>
#include <vector>

#include "tests/kernels/tensor_core.h"
#include "tests/ptx/block.h"
#include "tests/ptx/half.h"
#include "tests/ptx/lane_operations.h"
#include "tests/ptx/operations.h"

namespace flashrna::ptx {
namespace {

constexpr int kDepth = kStepDepth;  // 16 summed products

// Half of a register with two halves.
std::uint16_t half_of(std::uint64_t pair, int which) {
  return static_cast<std::uint16_t>(which == 0 ? pair & 0xffff : pair >> 16 & 0xffff);
}

// Four matrices of 8 x 8 halves. Lane 8 m + r names row r of matrix m. Each lane gets elements 2 (lane % 4) and + 1 of
// row lane / 4, or of column lane / 4.
template <bool kTransposed>
void load_matrices(Warp& warp, const Instruction& in, std::uint32_t lanes) {
  std::uint16_t matrices[4][8][8];
  for_lanes(lanes, [&](int i) {
    const auto address = static_cast<std::uint32_t>(warp.address(in.operands[1], i));
    std::memcpy(matrices[i / 8][i % 8], warp.block().shared().read(warp.thread(i), address, 16, 16), 16);
  });
  for (int m = 0; m < 4; ++m) {
    std::uint64_t* result = warp.result(in.operands[0].elements[m]);
    for_lanes(lanes, [&](int i) {
      const int major = i / 4, minor = 2 * (i % 4);
      const std::uint16_t low = kTransposed ? matrices[m][minor][major] : matrices[m][major][minor],
                          high = kTransposed ? matrices[m][minor + 1][major] : matrices[m][major][minor + 1];
      result[i] = static_cast<std::uint32_t>(high) << 16 | low;
    });
  }
}

// Row and column of value v of thread t, in an accumulator of 16 rows per warp and in an operand A with 16 rows.
int row_of(int t, int v) { return t % kLanes / 4 + (v >> 1 & 1) * 8; }
int column_of(int t, int v) { return t % 4 * 2 + (v & 1) + (v >> 2) * 8; }

void multiply(Warp& warp, const Instruction& in, std::uint32_t) {
  const std::vector<int>&d = in.operands[0].elements, &a = in.operands[1].elements, &b = in.operands[2].elements,
        &c = in.operands[3].elements;
  float left[16][kDepth], right[kDepth][8], sums[16][8];
  for (int t = 0; t < kLanes; ++t) {
    for (int v = 0; v < 8; ++v)
      left[row_of(t, v)][column_of(t, v)] = float_from_half(half_of(warp.values(a[v / 2])[t], v & 1));
    for (int v = 0; v < 4; ++v)
      right[t % 4 * 2 + (v & 1) + (v >> 1) * 8][t / 4] = float_from_half(half_of(warp.values(b[v / 2])[t], v & 1));
    for (int v = 0; v < 4; ++v) sums[row_of(t, v)][column_of(t, v)] = value_of<float>(warp.values(c[v])[t]);
  }
  const float* rows[kDepth];
  for (int k = 0; k < kDepth; ++k) rows[k] = right[k];
  const Accumulation accumulation = warp.block().launch().options.accumulation;
  for (int m = 0; m < 16; ++m) tensor_core_step(sums[m], 8, left[m], rows, accumulation);
  for (int t = 0; t < kLanes; ++t)
    for (int v = 0; v < 4; ++v) warp.result(d[v])[t] = bits_of(sums[row_of(t, v)][column_of(t, v)]);
}

// wgmma --------------------------------------------------------------------------------------------------------------

constexpr int kGroupRows = 64, kGroupThreads = 128, kCoreBytes = 128;

// The fields of a descriptor, in bytes.
struct Descriptor {
  explicit Descriptor(std::uint64_t bits)
      : start(static_cast<std::uint32_t>(bits & 0x3fff) << 4),
        leading(static_cast<std::uint32_t>(bits >> 16 & 0x3fff) << 4),
        stride(static_cast<std::uint32_t>(bits >> 32 & 0x3fff) << 4),
        layout(static_cast<int>(bits >> 62)) {
    if ((bits & 0x3fffc000c000c000u) != 0) throw KernelError("a descriptor of a matrix has bits that must be zero");
  }
  std::uint32_t start, leading, stride;
  int layout;
};

// An operand of n rows (or columns) and 16 steps: [steps][n], and what it read.
struct GroupOperand {
  std::vector<float> by_step;
  std::vector<ProductInFlight::Range> ranges;
};

GroupOperand read_operand(Warp& first, std::uint64_t bits, int n, bool is_transposed) {
  const Descriptor d(bits);
  GroupOperand operand;
  operand.by_step.resize(static_cast<std::size_t>(kDepth) * n);
  std::set<std::uint32_t> cores;
  Block& block = first.block();
  const auto read = [&](std::uint32_t core) {
    if (!cores.insert(core).second) return;
    const std::byte* bytes = nullptr;
    // Every warp of the group reads; its first thread acts for it.
    for (int w = 0; w < 4; ++w)
      bytes = block.shared().read_async(block.warp(first.index() + w).first_thread(), core, kCoreBytes);
    operand.ranges.push_back({core, std::vector<std::byte>(bytes, bytes + kCoreBytes)});
  };
  if (d.layout > 1 || (d.layout == 1 && is_transposed)) throw KernelError("a layout of a matrix that is not known");
  for (int r = 0; r < n; ++r) {
    for (int k = 0; k < kDepth; ++k) {
      std::uint32_t core = 0, within = 0;
      const auto row = static_cast<std::uint32_t>(r), step = static_cast<std::uint32_t>(k);
      if (d.layout == 1) {  // rows of 128 bytes whose 16-byte columns are exchanged by row
        const std::uint32_t at = d.start + row / 8 * d.stride + row % 8 * 128 + step * 2;
        const std::uint32_t swizzled = at ^ (at >> 7 & 7) << 4;
        core = swizzled / kCoreBytes * kCoreBytes;
        within = swizzled % kCoreBytes;
      } else if (is_transposed) {
        core = d.start + row / 8 * d.stride + step / 8 * d.leading;
        within = step % 8 * 16 + row % 8 * 2;
      } else {
        core = d.start + row / 8 * d.stride + step / 8 * d.leading;
        within = row % 8 * 16 + step % 8 * 2;
      }
      read(core);
      const std::byte* bytes = block.shared().peek(core + within);
      std::uint16_t half;
      std::memcpy(&half, bytes, sizeof(half));
      operand.by_step[static_cast<std::size_t>(k) * n + r] = float_from_half(half);
    }
  }
  return operand;
}

// A from registers: as of mma, 16 rows per warp.
std::vector<float> registers_by_step(Warp& first, const std::vector<int>& slots) {
  std::vector<float> by_step(static_cast<std::size_t>(kDepth) * kGroupRows);
  for (int t = 0; t < kGroupThreads; ++t) {
    Warp& warp = first.block().warp(first.index() + t / kLanes);
    for (int v = 0; v < 8; ++v)
      by_step[static_cast<std::size_t>(column_of(t, v)) * kGroupRows + t / kLanes * 16 + row_of(t, v)] =
          float_from_half(half_of(warp.values(slots[v / 2])[t % kLanes], v & 1));
  }
  return by_step;
}

void check_registers(Warp& warp, const std::vector<int>& sums, const std::vector<int>& operands, int columns) {
  if (!warp.has_fenced()) warp.report("a product without wgmma.fence");
  for (const std::vector<int>* slots : {&sums, &operands})
    for (const int slot : *slots)
      if (warp.written_since_fence(slot)) warp.report("a register of a product is written after wgmma.fence");
  for (const int slot : sums)
    if (warp.columns_in_flight(slot) != 0 && warp.columns_in_flight(slot) != columns)
      warp.report("sums of a product under way are those of a product of another shape");
  for (const int slot : operands)
    if (slot < 0) warp.report("no register");
}

// Of the first of four warps, for all. d, a, b, whether to add, then the scales of a and b, then whether a matrix in
// shared memory is transposed.
void multiply_group(Warp& first, const Instruction& in, std::uint32_t lanes) {
  Block& block = first.block();
  const std::vector<int>& sums = in.operands[0].elements;
  const bool from_registers = in.operands[1].kind == Operand::Kind::kVector;
  const std::vector<int>& registers = in.operands[1].elements;
  const int columns = 2 * static_cast<int>(sums.size());
  const auto number = [&](std::size_t i) { return first.uniform(in.operands[i].slot, lanes); };
  for (int w = 0; w < 4; ++w) {
    Warp& warp = block.warp(first.index() + w);
    check_registers(warp, sums, registers, columns);
    for (const std::size_t i : {from_registers ? std::size_t{2} : std::size_t{1}, std::size_t{2}, std::size_t{3}}) {
      if (warp.uniform(in.operands[i].slot, lanes) != number(i))
        warp.report("an operand that must be equal in all warps of the group is not");
    }
  }
  if (number(4) != 1 || number(5) != 1) throw KernelError("a product with a negated operand");

  const bool add = number(3) != 0;
  ProductInFlight product;
  product.registers = sums;
  product.registers.insert(product.registers.end(), registers.begin(), registers.end());
  std::vector<float> left;
  if (from_registers) {
    left = registers_by_step(first, registers);
  } else {
    GroupOperand operand = read_operand(first, number(1), kGroupRows, number(6) != 0);
    left = std::move(operand.by_step);
    product.operands = std::move(operand.ranges);
  }
  GroupOperand right = read_operand(first, number(2), columns, number(from_registers ? 6 : 7) != 0);
  product.operands.insert(product.operands.end(), right.ranges.begin(), right.ranges.end());

  std::vector<float> c(static_cast<std::size_t>(kGroupRows) * columns, 0.0f);
  const auto each_sum = [&](auto f) {
    for (int t = 0; t < kGroupThreads; ++t)
      for (int v = 0; v < static_cast<int>(sums.size()); ++v)
        f(block.warp(first.index() + t / kLanes), sums[v], t % kLanes,
          c[static_cast<std::size_t>(t / kLanes * 16 + row_of(t, v)) * columns + column_of(t, v)]);
  };
  if (add) each_sum([](Warp& warp, int slot, int lane, float& sum) { sum = value_of<float>(warp.values(slot)[lane]); });
  const float* rows[kDepth];
  for (int k = 0; k < kDepth; ++k) rows[k] = right.by_step.data() + static_cast<std::size_t>(k) * columns;
  for (int m = 0; m < kGroupRows; ++m) {
    float row[kDepth];
    for (int k = 0; k < kDepth; ++k) row[k] = left[static_cast<std::size_t>(k) * kGroupRows + m];
    tensor_core_step(c.data() + static_cast<std::size_t>(m) * columns, columns, row, rows,
                     block.launch().options.accumulation);
  }
  each_sum([](Warp& warp, int slot, int lane, float& sum) { warp.result(slot)[lane] = bits_of(sum); });
  for (int w = 0; w < 4; ++w) block.warp(first.index() + w).begin_product(product, columns);
}

void fence_products(Warp& warp, const Instruction&, std::uint32_t) { warp.fence_products(); }
void commit_products(Warp& warp, const Instruction&, std::uint32_t) { warp.commit_products(); }
void wait_products(Warp& warp, const Instruction& in, std::uint32_t lanes) {
  warp.wait_products(static_cast<int>(warp.uniform(in.operands[0].slot, lanes)));
}

struct Known {
  std::string_view opcode;
  Operation operation;
  Scope scope = Scope::kWarp;
};

constexpr Known kKnown[] = {
    {"ldmatrix.sync.aligned.m8n8.x4.shared.b16", load_matrices<false>},
    {"ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16", load_matrices<true>},
    {"mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32", multiply},
    {"wgmma.fence.sync.aligned", fence_products},
    {"wgmma.commit_group.sync.aligned", commit_products},
    {"wgmma.wait_group.sync.aligned", wait_products},
};

}  // namespace

KnownOperation find_matrix_product(const std::string& opcode) {
  if (opcode.starts_with("wgmma.mma_async.sync.aligned.m64n") && opcode.ends_with("k16.f32.f16.f16"))
    return {multiply_group, Scope::kWarpgroup};
  for (const Known& known : kKnown)
    if (known.opcode == opcode) return {known.operation, known.scope};
  return {};
}

}  // namespace flashrna::ptx
