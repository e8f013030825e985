// Files embedded in the program: the report's page, the definitions of the measures, plotly.js.
#pragma once

#include <string_view>

namespace flashrna {

std::string_view embedded_definitions();  // docs/evaluation.md
std::string_view embedded_page();         // report/report_page.html
std::string_view embedded_script();       // report/report_script.js
std::string_view embedded_charts();       // report/report_charts.js, which uses the names of the script
std::string_view embedded_plotly_gzip();  // plotly.min.js, gzipped

}  // namespace flashrna
