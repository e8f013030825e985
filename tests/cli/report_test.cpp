// Opens the report in a headless browser: no message on the console, every chart drawn, light and dark. Screenshots
// remain in the build folder: report_light.png, report_dark.png, report_comparison.png.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <iostream>
#include <sstream>

#include "rna/io/structure_writer.h"
#include "tests/cli/program.h"
#include "tests/cli/small_data.h"
#include "tests/datasets/paired_structures.h"

namespace flashrna {
namespace {

using ::testing::HasSubstr;

std::string find_browser() {
  for (const char* name : {"chromium", "chromium-browser", "google-chrome"}) {
    if (run_shell(fmt::format("command -v {}", name)).status == 0) return name;
  }
  return "";
}

// Console lines of the page's own script: errors, warnings and other messages.
std::string console_lines(const std::string& log) {
  std::string found;
  std::istringstream lines(log);
  for (std::string line; std::getline(lines, line);) {
    if (line.find(":CONSOLE") != std::string::npos) found += line + "\n";
  }
  return found;
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) ++count;
  return count;
}

// The page after its scripts ran, without the scripts and their data.
std::string shown_part(const std::string& page) {
  const std::size_t begin = page.find("<body");
  return begin == std::string::npos ? "" : page.substr(begin, page.find("<script", begin) - begin);
}

class Report : public ::testing::Test {
 protected:
  void SetUp() override {
    browser = find_browser();
    if (browser.empty()) GTEST_SKIP() << "no chromium: install the package chromium to look at the report";
    make_small_project(folder);
    for (int i = 0; i < 9; ++i) {
      Structure structure = example_structure(fmt::format("s{}", i), {24 + 6 * i});
      for (std::size_t k = 0; k < structure.chains[0].nucleotides.size(); ++k) {
        // Bends the strand increasingly with the index of the sample, until it breaks.
        for (Vec3& atom : structure.chains[0].nucleotides[k].atoms) {
          atom += 0.4 * i * Vec3(std::sin(0.3 * static_cast<double>(k)), std::cos(0.2 * static_cast<double>(k)), 0.0);
        }
      }
      folder.write(fmt::format("samples/s{}.cif", i), to_mmcif(structure));
    }
    folder.write("samples/paired.cif", to_mmcif(paired_hairpin("paired")));
    const std::string scripts = FLASHRNA_SOURCE_DIR "/tests/libfold/evaluation";
    run({"evaluate", "--samples", "samples", "--reference", "rna.h5", "--output", "designed", "--sequences", "2",
         "--inverse-folding",
         fmt::format("{} {}/design_sequences.py {{backbone}} {{fasta}} {{sequences}} /dev/null", FLASHRNA_PYTHON,
                     scripts),
         "--folding",
         fmt::format("{} {}/fold_sequence.py {{fasta}} {{structure}} /dev/null", FLASHRNA_PYTHON, scripts)});
    run({"evaluate", "--samples", "structures", "--reference", "rna.h5", "--output", "natives", "--no-novelty"});
    run({"evaluate", "--compare", "designed", "natives", "--output", "both"});
  }
  void run(const std::vector<std::string>& words) const {
    const ProgramResult result = run_flashrna(words, {.folder = folder.path()});
    ASSERT_EQ(result.status, 0) << result.errors;
  }
  // Disables name resolution: the page must not need a network.
  ProgramResult browse(const std::string& page, const std::string& options) const {
    return run_shell(fmt::format("{} --headless=new --no-sandbox --disable-gpu --hide-scrollbars --no-first-run "
                                 "--host-resolver-rules='MAP * ~NOTFOUND' --user-data-dir='{}' --window-size=1280,5200 "
                                 "--virtual-time-budget=30000 --enable-logging=stderr --v=0 {} 'file://{}'",
                                 browser, folder.path("profile"), options, folder.path(page)),
                     {.folder = folder.path()});
  }
  TemporaryFolder folder;
  std::string browser;
};

TEST_F(Report, ShowsEveryChartWithoutAMessageOnTheConsole) {
  for (const auto& [page, charts, views] : {std::tuple("designed", 30u, 3u), std::tuple("both", 30u, 6u)}) {
    const ProgramResult result = browse(std::string(page) + "/report.html", "--dump-dom");
    ASSERT_EQ(result.status, 0) << result.errors;
    EXPECT_EQ(console_lines(result.errors), "");
    EXPECT_NE(result.output.substr(0, 400).find("data-ready=\"yes\""), std::string::npos) << "the script ended early";
    const std::string body = shown_part(result.output);
    EXPECT_GE(count_of(body, "class=\"main-svg\""), charts);
    EXPECT_EQ(count_of(body, "<canvas class=\"backbone\""), views);
    EXPECT_EQ(count_of(body, "<canvas class=\"arcs\""), views);
    EXPECT_EQ(count_of(body, "<details class=\"soft\""), views) << "sequence and dot-bracket";
    for (const char* id :
         {"p-paired", "p-conformers", "p-helices", "p-hairpins", "p-bulges", "p-interiors", "p-multiloops"}) {
      EXPECT_EQ(count_of(body, fmt::format("id=\"{}\"", id)), 1u) << id;
    }
    EXPECT_GT(count_of(body, "class=\"tip\""), 60u) << "definitions beside the names";
    EXPECT_GE(count_of(body, "class=\"barlayer"), 3u) << "histograms of TM-scores";
    for (const char* mistake : {"NaN", ">undefined", ">null"}) EXPECT_EQ(count_of(body, mistake), 0u) << mistake;
  }
}

TEST_F(Report, AMeasureWithoutAGroupIsListedAfterTheOthers) {
  std::string page = file_bytes(folder.path("designed/report.html"));
  EXPECT_EQ(count_of(shown_part(browse("designed/report.html", "--dump-dom").output), ">Other<"), 0u);
  for (std::size_t at = 0; (at = page.find("\"paired_rate\":", at)) != std::string::npos;)
    page.replace(at, 14, "\"brand_new\":");
  folder.write("other.html", page);
  const ProgramResult result = browse("other.html", "--dump-dom");
  EXPECT_EQ(console_lines(result.errors), "");
  EXPECT_EQ(count_of(shown_part(result.output), ">Other<"), 1u);
}

TEST_F(Report, ScreenshotsAreKept) {
  const std::filesystem::path build = std::filesystem::path(FLASHRNA_PROGRAM).parent_path();
  for (const auto& [name, page, options] :
       {std::tuple("report_light.png", "designed", "--blink-settings=preferredColorScheme=1"),
        std::tuple("report_dark.png", "designed", "--blink-settings=preferredColorScheme=0"),
        std::tuple("report_comparison.png", "both", "--blink-settings=preferredColorScheme=1")}) {
    const std::string picture = (build / name).string();
    std::filesystem::remove(picture);
    const ProgramResult result =
        browse(std::string(page) + "/report.html", fmt::format("{} --screenshot='{}'", options, picture));
    EXPECT_EQ(result.status, 0) << result.errors;
    EXPECT_EQ(console_lines(result.errors), "");
    ASSERT_TRUE(std::filesystem::exists(picture));
    EXPECT_GT(std::filesystem::file_size(picture), 150'000u) << "an empty page of this size takes some 20 kB";
    std::cout << "  " << picture << "\n";
  }
}

TEST_F(Report, AMistakeInThePageWouldBeSeen) {
  folder.write("bad.html", "<!doctype html><script>no_such_function();</script>");
  EXPECT_THAT(console_lines(browse("bad.html", "--dump-dom").errors), HasSubstr("no_such_function is not defined"));
}

TEST_F(Report, HoldsEverythingItNeeds) {
  const std::string page = file_bytes(folder.path("designed/report.html"));
  for (const char* part : {"src=\"http", "href=\"http", "@import", "url(http"}) {
    EXPECT_EQ(page.find(part), std::string::npos) << part;
  }
  EXPECT_LT(page.size(), 4'000'000u);
}

}  // namespace
}  // namespace flashrna
