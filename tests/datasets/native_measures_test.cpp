// Measures of the native backbones of the training set, train.tar.xz, to which generated backbones are compared.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "rna/io/structure_reader.h"
#include "rna/measure/a_form.h"
#include "rna/measure/backbone_checks.h"
#include "rna/measure/clashes.h"
#include "rna/measure/local_geometry.h"
#include "rna/measure/ribose_chirality.h"
#include "rna/measure/suites.h"
#include "rna/pairs/base_pairs.h"
#include "rna/pairs/secondary_structure.h"
#include "tests/datasets/real_files.h"
#include "tests/support/shared_data.h"

namespace flashrna {
namespace {

constexpr std::size_t kShortestChain = 20;  // nt

template <typename Use>
void for_each_training_chain(const std::string& folder, const Use& use) {
  for_each_real_file(folder, [&](const std::string& name, const std::string& bytes) {
    if (!name.starts_with("train/")) return;
    for (const Chain& chain : read_structure_from_memory(bytes, name).chains)
      if (chain.nucleotides.size() >= kShortestChain) use(chain);
  });
}

TEST(NativeMeasures, TrainingChainsHaveFewClashesNaturalRibosesAndMuchAForm) {
  FLASHRNA_REQUIRE_SHARED(folder, "structures");
  Clashes clashes;
  RiboseChirality chirality;
  AFormCount a_form;
  int n_chains = 0;
  for_each_training_chain(folder, [&](const Chain& chain) {
    ++n_chains;
    const Clashes of_chain = find_clashes(chain.nucleotides);
    clashes.pairs += of_chain.pairs;
    clashes.published_pairs += of_chain.published_pairs;
    clashes.atoms += of_chain.atoms;
    const RiboseChirality riboses = ribose_chirality(chain.nucleotides);
    for (std::size_t k = 0; k < 4; ++k) {
      chirality.centers[k] += riboses.centers[k];
      chirality.inverted[k] += riboses.inverted[k];
    }
    const AFormCount helical = count_a_form(chain.nucleotides);
    a_form.a_form += helical.a_form;
    a_form.nucleotides += helical.nucleotides;
  });
  fmt::print("  {} chains, {} atoms: {:.3f} clashes per 100 atoms ({:.3f} as published)\n", n_chains, clashes.atoms,
             clashes.per_100_atoms(), clashes.published_per_100_atoms());
  fmt::print("  A-form: {:.3f} of {} nucleotides\n", a_form.share(), a_form.nucleotides);
  EXPECT_NEAR(clashes.per_100_atoms(), 0.3, 0.05);
  EXPECT_NEAR(a_form.share(), 0.61, 0.015);
  for (std::size_t k = 0; k < 4; ++k) {
    fmt::print("  {}: {} of {} inverted\n", atom_name(Base::N, kRiboseCenters[k].carbon), chirality.inverted[k],
               chirality.centers[k]);
    EXPECT_LT(chirality.inverted[k], chirality.centers[k] / 100);
  }
}

TEST(NativeMeasures, HalfTheNucleotidesAreInHelicesAndAFifthOfTheSuitesAreOutliers) {
  FLASHRNA_REQUIRE_SHARED(folder, "structures");
  SuiteCounts suites;
  double in_helices = 0.0, nucleotides = 0.0;
  int n_chains = 0, n_short = 0;
  std::chrono::duration<double> seconds{};
  for_each_training_chain(folder, [&](const Chain& chain) {
    const auto start = std::chrono::steady_clock::now();
    const std::vector<int> partner = find_base_pairs(chain.nucleotides);
    seconds += std::chrono::steady_clock::now() - start;
    const auto length = chain.nucleotides.size();
    if (length >= 40 && length <= 500) {
      ++n_chains;
      nucleotides += static_cast<double>(length);
      in_helices += static_cast<double>(length) * describe_secondary_structure(partner).helix_share();
    }
    if (length >= 40 && length <= 150) {
      ++n_short;
      suites.add(find_suites(chain.nucleotides));
    }
  });
  fmt::print("  {:.3f} of the nucleotides of {} chains of 40-500 nt in helices; all pairs found in {:.2f} s\n",
             in_helices / nucleotides, n_chains, seconds.count());
  fmt::print("  {} suites of {} chains of 40-150 nt: {:.3f} outliers, suiteness {:.3f}, {:.3f} 1a, {} incomplete\n",
             suites.complete, n_short, suites.outlier_share(), suites.mean_suiteness(), suites.share("1a"),
             suites.incomplete);
  EXPECT_NEAR(in_helices / nucleotides, 0.527, 0.01);  // pairs within a chain only
  EXPECT_NEAR(suites.outlier_share(), 0.190, 0.01);
  EXPECT_NEAR(suites.mean_suiteness(), 0.50, 0.01);
  EXPECT_NEAR(suites.share("1a"), 0.58, 0.01);
}

TEST(NativeMeasures, BondLengthsAreTheMediansOfTheTrainingChains) {
  FLASHRNA_REQUIRE_SHARED(folder, "structures");
  LocalGeometry geometry;
  for_each_training_chain(folder, [&](const Chain& chain) { geometry.add(chain.nucleotides); });
  for (std::size_t k = 0; k < local_measures().size(); ++k) {
    const LocalMeasure& measure = local_measures()[k];
    if (measure.kind != MeasureKind::kDistance || measure.atoms[1].residue != 0) continue;
    std::vector<double>& lengths = geometry.values[k];
    ASSERT_FALSE(lengths.empty()) << measure.name;
    std::ranges::nth_element(lengths, lengths.begin() + std::ssize(lengths) / 2);
    const double median = lengths[lengths.size() / 2];
    fmt::print("  {}: {:.4f} Å in the median of {}\n", measure.name, median, lengths.size());
    EXPECT_NEAR(native_bond_length(measure.name), median, 6e-4) << measure.name;
  }
}

}  // namespace
}  // namespace flashrna
