#include "datasets/conversion_bench.h"

#include <chrono>
#include <filesystem>
#include <gemmi/gz.hpp>
#include <gemmi/mmread.hpp>

#include "base/error.h"
#include "datasets/conversion.h"
#include "datasets/source_files.h"

namespace flashrna {

namespace {

template <typename Work>
double seconds_of(Work&& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::vector<std::string> plain_files(const std::vector<std::string>& inputs, ConversionBench& bench) {
  SourceFiles sources(inputs, kMaxUnpackedBytes);
  std::vector<std::string> paths;
  while (const auto source = sources.next()) {
    if (source->path.empty())
      fail("{}: is in an archive, which gemmi alone cannot read; unpack it first", source->name);
    paths.push_back(source->path);
  }
  bench.files = paths.size();
  bench.bytes = sources.bytes();
  return paths;
}

// Returns the number of files that gemmi rejects.
std::size_t read_with_gemmi(const std::vector<std::string>& paths) {
  std::size_t refused = 0;
  for (const std::string& path : paths) {
    try {
      gemmi::read_structure(gemmi::MaybeGzipped(path));
    } catch (const std::exception&) {
      ++refused;
    }
  }
  return refused;
}

}  // namespace

ConversionBench bench_conversion(const std::vector<std::string>& inputs, const std::string& scratch,
                                 const std::vector<int>& threads, int repeats, const std::function<void()>& step) {
  ConversionBench bench;
  const std::vector<std::string> paths = plain_files(inputs, bench);
  bench.timings.push_back({"gemmi alone", 1, {}});
  for (const int n : threads) {
    bench.timings.push_back({fmt::format("convert, {} thread{}", n, n == 1 ? "" : "s"), n, {}});
  }
  for (int repeat = 0; repeat < repeats; ++repeat) {
    for (ConversionTiming& timing : bench.timings) {
      if (&timing == &bench.timings.front()) {
        timing.seconds.push_back(seconds_of([&] { bench.unreadable_gemmi = read_with_gemmi(paths); }));
      } else {
        ConversionOptions options;
        options.threads = timing.threads;
        timing.seconds.push_back(seconds_of([&] { convert_structures(inputs, scratch, options); }));
        std::filesystem::remove(scratch);
      }
      if (step) step();
    }
  }
  return bench;
}

}  // namespace flashrna
