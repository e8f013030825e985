// Line charts of measurements, drawn by gnuplot.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace flashrna {

struct PlotLine {
  std::string name;
  std::vector<std::pair<double, double>> points;  // (x, y), both above 0
};

// Throws Error, beginning with `path`, if gnuplot is not installed.
void check_can_plot(const std::string& path);

// An SVG picture with both axes logarithmic. Throws Error if gnuplot is not installed or cannot draw it, or if the file
// cannot be written.
void draw_plot(const std::string& path, const std::string& title, const std::string& x_label,
               const std::string& y_label, const std::vector<PlotLine>& lines);

}  // namespace flashrna
