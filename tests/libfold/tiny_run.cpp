#include "tests/libfold/tiny_run.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

#include "datasets/chain_rows.h"
#include "datasets/dataset_writer.h"
#include "libfold/backbone/sampled_backbone.h"
#include "libfold/checkpoint.h"
#include "libfold/training/run_folder.h"
#include "rna/assembly.h"
#include "rna/torsion.h"
#include "tests/rna/pairs/synthetic_pairs.h"

namespace flashrna {

namespace fs = std::filesystem;

namespace {

// An A-form-like helix whose torsions depend on `variant`.
Chain make_helix(int length, int variant) {
  SampledBackbone backbone;
  for (int i = 0; i < length; ++i) {
    const double angle = 0.57 * i;
    RigidTransform frame;
    frame.rotation << std::cos(angle), -std::sin(angle), 0, std::sin(angle), std::cos(angle), 0, 0, 0, 1;
    frame.translation = Vec3(9.0 * std::cos(angle), 9.0 * std::sin(angle), 2.8 * i);
    backbone.frames.push_back(frame);
    std::array<std::array<double, 2>, kTorsions> sin_cos;
    for (int k = 0; k < kTorsions; ++k) {
      const double torsion = 0.7 * k + 0.2 * variant + 0.01 * i;
      sin_cos[static_cast<std::size_t>(k)] = {std::sin(torsion), std::cos(torsion)};
    }
    backbone.torsions.insert(backbone.torsions.end(), sin_cos.begin(), sin_cos.end());
  }
  return make_structure(backbone, "helix", Base::G).chains.front();
}

}  // namespace

void write_tiny_dataset(const std::string& path, const std::vector<TinyChain>& chains) {
  DatasetWriter writer(path, {"helices", ""}, true);
  for (std::size_t i = 0; i < chains.size(); ++i) {
    ChainRecord record;
    record.id = chains[i].entry + "_1_" + chains[i].chain;
    record.entry = chains[i].entry;
    record.chain_ids = chains[i].chain;
    record.molecule_kind = "RNA";
    record.length = chains[i].length;
    record.sequence_cluster = chains[i].sequence_cluster;
    record.split = chains[i].split;
    writer.append(record, chain_rows(make_helix(chains[i].length, static_cast<int>(i))));
  }
  writer.finish();
}

namespace {

// Nucleotides first ... first + length of `atoms`: with a frame, and C1' and N where they are placed.
Chain make_strand(const PairAtoms& atoms, int first, int length, const std::string& id) {
  Chain chain;
  chain.id = id;
  for (int i = 0; i < length; ++i) {
    const auto place = static_cast<std::size_t>(first + i);
    Nucleotide nucleotide;
    nucleotide.base = Base::G;
    nucleotide.name = "G";
    nucleotide.seq_id = i + 1;
    nucleotide.residue_index = i;
    const bool paired = atoms.c1[place].allFinite();
    const Vec3 c1 = paired ? atoms.c1[place] : Vec3(0.0, 10.0, 40.0 + 6.0 * i);
    if (paired) {
      nucleotide.set(kC1, c1);
      nucleotide.set(kGlycosidicNitrogen, atoms.n[place]);
    }
    nucleotide.set(kO4, c1 + Vec3(0.0, -1.4, 0.0));
    nucleotide.set(kC4, c1 + Vec3(1.0, -2.0, 0.5));
    nucleotide.set(kC3, c1 + Vec3(2.0, -1.0, 0.5));
    chain.nucleotides.push_back(nucleotide);
  }
  return chain;
}

void write_one(const std::string& path, const std::string& entry, const Chain& chain) {
  DatasetWriter writer(path, {"pairs", ""}, true);
  ChainRecord record;
  record.id = entry + "_1_A";
  record.entry = entry;
  record.chain_ids = chain.id;
  record.molecule_kind = "RNA";
  record.length = static_cast<int>(chain.nucleotides.size());
  writer.append(record, chain_rows(chain));
  writer.finish();
}

}  // namespace

void write_hairpin_dataset(const std::string& path, int length) {
  PairAtoms atoms(length);
  place_helix(atoms, 0, length - 1, (length - 6) / 2);
  write_one(path, "1HHH", make_strand(atoms, 0, length, "A"));
}

void write_duplex_dataset(const std::string& path, int length) {
  PairAtoms atoms(2 * length);
  place_helix(atoms, 0, 2 * length - 1, length);
  const std::vector<Chain> strands = {make_strand(atoms, 0, length, "A"), make_strand(atoms, length, length, "B")};
  write_one(path, "1DUP", join_chains(strands));
}

std::vector<TinyChain> five_chains() { return {{"1AAA", 12}, {"1BBB", 5}, {"1CCC", 9}, {"1DDD", 11}, {"1EEE", 7}}; }

TinyRun::TinyRun(const std::string& dataset) {
  at::set_num_threads(1);  // for so little work, threads cost more than they save
  config.data.path = dataset;
  config.data.batch_size = 2;
  config.model.node_channels = 16;
  config.model.pair_channels = 8;
  config.model.blocks = 2;
  config.model.attention_channels = 4;
  config.model.attention_heads = 2;
  config.model.query_points = 2;
  config.model.value_points = 3;
  config.model.transformer_heads = 2;
  config.model.transformer_layers = 1;
  config.model.position_channels = 8;
  config.model.time_channels = 8;
  config.model.edge_feature_channels = 8;
  config.model.neighbors = 4;
  config.model.torsion_channels = 16;
  config.training.steps = 20;
  config.training.learning_rate = 1e-3;
  config.training.clip_norm = 1.0;
  config.training.ema_decay = 0.9;
  config.training.checkpoint_every = 0;
  config.training.validate_every = 0;
  config.training.log_every = 1;
  config.add_options(configuration);
}

Trainer TinyRun::make_trainer(const std::string& folder, bool resume) {
  return Trainer(config, configuration, folder, resume, at::kCPU);
}

TrainingResult TinyRun::train(const std::string& folder) { return make_trainer(folder, false).run({}); }

TrainingResult TinyRun::resume(const std::string& folder) {
  const Checkpoint last = read_checkpoint_to_resume(folder);
  adopt_checkpoint_configuration(configuration, last.configuration, last.path);
  return make_trainer(folder, true).run({});
}

std::string read_text(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename().string());
  std::ranges::sort(names);
  return names;
}

}  // namespace flashrna
