#include "tests/stand_in_cuda/counters.h"

#include <c10/util/Backtrace.h>

#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <string_view>

#include "tests/stand_in_cuda/capture.h"
#include "tests/stand_in_cuda/stand_in_cuda.h"

namespace flashrna::stand_in {
namespace {

struct Report {
  ~Report() {
    const Counts c = counts();
    if (c.operations == 0) return;
    std::fprintf(stderr, "stand-in: %ld operations, %ld host waits, %ld attention without L x L, %ld with\n",
                 static_cast<long>(c.operations), static_cast<long>(c.waits), static_cast<long>(c.linear_attention),
                 static_cast<long>(c.square_attention));
    if (c.recordings > 0)
      std::fprintf(stderr, "stand-in: %ld graphs, %ld replays\n", static_cast<long>(c.recordings),
                   static_cast<long>(c.replays));
  }
} report;

bool is_traced(std::string_view kind) {
  const char* asked = std::getenv("STAND_IN_CUDA_TRACE");
  return asked != nullptr && kind == asked;
}

void print_trace(const char* kind, const char* what) {
  std::string text = std::string("stand-in: ") + kind + " " + what + "\n";
  std::istringstream frames(c10::get_backtrace(2, 60));
  for (std::string frame; std::getline(frames, frame);)
    if (frame.find(".so") == std::string::npos) text += "  " + frame + "\n";
  std::fputs(text.c_str(), stderr);
}

}  // namespace

Counters& counters() {
  static Counters all;
  return all;
}

Counts counts() {
  const Counters& all = counters();
  return {all.operations,  all.waits,      all.linear_attention, all.square_attention,
          all.allocations, all.recordings, all.replays};
}

void count_operations(int operations) { counters().operations += operations; }

void count_wait(const char* what) {
  refuse_while_recording(what);
  ++counters().waits;
  static const bool traced = is_traced("waits");
  if (traced) print_trace("wait in", what);
}

void count_operation(const char* name) {
  ++counters().operations;
  static const bool traced = is_traced("operations");
  if (traced) print_trace("operation", name);
}

}  // namespace flashrna::stand_in
