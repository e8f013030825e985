#include "tests/ptx/race_detector.h"

#include <algorithm>

namespace flashrna::ptx {

void join(Clock& clock, const Clock& other) {
  if (clock.size() < other.size()) clock.resize(other.size());
  for (std::size_t i = 0; i < other.size(); ++i) clock[i] = std::max(clock[i], other[i]);
}

RaceDetector::RaceDetector(int threads, std::size_t bytes)
    : clocks_(threads, Clock(threads)), cells_((bytes + kCell - 1) / kCell) {
  for (int i = 0; i < threads; ++i) clocks_[i][i] = 1;
}

int RaceDetector::read_cell(int thread, Cell& cell) {
  const int racing = cell.write.first != kNobody && !before(cell.write, thread) ? cell.write.first : kNobody;
  const Epoch now{thread, clocks_[thread][thread]};
  if (cell.readers >= 0) {
    std::vector<Epoch>& readers = reader_lists_[cell.readers];
    const auto own = std::find_if(readers.begin(), readers.end(), [&](const Epoch& e) { return e.first == thread; });
    if (own != readers.end()) {
      *own = now;
    } else {
      readers.push_back(now);
    }
  } else if (cell.read.first == kNobody || before(cell.read, thread)) {
    cell.read = now;
  } else {
    if (free_lists_.empty()) {
      free_lists_.push_back(static_cast<int>(reader_lists_.size()));
      reader_lists_.emplace_back();
    }
    cell.readers = free_lists_.back();
    free_lists_.pop_back();
    reader_lists_[cell.readers].assign({cell.read, now});
  }
  return racing;
}

int RaceDetector::write_cell(int thread, Cell& cell) {
  int racing = cell.write.first != kNobody && !before(cell.write, thread) ? cell.write.first : kNobody;
  if (cell.readers >= 0) {
    for (const Epoch& reader : reader_lists_[cell.readers])
      if (!before(reader, thread)) racing = reader.first;
    free_lists_.push_back(cell.readers);
    cell.readers = -1;
  } else if (cell.read.first != kNobody && !before(cell.read, thread)) {
    racing = cell.read.first;
  }
  cell.read.first = kNobody;
  cell.write = {thread, clocks_[thread][thread]};
  return racing;
}

int RaceDetector::read(int thread, std::size_t offset, std::size_t bytes) {
  int racing = kNobody;
  for (std::size_t i = offset / kCell; i <= (offset + bytes - 1) / kCell; ++i) {
    const int other = read_cell(thread, cells_[i]);
    if (other != kNobody) racing = other;
  }
  return racing;
}

int RaceDetector::write(int thread, std::size_t offset, std::size_t bytes) {
  int racing = kNobody;
  for (std::size_t i = offset / kCell; i <= (offset + bytes - 1) / kCell; ++i) {
    const int other = write_cell(thread, cells_[i]);
    if (other != kNobody) racing = other;
  }
  return racing;
}

void RaceDetector::synchronize(const std::vector<int>& threads) {
  Clock all(clocks_.size());
  for (const int thread : threads) join(all, clocks_[thread]);
  for (const int thread : threads) {
    clocks_[thread] = all;
    ++clocks_[thread][thread];
  }
}

void RaceDetector::release(int thread, Clock& clock) {
  join(clock, clocks_[thread]);
  ++clocks_[thread][thread];
}

void RaceDetector::restart(int thread, const Clock& clock) {
  const std::uint32_t own = clocks_[thread][thread];
  std::fill(clocks_[thread].begin(), clocks_[thread].end(), 0);
  join(clocks_[thread], clock);
  clocks_[thread][thread] = own + 1;
}

bool RaceDetector::write_is_known_to(int thread, std::size_t offset) const {
  const Epoch& write = cells_[offset / kCell].write;
  return write.first == kNobody || before(write, thread);
}

}  // namespace flashrna::ptx
