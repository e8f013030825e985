// Runs independent items in several threads. Kernels use LibTorch's threads instead, and pipelines that keep an order
// use oneTBB.
#pragma once

#include <cstddef>
#include <functional>

#include "base/watch.h"

namespace flashrna {

// Calls work(0), ..., work(count - 1), each once and in this order of starting, from `threads` threads (at least one),
// the caller's among them, until watch.stopped(). Reports the number of finished calls. The first exception ends the
// work and is rethrown after all threads have ended.
void parallel_for(std::size_t count, int threads, const std::function<void(std::size_t)>& work,
                  const Watch& watch = {});

}  // namespace flashrna
