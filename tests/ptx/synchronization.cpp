// Control flow, barriers, fences, shuffles, and the movement of registers between warps.
#include <string_view>

#include "tests/ptx/block.h"
#include "tests/ptx/lane_operations.h"
#include "tests/ptx/operations.h"

namespace flashrna::ptx {
namespace {

// The warp itself executes these.
void nothing(Warp&, const Instruction&, std::uint32_t) {}

void trap(Warp&, const Instruction&, std::uint32_t) { throw KernelError("trap"); }

void synchronize_block(Warp& warp, const Instruction& in, std::uint32_t lanes) {
  const int id = static_cast<int>(warp.uniform(in.operands[0].slot, lanes));
  const int threads = in.operands.size() > 1 ? static_cast<int>(warp.uniform(in.operands[1].slot, lanes)) : 0;
  if (in.operands.size() > 1 && threads == 0) throw KernelError("a barrier for no thread");
  warp.block().arrive_at_barrier(warp, id, threads);
}

void check_mask(Warp& warp, int slot, std::uint32_t lanes) {
  if (static_cast<std::uint32_t>(warp.uniform(slot, lanes)) != ~0u)
    throw KernelError("a mask of a part of the warp, which the interpreter does not know");
}

void synchronize_warp(Warp& warp, const Instruction& in, std::uint32_t lanes) {
  check_mask(warp, in.operands[0].slot, lanes);
  warp.block().shared().races().synchronize(warp.all_threads());
}

// PTX ISA, "shfl.sync": d, a, b, c, membermask; the predicate is last here.
template <auto kSource>
void shuffle(Warp& warp, const Instruction& in, std::uint32_t lanes) {
  check_mask(warp, in.operands[4].slot, lanes);
  const std::uint64_t *b = warp.values(in.operands[2].slot), *c = warp.values(in.operands[3].slot);
  std::uint64_t a[kLanes];
  std::copy_n(warp.values(in.operands[1].slot), kLanes, a);
  for_lanes(lanes, [&](int lane) {
    const auto i = static_cast<std::uint32_t>(lane), clamp = static_cast<std::uint32_t>(c[lane] & 31),
               segment = static_cast<std::uint32_t>(c[lane] >> 8 & 31);
    const std::uint32_t last = (i & segment) | (clamp & ~segment);
    const std::uint32_t source = kSource(i, static_cast<std::uint32_t>(b[lane] & 31), segment);
    const bool inside = source <= last;
    warp.result(in.operands[0].slot)[lane] = static_cast<std::uint32_t>(a[inside ? source : i]);
    if (in.operands[5].kind == Operand::Kind::kValue) warp.result(in.operands[5].slot)[lane] = inside ? 1 : 0;
  });
}

std::uint32_t mbarrier_address(Warp& warp, const Operand& operand, int lane) {
  const auto address = static_cast<std::uint32_t>(warp.address(operand, lane));
  if (address % 8 != 0) throw KernelError("a barrier in shared memory that is not aligned to 8 bytes");
  return address;
}

void init_mbarrier(Warp& warp, const Instruction& in, std::uint32_t lanes) {
  for_lanes(lanes, [&](int i) {
    const std::uint32_t address = mbarrier_address(warp, in.operands[0], i);
    const auto count = static_cast<std::int32_t>(warp.values(in.operands[1].slot)[i]);
    if (count < 1) throw KernelError("a barrier in shared memory that counts no thread");
    warp.block().shared().write(warp.thread(i), address, 8, 8);
    warp.block().make_mbarrier(address, count);
  });
}

// With the operand of expect_tx, or without.
void arrive_at_mbarrier(Warp& warp, const Instruction& in, std::uint32_t lanes) {
  for_lanes(lanes, [&](int i) {
    const std::uint32_t address = mbarrier_address(warp, in.operands[1], i);
    Mbarrier& barrier = warp.block().mbarrier(address);
    SharedMemory& shared = warp.block().shared();
    shared.read(warp.thread(i), address, 8, 8);  // comes after the initialization
    shared.races().release(warp.thread(i), barrier.arrived);
    const std::int64_t bytes =
        in.operands.size() > 2 ? static_cast<std::uint32_t>(warp.values(in.operands[2].slot)[i]) : 0;
    warp.block().update_mbarrier(barrier, 1, bytes);
  });
}

void fence_proxy(Warp& warp, const Instruction&, std::uint32_t lanes) {
  for_lanes(lanes, [&](int i) { warp.block().shared().fence_proxy(warp.thread(i)); });
}

void change_registers(Warp& warp, const Instruction& in, std::uint32_t lanes) {
  const int wanted = static_cast<int>(warp.uniform(in.operands[0].slot, lanes));
  if (wanted % 8 != 0 || wanted < 24 || wanted > 256)
    throw KernelError("setmaxnreg to a number that is no multiple of 8 from 24 to 256");
  const bool increase = in.opcode.starts_with("setmaxnreg.inc");
  const int additional = wanted - warp.register_limit;
  if (increase != (additional >= 0)) throw KernelError("setmaxnreg in the wrong direction");
  warp.register_limit = wanted;
  if (!increase) return warp.block().give_registers(-additional);
  if (warp.block().take_registers(additional)) return;
  warp.missing_registers = additional;
  warp.wait();
}

std::uint32_t butterfly(std::uint32_t lane, std::uint32_t b, std::uint32_t) { return lane ^ b; }
std::uint32_t indexed(std::uint32_t lane, std::uint32_t b, std::uint32_t segment) {
  return (lane & segment) | (b & ~segment);
}

struct Known {
  std::string_view opcode;
  Operation operation;
  Scope scope;
};

constexpr Known kKnown[] = {
    {"bra", nothing, Scope::kBranch},
    {"bra.uni", nothing, Scope::kBranch},
    {"ret", nothing, Scope::kExit},
    {"exit", nothing, Scope::kExit},
    {"trap", trap, Scope::kAny},
    {"bar.sync", synchronize_block, Scope::kWarp},
    {"bar.warp.sync", synchronize_warp, Scope::kWarp},
    {"shfl.sync.bfly.b32", shuffle<butterfly>, Scope::kWarp},
    {"shfl.sync.idx.b32", shuffle<indexed>, Scope::kWarp},
    {"mbarrier.init.shared::cta.b64", init_mbarrier, Scope::kAny},
    {"mbarrier.arrive.shared::cta.b64", arrive_at_mbarrier, Scope::kAny},
    {"mbarrier.arrive.expect_tx.shared::cta.b64", arrive_at_mbarrier, Scope::kAny},
    {"mbarrier.try_wait.parity.shared::cta.b64", nothing, Scope::kMbarrierWait},
    {"fence.proxy.async", fence_proxy, Scope::kAny},
    {"fence.proxy.async.shared::cta", fence_proxy, Scope::kAny},
    {"fence.mbarrier_init.release.cluster", fence_proxy, Scope::kAny},
    {"setmaxnreg.inc.sync.aligned.u32", change_registers, Scope::kWarp},
    {"setmaxnreg.dec.sync.aligned.u32", change_registers, Scope::kWarp},
};

}  // namespace

KnownOperation find_synchronization(const std::string& opcode) {
  for (const Known& known : kKnown)
    if (known.opcode == opcode) return {known.operation, known.scope};
  return {};
}

}  // namespace flashrna::ptx
