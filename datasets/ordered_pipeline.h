// Processes items in several threads and collects the results in the order of the items, for any number of threads.
#pragma once

#include <tbb/global_control.h>
#include <tbb/parallel_pipeline.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include "base/thread_limits.h"

namespace flashrna {

// take() -> std::optional<Item>, nullopt at the end. work(Item&&) -> Result, called from any thread. collect(Result&&)
// is called in order. An exception from any of them ends the work and is rethrown. `in_flight`: the number of items
// that are taken and not yet collected; 0 = four per thread.
template <typename Item, typename Result, typename Take, typename Work, typename Collect>
void run_in_order(int threads, Take take, Work work, Collect collect, std::size_t in_flight = 0) {
  const auto n = static_cast<std::size_t>(thread_count(threads));
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, n);
  using ItemPointer = std::shared_ptr<Item>;
  using ResultPointer = std::shared_ptr<Result>;
  tbb::task_arena arena(static_cast<int>(n));
  arena.execute([&] {
    tbb::parallel_pipeline(
        in_flight > 0 ? in_flight : 4 * n,
        tbb::make_filter<void, ItemPointer>(tbb::filter_mode::serial_in_order,
                                            [&](tbb::flow_control& control) -> ItemPointer {
                                              std::optional<Item> item = take();
                                              if (item) return std::make_shared<Item>(std::move(*item));
                                              control.stop();
                                              return nullptr;
                                            }) &
            tbb::make_filter<ItemPointer, ResultPointer>(
                tbb::filter_mode::parallel,
                [&](const ItemPointer& item) { return std::make_shared<Result>(work(std::move(*item))); }) &
            tbb::make_filter<ResultPointer, void>(tbb::filter_mode::serial_in_order,
                                                  [&](const ResultPointer& result) { collect(std::move(*result)); }));
  });
}

}  // namespace flashrna
