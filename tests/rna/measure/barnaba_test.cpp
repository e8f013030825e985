// Compares torsions and sugar pucker of real structures with barnaba 0.1.9. tests/data/barnaba_differences.csv explains
// every difference above 0.1 degrees. Every such difference must be listed, and every listed difference must occur.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iostream>
#include <map>
#include <numbers>
#include <optional>
#include <set>

#include "rna/io/structure_reader.h"
#include "rna/measure/local_geometry.h"
#include "rna/measure/sugar_pucker.h"
#include "tests/support/csv_table.h"
#include "tests/support/shared_data.h"

namespace flashrna {
namespace {

constexpr std::array kColumns = {"alpha", "beta", "gamma",        "delta",           "eps",
                                 "zeta",  "chi",  "pucker_phase", "pucker_amplitude"};
constexpr double kDegrees = 180.0 / std::numbers::pi;
constexpr double kAllowed = 0.1;  // degrees

using Values = std::array<std::optional<double>, kColumns.size()>;  // degrees, by column

Values our_values(const Chain& chain, std::size_t i) {
  const auto torsion = [&](const char* name) { return measure(local_measure(name), chain.nucleotides, i); };
  const SugarPucker pucker = rao_pucker(ring_torsions(chain.nucleotides[i]));
  const std::array radians = {torsion("alpha"), torsion("beta"), torsion("gamma"), torsion("delta"), torsion("epsilon"),
                              torsion("zeta"),  torsion("chi"),  pucker.phase,     pucker.amplitude};
  Values values;
  for (std::size_t c = 0; c < values.size(); ++c) {
    if (!std::isnan(radians[c])) values[c] = kDegrees * radians[c];
  }
  return values;
}

Values their_values(const CsvRow& row) {
  Values values;
  for (std::size_t c = 0; c < values.size(); ++c) {
    if (!row.text(kColumns[c]).empty()) values[c] = row.number(kColumns[c]);
  }
  return values;
}

bool agree(const std::optional<double>& a, const std::optional<double>& b) {
  if (!a || !b) return !a && !b;
  return std::abs(std::remainder(*a - *b, 360.0)) <= kAllowed;
}

// Residue label of barnaba: "name_number_chain-index".
struct TheirResidue {
  std::string label, name_and_number, chain_index;
  Values values;
};

struct OurResidue {
  std::string name_and_number;
  Values values;
};

using OurChain = std::vector<OurResidue>;

// For each barnaba residue in order, the next residue of `ours` with that name and number; -1 if there is none.
// barnaba's labels have no insertion codes, so a label may occur twice.
std::vector<int> match(const std::vector<TheirResidue>& theirs, const OurChain& ours) {
  std::vector<int> matches;
  std::vector<bool> taken(ours.size());
  for (const TheirResidue& residue : theirs) {
    int found = -1;
    for (std::size_t i = 0; i < ours.size() && found < 0; ++i) {
      if (!taken[i] && ours[i].name_and_number == residue.name_and_number) found = static_cast<int>(i);
    }
    if (found >= 0) taken[static_cast<std::size_t>(found)] = true;
    matches.push_back(found);
  }
  return matches;
}

int agreement(const std::vector<TheirResidue>& theirs, const OurChain& ours) {
  const std::vector<int> matches = match(theirs, ours);
  int n = 0;
  for (std::size_t k = 0; k < theirs.size(); ++k) {
    if (matches[k] < 0) continue;
    const Values& values = ours[static_cast<std::size_t>(matches[k])].values;
    for (std::size_t c = 0; c < kColumns.size(); ++c) n += agree(values[c], theirs[k].values[c]);
  }
  return n;
}

std::vector<OurChain> our_chains(const std::string& path) {
  std::vector<OurChain> chains;
  for (const Chain& chain : read_structure(path).chains) {
    OurChain& ours = chains.emplace_back();
    for (std::size_t i = 0; i < chain.nucleotides.size(); ++i) {
      const Nucleotide& nucleotide = chain.nucleotides[i];
      ours.push_back({nucleotide.name + "_" + std::to_string(nucleotide.seq_id), our_values(chain, i)});
    }
  }
  return chains;
}

struct Difference {
  std::string file, residue, column, ours, theirs;

  auto operator<=>(const Difference&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Difference& d) {
  return out << d.file << "," << d.residue << "," << d.column << "," << d.ours << "," << d.theirs;
}

std::string text(const std::optional<double>& degrees) { return degrees ? fmt::format("{:.1f}", *degrees) : ""; }

std::map<Difference, std::string> read_listed(const std::string& path) {
  std::map<Difference, std::string> listed;
  for (const CsvRow& row : read_csv(path)) {
    const Difference difference{row.text("file"), row.text("residue"), row.text("column"), row.text("ours"),
                                row.text("theirs")};
    EXPECT_TRUE(listed.emplace(difference, row.text("reason")).second && !row.text("reason").empty())
        << "listed twice or without a reason: " << difference;
  }
  return listed;
}

TEST(Barnaba, TorsionsAndPuckersAgreeButForTheListedDifferences) {
  FLASHRNA_REQUIRE_SHARED(folder, "structures");
  FLASHRNA_REQUIRE_SHARED(table, "golden/barnaba_torsions.csv");
  // By file, then by chain of barnaba.
  std::map<std::string, std::map<std::string, std::vector<TheirResidue>>> files;
  for (const CsvRow& row : read_csv(table)) {
    const std::string& label = row.text("residue");
    const std::size_t last = label.rfind('_');
    files[row.text("file")][label.substr(last + 1)].push_back(
        {label, label.substr(0, last), label.substr(last + 1), their_values(row)});
  }

  std::set<Difference> found;
  int n_rows = 0, n_values = 0, n_equal = 0;
  double worst = 0.0;
  for (const auto& [file, their_chains] : files) {
    const std::vector<OurChain> chains = our_chains(folder + "/" + file);
    for (const auto& [index, theirs] : their_chains) {
      // barnaba numbers all chains of the file, including ligands. Selects the chain that agrees in most values.
      ASSERT_FALSE(chains.empty()) << file;
      const OurChain& ours = *std::max_element(chains.begin(), chains.end(), [&](const auto& a, const auto& b) {
        return agreement(theirs, a) < agreement(theirs, b);
      });
      const std::vector<int> matches = match(theirs, ours);
      for (std::size_t k = 0; k < theirs.size(); ++k) {
        ++n_rows;
        if (matches[k] < 0) {
          found.insert({file, theirs[k].label, "residue", "", theirs[k].label});
          continue;
        }
        const Values& values = ours[static_cast<std::size_t>(matches[k])].values;
        for (std::size_t c = 0; c < kColumns.size(); ++c) {
          if (!values[c] && !theirs[k].values[c]) continue;
          ++n_values;
          if (agree(values[c], theirs[k].values[c])) {
            ++n_equal;
            worst = std::max(worst, std::abs(std::remainder(*values[c] - *theirs[k].values[c], 360.0)));
          } else {
            found.insert({file, theirs[k].label, kColumns[c], text(values[c]), text(theirs[k].values[c])});
          }
        }
      }
    }
  }

  const auto listed = read_listed(FLASHRNA_TEST_DATA "/barnaba_differences.csv");
  for (const Difference& difference : found) {
    EXPECT_TRUE(listed.contains(difference)) << "not listed: " << difference;
  }
  for (const auto& [difference, reason] : listed) {
    EXPECT_TRUE(found.contains(difference)) << "listed, but it does not occur: " << difference;
  }
  std::cout << "  " << n_rows << " residues, " << n_values << " values: " << n_equal << " agree, the worst by " << worst
            << " degrees; " << found.size() << " differ, all explained\n";
}

}  // namespace
}  // namespace flashrna
