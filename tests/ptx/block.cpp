#include "tests/ptx/block.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "tests/ptx/parser.h"

namespace flashrna::ptx {
namespace {

constexpr int kRegisterFile = 65536;  // of a multiprocessor
constexpr int kMostBytesOfMbarrier = (1 << 20) - 1;

}  // namespace

Block::Block(const Launch& launch, Dimensions index)
    : launch_(launch),
      index_(index),
      threads_(static_cast<int>(launch.block.count())),
      constants_(launch.kernel->constants.size() * kLanes),
      shared_(threads_, launch.kernel->static_shared_bytes + launch.dynamic_shared_bytes,
              launch.kernel->uses_async_proxy, [this](const char* what) { report(what, current_); }),
      random_state_(launch.options.seed * 7919 + number() + 1) {
  for (std::size_t i = 0; i < constants_.size(); ++i) constants_[i] = launch.kernel->constants[i / kLanes];
  const int warps = (threads_ + kLanes - 1) / kLanes;
  // What the launch gives each thread, by the limit of the register file.
  const int registers = std::min(255, kRegisterFile / (warps * kLanes)) / 8 * 8;
  for (int i = 0; i < warps; ++i) {
    warps_.push_back(std::make_unique<Warp>(*this, i * kLanes, std::min(kLanes, threads_ - i * kLanes)));
    warps_.back()->register_limit = registers;
  }
}

std::uint32_t Block::number() const { return (index_.z * launch_.grid.y + index_.y) * launch_.grid.x + index_.x; }

std::uint64_t Block::random() {  // SplitMix64
  std::uint64_t z = random_state_ += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

void Block::report(const std::string& what, const Instruction* in) {
  std::string text = what;
  if (in != nullptr) {
    text += ": " + in->text.substr(0, 100);
    if (in->line > 0 && in->file < static_cast<int>(kernel().files.size()))
      text += " (" + kernel().files[in->file].substr(kernel().files[in->file].rfind('/') + 1) + ":" +
              std::to_string(in->line) + ")";
  }
  launch_.findings->add(kernel().name + ": " + text);
}

void Block::run() {
  try {
    while (run_turn()) {
    }
    check_end();
  } catch (const KernelError& error) {
    report(error.what(), current_);
  }
}

// Lets each warp run once. Returns false when all have ended.
bool Block::run_turn() {
  std::vector<int> order(warps_.size());
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random() % i]);
  bool moved = false, alive = false;
  for (const int i : order) {
    Warp& warp = *warps_[i];
    if (warp.has_ended()) continue;
    alive = true;
    // Without a seed every warp runs in every turn.
    if (launch_.options.seed != 0 && random() % 4 == 0) {
      moved = true;
      continue;
    }
    moved |= warp.run();
  }
  if (!alive) return false;
  if (!copies_.empty() && (!moved || random() % 4 == 0)) {
    land(random() % copies_.size());
    moved = true;
  }
  if (!moved) throw KernelError(describe_deadlock());
  return true;
}

std::string Block::describe_deadlock() const {
  std::string text = "deadlock; the warps wait at";
  for (const auto& warp : warps_) {
    const Instruction* next = warp->next();
    text += "\n    " + std::to_string(warp->index()) + ": " + (next != nullptr ? next->text.substr(0, 80) : "the end");
  }
  return text + "\n   ";
}

void Block::arrive_at_barrier(Warp& warp, int id, int threads) {
  if (id < 0 || id >= static_cast<int>(barriers_.size())) throw KernelError("no barrier has this number");
  if (threads % kLanes != 0) throw KernelError("a barrier for a number of threads that is no multiple of 32");
  const int expected = threads == 0 ? warps() * kLanes : threads;
  Barrier& barrier = barriers_[id];
  if (!barrier.warps.empty() && barrier.threads != expected)
    throw KernelError("a barrier for different numbers of threads");
  barrier.threads = expected;
  barrier.warps.push_back(warp.index());
  warp.wait();
  const auto arrived = static_cast<int>(barrier.warps.size()) * kLanes;
  if (arrived < expected) return;
  std::vector<int> all;
  for (const int i : barrier.warps) {
    const std::vector<int> threads_of_warp = warps_[i]->all_threads();
    all.insert(all.end(), threads_of_warp.begin(), threads_of_warp.end());
    warps_[i]->wake();
  }
  shared_.races().synchronize(all);
  barrier.warps.clear();
}

Mbarrier& Block::mbarrier(std::uint32_t address) {
  const auto found = mbarriers_.find(address);
  if (found == mbarriers_.end()) throw KernelError("uses a barrier in shared memory that was not initialized");
  return found->second;
}

void Block::update_mbarrier(Mbarrier& barrier, int arrivals, std::int64_t bytes) {
  barrier.bytes += bytes;
  if (barrier.bytes > kMostBytesOfMbarrier) report("a barrier expects more than 2^20 - 1 bytes", current_);
  barrier.pending -= arrivals;
  if (barrier.pending < 0) throw KernelError("more threads arrive at a barrier in shared memory than it counts");
  if (barrier.pending > 0 || barrier.bytes != 0) return;
  barrier.pending = barrier.count;
  ++barrier.phase;
  barrier.completed = barrier.arrived;
}

void Block::copy_bulk(int thread, std::uint32_t to, const std::byte* from, std::size_t bytes, std::uint32_t barrier) {
  shared_.check_bounds(to, bytes);
  mbarrier(barrier);
  if (!shared_.is_visible_to_async(barrier))
    report("a bulk copy uses a barrier whose initialization no fence has made visible", current_);
  copies_.push_back({to, barrier, from, bytes, shared_.races().clock(thread)});
  if (launch_.options.late_copies) {
    shared_.poison(to, bytes);
  } else {
    land(copies_.size() - 1);
  }
}

void Block::land(std::size_t i) {
  const BulkCopy copy = std::move(copies_[i]);
  copies_.erase(copies_.begin() + static_cast<std::ptrdiff_t>(i));
  Mbarrier& barrier = mbarrier(copy.barrier);
  current_ = nullptr;
  shared_.write_async(copy.to, copy.from, copy.bytes, copy.issued, barrier.arrived);
  update_mbarrier(barrier, 0, -static_cast<std::int64_t>(copy.bytes));
}

bool Block::take_registers(int n) {
  if (n > free_registers_) return false;
  free_registers_ -= n;
  return true;
}

void Block::check_end() {
  if (!copies_.empty()) report("the block ends while bulk copies are under way", nullptr);
  for (const auto& [address, barrier] : mbarriers_)
    if (barrier.bytes != 0) report("the block ends while a barrier expects bytes", nullptr);
  for (const auto& warp : warps_) {
    if (warp->has_products()) report("a warp ends while its products are under way", nullptr);
    for (int lane = 0; lane < kLanes; ++lane) {
      const Warp::ThreadCopies& copies = warp->copies(lane);
      const bool pending = std::any_of(copies.groups.begin(), copies.groups.end(),
                                       [](const std::vector<Warp::Copy>& group) { return !group.empty(); });
      if (!copies.open.empty() || pending) report("a thread ends while its copies are under way", nullptr);
    }
  }
  for (const Barrier& barrier : barriers_)
    if (!barrier.warps.empty()) report("the block ends while warps wait at a barrier", nullptr);
}

}  // namespace flashrna::ptx
