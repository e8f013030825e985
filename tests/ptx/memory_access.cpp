// Loads, stores, atomics, and copies by cp.async and cp.async.bulk.
#include <algorithm>
#include <atomic>
#include <cstring>
#include <string_view>
#include <vector>

#include "tests/ptx/block.h"
#include "tests/ptx/lane_operations.h"
#include "tests/ptx/operations.h"

namespace flashrna::ptx {
namespace {

enum class Space { kParameter, kShared, kGlobal };

void check(DeviceMemory::Problem problem, Warp& warp) {
  if (problem == DeviceMemory::Problem::kNone) return;
  if (problem == DeviceMemory::Problem::kUninitialized || problem == DeviceMemory::Problem::kOtherBlock)
    return warp.report(describe(problem));
  throw KernelError(describe(problem));
}

const std::byte* global_source(Warp& warp, std::uint64_t address, std::size_t bytes, std::size_t align) {
  check(warp.block().launch().memory->check_read(address, bytes, align, warp.block().number()), warp);
  return reinterpret_cast<const std::byte*>(address);
}

std::byte* global_target(Warp& warp, std::uint64_t address, std::size_t bytes) {
  check(warp.block().launch().memory->check_write(address, bytes, bytes, warp.block().number()), warp);
  return reinterpret_cast<std::byte*>(address);
}

const std::byte* parameter_source(const Warp& warp, std::uint64_t address, std::size_t bytes) {
  const std::vector<std::byte>& parameters = const_cast<Warp&>(warp).block().launch().parameters;
  if (address % bytes != 0 || address + bytes > parameters.size())
    throw KernelError("reads a parameter outside of all parameters, or misaligned");
  return parameters.data() + address;
}

// Slots of the values of an operand that is a register or a vector of registers.
std::pair<const int*, int> slots_of(const Operand& operand) {
  if (operand.kind == Operand::Kind::kVector)
    return {operand.elements.data(), static_cast<int>(operand.elements.size())};
  return {&operand.slot, 1};
}

template <Space kSpace, typename T>
void load(Warp& warp, const Instruction& in, std::uint32_t lanes) {
  const auto [slots, n] = slots_of(in.operands[0]);
  const std::size_t whole = sizeof(T) * static_cast<std::size_t>(n);
  const std::size_t bytes = in.used_bytes > 0 ? static_cast<std::size_t>(in.used_bytes) : whole;
  // A result may be the register of the address.
  std::uint64_t addresses[kLanes];
  for_lanes(lanes, [&](int i) { addresses[i] = warp.address(in.operands[1], i); });
  for_lanes(lanes, [&](int i) {
    const std::byte* from = nullptr;
    if constexpr (kSpace == Space::kParameter) {
      from = parameter_source(warp, addresses[i], whole);
    } else if constexpr (kSpace == Space::kShared) {
      from = warp.block().shared().read(warp.thread(i), static_cast<std::uint32_t>(addresses[i]), bytes, whole);
    } else {
      from = global_source(warp, addresses[i], bytes, whole);
    }
    for (int e = 0; e < n; ++e) {
      T value{};
      if (sizeof(T) * static_cast<std::size_t>(e) < bytes)
        std::memcpy(&value, from + sizeof(T) * static_cast<std::size_t>(e), sizeof(T));
      warp.result(slots[e])[i] = bits_of(value);
    }
  });
}

template <Space kSpace, typename T>
void store(Warp& warp, const Instruction& in, std::uint32_t lanes) {
  const auto [slots, n] = slots_of(in.operands[1]);
  const std::size_t bytes = sizeof(T) * static_cast<std::size_t>(n);
  for_lanes(lanes, [&](int i) {
    const std::uint64_t address = warp.address(in.operands[0], i);
    std::byte* to = kSpace == Space::kShared
                        ? warp.block().shared().write(warp.thread(i), static_cast<std::uint32_t>(address), bytes, bytes)
                        : global_target(warp, address, bytes);
    for (int e = 0; e < n; ++e) {
      const T value = value_of<T>(warp.values(slots[e])[i]);
      std::memcpy(to + sizeof(T) * static_cast<std::size_t>(e), &value, sizeof(T));
    }
  });
}

template <Space kSpace>
Operation access_of(bool is_load, std::string_view type) {
  const auto of = [&]<typename T>(T) -> Operation {
    if (is_load) return load<kSpace, T>;
    if constexpr (kSpace != Space::kParameter) return store<kSpace, T>;
    return nullptr;
  };
  if (type == "s8") return of(std::int8_t{});
  if (type == "u8" || type == "b8") return of(std::uint8_t{});
  if (type == "s16") return of(std::int16_t{});
  if (type == "u16" || type == "b16") return of(std::uint16_t{});
  if (type == "u32" || type == "b32" || type == "s32" || type == "f32") return of(std::uint32_t{});
  if (type == "u64" || type == "b64" || type == "s64" || type == "f64") return of(std::uint64_t{});
  return nullptr;
}

// "ld.SPACE[.v2|.v4].TYPE" and "st....". Generic addresses are not supported: the kernels use none.
Operation find_access(const std::string& opcode) {
  const bool is_load = opcode.starts_with("ld.");
  if (!is_load && !opcode.starts_with("st.")) return nullptr;
  const std::string_view type = std::string_view(opcode).substr(opcode.rfind('.') + 1);
  if (opcode.find(".param.") == 2) return access_of<Space::kParameter>(is_load, type);
  if (opcode.find(".shared.") == 2) return access_of<Space::kShared>(is_load, type);
  if (opcode.find(".global.") == 2) return access_of<Space::kGlobal>(is_load, type);
  return nullptr;
}

// Blocks run in several threads of the host, so these are atomic there, too.
template <typename T, auto kChange>
void atomic(Warp& warp, const Instruction& in, std::uint32_t lanes) {
  for_lanes(lanes, [&](int i) {
    const std::uint64_t address = warp.address(in.operands[1], i);
    check(warp.block().launch().memory->check_atomic(address, sizeof(T)), warp);
    const std::atomic_ref<T> target(*reinterpret_cast<T*>(address));
    const T operand = value_of<T>(warp.values(in.operands[2].slot)[i]);
    T old = target.load();
    while (!target.compare_exchange_weak(old, kChange(old, operand))) {
    }
    if (in.operands[0].kind == Operand::Kind::kValue) warp.result(in.operands[0].slot)[i] = bits_of(old);
  });
}

// cp.async: 16 bytes that a thread writes at an unknown time between this and the end of its wait.
void copy_async(Warp& warp, const Instruction& in, std::uint32_t lanes) {
  constexpr std::size_t kBytes = 16;
  for_lanes(lanes, [&](int i) {
    const auto to = static_cast<std::uint32_t>(warp.address(in.operands[0], i));
    const std::byte* from = global_source(warp, warp.address(in.operands[1], i), kBytes, kBytes);
    if (warp.values(in.operands[2].slot)[i] != kBytes) throw KernelError("cp.async of another size than 16 bytes");
    std::byte* target = warp.block().shared().write(warp.thread(i), to, kBytes, kBytes);
    if (warp.block().launch().options.late_copies) {
      std::memset(target, 0xff, kBytes);
    } else {
      std::memcpy(target, from, kBytes);
    }
    warp.copies(i).open.push_back({to, from});
  });
}

void commit_copies(Warp& warp, const Instruction&, std::uint32_t lanes) {
  for_lanes(lanes, [&](int i) {
    Warp::ThreadCopies& copies = warp.copies(i);
    copies.groups.push_back(std::move(copies.open));
    copies.open.clear();
  });
}

void wait_copies(Warp& warp, const Instruction& in, std::uint32_t lanes) {
  const std::size_t pending = warp.uniform(in.operands[0].slot, lanes);
  for_lanes(lanes, [&](int i) {
    std::deque<std::vector<Warp::Copy>>& groups = warp.copies(i).groups;
    for (; groups.size() > pending; groups.pop_front()) {
      for (const Warp::Copy& copy : groups.front())
        std::memcpy(warp.block().shared().write(warp.thread(i), copy.to, 16, 16), copy.from, 16);
    }
  });
}

void copy_bulk(Warp& warp, const Instruction& in, std::uint32_t lanes) {
  for_lanes(lanes, [&](int i) {
    const auto to = static_cast<std::uint32_t>(warp.address(in.operands[0], i));
    const std::size_t bytes = static_cast<std::uint32_t>(warp.values(in.operands[2].slot)[i]);
    if (to % 16 != 0 || bytes % 16 != 0 || bytes == 0)
      throw KernelError("a bulk copy whose target or size is no multiple of 16 bytes");
    const std::byte* from = global_source(warp, warp.address(in.operands[1], i), bytes, 16);
    warp.block().copy_bulk(warp.thread(i), to, from, bytes,
                           static_cast<std::uint32_t>(warp.address(in.operands[3], i)));
  });
}

struct Known {
  std::string_view opcode;
  Operation operation;
};

constexpr Known kKnown[] = {
    {"cp.async.cg.shared.global", copy_async},
    {"cp.async.ca.shared.global", copy_async},
    {"cp.async.commit_group", commit_copies},
    {"cp.async.wait_group", wait_copies},
    {"cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes", copy_bulk},
    {"atom.global.add.u64", atomic<std::uint64_t, [](std::uint64_t a, std::uint64_t b) { return a + b; }>},
    {"atom.global.max.u32", atomic<std::uint32_t, [](std::uint32_t a, std::uint32_t b) { return std::max(a, b); }>},
};

}  // namespace

KnownOperation find_memory_access(const std::string& opcode) {
  if (const Operation access = find_access(opcode)) return {access};
  for (const Known& known : kKnown)
    if (known.opcode == opcode) return {known.operation};
  return {};
}

}  // namespace flashrna::ptx
