#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/thread_limits.h"
#include "cli/benches.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "datasets/conversion_bench.h"

namespace flashrna {

int bench_convert_main(const std::vector<std::string>& arguments) {
  std::vector<std::string> inputs;
  int repeats = 3;
  CommonOptions common;
  CommandLine line("bench convert", "Times the conversion of files beside gemmi reading the same files on one thread.",
                   "flashrna bench convert structures/ --repeats 1");
  line.positional("INPUT...", inputs, "PDB or mmCIF files (also .gz), or folders of them; no archives");
  line.option("repeats", repeats, "N", "times; the fastest of each counts");
  line.common(common);
  if (!line.parse(arguments)) return 0;
  if (repeats < 1) fail_usage("--repeats \"{}\" is not a whole number from 1", repeats);
  const int most = thread_count(common.threads);
  std::vector<int> threads = {1};
  if (most > 1) threads.push_back(most);
  const std::filesystem::path scratch =
      std::filesystem::temp_directory_path() / fmt::format("flashrna-bench-{}.h5", getpid());

  Progress progress("timing", "runs", repeats * static_cast<std::int64_t>(threads.size() + 1), common.quiet);
  const ConversionBench bench = bench_conversion(inputs, scratch, threads, repeats, [&] { progress.advance(); });
  const auto fastest = [](const ConversionTiming& timing) { return std::ranges::min(timing.seconds); };
  const double megabytes = static_cast<double>(bench.bytes) / 1e6;
  Table table({"what", "files", "MB", "seconds", "MB/s", "relative to gemmi"});
  for (const ConversionTiming& timing : bench.timings) {
    const double seconds = fastest(timing);
    table.add_row({timing.what,
                   bench.files,
                   {megabytes, 4},
                   {seconds, 3},
                   {megabytes / seconds, 3},
                   {seconds / fastest(bench.timings.front()), 3}});
  }
  table.print(common.json);
  if (bench.unreadable_gemmi > 0 && !common.quiet) {
    fmt::print(stderr, "gemmi alone refuses {} of the files\n", bench.unreadable_gemmi);
  }
  return 0;
}

}  // namespace flashrna
