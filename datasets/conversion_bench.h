// How long a conversion takes beside what it cannot do without: gemmi reading the same files.
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
  std::uint64_t bytes = 0;                // as they lie on disk
  std::size_t unreadable_gemmi = 0;       // files that gemmi alone refuses
  std::vector<ConversionTiming> timings;  // gemmi on one thread, then our conversion on each of the numbers of threads
};

// Reads `inputs` (plain files and folders; gemmi knows no archives) with gemmi::read_structure on one thread, and
// converts them into `scratch`, which is removed, on each of `threads`; all in turn, `repeats` times. `step` is called
// after each. Throws Error for an archive and whatever convert_structures throws.
ConversionBench bench_conversion(const std::vector<std::string>& inputs, const std::string& scratch,
                                 const std::vector<int>& threads, int repeats, const std::function<void()>& step = {});

}  // namespace flashrna
