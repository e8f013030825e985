#include "libfold/evaluation/embedded_file.h"

// The assembler copies FILE unchanged. Its length is end - begin.
#define FLASHRNA_EMBED(NAME, FILE)                                       \
  asm(".pushsection .rodata\n"                                           \
      ".balign 16\n"                                                     \
      "flashrna_" #NAME "_begin:\n.incbin \"" FILE "\"\nflashrna_" #NAME \
      "_end:\n"                                                          \
      ".byte 0\n"                                                        \
      ".popsection\n");                                                  \
  extern "C" __attribute__((visibility("hidden"))) const char flashrna_##NAME##_begin[], flashrna_##NAME##_end[]

FLASHRNA_EMBED(definitions, FLASHRNA_DEFINITIONS);
FLASHRNA_EMBED(page, FLASHRNA_PAGE);
FLASHRNA_EMBED(script, FLASHRNA_SCRIPT);
FLASHRNA_EMBED(charts, FLASHRNA_CHARTS);
FLASHRNA_EMBED(plotly, FLASHRNA_PLOTLY_GZIP);

namespace flashrna {
namespace {

std::string_view between(const char* begin, const char* end) { return {begin, static_cast<std::size_t>(end - begin)}; }

}  // namespace

std::string_view embedded_definitions() { return between(flashrna_definitions_begin, flashrna_definitions_end); }
std::string_view embedded_page() { return between(flashrna_page_begin, flashrna_page_end); }
std::string_view embedded_script() { return between(flashrna_script_begin, flashrna_script_end); }
std::string_view embedded_charts() { return between(flashrna_charts_begin, flashrna_charts_end); }
std::string_view embedded_plotly_gzip() { return between(flashrna_plotly_begin, flashrna_plotly_end); }

}  // namespace flashrna
