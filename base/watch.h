// How a caller follows work that takes long, and ends it early. Both functions may be empty.
#pragma once

#include <cstddef>
#include <functional>

namespace flashrna {

struct Watch {
  // Called after each item, from any thread; `total` is 0 if unknown.
  std::function<void(std::size_t done, std::size_t total)> progress;
  // Polled between items, from any thread; true ends the work.
  std::function<bool()> stop;

  void report(std::size_t done, std::size_t total) const {
    if (progress) progress(done, total);
  }
  bool stopped() const { return stop && stop(); }
};

}  // namespace flashrna
