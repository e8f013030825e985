#include "cli/plot.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "base/error.h"
#include "base/subprocess.h"
#include "tests/support/temporary_folder.h"

namespace flashrna {
namespace {

const std::vector<PlotLine> kLines = {{"dense \"a\"", {{64, 0.1}, {128, 0.4}}}, {"lifted", {{64, 0.05}, {128, 0.1}}}};

TEST(Plot, IsAnSvgWithEveryLineNamedAndNothingBesideIt) {
  if (!is_program("gnuplot")) GTEST_SKIP() << "gnuplot is not installed";
  const TemporaryFolder folder;
  draw_plot(folder.path("time.svg"), "Sampling", "residues", "seconds", kLines);
  std::ifstream file(folder.path("time.svg"));
  const std::string svg(std::istreambuf_iterator<char>(file), {});
  EXPECT_NE(svg.find("<svg"), std::string::npos);
  for (const char* text : {"Sampling", "residues", "seconds", "lifted", "dense"})
    EXPECT_NE(svg.find(text), std::string::npos) << text;
  EXPECT_EQ(folder.count(), 1u);
}

TEST(Plot, WithoutGnuplotSaysWhatToInstall) {
  const std::string path = std::getenv("PATH");
  setenv("PATH", "/nowhere", 1);
  std::string message;
  try {
    draw_plot("time.svg", "", "", "", kLines);
  } catch (const Error& error) {
    message = error.what();
  }
  setenv("PATH", path.c_str(), 1);
  EXPECT_EQ(message, "time.svg: pictures are drawn by gnuplot, which is not installed; install gnuplot-nox");
}

}  // namespace
}  // namespace flashrna
