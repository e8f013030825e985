#include "tests/ptx/warp.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <string>

#include "tests/ptx/block.h"
#include "tests/ptx/findings.h"

namespace flashrna::ptx {
namespace {

constexpr std::uint32_t kAll = ~0u;

template <class F>
void each_lane(std::uint32_t lanes, F f) {
  for (; lanes != 0; lanes &= lanes - 1) f(std::countr_zero(lanes));
}

std::uint64_t special_value(const std::string& name, const Block& block, int thread) {
  const Dimensions &size = block.launch().block, &grid = block.launch().grid, &index = block.index();
  const auto of = [&](const Dimensions& d) { return name.back() == 'x' ? d.x : name.back() == 'y' ? d.y : d.z; };
  if (name.starts_with("%tid.")) {
    const unsigned t = static_cast<unsigned>(thread);
    return of({t % size.x, t / size.x % size.y, t / size.x / size.y});
  }
  if (name.starts_with("%ntid.")) return of(size);
  if (name.starts_with("%ctaid.")) return of(index);
  if (name.starts_with("%nctaid.")) return of(grid);
  if (name == "%laneid") return static_cast<std::uint64_t>(thread % kLanes);
  throw KernelError("the interpreter does not know the register " + name);
}

}  // namespace

Warp::Warp(Block& block, int first_thread, int threads)
    : block_(block),
      first_thread_(first_thread),
      present_(threads == kLanes ? kAll : (1u << threads) - 1),
      registers_(static_cast<std::size_t>(block.kernel().registers) * kLanes, 0x7ff8dead7fc0deadu) {
  for (const SpecialRegister& special : block.kernel().specials)
    for (int lane = 0; lane < kLanes; ++lane)
      result(special.slot)[lane] = special_value(special.name, block, thread(lane));
  if (block.kernel().uses_async_proxy) {
    written_at_.assign(block.kernel().registers, 0);
    in_flight_.assign(block.kernel().registers, {0, 0});
  }
}

std::vector<int> Warp::all_threads() const {
  std::vector<int> threads;
  each_lane(present_, [&](int lane) { threads.push_back(thread(lane)); });
  return threads;
}

const std::uint64_t* Warp::values(int slot) const {
  const int registers = block_.kernel().registers;
  if (slot < registers) return registers_.data() + static_cast<std::size_t>(slot) * kLanes;
  return block_.constants() + static_cast<std::size_t>(slot - registers) * kLanes;
}

std::uint64_t Warp::uniform(int slot, std::uint32_t lanes) {
  const std::uint64_t* all = values(slot);
  const std::uint64_t first = all[std::countr_zero(lanes)];
  each_lane(lanes, [&](int lane) {
    if (all[lane] != first) report("an operand that must be equal in all threads of the warp is not");
  });
  return first;
}

const Instruction& Warp::current() const { return block_.kernel().code[current_]; }

const Instruction* Warp::next() const {
  const std::uint32_t alive = present_ & ~ended_;
  if (alive == 0) return nullptr;
  const std::vector<Instruction>& code = block_.kernel().code;
  // A warp that waits at a barrier has advanced past it.
  const std::size_t at = static_cast<std::size_t>(pc_[std::countr_zero(alive)] - (is_waiting_ ? 1 : 0));
  return &code[std::min(at, code.size() - 1)];
}

void Warp::report(const char* what) { block_.report(what, &current()); }

std::uint32_t Warp::select() {
  int lowest = std::numeric_limits<int>::max();
  std::uint32_t lanes = 0;
  each_lane(present_ & ~ended_, [&](int lane) {
    if (state_[lane] != LaneState::kReady || pc_[lane] > lowest) return;
    if (pc_[lane] < lowest) lanes = 0;
    lowest = pc_[lane];
    lanes |= 1u << lane;
  });
  return lanes;
}

std::uint32_t Warp::guarded(const Instruction& in, std::uint32_t lanes) const {
  if (in.guard < 0) return lanes;
  const std::uint64_t* predicate = values(in.guard);
  std::uint32_t taken = 0;
  each_lane(lanes, [&](int lane) {
    if (((predicate[lane] & 1) != 0) != in.guard_is_negated) taken |= 1u << lane;
  });
  return taken;
}

void Warp::advance(std::uint32_t lanes) {
  each_lane(lanes, [&](int lane) { ++pc_[lane]; });
}

bool Warp::run() {
  if (missing_registers > 0 && block_.take_registers(missing_registers)) {
    missing_registers = 0;
    wake();
  }
  if (is_waiting_) return false;
  wake_at_mbarriers();
  const std::vector<Instruction>& code = block_.kernel().code;
  bool moved = false;
  std::uint32_t lanes = 0;
  bool alone = false;  // all other threads have ended
  while (!is_waiting_) {
    if (!alone) lanes = select();
    if (lanes == 0) {
      execute_collective();
      return moved;
    }
    alone = lanes == (present_ & ~ended_);
    moved = true;
    current_ = pc_[std::countr_zero(lanes)];
    if (current_ >= static_cast<int>(code.size())) {
      ended_ |= lanes;
      alone = false;
      continue;
    }
    const Instruction& in = code[current_];
    const std::uint32_t taken = guarded(in, lanes);
    switch (in.scope) {
      case Scope::kBranch:
        branch(in, lanes, taken);
        alone = alone && (taken == lanes || taken == 0);
        break;
      case Scope::kExit:
        ended_ |= taken;
        advance(lanes & ~taken);
        alone = false;
        break;
      case Scope::kAny:
        if (taken != 0) execute(in, taken);
        advance(lanes);
        break;
      default:
        if (taken != lanes) {
          if (taken != 0 && in.scope != Scope::kMbarrierWait)
            throw KernelError("a part of a warp executes an instruction for the whole warp");
          advance(lanes & ~taken);
        }
        alone = false;
        if (taken == 0) break;
        if (in.scope == Scope::kMbarrierWait) {
          each_lane(taken, [&](int lane) { state_[lane] = LaneState::kMbarrier; });
          wake_at_mbarriers();
        } else {
          each_lane(taken, [&](int lane) { state_[lane] = LaneState::kCollective; });
          execute_collective();
        }
    }
  }
  return moved;
}

void Warp::branch(const Instruction& in, std::uint32_t lanes, std::uint32_t taken) {
  each_lane(taken, [&](int lane) { pc_[lane] = in.target; });
  advance(lanes & ~taken);
}

void Warp::execute(const Instruction& in, std::uint32_t lanes) {
  block_.set_current(&in);
  if (!written_at_.empty()) track_registers(in);
  in.operation(*this, in, lanes);
}

// Executes an instruction for the whole warp once all its threads have come to it.
void Warp::execute_collective() {
  const std::uint32_t alive = present_ & ~ended_;
  if (alive == 0) return;
  const int pc = pc_[std::countr_zero(alive)];
  bool together = true;
  each_lane(alive, [&](int lane) { together = together && state_[lane] == LaneState::kCollective && pc_[lane] == pc; });
  if (!together) return;
  current_ = pc;
  const Instruction& in = current();
  if (alive != present_) report("an instruction for the whole warp after some of its threads have ended");
  if (alive != kAll) throw KernelError("an instruction for the whole warp, which has fewer than 32 threads");
  each_lane(alive, [&](int lane) { state_[lane] = LaneState::kReady; });
  advance(alive);
  if (in.scope == Scope::kWarp) return execute(in, alive);

  // The last of the four warps executes for all.
  const int first = index() / 4 * 4;
  if (first + 4 > block_.warps()) throw KernelError("a product of a warpgroup in a block without four more warps");
  wait();
  for (int i = first; i < first + 4; ++i) {
    Warp& other = block_.warp(i);
    if (!other.is_waiting() || other.current_ != current_) return;
  }
  block_.set_current(&in);
  in.operation(block_.warp(first), in, kAll);
  for (int i = first; i < first + 4; ++i) block_.warp(i).wake();
}

void Warp::wake_at_mbarriers() {
  each_lane(present_ & ~ended_, [&](int lane) {
    if (state_[lane] != LaneState::kMbarrier) return;
    current_ = pc_[lane];
    const Instruction& in = current();
    block_.set_current(&in);
    Mbarrier& barrier = block_.mbarrier(static_cast<std::uint32_t>(address(in.operands[1], lane)));
    const auto parity = static_cast<std::uint32_t>(values(in.operands[2].slot)[lane]);
    if (parity > 1) report("waits for a parity that is neither 0 nor 1");
    const bool complete = (barrier.phase & 1) != (parity & 1);
    // A wait may end without success, so the kernel must repeat it. It ends so once.
    if (!complete && has_failed_wait_[lane]) return;
    has_failed_wait_[lane] = !complete;
    if (complete) block_.shared().races().acquire(thread(lane), barrier.completed);
    result(in.operands[0].slot)[lane] = complete ? 1 : 0;
    state_[lane] = LaneState::kReady;
    ++pc_[lane];
  });
}

void Warp::track_registers(const Instruction& in) {
  if (registers_in_flight_ > 0) {
    for (const int slot : in.touched)
      if (in_flight_[slot].first > 0) report("touches a register of a product under way");
  }
  ++tick_;
  for (const int slot : in.written) written_at_[slot] = tick_;
}

void Warp::begin_product(ProductInFlight product, int columns) {
  for (const int slot : product.registers) {
    if (in_flight_[slot].first++ == 0) ++registers_in_flight_;
    in_flight_[slot].second = columns;
  }
  open_products_.push_back(std::move(product));
}

void Warp::commit_products() {
  product_groups_.push_back(std::move(open_products_));
  open_products_.clear();
}

void Warp::wait_products(int pending) {
  while (static_cast<int>(product_groups_.size()) > pending) {
    for (const ProductInFlight& product : product_groups_.front()) {
      for (const int slot : product.registers)
        if (--in_flight_[slot].first == 0) --registers_in_flight_;
      for (const ProductInFlight::Range& range : product.operands) {
        const std::byte* now = block_.shared().read_async(first_thread_, range.address, range.content.size());
        if (!std::equal(range.content.begin(), range.content.end(), now))
          report("the operand of a product changed before the product was waited for");
      }
    }
    product_groups_.pop_front();
  }
}

}  // namespace flashrna::ptx
