// The folder of a sampling run, filled with synthetic backbones.
#include "libfold/sampling/sample_writer.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <Eigen/Geometry>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "base/sha256.h"
#include "libfold/random_streams.h"
#include "rna/io/structure_reader.h"
#include "rna/measure/backbone_checks.h"
#include "rna/torsion.h"
#include "tests/libfold/tiny_run.h"

namespace flashrna {
namespace {

namespace fs = std::filesystem;

// Arbitrary coordinates, a function of length and index.
SampledBackbone some_backbone(const PlannedSample& sample) {
  RandomStream stream(1, "backbone", {static_cast<std::uint64_t>(sample.length()), sample.index});
  SampledBackbone backbone;
  for (int i = 0; i < sample.length(); ++i) {
    RigidTransform frame;
    frame.translation = 10.0 * Vec3(stream.normal(), stream.normal(), stream.normal());
    frame.rotation = Eigen::AngleAxisd(stream.normal(), Vec3::UnitZ()).toRotationMatrix();
    backbone.frames.push_back(frame);
    std::array<std::array<double, 2>, kTorsions> sin_cos;
    for (auto& [sine, cosine] : sin_cos) {
      const double torsion = stream.normal();
      sine = std::sin(torsion), cosine = std::cos(torsion);
    }
    backbone.torsions.insert(backbone.torsions.end(), sin_cos.begin(), sin_cos.end());
  }
  return backbone;
}

SampleConfig small_request(const std::string& format = "cif") {
  SampleConfig config;
  config.checkpoint = "some.h5";
  config.checkpoint_sha256 = "0123";
  config.lengths = "6,9";
  config.samples = 3;
  config.steps = 4;
  config.seed = 11;
  config.max_residues = 12;  // batches of two and one
  config.format = format;
  return config;
}

// Performs the steps of `flashrna sample`; returns the number of batches made.
int run(const SampleConfig& config, const std::string& folder, int limit = 1000) {
  const std::vector<PlannedBatch> plan = plan_batches(config);
  SampleWriter writer(config, plan, folder);
  int made = 0;
  for (const PlannedBatch& batch : plan) {
    if (writer.has(batch) || made == limit) continue;
    std::vector<SampledBackbone> backbones;
    for (const PlannedSample& sample : batch.samples) backbones.push_back(some_backbone(sample));
    writer.write(batch, backbones, 0.5);
    ++made;
  }
  return made;
}

TEST(SampleWriter, EveryFileIsReadBackWithItsThirteenAtoms) {
  for (const char* format : {"cif", "pdb", "both"}) {
    const TemporaryFolder folder;
    SampleConfig request = small_request(format);
    request.nucleotide = "A";
    EXPECT_EQ(run(request, folder / "run"), 5);
    int files = 0;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder / "run")) {
      if (entry.path().extension() != ".cif" && entry.path().extension() != ".pdb") continue;
      ++files;
      const Structure structure = read_structure(entry.path());
      ASSERT_EQ(structure.chains.size(), 1u);
      const int length = std::stoi(entry.path().stem().string().substr(4, 5));
      ASSERT_EQ(structure.chains[0].nucleotides.size(), static_cast<std::size_t>(length));
      for (const Nucleotide& nucleotide : structure.chains[0].nucleotides) {
        EXPECT_EQ(nucleotide.atom_mask, (1u << kBackboneAtoms) - 1u);
        EXPECT_EQ(nucleotide.name, "A");
      }
    }
    EXPECT_EQ(files, std::string(format) == "both" ? 12 : 6);
  }
}

TEST(SampleWriter, ModelsOfABatchShareOneFile) {
  const TemporaryFolder folder;
  run(small_request("models"), folder / "models");
  run(small_request(), folder / "files");
  EXPECT_EQ(names_in(folder / "models"),
            (std::vector<std::string>{"config.ini", "len_00006_samples_000-001.cif", "len_00006_samples_002-002.cif",
                                      "len_00009_samples_000-000.cif", "len_00009_samples_001-001.cif",
                                      "len_00009_samples_002-002.cif", "samples.csv", "timings.csv"}));
  const std::string shared = folder / "models/len_00006_samples_000-001.cif";
  const Structure first = read_structure(shared);
  const Structure alone = read_structure(folder / "files/len_00006_sample_000.cif");
  EXPECT_EQ(first.n_models, 2);
  for (std::size_t i = 0; i < 6; ++i)
    EXPECT_EQ(first.chains[0].nucleotides[i].atoms, alone.chains[0].nucleotides[i].atoms);
  const std::vector<std::string> lines = lines_of(read_text(folder / "models/samples.csv"));
  EXPECT_TRUE(lines[2].starts_with("len_00006_sample_001,6,1,11,4,len_00006_samples_000-001.cif,2," +
                                   sha256_hex(read_text(shared))))
      << lines[2];
}

TEST(SampleWriter, EveryRowHoldsTheSha256OfItsFiles) {
  const TemporaryFolder folder;
  run(small_request("both"), folder / "run");
  const SampleTable table(folder / "run/samples.csv", {"name",
                                                       "length",
                                                       "index",
                                                       "seed",
                                                       "steps",
                                                       "file",
                                                       "model",
                                                       "sha256",
                                                       "pdb_file",
                                                       "pdb_sha256",
                                                       "c4_distance",
                                                       "c4_neighbors",
                                                       "o3_p_distance",
                                                       "bonded",
                                                       "bond_deviation",
                                                       "clashes_per_100_atoms",
                                                       "radius_of_gyration",
                                                       "helix_share",
                                                       "suite_outliers",
                                                       "suiteness",
                                                       "suites_1a"});
  ASSERT_EQ(table.rows().size(), 6u);
  for (const auto& [name, row] : table.rows()) {
    EXPECT_EQ(row.at("file"), name + ".cif");
    EXPECT_EQ(row.at("sha256"), sha256_hex(read_text(folder / ("run/" + name + ".cif"))));
    EXPECT_EQ(row.at("pdb_file"), name + ".pdb");
    EXPECT_EQ(row.at("pdb_sha256"), sha256_hex(read_text(folder / ("run/" + name + ".pdb"))));
  }
}

TEST(SampleWriter, TimingsHaveARowPerBatch) {
  const TemporaryFolder folder;
  run(small_request(), folder / "run");
  const std::vector<std::string> lines = lines_of(read_text(folder / "run/timings.csv"));
  ASSERT_EQ(lines.size(), 6u);
  EXPECT_EQ(lines[0], "batch,length,samples,steps,seconds,seconds_per_step,residues_per_second");
  EXPECT_EQ(lines[1], "len_00006_samples_000-001,6,2,4,0.5000,0.125000,24.0");
  EXPECT_EQ(lines[5], "len_00009_samples_002-002,9,1,4,0.5000,0.125000,18.0");
}

TEST(SampleWriter, ARepeatedCommandMakesOnlyWhatIsMissing) {
  const TemporaryFolder folders;
  const std::string folder = folders / "run";
  EXPECT_EQ(run(small_request(), folder, 3), 3);
  const std::string first = folder + "/len_00006_sample_000.cif", second = folder + "/len_00006_sample_001.cif";
  const std::string text = read_text(first);
  const auto written = fs::last_write_time(second);
  EXPECT_EQ(run(small_request(), folder), 2);
  EXPECT_EQ(run(small_request(), folder), 0);

  const std::string table = read_text(folder + "/samples.csv");
  fs::remove(first);
  EXPECT_EQ(run(small_request(), folder), 1) << "the batch of the lost file";
  EXPECT_EQ(read_text(first), text);
  EXPECT_EQ(fs::last_write_time(second), written) << "its neighbor in the batch is left alone";
  EXPECT_EQ(read_text(folder + "/samples.csv"), table);
  EXPECT_EQ(names_in(folder), (std::vector<std::string>{"config.ini", "len_00006_sample_000.cif",
                                                        "len_00006_sample_001.cif", "len_00006_sample_002.cif",
                                                        "len_00009_sample_000.cif", "len_00009_sample_001.cif",
                                                        "len_00009_sample_002.cif", "samples.csv", "timings.csv"}));
}

TEST(SampleWriter, ATableCutShortLosesItsLastRowOnly) {
  const TemporaryFolder folders;
  const std::string folder = folders / "run";
  run(small_request(), folder);
  const std::string table = read_text(folder + "/samples.csv");
  const auto written = fs::last_write_time(folder + "/len_00009_sample_002.cif");
  for (std::size_t cut : {std::size_t{1}, std::size_t{2}, std::size_t{60}}) {
    std::ofstream(folder + "/samples.csv") << table.substr(0, table.size() - cut);
    std::ofstream(folder + "/len_00009_sample_002.cif.123-4.tmp") << "data_";
    EXPECT_EQ(run(small_request(), folder), 1) << cut << " bytes cut";
    EXPECT_EQ(read_text(folder + "/samples.csv"), table);
    EXPECT_EQ(names_in(folder).size(), 9u) << "the temporary file is gone";
    EXPECT_EQ(fs::last_write_time(folder + "/len_00009_sample_002.cif"), written) << "the file was whole";
  }
}

TEST(SampleWriter, AFolderOfAnotherRunIsRefusedWithWhatDiffers) {
  const TemporaryFolder folders;
  const std::string folder = folders / "run";
  run(small_request(), folder, 1);
  SampleConfig other = small_request();
  other.checkpoint = "/elsewhere/the_same.h5";
  EXPECT_EQ(run(other, folder, 1), 1) << "the path of the checkpoint may change, its hash not";
  other.seed = 12;
  EXPECT_EQ(message_of([&] { run(other, folder); }),
            folder + ": holds the samples of another run: its sample.seed = 11, now 12; give another --output folder");
  std::ofstream(folder + "/config.ini") << "[model]\nblocks = 2\n";
  EXPECT_NE(message_of([&] { run(small_request(), folder); }).find("is not of a sampling run"), std::string::npos);
}

TEST(SampleWriter, AFolderMayBeAskedForMoreAndKeepsWhatIsThere) {
  const TemporaryFolder folders;
  const std::string folder = folders / "run";
  run(small_request(), folder);
  const std::string first = folder + "/len_00006_sample_000.cif";
  const auto written = fs::last_write_time(first);
  SampleConfig more = small_request();
  more.samples = 5;
  more.lengths = "6,8-9";
  EXPECT_GT(run(more, folder), 0);
  EXPECT_EQ(fs::last_write_time(first), written);
  EXPECT_EQ(run(more, folder), 0);

  // As in one piece, but for the timings of the batches that grew.
  run(more, folders / "whole");
  EXPECT_EQ(read_text(folder + "/samples.csv"), read_text(folders / "whole/samples.csv"));
  EXPECT_EQ(read_text(folder + "/config.ini"), read_text(folders / "whole/config.ini"));
  for (const std::string& name : names_in(folders / "whole")) {
    if (!name.ends_with(".cif")) continue;
    EXPECT_EQ(read_text(folder + "/" + name), read_text(folders / ("whole/" + name)));
  }

  EXPECT_EQ(message_of([&] { run(small_request(), folder); }),
            folder +
                ": holds the samples of another run: its sample.lengths = 6,8-9, now 6,9; give another --output "
                "folder, or request the same samples and more");
  SampleConfig many = more;
  many.samples = 1001;
  EXPECT_EQ(run(many, folders / "whole", 1), 1) << "names do not depend on the number of samples";
  SampleConfig other = more;
  other.lengths = "6,8-10";
  other.seed = 12;
  EXPECT_NE(message_of([&] { run(other, folder); }).find("its sample.seed = 11, now 12"), std::string::npos);
}

TEST(SampleWriter, ABatchOfModelsThatGrowsKeepsItsFileAndHasEachSampleOnce) {
  const TemporaryFolder folders;
  const std::string folder = folders / "run";
  SampleConfig request = small_request("models");
  request.lengths = "6";
  request.max_residues = 1000;
  request.samples = 2;
  run(request, folder);
  const std::string first = read_text(folder + "/len_00006_samples_000-001.cif");
  request.samples = 4;
  EXPECT_EQ(run(request, folder), 1);
  EXPECT_EQ(run(request, folder), 0);
  EXPECT_EQ(names_in(folder),
            (std::vector<std::string>{"config.ini", "len_00006_samples_000-001.cif", "len_00006_samples_002-003.cif",
                                      "samples.csv", "timings.csv"}));
  EXPECT_EQ(read_text(folder + "/len_00006_samples_000-001.cif"), first);
  const std::string added = folder + "/len_00006_samples_002-003.cif";
  EXPECT_EQ(read_structure(added).n_models, 2);
  EXPECT_EQ(read_structure(added).entry, "len_00006_samples_002-003");
  const std::vector<std::string> lines = lines_of(read_text(folder + "/samples.csv"));
  EXPECT_TRUE(lines[2].starts_with("len_00006_sample_001,6,1,11,4,len_00006_samples_000-001.cif,2,")) << lines[2];
  EXPECT_TRUE(lines[4].starts_with("len_00006_sample_003,6,3,11,4,len_00006_samples_002-003.cif,2," +
                                   sha256_hex(read_text(added))))
      << lines[4];
}

TEST(SampleWriter, ARefusedRequestForMoreChangesNothing) {
  const TemporaryFolder folders;
  const std::string folder = folders / "run";
  run(small_request(), folder);
  const std::string config = read_text(folder + "/config.ini"), table = read_text(folder + "/samples.csv");
  const std::vector<std::string> names = names_in(folder);
  std::ofstream(folder + "/len_00009_sample_001.cif") << "damaged";
  SampleConfig more = small_request();
  more.samples = 5;
  EXPECT_NE(message_of([&] { run(more, folder); }).find("len_00009_sample_001.cif changed since"), std::string::npos);
  EXPECT_EQ(read_text(folder + "/config.ini"), config);
  EXPECT_EQ(read_text(folder + "/samples.csv"), table);
  EXPECT_EQ(names_in(folder), names);
}

TEST(SampleWriter, ADamagedFileIsNamedAndLeftAlone) {
  const TemporaryFolder folders;
  for (const std::string format : {"cif", "both", "models"}) {
    const std::string folder = folders / format;
    run(small_request(format), folder);
    const std::string name = format == "models" ? "len_00009_samples_001-001.cif"
                             : format == "both" ? "len_00009_sample_001.pdb"
                                                : "len_00009_sample_001.cif";
    const std::string whole = read_text(folder + "/" + name);
    std::string damaged = whole;
    damaged[damaged.size() / 2] ^= 1;
    std::ofstream(folder + "/" + name) << damaged;
    EXPECT_EQ(
        message_of([&] { run(small_request(format), folder); }),
        folder + ": " + name +
            " changed since it was written (another SHA-256 than in samples.csv); remove the damaged file to have "
            "it made again, or give another --output folder");
    EXPECT_EQ(read_text(folder + "/" + name), damaged);
    fs::remove(folder + "/" + name);
    EXPECT_EQ(run(small_request(format), folder), 1);
    EXPECT_EQ(read_text(folder + "/" + name), whole);
  }
}

TEST(SampleWriter, SamplesOfNamedStructuresBelongToTheirRunToo) {
  const TemporaryFolder folders;
  const std::string folder = folders / "run";
  SampleConfig request = small_request();
  request.lengths.clear();
  request.secondary_structure = "((....))";
  run(request, folder, 1);
  fs::remove(folder + "/samples.csv");
  SampleConfig other = request;
  other.seed = 12;
  EXPECT_NE(message_of([&] { run(other, folder); }).find("its sample.seed = 11, now 12"), std::string::npos);
  std::ofstream(folder + "/structure_000_sample_001.cif.123-4.tmp") << "data_";
  std::ofstream(folder + "/notes.tmp") << "mine";
  run(request, folder);
  EXPECT_FALSE(fs::exists(folder + "/structure_000_sample_001.cif.123-4.tmp"));
  EXPECT_TRUE(fs::exists(folder + "/notes.tmp"));
}

TEST(SampleWriter, TheTableMeasuresWhatTheFilesHold) {
  const TemporaryFolder folder;
  SampleConfig request = small_request();
  run(request, folder / "measured", 1);
  // The first sample is the reference of the second run: its own RMSD is rounding; others have a value or none.
  request.reference = folder / "measured/len_00006_sample_000.cif";
  run(request, folder / "compared");
  const std::vector<std::string> lines = lines_of(read_text(folder / "compared/samples.csv"));
  ASSERT_EQ(lines.size(), 7u);
  EXPECT_EQ(lines[0],
            "name,length,index,seed,steps,file,model,sha256,c4_distance,c4_neighbors,o3_p_distance,bonded,bond_"
            "deviation,clashes_per_100_atoms,radius_of_gyration,helix_share,suite_outliers,suiteness,suites_1a,rmsd_to_"
            "reference");
  EXPECT_LE(std::stod(lines[1].substr(lines[1].rfind(',') + 1)), 0.001) << "Å to itself";
  EXPECT_GT(std::stod(lines[2].substr(lines[2].rfind(',') + 1)), 0.1) << "Å to another sample";
  EXPECT_TRUE(lines[4].ends_with(",")) << "a sample of another length has no RMSD: " << lines[4];

  // The file has three decimals.
  std::vector<Nucleotide> nucleotides = read_structure(request.reference).chains.front().nucleotides;
  // Arbitrary residues are not bonded, which the reader interprets as breaks; in the sampler they are neighbors.
  for (std::size_t i = 0; i < nucleotides.size(); ++i) nucleotides[i].residue_index = static_cast<int>(i);
  const BackboneChecks checks = check_backbone(nucleotides);
  const SampleTable table(folder / "measured/samples.csv",
                          {"name", "length", "index", "seed", "steps", "file", "model", "sha256", "c4_distance",
                           "c4_neighbors", "o3_p_distance", "bonded", "bond_deviation", "clashes_per_100_atoms",
                           "radius_of_gyration", "helix_share", "suite_outliers", "suiteness", "suites_1a"});
  const SampleTable::Row& row = table.rows().at("len_00006_sample_000");
  EXPECT_EQ(row.at("c4_neighbors"), fmt::format("{:.4f}", checks.c4_neighbors));
  EXPECT_EQ(row.at("bonded"), fmt::format("{:.4f}", checks.bonded));
  EXPECT_NEAR(std::stod(row.at("c4_distance")), checks.c4_distance, 0.002);
  EXPECT_NEAR(std::stod(row.at("o3_p_distance")), checks.o3_p_distance, 0.002);
  EXPECT_NEAR(std::stod(row.at("bond_deviation")), checks.bond_deviation, 0.001);
  EXPECT_NEAR(std::stod(row.at("clashes_per_100_atoms")), checks.clashes, 0.001);
  EXPECT_NEAR(std::stod(row.at("radius_of_gyration")), checks.radius_of_gyration, 0.0015);
}

TEST(SampleWriter, AskedPairsAreComparedWithThoseMade) {
  const TemporaryFolder folder;
  SampleConfig request = small_request();
  request.lengths.clear();
  request.secondary_structure = folder / "asked.dbn";
  std::ofstream(request.secondary_structure) << ">hair pin\n((....))\n>open\n?????\n";
  run(request, folder / "run");
  const std::vector<std::string> lines = lines_of(read_text(folder / "run/samples.csv"));
  EXPECT_TRUE(lines[0].ends_with("suiteness,suites_1a,pairs_asked,pairs_made,pair_precision,pair_recall,pair_f1"))
      << lines[0];
  ASSERT_EQ(lines.size(), 1 + 2 * static_cast<std::size_t>(request.samples));
  // Random frames form no pairs: two were requested, none is found.
  EXPECT_TRUE(lines[1].starts_with("hair_sample_000,8,0,")) << lines[1];
  EXPECT_TRUE(lines[4].starts_with("open_sample_000,5,1000000,")) << "independent of --samples: " << lines[4];
  EXPECT_TRUE(lines[1].ends_with(",0.0000,,,,2,0,,0.0000,0.0000")) << lines[1];
  EXPECT_TRUE(lines.back().starts_with("open_sample_00")) << lines.back();
}

TEST(SampleSequence, RecordsNameTheResiduesOfTheirLength) {
  const TemporaryFolder folder;
  std::ofstream(folder / "names.fasta") << ">six, in two lines\nGAC\r\nuTn\n\n>nine\nGGGAAACCC\n>unused\nA\n";
  for (const char* format : {"cif", "pdb"}) {
    SampleConfig request = small_request(format);
    request.sequence = folder / "names.fasta";
    run(request, folder / format);
    for (const auto& [name, sequence] :
         {std::pair{"len_00006_sample_001", "GACUUN"}, {"len_00009_sample_002", "GGGAAACCC"}}) {
      const Structure structure = read_structure(fmt::format("{}/{}.{}", folder / format, name, format));
      EXPECT_EQ(structure.chains[0].sequence(), sequence);
      for (const Nucleotide& nucleotide : structure.chains[0].nucleotides)
        EXPECT_EQ(nucleotide.atom_mask, (1u << kBackboneAtoms) - 1u) << "with N9 or N1 as the base has it";
    }
  }
}

TEST(SampleSequence, WhatIsWrongIsNamedWithItsLine) {
  const TemporaryFolder folder;
  const std::string path = folder / "names.fasta";
  SampleConfig request = small_request();
  request.sequence = path;
  for (const auto& [text, message] : std::vector<std::pair<std::string, std::string>>{
           {">six\nGACUUU\n",
            "--sequence " + path + ": has no record of 9 residues, only of 6; add one, or ask for other lengths"},
           {">six\nGAC\nU-U\n", path + ":3: character 2: \"-\" is no nucleotide; letters are A, C, G, U (or T), N or ? "
                                       "where unspecified, and "
                                       "& between molecules"},
           {"GACUUU\n", path + ":1: a sequence without a title; FASTA begins with a line such as >name"},
           {">six\nGACUUU\n>more\n\nGGGGGG", path + ":3: record \"more\" is 6 residues long, as the one in line 1; one "
                                                    "record names all samples of a length"},
           {">six\n>nine\nGGG", path + ":1: record \"six\" has no letters"},
           {"", "--sequence " + path + ": holds no record; FASTA begins with a line such as >name"}}) {
    std::ofstream(path) << text;
    EXPECT_EQ(message_of([&] { run(request, folder / "new"); }), message);
    EXPECT_FALSE(fs::exists(folder / "new"));
  }
  request.nucleotide = "A";
  EXPECT_THROW(request.validate(), UsageError);
}

TEST(SampleSequence, AnotherFileOfNamesIsAnotherRun) {
  const TemporaryFolder folder;
  SampleConfig request = small_request();
  std::ofstream(folder / "names.fasta") << ">six\nGACUUU\n>nine\nGGGAAACCC\n";
  request.sequence = folder / "names.fasta";
  request.sequence_sha256 = "1";
  EXPECT_EQ(run(request, folder / "run"), 5);
  fs::rename(folder / "names.fasta", folder / "renamed.fasta");
  request.sequence = folder / "renamed.fasta";
  EXPECT_EQ(run(request, folder / "run"), 0);
  request.sequence_sha256 = "2";
  const std::string message = message_of([&] { run(request, folder / "run"); });
  EXPECT_NE(message.find("holds the samples of another run: its sample.sequence"), std::string::npos) << message;
}

TEST(SampleWriter, AnotherScheduleOrNoiseIsAnotherRun) {
  const TemporaryFolder folder;
  SampleConfig request = small_request();
  request.schedule = "exponential:10";
  run(request, folder / "run", 1);
  SampleConfig other = request;
  other.schedule = "linear";
  EXPECT_NE(message_of([&] { run(other, folder / "run"); }).find("sample.schedule = exponential:10, now linear"),
            std::string::npos);
  other = request;
  other.noise_scale = 0.9;
  EXPECT_NE(message_of([&] { run(other, folder / "run"); }).find("sample.noise_scale = 1, now 0.9"), std::string::npos);
  other = request;
  other.conformers = "likeliest";
  EXPECT_NE(message_of([&] { run(other, folder / "run"); }).find("sample.conformers = drawn, now likeliest"),
            std::string::npos);
  other = request;
  other.steric_rounds = 5;
  EXPECT_NE(message_of([&] { run(other, folder / "run"); }).find("sample.steric_rounds = 20, now 5"),
            std::string::npos);
}

}  // namespace
}  // namespace flashrna
