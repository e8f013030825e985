// Compares the time of a conversion with its lower bound: gemmi reading the same files.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace flashrna {

struct ConversionTiming {
  std::string what;  // "gemmi alone", "convert, 2 threads"
  int threads = 1;
  std::vector<double> seconds;  // one per repeat
};

struct ConversionBench {
  std::size_t files = 0;
  std::uint64_t bytes = 0;                // compressed as on disk
  std::size_t unreadable_gemmi = 0;       // files that gemmi rejects
  std::vector<ConversionTiming> timings;  // gemmi with one thread, then the conversion with each number of threads
};

// Reads `inputs` (plain files and folders; gemmi does not read archives) with gemmi::read_structure on one thread, and
// converts them into `scratch`, which is removed, with each number of `threads`. Repeats the sequence `repeats` times.
// Calls `step` after each measurement. Throws Error for an archive and as convert_structures does.
ConversionBench bench_conversion(const std::vector<std::string>& inputs, const std::string& scratch,
                                 const std::vector<int>& threads, int repeats, const std::function<void()>& step = {});

}  // namespace flashrna
