// Runs flashrna evaluate as a user does.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "rna/io/structure_writer.h"
#include "tests/cli/program.h"
#include "tests/cli/small_data.h"
#include "tests/datasets/paired_structures.h"

namespace flashrna {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Words = std::vector<std::string>;

class Evaluate : public ::testing::Test {
 protected:
  void SetUp() override {
    make_small_project(folder);
    for (int i = 0; i < 4; ++i) {
      folder.write(fmt::format("samples/s{}.cif", i), to_mmcif(example_structure(fmt::format("s{}", i), {26 + 4 * i})));
    }
    folder.write("samples/notes.txt", "not a structure");
  }
  ProgramResult flashrna(const Words& words) const { return run_flashrna(words, {.folder = folder.path()}); }
  ProgramResult evaluate(const std::string& output, const Words& more = {}) const {
    Words words{"evaluate", "--samples", "samples", "--reference", "rna.h5", "--output", output};
    words.insert(words.end(), more.begin(), more.end());
    return flashrna(words);
  }
  // Expects the exit status, the message, and no new file in the folder.
  void expect_error(const Words& words, int status, const std::string& part) const {
    const std::vector<std::string> before = list_files(folder.path());
    const ProgramResult result = flashrna(words);
    EXPECT_EQ(result.status, status) << result.errors;
    EXPECT_THAT(result.errors, HasSubstr("error: "));
    EXPECT_THAT(result.errors, HasSubstr(part));
    EXPECT_EQ(result.output, "");
    EXPECT_EQ(list_files(folder.path()), before);
  }
  std::string bytes(const std::string& name) const { return file_bytes(folder.path(name)); }

  TemporaryFolder folder;
};

TEST_F(Evaluate, WritesATableASummaryAndAReport) {
  const ProgramResult result = evaluate("out");
  ASSERT_EQ(result.status, 0) << result.errors;
  EXPECT_THAT(result.output, StartsWith("measure\tsamples\treference\tunit\tkey\n"));
  EXPECT_THAT(result.output, HasSubstr("D_raw\t"));
  EXPECT_THAT(result.errors, HasSubstr("searching the reference 4/4 samples"));
  const auto summary = nlohmann::json::parse(bytes("out/summary.json"));
  EXPECT_EQ(summary["samples"]["structures"], 4);
  EXPECT_EQ(summary["samples"]["files_of_other_kinds"], 1);
  EXPECT_EQ(summary["reference"]["structures"], 12);
  // rna.h5 holds chains of 26, 30, 34 and 38 nt of the same shape.
  EXPECT_NEAR(summary["measures"]["mean_tm_longer"]["samples"].get<double>(), 1.0, 1e-4);
  EXPECT_EQ(summary["measures"]["break_rate"]["samples"], 0.0);
  const std::string metrics = bytes("out/metrics.csv");
  EXPECT_THAT(metrics, StartsWith("name,length,radius_of_gyration,"));
  EXPECT_EQ(std::count(metrics.begin(), metrics.end(), '\n'), 5);
  EXPECT_THAT(metrics, HasSubstr("\nsamples/s1.cif,30,"));
  EXPECT_THAT(bytes("out/report.html"), StartsWith("<!doctype html>"));
}

TEST_F(Evaluate, ThreadsChangeNoByteOfAnyFile) {
  ASSERT_EQ(evaluate("one/out", {"--threads", "1"}).status, 0);
  ASSERT_EQ(evaluate("three/out", {"--threads", "3"}).status, 0);
  for (const char* name : {"metrics.csv", "summary.json", "report.html"}) {
    EXPECT_TRUE(bytes(std::string("one/out/") + name) == bytes(std::string("three/out/") + name)) << name;
  }
}

TEST_F(Evaluate, NamesWhatItLeavesOut) {
  folder.write("samples/a_broken.cif", "data_x\nloop_\n_atom_site.id\n");
  folder.write("samples/b_short.cif", to_mmcif(example_structure("b", {2})));
  const ProgramResult result = evaluate("out", {"--json", "--no-diversity", "--no-novelty"});
  ASSERT_EQ(result.status, 0) << result.errors;
  EXPECT_THAT(result.errors, HasSubstr("samples: 1 unreadable left out\n  samples/a_broken.cif"));
  EXPECT_THAT(result.errors, HasSubstr("samples: 1 too short left out\n  samples/b_short.cif: 2 nucleotides"));
  const auto json = nlohmann::json::parse(result.output);
  EXPECT_EQ(json["output"], "out");
  EXPECT_EQ(json["samples"]["too_short"][0]["name"], "samples/b_short.cif");
  EXPECT_EQ(json["samples"]["structures"], 4);
  EXPECT_FALSE(json["measures"].contains("clusters"));
  EXPECT_EQ(evaluate("quiet", {"--quiet"}).errors, "");
}

TEST_F(Evaluate, NativesGiveLddtAndRmsd) {
  const ProgramResult result = evaluate("out", {"--native", "samples", "--no-diversity", "--no-novelty", "--json"});
  ASSERT_EQ(result.status, 0) << result.errors;
  const auto json = nlohmann::json::parse(result.output);
  EXPECT_EQ(json["measures"]["mean_native_lddt"]["samples"], 1.0);
  EXPECT_NEAR(json["measures"]["median_native_rmsd"]["samples"].get<double>(), 0.0, 1e-4);
}

TEST_F(Evaluate, SelfConsistencyRunsTheGivenPrograms) {
  const std::string scripts = FLASHRNA_SOURCE_DIR "/tests/libfold/evaluation";
  const Words programs{
      "--inverse-folding",
      fmt::format("{} {}/design_sequences.py {{backbone}} {{fasta}} {{sequences}} calls.log", FLASHRNA_PYTHON, scripts),
      "--folding",
      fmt::format("{} {}/fold_sequence.py {{fasta}} {{structure}} calls.log", FLASHRNA_PYTHON, scripts),
      "--sequences",
      "3",
      "--jobs",
      "2",
      "--no-novelty"};
  const ProgramResult first = evaluate("out", programs);
  ASSERT_EQ(first.status, 0) << first.errors;
  EXPECT_THAT(first.errors, HasSubstr("failures, the first: "));
  EXPECT_THAT(first.output, HasSubstr("Unique-valid yield\t"));
  const auto summary = nlohmann::json::parse(bytes("out/summary.json"));
  EXPECT_EQ(summary["self_consistency"]["validity"]["scored"], 4);
  EXPECT_EQ(summary["self_consistency"]["by_length"].size(), 4u);
  EXPECT_GT(summary["self_consistency"]["failures"], 0);
  EXPECT_FALSE(summary["measures"]["validity"]["samples"].is_null());
  const std::string metrics = bytes("out/metrics.csv");
  fs::remove(folder.path("calls.log"));
  ASSERT_EQ(evaluate("out", programs).status, 0);
  const std::string calls = bytes("calls.log");
  EXPECT_EQ(std::count(calls.begin(), calls.end(), '\n'), summary["self_consistency"]["failures"])
      << "only what failed";
  EXPECT_EQ(bytes("out/metrics.csv"), metrics);
}

// The templates of docs/evaluation.md, with stub programs that have the input and output formats of gRNAde and RhoFold.
TEST_F(Evaluate, TheDocumentedTemplatesWork) {
  const std::string scripts = FLASHRNA_SOURCE_DIR "/tests/libfold/evaluation";
  const std::string documentation = file_bytes(FLASHRNA_SOURCE_DIR "/docs/evaluation.md");
  const auto option = [&](const std::string& begin) {
    const std::size_t at = documentation.find("\n" + begin) + 1;
    return documentation.substr(at, documentation.find("\n```", at) - at);
  };
  folder.write(
      "home/geometric-rna-design/gRNAde.py",
      fmt::format("import subprocess, sys\n"
                  "options = dict(zip(sys.argv[1::2], sys.argv[2::2]))\n"
                  "assert set(options) == {{'--pdb_filepath', '--output_filepath', '--n_samples', "
                  "'--temperature'}}, options\n"
                  "path = options['--output_filepath']\n"
                  "subprocess.check_call([sys.executable, '{}/design_sequences.py', options['--pdb_filepath'], "
                  "path, options['--n_samples'], '/dev/null'])\n"
                  "designs = open(path).read()\n"
                  "open(path, 'w').write('>input_sequence, model\\nNNN\\n' + designs)\n",
                  scripts));
  folder.write("home/RhoFold/inference.py",
               fmt::format("import os, subprocess, sys\n"
                           "options = dict(zip(sys.argv[1::2], sys.argv[2::2]))\n"
                           "assert options['--single_seq_pred'] == 'True' and options['--relax_steps'] == '0'\n"
                           "os.makedirs(options['--output_dir'])\n"
                           "subprocess.check_call([sys.executable, '{}/fold_sequence.py', options['--input_fas'], "
                           "options['--output_dir'] + '/unrelaxed_model.pdb', '/dev/null', 'reliable'])\n",
                           scripts));
  fs::create_directories(folder.path("bin"));
  fs::create_symlink(FLASHRNA_PYTHON, folder.path("bin/python"));
  const ProgramResult result = run_shell(
      fmt::format(
          "HOME='{0}/home' PATH=\"{0}/bin:$PATH\" flashrna evaluate --samples samples --output out --sequences 2 "
          "--json {1} \\\n {2}",
          folder.path(), option("--inverse-folding '"), option("--folding '")),
      {.folder = folder.path()});
  ASSERT_EQ(result.status, 0) << result.errors;
  const auto json = nlohmann::json::parse(result.output);
  EXPECT_EQ(json["self_consistency"]["failures"], 0) << result.errors;
  EXPECT_EQ(json["self_consistency"]["validity"]["scored"], 4);
}

TEST_F(Evaluate, AJudgeScoresSamplesAndItsScoresAreKept) {
  folder.write("judge.py",
               "import sys\n"
               "open('calls.log', 'a').write('called\\n')\n"
               "letters = sum(line.startswith('ATOM') for line in open(sys.argv[1]))\n"
               "assert letters != 30 * 13, 'not this one'\n"
               "open(sys.argv[2], 'w').write(f'{letters / 13}\\n1\\t0.5\\n')\n");
  const Words judge{"--judge", fmt::format("{} {} {{structure}} {{score}}", FLASHRNA_PYTHON, folder.path("judge.py")),
                    "--no-novelty", "--no-diversity"};
  const ProgramResult result = evaluate("out", judge);
  ASSERT_EQ(result.status, 0) << result.errors;
  EXPECT_THAT(result.errors, HasSubstr("judge: 1 of 4 samples have no score, the first: "));
  EXPECT_THAT(result.errors, HasSubstr("judge: 4 commands run in "));
  EXPECT_THAT(result.errors, HasSubstr(" s, 0 results taken from the cache"));
  const auto summary = nlohmann::json::parse(bytes("out/summary.json"));
  EXPECT_EQ(summary["judge"]["scored"], 3);
  EXPECT_EQ(summary["judge"]["failures"], 1);
  EXPECT_EQ(summary["measures"]["median_judge_score"]["samples"], 34.0) << "of 26, 34 and 38 nt";
  const std::string metrics = bytes("out/metrics.csv");
  fs::remove(folder.path("calls.log"));
  const ProgramResult again = evaluate("out", judge);
  ASSERT_EQ(again.status, 0);
  EXPECT_THAT(again.errors, HasSubstr("judge: 1 commands run in "));
  EXPECT_THAT(again.errors, HasSubstr(" s, 3 results taken from the cache"));
  const std::string calls = bytes("calls.log");
  EXPECT_EQ(std::count(calls.begin(), calls.end(), '\n'), 1) << "only what failed";
  EXPECT_EQ(bytes("out/metrics.csv"), metrics);
}

// The recipe of docs/evaluation.md, with stub programs that have the input and output formats of ViennaRNA's.
TEST_F(Evaluate, TwoDimensionalDesignabilityIsTheF1OfDesignsFoldedBack) {
  folder.write("paired/hairpin.cif", to_mmcif(paired_hairpin("hairpin")));
  folder.write("paired/open.cif", to_mmcif(example_structure("open", {26})));
  const auto program = [&](const std::string& name, const std::string& text) {
    fs::permissions(folder.write("bin/" + name, fmt::format("#!{}\nimport sys\n{}", FLASHRNA_PYTHON, text)),
                    fs::perms::owner_all);
  };
  program("RNAinverse",
          "asked, start = sys.stdin.read().split()\nassert len(asked) == len(start) and set(start) == {'N'}\n"
          "print('A' * len(asked) + '   8   d= 2')\nprint('G' * len(asked) + '   9')\n");
  // Of the seven pairs of the hairpin, the second design preserves the four outer ones.
  program("RNAfold",
          "for line in sys.stdin.read().split():\n"
          "    print(line)\n"
          "    print(('.' * 30 if line[0] == 'A' else '..((((..................))))..') + ' ( -3.40)')\n");
  const ProgramResult result = run_shell(
      fmt::format("PATH=\"{}/bin:$PATH\" flashrna evaluate --samples paired --output out --no-diversity --judge "
                  "'{}/scripts/designability_2d.py {{dot_bracket}} {{score}} --designs 2'",
                  folder.path(), FLASHRNA_SOURCE_DIR),
      {.folder = folder.path()});
  ASSERT_EQ(result.status, 0) << result.errors;
  EXPECT_THAT(result.errors, HasSubstr("judge: 1 of 2 samples have no score"));
  const auto summary = nlohmann::json::parse(bytes("out/summary.json"));
  EXPECT_NEAR(summary["measures"]["mean_judge_score"]["samples"].get<double>(), 2.0 * 4 / (7 + 4), 1e-4);
}

TEST_F(Evaluate, PairsThatWereAskedForAreCompared) {
  folder.write("paired/hairpin.cif", to_mmcif(paired_hairpin("hairpin")));
  folder.write("paired/other.cif", to_mmcif(example_structure("other", {26})));
  folder.write("asked/hairpin.dbn", std::string(kPairedHairpin) + "\n");
  const ProgramResult result =
      flashrna({"evaluate", "--samples", "paired", "--pairs", "asked", "--output", "out", "--no-diversity"});
  ASSERT_EQ(result.status, 0) << result.errors;
  EXPECT_THAT(result.errors, HasSubstr("1 of 2 samples have no secondary structure of their name and length in asked"));
  EXPECT_THAT(result.output, HasSubstr("F1 of the pairs asked for\t1\t"));
  EXPECT_THAT(result.output, HasSubstr("Nucleotides in helices\t25\t")) << "14 of 56";
}

TEST_F(Evaluate, ComparesEarlierRunsSideBySide) {
  ASSERT_EQ(evaluate("a", {"--no-novelty"}).status, 0);
  ASSERT_EQ(flashrna({"evaluate", "--samples", "structures", "--reference", "rna.h5", "--output", "b"}).status, 0);
  const ProgramResult result = flashrna({"evaluate", "--compare", "a", "b", "--output", "both"});
  ASSERT_EQ(result.status, 0) << result.errors;
  EXPECT_EQ(result.errors, "");
  EXPECT_THAT(result.output, StartsWith("measure\ta\tb\treference\tunit\tkey\n"));
  EXPECT_THAT(result.output, HasSubstr("Structures\t4\t12\t12\t"));
  EXPECT_THAT(bytes("both/comparison.csv"), StartsWith("key,unit,a,b,reference\nsamples,,4,12,12\n"));
  EXPECT_THAT(bytes("both/comparison.csv"), HasSubstr("\nnovel_rate,%,,0,\n")) << "a has none";
  EXPECT_THAT(bytes("both/report.html"), StartsWith("<!doctype html>"));
  // Folders with equal names are identified by their paths; a set may have the name of a column.
  fs::create_directories(folder.path("x"));
  fs::copy(folder.path("a"), folder.path("x/a"), fs::copy_options::recursive);
  fs::copy(folder.path("b"), folder.path("x/reference"), fs::copy_options::recursive);
  const ProgramResult alike = flashrna({"evaluate", "--compare", "a", "x/a", "x/reference", "--output", "alike"});
  EXPECT_THAT(alike.output, StartsWith("measure\ta\tx/a\tx/reference\treference\tunit\tkey\n"));
  EXPECT_EQ(flashrna({"evaluate", "--compare", "a", "--output", "alone", "--json"}).status, 0);
  expect_error({"evaluate", "--compare", "a", "a", "--output", "new"}, 2, "a is given twice");
  ASSERT_EQ(flashrna({"evaluate", "--samples", "samples", "--output", "c"}).status, 0);
  EXPECT_THAT(flashrna({"evaluate", "--compare", "a", "c", "--output", "both"}).errors,
              HasSubstr("a and c were measured against different references"));
}

TEST_F(Evaluate, BadInputIsNamedAndLeavesNothing) {
  folder.write("empty/notes.txt", "nothing here");
  folder.write("table.csv", "a,b\n");
  folder.write("ends.cif", to_mmcif(example_structure("ends", {2})));
  folder.write("broken/summary.json", "{\"format\": \"other\"}");
  const auto with = [](Words words) {
    words.insert(words.begin(), "evaluate");
    words.insert(words.end(), {"--output", "new"});
    return words;
  };
  expect_error(with({}), 2, "give either --samples or --compare");
  expect_error(with({"--samples", "samples", "--compare", "a"}), 2, "give either --samples or --compare");
  expect_error({"evaluate", "--samples", "samples"}, 2, "--output");
  expect_error(with({"--samples", "empty"}), 1, "empty: no structure file in this folder");
  expect_error(with({"--samples", "none"}), 1, "none: no such file or folder");
  expect_error(with({"--samples", "ends.cif"}), 1, "1 shorter than 3 nt; the first is ends.cif");
  expect_error(with({"--samples", "samples", "--reference", "table.csv"}), 1, "table.csv");
  expect_error(with({"--samples", "samples", "--reference", "none.h5"}), 1, "none.h5: no such file or folder");
  expect_error(with({"--samples", "samples", "--reference", "rna.h5", "--split", "train"}), 1,
               "no chain has the split \"train\"");
  expect_error(with({"--samples", "samples", "--split", "train"}), 2, "--split \"train\" is of a reference");
  expect_error(with({"--samples", "samples", "--unit", "file"}), 2, "--unit \"file\"");
  expect_error(with({"--samples", "samples", "--native", "none"}), 1, "none: no such file or folder");
  expect_error(with({"--samples", "samples", "--folding", "fold {fasta} {structure}"}), 2,
               "--inverse-folding is missing");
  expect_error(
      with({"--samples", "samples", "--folding", "true {fasta} {structure}", "--inverse-folding", "true {backbone}"}),
      2, "has no {fasta}; the command must name {backbone} and {fasta}");
  expect_error(
      with({"--samples", "samples", "--folding", "true {fasta}", "--inverse-folding", "true {backbone} {fasta}"}), 2,
      "has no {structure}");
  expect_error(with({"--samples", "samples", "--pairs", "samples"}), 1, "no secondary structure in this folder");
  expect_error(with({"--samples", "samples", "--judge", "true {structure}"}), 2, "has no {score}");
  expect_error(with({"--samples", "samples", "--judge", "true {score}"}), 2,
               "has neither {structure} nor {dot_bracket}");
  expect_error(with({"--samples", "samples", "--judge", "no-such-judge {structure} {score}"}), 2,
               "--judge: there is no program \"no-such-judge\"");
  expect_error(with({"--compare", "samples"}), 1, "it holds no summary.json");
  expect_error(with({"--compare", "broken"}), 1, "not the summary of an evaluation");
  folder.write("cut/summary.json", "{\"format\": \"flashrna-evaluation\", \"version\": 1, \"inputs\": {}}");
  expect_error(with({"--compare", "cut"}), 1, "damaged: it has no \"samples\"");
  folder.write("later/summary.json", "{\"format\": \"flashrna-evaluation\", \"version\": 2}");
  expect_error(with({"--compare", "later"}), 1, "version 2 of the summary; this program knows 1");
  folder.write("file", "");
  expect_error({"evaluate", "--samples", "samples", "--output", "file"}, 1, "file: cannot be made");
}

TEST_F(Evaluate, AnInterruptedRunWritesNothing) {
  for (int i = 4; i < 40; ++i) {
    folder.write(fmt::format("samples/s{}.cif", i), to_mmcif(example_structure(fmt::format("s{}", i), {120 + i})));
  }
  const ProgramResult result = run_flashrna({"evaluate", "--samples", "samples", "--output", "out", "--threads", "1"},
                                            {.folder = folder.path(), .interrupt_after = "reading samples 40"});
  EXPECT_EQ(result.status, 130) << result.errors;
  EXPECT_THAT(result.errors, HasSubstr("interrupted: nothing is written to out"));
  EXPECT_FALSE(fs::exists(folder.path("out")));
}

}  // namespace
}  // namespace flashrna
