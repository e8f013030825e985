#include "cli/plot.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/subprocess.h"

namespace flashrna {
namespace {

// Quotes a text for gnuplot.
std::string gnuplot_text(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

}  // namespace

void check_can_plot(const std::string& path) {
  if (!is_program("gnuplot"))
    fail("{}: pictures are drawn by gnuplot, which is not installed; install gnuplot-nox", path);
}

void draw_plot(const std::string& path, const std::string& title, const std::string& x_label,
               const std::string& y_label, const std::vector<PlotLine>& lines) {
  check_can_plot(path);
  const std::string partial = path + ".partial", script = path + ".gnuplot", log = path + ".log";
  std::string text = fmt::format(
      "set terminal svg size 720,480 dynamic background rgb 'white'\nset output {}\nset title {} noenhanced\n"
      "set xlabel {}\nset ylabel {}\nset logscale xy\nset grid\nset key left top\n",
      gnuplot_text(partial), gnuplot_text(title), gnuplot_text(x_label), gnuplot_text(y_label));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    text += fmt::format("$line{} << END\n", i);
    for (const auto& [x, y] : lines[i].points) text += fmt::format("{} {}\n", x, y);
    text += "END\n";
  }
  for (std::size_t i = 0; i < lines.size(); ++i)
    text += fmt::format("{} $line{} with linespoints pt 7 lw 2 title {} noenhanced", i == 0 ? "plot" : ",", i,
                        gnuplot_text(lines[i].name));
  write_file_atomically(script, text + "\n");
  run_program({"gnuplot", script}, log);
  std::filesystem::rename(partial, path);
  std::filesystem::remove(script);
  std::filesystem::remove(log);
}

}  // namespace flashrna
