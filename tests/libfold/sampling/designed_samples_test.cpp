// Samples of designs: what is planned, asked of the sampler, and written.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <Eigen/Geometry>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>

#include "base/error.h"
#include "libfold/design/sample_name.h"
#include "libfold/random_streams.h"
#include "libfold/sampling/design_request.h"
#include "libfold/sampling/sample_writer.h"
#include "libfold/sampling/sampled_structure.h"
#include "libfold/sampling/spec_file.h"
#include "rna/assembly.h"
#include "rna/frame.h"
#include "rna/io/structure_reader.h"
#include "rna/io/structure_writer.h"
#include "rna/torsion.h"
#include "tests/libfold/tiny_run.h"
#include "tests/rna/synthetic_chain.h"

namespace flashrna {
namespace {

namespace fs = std::filesystem;

class DesignedSamples : public testing::Test {
 protected:
  DesignedSamples() {
    Structure structure;
    structure.entry = "motif";
    structure.chains = {synthetic_chain("A", "GACUGGACUGGAC"), synthetic_chain("B", "GGACC")};
    for (Nucleotide& nucleotide : structure.chains[0].nucleotides) nucleotide.seq_id += 20;  // 21 to 33
    motif_path = folder / "motif.cif";
    std::ofstream(motif_path) << to_mmcif(structure);
    motif = read_structure(motif_path);
  }

  SampleConfig contig_request(const std::string& contig) const {
    SampleConfig config;
    config.contig = contig;
    config.motif = motif_path;
    config.samples = 20;
    config.seed = 4;
    return config;
  }

  // Motif residues where the motif is, moved by `motion`; others anywhere.
  static SampledBackbone backbone_of(const PlannedSample& sample, const RigidTransform& motion) {
    RandomStream stream(1, "backbone", {sample.index});
    SampledBackbone backbone;
    const Design& design = *sample.design;
    for (std::size_t i = 0; i < design.molecule.size(); ++i) {
      RigidTransform frame{Mat3::Identity(), 20.0 * Vec3(stream.normal(), stream.normal(), stream.normal())};
      if (!design.motif_residue.empty() && design.motif_residue[i] >= 0) {
        const RigidTransform given =
            frame_of(design.motif->residues[static_cast<std::size_t>(design.motif_residue[i])]);
        frame = {motion.rotation * given.rotation, motion * given.translation};
      }
      backbone.frames.push_back(frame);
      std::array<std::array<double, 2>, kTorsions> sin_cos;
      for (auto& [sine, cosine] : sin_cos) sine = 0.6, cosine = 0.8;
      backbone.torsions.insert(backbone.torsions.end(), sin_cos.begin(), sin_cos.end());
    }
    return backbone;
  }

  TemporaryFolder folder;
  std::string motif_path;
  Structure motif;
};

const RigidTransform kMotion{Eigen::AngleAxisd(1.1, Vec3(1, 2, 2).normalized()).toRotationMatrix(), Vec3(5, -7, 11)};

std::vector<PlannedSample> samples_of(const std::vector<PlannedBatch>& plan) {
  std::vector<PlannedSample> samples;
  for (const PlannedBatch& batch : plan) samples.insert(samples.end(), batch.samples.begin(), batch.samples.end());
  return samples;
}

TEST_F(DesignedSamples, NumbersOfNewResiduesAreDrawnForEachSampleAndStayWhenMoreAreAsked) {
  SampleConfig config = contig_request("3-9,A23-26,2,B1-2,0-4");
  const std::vector<PlannedSample> few = samples_of(plan_batches(config));
  std::set<std::string> contigs;
  for (const PlannedSample& sample : few) {
    contigs.insert(sample.design->contig);
    EXPECT_GE(sample.length(), 3 + 4 + 2 + 2);
    EXPECT_LE(sample.length(), 9 + 4 + 2 + 2 + 4);
  }
  EXPECT_GT(contigs.size(), 5u);
  config.samples = 60;
  const std::vector<PlannedSample> many = samples_of(plan_batches(config));
  for (std::size_t i = 0; i < few.size(); ++i) {
    EXPECT_EQ(many[i].design->contig, few[i].design->contig);
    EXPECT_EQ(many[i].name, few[i].name);
  }
  config.seed = 5;
  std::size_t equal = 0;
  const std::vector<PlannedSample> other = samples_of(plan_batches(config));
  for (std::size_t i = 0; i < few.size(); ++i) equal += other[i].design->contig == few[i].design->contig ? 1 : 0;
  EXPECT_LT(equal, few.size() / 2);
}

TEST_F(DesignedSamples, TheTotalStaysWithinItsBounds) {
  SampleConfig config = contig_request("3-9,A23-26,2,B1-2,0-4");
  config.length = "19-20";
  for (const PlannedSample& sample : samples_of(plan_batches(config)))
    EXPECT_TRUE(sample.length() == 19 || sample.length() == 20);
  config.length = "30-40";
  EXPECT_EQ(message_of([&] { plan_batches(config); }),
            "--contig adds up to 11-21 residues, but --length is 30-40; change one of the two");
}

TEST_F(DesignedSamples, ABatchHoldsSuccessiveSamplesPaddedToTheLongest) {
  SampleConfig config = contig_request("3-9,A23-26");
  config.max_residues = 40;
  std::uint64_t next = 0;
  for (const PlannedBatch& batch : plan_batches(config)) {
    EXPECT_LE(static_cast<long>(batch.samples.size()) * batch.longest(), 40);
    EXPECT_EQ(batch.name, batch_name("design", next, next + batch.samples.size() - 1));
    for (const PlannedSample& sample : batch.samples) EXPECT_EQ(sample.index, next++);
  }
  EXPECT_EQ(next, 20u);
}

TEST_F(DesignedSamples, TheRequestHoldsTheDesignOfEachSample) {
  SampleConfig config = contig_request("2,A23-24,3/0 B1,1");
  config.samples = 2;
  config.secondary_structure = "((.....&))";
  const std::vector<PlannedBatch> plan = plan_batches(config);
  ASSERT_EQ(plan.size(), 1u);
  const SampleRequest request = make_request(plan[0], config, true);
  const auto row = [](const at::Tensor& values) {
    const at::Tensor first = values[0].to(at::kLong).contiguous();
    return std::vector<std::int64_t>(first.const_data_ptr<std::int64_t>(),
                                     first.const_data_ptr<std::int64_t>() + first.numel());
  };
  using Row = std::vector<std::int64_t>;
  EXPECT_EQ(request.lengths, (std::vector<int>{9, 9}));
  EXPECT_EQ(row(request.conditioning.partner), (Row{8, 7, -1, -1, -1, -1, -1, 1, 0}));
  EXPECT_EQ(row(request.conditioning.chain), (Row{0, 0, 0, 0, 0, 0, 0, 1, 1}));
  EXPECT_EQ(row(request.conditioning.fixed), (Row{0, 0, 1, 1, 0, 0, 0, 1, 0}));
  EXPECT_EQ(row(request.conditioning.nucleotide), (Row{4, 4, 1, 3, 4, 4, 4, 2, 4}));
  EXPECT_EQ(row(request.residue_index), (Row{0, 1, 2, 3, 4, 5, 6, 6 + kChainJoin, 7 + kChainJoin}));
  EXPECT_FALSE(request.conditioning.fixed_group.defined());
  const Nucleotide& third = motif.chains[0].nucleotides[2];
  for (int a = 0; a < 3; ++a)
    EXPECT_NEAR(request.given.translations[1][2][a].item<double>(), third.atoms[kC4][a], 1e-4) << "A23";
  EXPECT_FALSE(make_request(plan[0], config, false).conditioning.nucleotide.defined()) << "a model without letters";

  const ConditioningKinds kinds = conditions_of(plan);
  EXPECT_TRUE(kinds.pairs && kinds.letters && kinds.motifs && !kinds.motif_groups);
  config.motif_groups = "free";
  const std::vector<PlannedBatch> free_plan = plan_batches(config);
  EXPECT_EQ(row(make_request(free_plan[0], config, true).conditioning.fixed_group),
            (Row{-1, -1, 0, 0, -1, -1, -1, 1, -1}));
  EXPECT_TRUE(conditions_of(free_plan).motif_groups);
}

TEST_F(DesignedSamples, ARequestOfLengthsAloneSetsNoCondition) {
  const SampleConfig config{.lengths = "8"};
  const std::vector<PlannedBatch> plan = plan_batches(config);
  const SampleRequest request = make_request(plan[0], config, true);
  EXPECT_FALSE(request.residue_index.defined() || request.conditioning.partner.defined() ||
               request.conditioning.chain.defined() || request.conditioning.fixed.defined() ||
               request.conditioning.nucleotide.defined() || request.start.translations.defined());
  const ConditioningKinds kinds = conditions_of(plan);
  EXPECT_FALSE(kinds.pairs || kinds.letters || kinds.motifs || kinds.motif_groups);
}

TEST_F(DesignedSamples, AMotifIsWrittenAsInItsFileWithItsLetters) {
  SampleConfig config = contig_request("3-5,A23-30,4/0 2,B2-4");
  config.samples = 3;
  config.checkpoint_sha256 = "1";
  const std::vector<PlannedBatch> plan = plan_batches(config);
  SampleWriter writer(config, plan, folder / "run");
  std::vector<SampledBackbone> backbones;
  for (const PlannedSample& sample : plan[0].samples) backbones.push_back(backbone_of(sample, kMotion));
  writer.write(plan[0], backbones, 1.0);

  const PlannedSample& sample = plan[0].samples[1];
  const Structure made = read_structure(writer.path_of(sample));
  ASSERT_EQ(made.chains.size(), 2u);
  EXPECT_EQ(made.chains[0].id, "A");
  EXPECT_EQ(made.chains[1].id, "B");
  EXPECT_EQ(made.chains[1].sequence(), "NNGAC");
  EXPECT_EQ(made.chains[1].nucleotides.front().seq_id, 1);
  const std::size_t first = static_cast<std::size_t>(sample.length()) - 5 - 4 - 8;
  EXPECT_EQ(made.chains[0].sequence().substr(first, 8), "CUGGACUG");
  EXPECT_EQ(made.chains[0].nucleotides[first].seq_id, static_cast<int>(first) + 1);
  for (std::size_t i = 0; i < 8; ++i)
    for (std::size_t slot = 0; slot < kBackboneAtoms; ++slot)
      EXPECT_LE(
          (kMotion * motif.chains[0].nucleotides[2 + i].atoms[slot] - made.chains[0].nucleotides[first + i].atoms[slot])
              .norm(),
          0.001)
          << "residue " << i << ", atom " << slot;

  const SampleTable::Row& row = writer.row(sample);
  EXPECT_EQ(row.at("contig"), sample.design->contig);
  EXPECT_LE(std::stod(row.at("motif_rmsd")), 0.001);
  EXPECT_NE(read_text(folder / "run/config.ini").find("# design_sample_001: " + sample.design->contig),
            std::string::npos);
}

TEST_F(DesignedSamples, MotifRmsdIsThatOfTheAtomsAndOfTheWorstFreeGroup) {
  for (const char* groups : {"fixed", "free"}) {
    SampleConfig config = contig_request("2,A23-26,4,A28-31");
    config.motif_groups = groups;
    config.samples = 1;
    const PlannedSample sample = plan_batches(config)[0].samples[0];
    SampledBackbone backbone = backbone_of(sample, kMotion);
    // The second item moves by 3 Å as a whole, which only a free motif allows.
    for (std::size_t i = 10; i < 14; ++i) backbone.frames[i].translation += Vec3(0, 0, 3);
    Structure structure = as_designed(make_structure(backbone, "x", Base::N), backbone, *sample.design);
    // Atoms of free motifs are the network's; here those of the file, in order to see the groups alone.
    if (groups == std::string("free")) {
      Design fixed = *sample.design;
      fixed.motif_group.clear();
      structure = as_designed(make_structure(backbone, "x", Base::N), backbone, fixed);
    }
    const double rmsd = motif_rmsd(structure, *sample.design);
    if (groups == std::string("free"))
      EXPECT_LE(rmsd, 1e-6);
    else
      EXPECT_GT(rmsd, 0.3);
  }
}

TEST_F(DesignedSamples, CopiesOfASymmetricAssemblyAreChainsOfTheirOwn) {
  SampleConfig config;
  config.lengths = "4+3";
  config.symmetry = "C2";
  config.samples = 1;
  config.max_residues = 20;
  const PlannedSample sample = plan_batches(config)[0].samples[0];
  SampledBackbone backbone = backbone_of(sample, {}), unit = backbone;
  backbone.frames.insert(backbone.frames.end(), unit.frames.begin(), unit.frames.end());
  backbone.torsions.insert(backbone.torsions.end(), unit.torsions.begin(), unit.torsions.end());
  const Structure structure = as_designed(make_structure(backbone, "x", Base::G), backbone, *sample.design);
  std::string ids, sizes;
  for (const Chain& chain : structure.chains) ids += chain.id, sizes += std::to_string(chain.nucleotides.size());
  EXPECT_EQ(ids, "ABCD");
  EXPECT_EQ(sizes, "4343");
  EXPECT_EQ(structure.chains[3].nucleotides[2].seq_id, 3);
  config.samples = 2;
  EXPECT_EQ(plan_batches(config).size(), 2u) << "a batch counts the copies";
}

TEST_F(DesignedSamples, PairsBetweenCopiesAreThoseOfOneCopy) {
  SampleConfig config;
  config.secondary_structure = "((..[[*]]..))";
  config.symmetry = "C2";
  config.sequence = "GGAACC";
  config.samples = 1;
  const PlannedBatch batch = plan_batches(config)[0];
  const Design& design = *batch.samples[0].design;
  EXPECT_EQ(design.partner, (std::vector<int>{11, 10, kUnpaired, kUnpaired, 7, 6}));
  EXPECT_EQ(design.length(), 6);
  EXPECT_TRUE(impossible_pairs(design).empty());
  EXPECT_EQ(make_request(batch, config, true).conditioning.partner.size(1), 6);
  config.sequence = "GGAAGC";
  EXPECT_EQ(impossible_pairs(*plan_batches(config)[0].samples[0].design), (std::vector<std::string>{"G2-G5"}));
  config.symmetry.clear();
  config.sequence.clear();
  EXPECT_EQ(message_of([&] { plan_batches(config); }),
            "--secondary-structure: \"*\" separates copies of a symmetric assembly; give --symmetry, such as C2, or "
            "write & between molecules");
  config.secondary_structure = "folds";
  EXPECT_EQ(message_of([&] { plan_batches(config); }),
            "--secondary-structure folds: neither dot-bracket (. ( ) [ ] { } < > Aa to Zz & * ?) nor a file .dbn, "
            ".bpseq or .ct");
}

TEST_F(DesignedSamples, AStartGivesLengthsLettersAndFrames) {
  SampleConfig config;
  config.start = motif_path;
  config.start_chain = "B,A";
  config.partial = 0.6;
  config.samples = 1;
  const std::vector<PlannedBatch> plan = plan_batches(config);
  EXPECT_EQ(plan[0].samples[0].name, "motif_sample_000");
  EXPECT_EQ(plan[0].samples[0].design->molecule_lengths(), (std::vector<int>{5, 13}));
  const SampleRequest request = make_request(plan[0], config, false);
  EXPECT_EQ(request.start_time, 0.6);
  EXPECT_NEAR(request.start.translations[0][5][1].item<double>(), motif.chains[0].nucleotides[0].atoms[kC4][1], 1e-4);
  config.start_chain = "C";
  EXPECT_EQ(message_of([&] { plan_batches(config); }),
            "--start-chain C: " + motif_path + " has no RNA chain \"C\"; it has A, B");
}

TEST_F(DesignedSamples, ASequenceAloneDecidesTheLengths) {
  SampleConfig config;
  std::ofstream(folder / "two.fasta") << ">first\nGGAAC&C\n>second\nGGGG\n";
  config.sequence = folder / "two.fasta";
  config.samples = 2;
  std::vector<std::string> names;
  for (const PlannedSample& sample : samples_of(plan_batches(config))) names.push_back(sample.name);
  EXPECT_EQ(names, (std::vector<std::string>{"first_sample_000", "first_sample_001", "second_sample_000",
                                             "second_sample_001"}));
  EXPECT_EQ(plan_batches(config)[0].samples[0].design->molecule_lengths(), (std::vector<int>{5, 1}));
  config.sequence = "GGNN?C";
  EXPECT_EQ(plan_batches(config)[0].samples[0].length(), 6);
}

TEST_F(DesignedSamples, OptionsThatContradictEachOtherAreUsage) {
  const auto message = [&](const auto& change) {
    SampleConfig config;
    change(config);
    return message_of([&] {
      config.validate();
      plan_batches(config);
    });
  };
  EXPECT_EQ(
      message([](SampleConfig&) {}),
      "none of --lengths, --secondary-structure, --sequence, --contig and --start is given; give one of them, see "
      "flashrna help design");
  EXPECT_EQ(message([](SampleConfig& c) { c.lengths = "40", c.contig = "10"; }),
            "--contig 10: --lengths decides the lengths already; leave one of them out");
  EXPECT_EQ(message([](SampleConfig& c) { c.contig = "10,A3-5"; }),
            "--contig 10,A3-5: names residues of a motif; give its file by --motif");
  EXPECT_EQ(message([](SampleConfig& c) { c.contig = "10", c.motif = "x.cif"; }),
            "--motif x.cif: no --contig names a residue of it, such as --contig 10,A23-41,10");
  EXPECT_EQ(message([](SampleConfig& c) { c.lengths = "10", c.length = "5-8"; }),
            "--length 5-8: bounds the total of a --contig; give one");
  EXPECT_EQ(message([](SampleConfig& c) { c.lengths = "10", c.partial = 0.5; }),
            "--partial is given without --start; to start from a structure give both, such as --partial 0.6 --start "
            "1abc.cif");
  EXPECT_EQ(message([](SampleConfig& c) { c.start = "x.cif", c.partial = 1.0; }),
            "--partial 1: must be a time above 0 (noise) and below 1 (the structure as it is)");
  EXPECT_EQ(message([](SampleConfig& c) { c.contig = "4-9", c.secondary_structure = "((....))"; }),
            "--contig 4-9: character 1: \"4-9\" is a range, so --secondary-structure does not say which residues it "
            "pairs; give a number");
  EXPECT_EQ(message([](SampleConfig& c) { c.contig = "9", c.secondary_structure = "((....))"; }),
            "--secondary-structure: has 8 residues, but 9 are asked for");
}

TEST_F(DesignedSamples, ASpecIsTheConfigurationOfAFolderOrJson) {
  SampleConfig config = contig_request("3-5,A23-30,4");
  config.checkpoint_sha256 = "1";
  config.motif_sha256 = "0";
  const std::vector<PlannedBatch> plan = plan_batches(config);
  const SampleWriter writer(config, plan, folder / "run");
  SampleConfig again;
  read_spec(folder / "run/config.ini", again);
  EXPECT_EQ(again.contig, config.contig);
  EXPECT_EQ(again.seed, 4u);
  EXPECT_NE(message_of([&] { set_file_hashes(again); }).find("but the spec was written for 0"), std::string::npos);
  again.motif_sha256.clear();
  set_file_hashes(again);
  EXPECT_EQ(again.motif_sha256.size(), 64u);

  SampleConfig from_json;
  std::ofstream(folder / "spec.json") << R"({"lengths": "40,60", "samples": 5, "noise_scale": 0.9})";
  read_spec(folder / "spec.json", from_json);
  EXPECT_EQ(from_json.lengths, "40,60");
  EXPECT_EQ(from_json.samples, 5);
  EXPECT_EQ(from_json.noise_scale, 0.9);
  for (const auto& [text, part] : std::vector<std::pair<std::string, std::string>>{
           {R"({"length": 5, "sample": 1})", "unknown key \"sample.sample\""},
           {R"({"samples": "many"})", "sample.samples = \"many\" is not a whole number"},
           {R"({"lengths": [40]})", "lengths must be a text or a number"},
           {"[1]", "must be one object of options"},
           {"{", "is no JSON"}}) {
    std::ofstream(folder / "spec.json") << text;
    EXPECT_NE(message_of([&] { read_spec(folder / "spec.json", from_json); }).find(part), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace flashrna
