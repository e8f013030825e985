// Self-consistency with two small stub programs: one designs sequences, the other folds every sequence into an A-form
// strand and fails for a third of them.
#include "libfold/evaluation/self_consistency.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <numbers>
#include <thread>

#include "rna/io/structure_reader.h"
#include "rna/io/structure_writer.h"
#include "tests/datasets/example_structures.h"

namespace flashrna {
namespace {

using ::testing::HasSubstr;

// The C4', C3' and O4' atoms of the strand made by the folding program.
MeasuredStructure strand(int length) {
  std::vector<Nucleotide> nucleotides(static_cast<std::size_t>(length));
  for (int i = 0; i < length; ++i) {
    const auto at = [&](double angle, double radius, double height) {
      const double turn = (angle + 32.7 * i) * std::numbers::pi / 180.0;
      return Vec3(radius * std::cos(turn), radius * std::sin(turn), height + 2.81 * i);
    };
    Nucleotide& nucleotide = nucleotides[static_cast<std::size_t>(i)];
    nucleotide.residue_index = i;
    nucleotide.set(kC4, at(0.0, 9.7, 0.0));
    nucleotide.set(kC3, at(7.5, 9.3, -0.7));
    nucleotide.set(kO4, at(-4.0, 8.7, 0.7));
  }
  MeasuredStructure structure;
  structure.name = "strand";
  for (const Nucleotide& nucleotide : nucleotides) structure.c3.push_back(nucleotide.atoms[kC3]);
  structure.backbone = StoredBackbone::of(nucleotides);
  return structure;
}

// The same strand with its second half rotated.
MeasuredStructure bent(int length) {
  MeasuredStructure structure = strand(length);
  for (std::size_t i = static_cast<std::size_t>(length) / 2; i < structure.backbone.size(); ++i) {
    for (std::size_t k = 0; k < structure.backbone.atoms[i].size(); k += 3) {
      std::swap(structure.backbone.atoms[i][k], structure.backbone.atoms[i][k + 2]);
    }
    std::swap(structure.c3[i].x(), structure.c3[i].z());
  }
  return structure;
}

class SelfConsistent : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string scripts = FLASHRNA_SOURCE_DIR "/tests/libfold/evaluation";
    settings.inverse_folding = fmt::format("{} {}/design_sequences.py {{backbone}} {{fasta}} {{sequences}} {}",
                                           FLASHRNA_PYTHON, scripts, folder.path("calls.log"));
    settings.folding = fmt::format("{} {}/fold_sequence.py {{fasta}} {{structure}} {}", FLASHRNA_PYTHON, scripts,
                                   folder.path("calls.log"));
    settings.sequences = 6;
    settings.folder = folder.path("kept");
    samples = {strand(40), bent(60), strand(25)};
  }

  // Calls of the two programs since the previous call of this function.
  long calls() {
    const std::string path = folder.path("calls.log");
    const std::string text = std::filesystem::exists(path) ? file_bytes(path) : "";
    std::filesystem::remove(path);
    return std::count(text.begin(), text.end(), '\n');
  }

  TemporaryFolder folder;
  SelfConsistencySettings settings;
  std::vector<MeasuredStructure> samples;
};

TEST_F(SelfConsistent, TheBestOfTheFoldedDesignsCountsAndFailuresAreCounted) {
  const SelfConsistency result = check_consistency(samples, settings);
  ASSERT_EQ(result.of.size(), 3u);
  for (const std::size_t i : {0u, 2u}) {
    EXPECT_NEAR(result.of[i].tm.value(), 1.0, 1e-4) << "the strand itself, to three decimals";
    EXPECT_NEAR(result.of[i].rmsd.value(), 0.0, 2e-3);
  }
  EXPECT_LT(result.of[1].tm.value(), 0.9);
  EXPECT_GT(result.of[1].rmsd.value(), 5.0);
  std::size_t failures = 0;
  for (const SampleConsistency& sample : result.of) {
    EXPECT_EQ(sample.folded + sample.failures, 6);
    failures += static_cast<std::size_t>(sample.failures);
  }
  EXPECT_EQ(result.failures, failures);
  EXPECT_GT(failures, 0u);
  const auto failed = std::find_if(result.of.begin(), result.of.end(), [](const auto& s) { return s.failures > 0; });
  EXPECT_THAT(failed->first_failure, HasSubstr("failed with status 3: no luck with this one"));
  EXPECT_EQ(result.commands, 3u + 18u);
  EXPECT_EQ(result.kept, 0u);
  EXPECT_EQ(calls(), 21);
}

TEST_F(SelfConsistent, ASecondRunStartsOnlyWhatFailed) {
  const SelfConsistency first = check_consistency(samples, settings);
  calls();
  const SelfConsistency second = check_consistency(samples, settings);
  EXPECT_EQ(calls(), static_cast<long>(first.failures));
  EXPECT_EQ(second.kept, second.commands - first.failures);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    EXPECT_EQ(first.of[i].tm, second.of[i].tm);
    EXPECT_EQ(first.of[i].rmsd, second.of[i].rmsd);
    EXPECT_EQ(first.of[i].failures, second.of[i].failures);
  }
  settings.folding += " reliable";
  const SelfConsistency third = check_consistency(samples, settings);
  EXPECT_EQ(third.failures, 0u);
  EXPECT_EQ(calls(), 18) << "another command is another result, and the designs are still there";
  check_consistency(samples, settings);
  EXPECT_EQ(calls(), 0);
  for (const auto& entry : std::filesystem::directory_iterator(settings.folder)) {
    EXPECT_FALSE(entry.is_directory()) << entry.path() << ": a job's own files are gone";
  }
}

TEST_F(SelfConsistent, TheNumberOfJobsChangesNothing) {
  const SelfConsistency one = check_consistency(samples, settings);
  settings.jobs = 3;
  settings.folder = folder.path("other");
  const SelfConsistency three = check_consistency(samples, settings);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    EXPECT_EQ(one.of[i].tm, three.of[i].tm);
    EXPECT_EQ(one.of[i].failures, three.of[i].failures);
  }
}

TEST_F(SelfConsistent, ASlowProgramIsEndedWithWhatItStarted) {
  settings.folding = fmt::format("sh -c 'sleep 61.25 & sleep 61.25; cp {{fasta}} {{structure}}'");
  settings.time_limit = 0.5;
  settings.sequences = 1;
  samples.resize(1);
  const SelfConsistency result = check_consistency(samples, settings);
  EXPECT_EQ(result.of[0].failures, 1);
  EXPECT_FALSE(result.of[0].tm);
  EXPECT_THAT(result.of[0].first_failure, HasSubstr("after the time limit of 0.5 s"));
  // A killed process may take a moment to exit.
  const auto is_alive = [] {
    const std::string command(
        "sleep\0"
        "61.25",
        11);
    std::error_code ignored;
    for (const auto& process : std::filesystem::directory_iterator("/proc")) {
      const auto path = process.path() / "cmdline";
      if (std::filesystem::exists(path, ignored) && file_bytes(path.string()).find(command) != std::string::npos)
        return true;
    }
    return false;
  };
  for (int tries = 0; tries < 100 && is_alive(); ++tries) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_FALSE(is_alive());
}

TEST_F(SelfConsistent, UselessResultsAreFailuresAndNotKept) {
  samples.resize(1);
  settings.sequences = 1;
  const auto failure = [&](const std::string& inverse_folding, const std::string& folding) {
    SelfConsistencySettings changed = settings;
    if (!inverse_folding.empty()) changed.inverse_folding = inverse_folding;
    if (!folding.empty()) changed.folding = folding;
    changed.folder = folder.path(folding.empty() ? "useless_sequences" : "useless_structures");
    const SelfConsistency result = check_consistency(samples, changed);
    EXPECT_EQ(result.of[0].failures, 1);
    // The sequence of a failed folding is kept.
    int kept = 0;
    for (const auto& entry : std::filesystem::directory_iterator(changed.folder))
      kept += entry.path().extension() == ".result";
    EXPECT_EQ(kept, folding.empty() ? 0 : 1);
    return result.of[0].first_failure;
  };
  EXPECT_THAT(failure("sh -c 'test -e {backbone} && printf \">a\\nACGU\\n\" > {fasta}'", ""),
              HasSubstr("4 letters for 40 residues"));
  EXPECT_THAT(failure("sh -c 'test -e {backbone} && printf \">a\\nACXU\\n\" > {fasta}'", ""), HasSubstr("holds \"X\""));
  EXPECT_THAT(failure("sh -c 'echo {backbone} > /dev/null; echo hello > {fasta}'", ""),
              HasSubstr("do not begin with a \">\""));
  EXPECT_THAT(failure("true {backbone} {fasta}", ""), HasSubstr("wrote no {fasta}"));
  EXPECT_THAT(failure("", "sh -c 'test -e {fasta} && echo nothing > {structure}'"), HasSubstr("folded.pdb"));
  EXPECT_THAT(
      failure("", fmt::format("sh -c '{} {}/tests/libfold/evaluation/fold_sequence.py {{fasta}} {{structure}}.x "
                              "/dev/null reliable && head -60 {{structure}}.x > {{structure}}'",
                              FLASHRNA_PYTHON, FLASHRNA_SOURCE_DIR)),
      HasSubstr("the folded structure has 20 nucleotides, the sample 40"));
}

TEST_F(SelfConsistent, BadSettingsAreNamed) {
  const auto error = [&] { return message_of([&] { settings.validate(); }); };
  EXPECT_EQ(error(), "no error");
  settings.sequences = 0;
  EXPECT_THAT(error(), HasSubstr("--sequences 0"));
  settings.sequences = 1;
  settings.time_limit = 0.0;
  EXPECT_THAT(error(), HasSubstr("--time-limit 0"));
  settings.time_limit = 1.0;
  settings.jobs = 0;
  EXPECT_THAT(error(), HasSubstr("--jobs 0"));
  settings.jobs = 1;
  settings.folding = "no-such-program {fasta} {structure}";
  EXPECT_THAT(error(), HasSubstr("--folding: there is no program \"no-such-program\""));
  settings.inverse_folding = "true {backbone}";
  EXPECT_THAT(error(), HasSubstr("has no {fasta}"));
}

TEST(BackbonePdb, HoldsTheAtomsOfEveryResidueInOneChain) {
  const Structure structure = example_structure("b", {12, 9});
  std::vector<Nucleotide> nucleotides = structure.chains[0].nucleotides;
  nucleotides[3].base = Base::N;
  const std::string text = backbone_pdb(StoredBackbone::of(nucleotides));
  const Structure read = read_structure_from_memory(text, "backbone.pdb");
  ASSERT_EQ(read.chains.size(), 1u);
  ASSERT_EQ(read.chains[0].nucleotides.size(), 12u);
  EXPECT_EQ(read.chains[0].nucleotides[3].base, Base::A);
  for (std::size_t i = 0; i < 12; ++i) {
    EXPECT_EQ(read.chains[0].nucleotides[i].atom_mask, (1u << kBackboneAtoms) - 1u);
    EXPECT_EQ(read.chains[0].nucleotides[i].seq_id, static_cast<int>(i) + 1);
  }
}

// By hand with z = 1.96: for 0 successes the upper end is z²/(n + z²), for half the ends are 0.5 ± 0.5 z/√(n + z²).
TEST(WilsonProportion, IsWilsonsInterval) {
  const Proportion none = wilson_proportion(0, 10), half = wilson_proportion(5, 10), all = wilson_proportion(10, 10);
  EXPECT_NEAR(none.low, 0.0, 1e-12);
  EXPECT_NEAR(none.high, 0.2775, 5e-5);
  EXPECT_NEAR(half.low, 0.2366, 5e-5);
  EXPECT_NEAR(half.high, 0.7634, 5e-5);
  EXPECT_NEAR(all.low, 0.7225, 5e-5);
  EXPECT_NEAR(all.high, 1.0, 1e-12);
  EXPECT_EQ(wilson_proportion(0, 0).high, 1.0);
}

TEST(ValidityByLength, HasARowPerLengthOrPerRange) {
  const std::vector<int> lengths{40, 60, 40, 60, 80};
  const std::vector<std::optional<double>> scores{0.5, 0.45, 0.4, 0.9, std::nullopt};
  const auto rows = validity_by_length(lengths, scores, 0.45);
  ASSERT_EQ(rows.size(), 2u) << "80 nt has no score";
  EXPECT_EQ(rows[0].first, 40);
  EXPECT_EQ(rows[0].valid.successes, 1u);
  EXPECT_EQ(rows[0].valid.count, 2u);
  EXPECT_EQ(rows[1].valid.successes, 2u);
  std::vector<int> many;
  for (int i = 0; i < 13; ++i) many.push_back(40 + 2 * i);
  const auto ranges = validity_by_length(many, std::vector<std::optional<double>>(13, 1.0), 0.45);
  ASSERT_EQ(ranges.size(), 2u);
  EXPECT_EQ(ranges[0].first, 40);
  EXPECT_EQ(ranges[0].last, 59);
  EXPECT_EQ(ranges[0].valid.count, 10u);
  EXPECT_EQ(ranges[1].valid.count, 3u);
}

}  // namespace
}  // namespace flashrna
