// Draws line charts of measurements with gnuplot.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace flashrna {

struct PlotLine {
  std::string name;
  std::vector<std::pair<double, double>> points;  // (x, y), both above 0
};

// Throws Error beginning with `path` if gnuplot is not installed.
void check_can_plot(const std::string& path);

// Writes an SVG picture with two logarithmic axes. Throws Error if gnuplot is not installed or fails, or if the file
// cannot be written.
void draw_plot(const std::string& path, const std::string& title, const std::string& x_label,
               const std::string& y_label, const std::vector<PlotLine>& lines);

}  // namespace flashrna
