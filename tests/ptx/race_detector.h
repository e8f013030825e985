// Finds accesses to shared memory by two threads, one of them a write, that no barrier orders: vector clocks with
// epochs, after FastTrack (Flanagan and Freund 2009, doi:10.1145/1542476.1542490). A race is found in every order of
// execution, also in one that happens to be right.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace flashrna::ptx {

// What each thread had done when somebody last heard of it.
using Clock = std::vector<std::uint32_t>;

// clock = max(clock, other), by thread.
void join(Clock& clock, const Clock& other);

class RaceDetector {
 public:
  static constexpr std::size_t kCell = 2;  // bytes per cell, the smallest store of the kernels
  static constexpr int kNobody = -1;

  // `threads` actors, numbered from 0, and `bytes` of memory.
  RaceDetector(int threads, std::size_t bytes);

  // Return an actor whose access is not ordered with this one, or kNobody.
  int read(int thread, std::size_t offset, std::size_t bytes);
  int write(int thread, std::size_t offset, std::size_t bytes);

  // All threads of the list wait for each other.
  void synchronize(const std::vector<int>& threads);
  // The thread publishes what it has done so far in `clock`.
  void release(int thread, Clock& clock);
  // The thread comes after everything in `clock`.
  void acquire(int thread, const Clock& clock) { join(clocks_[thread], clock); }
  const Clock& clock(int thread) const { return clocks_[thread]; }
  // The actor's next accesses come after exactly `clock`.
  void restart(int thread, const Clock& clock);

  // Whether the last write of the byte comes before the thread's next access. True without a write.
  bool write_is_known_to(int thread, std::size_t offset) const;

 private:
  using Epoch = std::pair<int, std::uint32_t>;  // thread and its clock
  struct Cell {
    Epoch write{kNobody, 0}, read{kNobody, 0};
    int readers = -1;  // index into reader_lists_, if several reads are not ordered
  };

  bool before(const Epoch& access, int thread) const {
    return access.first == thread || clocks_[thread][access.first] >= access.second;
  }
  int read_cell(int thread, Cell& cell);
  int write_cell(int thread, Cell& cell);

  std::vector<Clock> clocks_;
  std::vector<Cell> cells_;
  std::vector<std::vector<Epoch>> reader_lists_;
  std::vector<int> free_lists_;
};

}  // namespace flashrna::ptx
