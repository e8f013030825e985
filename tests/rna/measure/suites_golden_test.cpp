// Compares backbone conformers of real structures with the reference program (golden/suites.csv: first model, first
// conformer, complete suites only), and the table of clusters with its table (golden/suite_clusters.csv).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include "base/atomic_file.h"
#include "rna/io/structure_reader.h"
#include "rna/measure/suites.h"
#include "tests/support/csv_table.h"
#include "tests/support/golden_file.h"
#include "tests/support/shared_data.h"

namespace flashrna {
namespace {

TEST(SuitesGolden, ClustersAreThoseOfTheReference) {
  const std::vector<CsvRow> rows = read_csv(golden_path("suite_clusters.csv"));
  const std::span<const SuiteCluster> clusters = suite_clusters();
  ASSERT_EQ(rows.size(), clusters.size());
  constexpr std::array kColumns = {"delta_before", "epsilon_before", "zeta_before", "alpha", "beta", "gamma", "delta"};
  const std::map<std::string, SuiteRole> roles = {
      {"ord", SuiteRole::kOrdinary}, {"dom", SuiteRole::kDominant}, {"sat", SuiteRole::kSatellite}};
  for (std::size_t k = 0; k < rows.size(); ++k) {
    EXPECT_EQ(clusters[k].bin, rows[k].text("bin"));
    EXPECT_EQ(clusters[k].name, rows[k].text("name"));
    EXPECT_EQ(clusters[k].certain, rows[k].text("status") == "certain") << clusters[k].name;
    EXPECT_EQ(clusters[k].role, roles.at(rows[k].text("role"))) << clusters[k].name;
    for (std::size_t a = 0; a < kColumns.size(); ++a) {
      EXPECT_EQ(clusters[k].degrees[a], rows[k].number(kColumns[a])) << clusters[k].name << " " << kColumns[a];
    }
  }
}

struct Expected {
  std::string chain, code, suite;
  int number;
  double suiteness;
};

// The text of a PDB file with only the first alternate location of each residue, which the reference uses. The reader
// here selects the one with the highest occupancy.
std::string with_first_conformers(const std::string& bytes) {
  std::map<std::string, char> first;  // by residue
  std::string kept, line;
  for (std::istringstream lines(bytes); std::getline(lines, line);) {
    const bool is_atom = (line.starts_with("ATOM") || line.starts_with("HETATM")) && line.size() > 26;
    const char location = is_atom ? line[16] : ' ';
    if (location != ' ' && first.emplace(line.substr(17, 10), location).first->second != location) continue;
    kept += line + "\n";
  }
  return kept;
}

Structure read_first_conformers(const std::string& path) {
  if (!is_pdb_file_name(path)) return read_structure(path);
  return read_structure_from_memory(with_first_conformers(read_file(path)), path);
}

TEST(SuitesGolden, NamesAndSuitenessOfRealStructuresAreTheReferences) {
  FLASHRNA_REQUIRE_SHARED(folder, "structures/sample");
  std::map<std::string, std::vector<Expected>> files;
  for (const CsvRow& row : read_csv(golden_path("suites.csv"))) {
    const std::string& code = row.text("insertion_code");
    files[row.text("file")].push_back({row.text("chain"), code.empty() ? " " : code, row.text("suite"),
                                       static_cast<int>(row.number("number")), row.number("suiteness")});
  }
  int n = 0, n_same_name = 0, n_not_complete = 0;
  double worst_suiteness = 0.0;
  for (const auto& [file, rows] : files) {
    std::map<std::tuple<std::string, int, std::string>, Suite> ours;
    for (const Chain& chain : read_first_conformers(folder + "/" + file).chains) {
      const std::vector<Suite> suites = find_suites(chain.nucleotides);
      for (std::size_t i = 0; i < suites.size(); ++i) {
        const Nucleotide& nucleotide = chain.nucleotides[i];
        ours[{chain.id, nucleotide.seq_id, std::string(1, nucleotide.insertion_code)}] = suites[i];
      }
    }
    for (const Expected& row : rows) {
      ++n;
      const auto found = ours.find({row.chain, row.number, row.code});
      const Suite suite = found == ours.end() ? Suite{} : found->second;
      n_not_complete += !suite.is_complete();
      const std::string label = fmt::format("{} {} {}{}", file, row.chain, row.number, row.code);
      if (suite.name == row.suite) {
        ++n_same_name;
        worst_suiteness = std::max(worst_suiteness, std::abs(suite.suiteness - row.suiteness));
        EXPECT_NEAR(suite.suiteness, row.suiteness, 0.002) << label << " " << row.suite;
      } else {
        std::cout << fmt::format("  {}: {} {:.3f}, reference {} {:.3f}\n", label, suite.name, suite.suiteness,
                                 row.suite, row.suiteness);
      }
    }
  }
  std::cout << fmt::format(
      "  {} suites of {} files: {} names the same ({:.2f} %), {} incomplete here; suiteness of "
      "those within {:.4f}\n",
      n, files.size(), n_same_name, 100.0 * n_same_name / n, n_not_complete, worst_suiteness);
  EXPECT_GE(n_same_name, 0.995 * n);
}

}  // namespace
}  // namespace flashrna
