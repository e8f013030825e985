#include "libfold/sampling/sampler.h"

#include <gtest/gtest.h>

#include <Eigen/LU>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "libfold/sampling/sample_writer.h"
#include "rna/error.h"
#include "rna/structure_reader.h"
#include "tests/libfold/tiny_run.h"

namespace flashrna {
namespace {

namespace fs = std::filesystem;

// Å. Batch shapes change the order of sums: differences of f32 rounding through a few steps of an untrained model.
constexpr double kBatchRounding = 2e-3;

double largest_difference(const SampledBackbone& a, const SampledBackbone& b) {
  double largest = 0.0;
  for (std::size_t i = 0; i < a.frames.size(); ++i)
    largest = std::max(largest, (a.frames[i].translation - b.frames[i].translation).cwiseAbs().maxCoeff());
  return largest;
}

class SamplerTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TemporaryFolder>();
    write_tiny_dataset(*folder_ / "tiny.h5", five_chains());
    TinyRun run(*folder_ / "tiny.h5");
    run.config.training.steps = 5;
    checkpoint_ = read_checkpoint(run.train(*folder_ / "run").checkpoint);
  }
  static void TearDownTestSuite() { folder_.reset(); }

  // What `flashrna sample` asks for.
  static SampleConfig config() {
    SampleConfig config;
    config.checkpoint = checkpoint_.path;
    config.checkpoint_sha256 = "0123";
    config.lengths = "6,9";
    config.samples = 3;
    config.steps = 4;
    config.seed = 11;
    return config;
  }

  // Samples everything that is missing, one length at a time; returns how many samples were made.
  static int run(const SampleConfig& config, const std::string& folder, int limit = 1000) {
    Sampler sampler(checkpoint_, config.weights, at::kCPU);
    SampleWriter writer(config, folder);
    int made = 0;
    for (const PlannedSample& sample : plan_samples(config)) {
      if (writer.has(sample) || made == limit) continue;
      writer.write(sample, sampler.sample({sample.length}, {sample.index}, config.seed, config.steps).front());
      ++made;
    }
    return made;
  }

  static std::unique_ptr<TemporaryFolder> folder_;
  static Checkpoint checkpoint_;
};
std::unique_ptr<TemporaryFolder> SamplerTest::folder_;
Checkpoint SamplerTest::checkpoint_;

TEST_F(SamplerTest, EqualSeedsGiveEqualSamples) {
  Sampler sampler(checkpoint_, "ema", at::kCPU);
  const auto a = sampler.sample({7, 7}, {0, 1}, 5, 4), b = sampler.sample({7, 7}, {0, 1}, 5, 4);
  EXPECT_EQ(largest_difference(a[0], b[0]), 0.0);
  EXPECT_EQ(largest_difference(a[1], b[1]), 0.0);
  EXPECT_GT(largest_difference(a[0], a[1]), 0.1) << "samples of different indices, Å";
  EXPECT_GT(largest_difference(a[0], sampler.sample({7}, {0}, 6, 4)[0]), 0.1) << "samples of different seeds, Å";
}

TEST_F(SamplerTest, ASampleDoesNotDependOnItsBatch) {
  Sampler sampler(checkpoint_, "ema", at::kCPU);
  const SampledBackbone alone = sampler.sample({7}, {2}, 5, 4).front();
  const SampledBackbone reordered = sampler.sample({7, 7, 7}, {2, 0, 1}, 5, 4)[0];
  const SampledBackbone padded = sampler.sample({12, 7}, {0, 2}, 5, 4)[1];
  ASSERT_EQ(padded.frames.size(), 7u);
  EXPECT_LE(largest_difference(alone, reordered), kBatchRounding) << largest_difference(alone, reordered) << " Å";
  EXPECT_LE(largest_difference(alone, padded), kBatchRounding) << largest_difference(alone, padded) << " Å";
}

TEST_F(SamplerTest, RawAndAveragedWeightsDiffer) {
  Sampler ema(checkpoint_, "ema", at::kCPU), raw(checkpoint_, "raw", at::kCPU);
  EXPECT_GT(largest_difference(ema.sample({7}, {0}, 5, 4)[0], raw.sample({7}, {0}, 5, 4)[0]), 1e-4);
  EXPECT_THROW(Sampler(checkpoint_, "mean", at::kCPU), UsageError);
}

TEST_F(SamplerTest, RotationsAreProper) {
  Sampler sampler(checkpoint_, "ema", at::kCPU);
  const SampledBackbone backbone = sampler.sample({9}, {0}, 5, 4).front();
  for (const RigidTransform& frame : backbone.frames) {
    const double error = (frame.rotation.transpose() * frame.rotation - Mat3::Identity()).cwiseAbs().maxCoeff();
    EXPECT_LE(error, 1e-5) << "deviation from orthonormality";
    EXPECT_NEAR(frame.rotation.determinant(), 1.0, 1e-5);
  }
}

TEST_F(SamplerTest, OneResidueIsSampled) {
  Sampler sampler(checkpoint_, "ema", at::kCPU);
  EXPECT_EQ(sampler.sample({1}, {0}, 5, 4)[0].frames.size(), 1u);
}

TEST_F(SamplerTest, ADivergedModelIsAnErrorThatNamesTheSample) {
  Checkpoint broken = checkpoint_;
  for (auto& [name, tensor] : broken.ema) tensor = at::full_like(tensor, std::nan(""));
  Sampler sampler(broken, "ema", at::kCPU);
  const std::string message = message_of([&] { sampler.sample({7}, {3}, 5, 4); });
  EXPECT_TRUE(message.starts_with("sample 3 of length 7 (seed 5): a coordinate is not finite")) << message;
}

TEST_F(SamplerTest, WeightsOfAnotherModelAreRefused) {
  Checkpoint other = checkpoint_;
  other.ema.erase(other.ema.begin());
  const std::string message = message_of([&] { Sampler(other, "ema", at::kCPU); });
  EXPECT_NE(message.find("is missing in the file"), std::string::npos) << message;
}

TEST_F(SamplerTest, EveryFileIsReadBackWithItsThirteenAtoms) {
  for (const char* format : {"cif", "pdb"}) {
    SampleConfig request = config();
    request.format = format;
    request.nucleotide = "A";
    const std::string folder = *folder_ / (std::string("read_") + format);
    EXPECT_EQ(run(request, folder), 6);
    for (const PlannedSample& sample : plan_samples(request)) {
      const Structure structure = read_structure(folder + "/" + sample.name + "." + format);
      ASSERT_EQ(structure.chains.size(), 1u);
      ASSERT_EQ(structure.chains[0].nucleotides.size(), static_cast<std::size_t>(sample.length));
      for (const Nucleotide& nucleotide : structure.chains[0].nucleotides) {
        EXPECT_EQ(nucleotide.atom_mask, (1u << kBackboneAtoms) - 1u);
        EXPECT_EQ(nucleotide.name, "A");
      }
    }
  }
}

TEST_F(SamplerTest, ARepeatedCommandMakesOnlyWhatIsMissing) {
  const std::string folder = *folder_ / "repeated";
  EXPECT_EQ(run(config(), folder, 4), 4);
  const std::string first = folder + "/len_00006_sample_000.cif";
  const std::string text = read_text(first);
  const auto written = fs::last_write_time(first);
  EXPECT_EQ(run(config(), folder), 2);
  EXPECT_EQ(run(config(), folder), 0);
  EXPECT_EQ(fs::last_write_time(first), written);

  const std::string table = read_text(folder + "/samples.csv");
  fs::remove(first);
  EXPECT_EQ(run(config(), folder), 1);
  EXPECT_EQ(read_text(first), text);
  EXPECT_EQ(read_text(folder + "/samples.csv"), table);
  EXPECT_EQ(names_in(folder),
            (std::vector<std::string>{"config.ini", "len_00006_sample_000.cif", "len_00006_sample_001.cif",
                                      "len_00006_sample_002.cif", "len_00009_sample_000.cif",
                                      "len_00009_sample_001.cif", "len_00009_sample_002.cif", "samples.csv"}));
}

TEST_F(SamplerTest, AFolderOfAnotherRunIsRefusedWithWhatDiffers) {
  const std::string folder = *folder_ / "another";
  run(config(), folder, 1);
  SampleConfig other = config();
  other.checkpoint = "/elsewhere/the_same.h5";
  EXPECT_EQ(run(other, folder, 1), 1) << "the path of the checkpoint may change, its hash not";
  other.seed = 12;
  EXPECT_EQ(
      message_of([&] { run(other, folder); }),
      folder + ": holds the samples of another run: there sample.seed = 11, now 12; give another --output folder");
  EXPECT_NE(message_of([&] { run(config(), *folder_ / "run"); }).find("is not of a sampling run"), std::string::npos);
}

TEST_F(SamplerTest, TheTableMeasuresWhatTheFilesHold) {
  const std::string folder = *folder_ / "measured";
  SampleConfig request = config();
  run(request, folder, 1);
  // The first sample as the reference of the second run: its own RMSD is rounding, others have a value or none.
  request.reference = folder + "/len_00006_sample_000.cif";
  const std::string compared = *folder_ / "compared";
  run(request, compared);
  const std::vector<std::string> lines = lines_of(read_text(compared + "/samples.csv"));
  ASSERT_EQ(lines.size(), 7u);
  EXPECT_EQ(lines[0], "name,length,index,seed,steps,file,c4_neighbors,bonded,radius_of_gyration,rmsd_to_reference");
  EXPECT_TRUE(lines[1].starts_with("len_00006_sample_000,6,0,11,4,len_00006_sample_000.cif,")) << lines[1];
  EXPECT_LE(std::stod(lines[1].substr(lines[1].rfind(',') + 1)), 0.001) << "Å to itself";
  EXPECT_GT(std::stod(lines[2].substr(lines[2].rfind(',') + 1)), 0.1) << "Å to another sample";
  EXPECT_TRUE(lines[4].ends_with(",")) << "a sample of another length has no RMSD: " << lines[4];

  const Chain chain = read_structure(request.reference).chains.front();
  const BackboneChecks checks = check_backbone(chain);
  const std::string expected =
      fmt::format("{:.4f},{:.4f},{:.3f},", checks.c4_neighbors, checks.bonded, checks.radius_of_gyration);
  EXPECT_NE(lines[1].find(expected), std::string::npos) << lines[1] << " against " << expected << " from the file";
}

TEST(SampleLengths, AreListsAndRanges) {
  EXPECT_EQ(parse_lengths("40"), (std::vector<int>{40}));
  EXPECT_EQ(parse_lengths("60-120:20,40"), (std::vector<int>{40, 60, 80, 100, 120}));
  EXPECT_EQ(parse_lengths("5-7,6"), (std::vector<int>{5, 6, 7}));
  EXPECT_EQ(parse_lengths("10-15:4"), (std::vector<int>{10, 14}));
}

TEST(SampleLengths, RefuseWhatIsNoLength) {
  const std::string grammar =
      "; give lengths above 0 and ranges first-last or first-last:step, separated by commas, such as 40,60-120:20";
  for (const auto& [text, item, why] :
       std::vector<std::array<std::string, 3>>{{"0", "0", "is not above 0"},
                                               {"abc", "abc", "is not a length"},
                                               {"40,", "", "is not a length"},
                                               {"-5", "-5", "is not a length"},
                                               {"4.5", "4.5", "is not a length"},
                                               {"120-60", "120-60", "runs backwards"},
                                               {"10-20:0", "10-20:0", "is not above 0"},
                                               {"10:5", "10:5", "has a step but no range"},
                                               {"99999999999", "99999999999", "is too large"}}) {
    EXPECT_EQ(message_of([&, value = text] { parse_lengths(value); }),
              "--lengths " + text + ": \"" + item + "\" " + why + grammar);
    EXPECT_THROW(parse_lengths(text), UsageError);
  }
}

TEST(SampleNames, SortAsLengthsAndIndicesDo) {
  SampleConfig config;
  config.lengths = "40,9,12000";
  config.samples = 1001;
  const std::vector<PlannedSample> plan = plan_samples(config);
  ASSERT_EQ(plan.size(), 3003u);
  EXPECT_EQ(plan.front().name, "len_00009_sample_0000");
  for (std::size_t i = 1; i < plan.size(); ++i) ASSERT_LT(plan[i - 1].name, plan[i].name);
}

}  // namespace
}  // namespace flashrna
