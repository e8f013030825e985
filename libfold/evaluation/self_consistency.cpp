#include "libfold/evaluation/self_consistency.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cmath>
#include <map>
#include <set>
#include <sstream>

#include "base/error.h"
#include "base/parallel.h"
#include "libfold/evaluation/command_cache.h"
#include "rna/compare/tm_score.h"
#include "rna/io/structure_reader.h"
#include "rna/io/structure_writer.h"
#include "rna/superposition.h"

namespace flashrna {
namespace {

CommandTemplate inverse_folding_command(const SelfConsistencySettings& settings) {
  return CommandTemplate("inverse-folding", settings.inverse_folding, {"{backbone}", "{fasta}"});
}

CommandTemplate folding_command(const SelfConsistencySettings& settings) {
  return CommandTemplate("folding", settings.folding, {"{fasta}", "{structure}"});
}

// Sequences of a FASTA text as RNA; each must have `length` letters, A, C, G, U or T.
std::vector<std::string> read_sequences(const std::string& fasta, std::size_t length, std::size_t most) {
  std::vector<std::string> sequences;
  std::istringstream lines(fasta);
  bool in_record = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('>')) {
      if (sequences.size() == most) break;
      sequences.emplace_back();
      in_record = true;
      continue;
    }
    for (const char c : line) {
      if (std::isspace(static_cast<unsigned char>(c)) != 0) continue;
      if (!in_record) fail("the sequences do not begin with a \">\" line");
      const char letter = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      sequences.back() += letter == 'T' ? 'U' : letter;
    }
  }
  if (sequences.empty()) fail("no sequence was written");
  for (const std::string& sequence : sequences) {
    const std::size_t bad = sequence.find_first_not_of("ACGU");
    if (bad != std::string::npos) fail("a designed sequence holds \"{}\"; expected A, C, G, U", sequence[bad]);
    if (sequence.size() != length) fail("a designed sequence has {} letters for {} residues", sequence.size(), length);
  }
  return sequences;
}

std::vector<Nucleotide> folded_nucleotides(const std::string& text) {
  // Detects the format that the program chose, because the reader decides by the file name.
  const bool mmcif = text.find("data_") < text.find('\n') || text.find("_atom_site.") != std::string::npos;
  const Structure structure = read_structure_from_memory(text, mmcif ? "folded.cif" : "folded.pdb");
  std::vector<Nucleotide> nucleotides;
  for (const Chain& chain : structure.chains) {
    nucleotides.insert(nucleotides.end(), chain.nucleotides.begin(), chain.nucleotides.end());
  }
  return nucleotides;
}

void compare(const MeasuredStructure& sample, const std::vector<Nucleotide>& folded, SampleConsistency& consistency) {
  if (folded.size() != sample.backbone.size()) {
    fail("the folded structure has {} nucleotides, the sample {}", folded.size(), sample.backbone.size());
  }
  std::vector<Vec3> c3, c4;
  for (const Nucleotide& nucleotide : folded) {
    c3.push_back(nucleotide.atoms[kC3]);
    c4.push_back(nucleotide.atoms[kC4]);
  }
  const double tm = tm_score(c3, sample.c3, static_cast<int>(c3.size())).value;
  const double rmsd = superpose(c4, sample.backbone.positions(kC4)).rmsd;
  consistency.tm = std::max(consistency.tm.value_or(0.0), tm);
  consistency.rmsd = std::min(consistency.rmsd.value_or(rmsd), rmsd);
  ++consistency.folded;
}

SampleConsistency check_sample(const MeasuredStructure& sample, const SelfConsistencySettings& settings,
                               const CommandTemplate& inverse_folding, const CommandTemplate& folding,
                               CommandCache& cache, const Watch& watch) {
  SampleConsistency consistency;
  const auto attempt = [&](const auto& step) {
    try {
      step();
    } catch (const Error& error) {
      ++consistency.failures;
      if (consistency.first_failure.empty()) consistency.first_failure = error.what();
    }
  };
  std::vector<std::string> sequences;
  attempt([&] {
    cache.run({"inverse folding",
               inverse_folding,
               {{"{backbone}", "backbone.pdb", backbone_pdb(sample.backbone)}},
               "{fasta}",
               "sequences.fasta",
               {{"{sequences}", std::to_string(settings.sequences)}}},
              [&](const std::string& fasta) {
                sequences = read_sequences(fasta, sample.backbone.size(), static_cast<std::size_t>(settings.sequences));
              });
  });
  for (std::size_t k = 0; k < sequences.size(); ++k) {
    if (watch.stopped()) break;
    attempt([&] {
      cache.run({"folding",
                 folding,
                 {{"{fasta}", "sequence.fasta", fmt::format(">sequence\n{}\n", sequences[k])}},
                 "{structure}",
                 "structure.pdb",
                 {{"{sequences}", std::to_string(settings.sequences)}}},
                [&](const std::string& text) { compare(sample, folded_nucleotides(text), consistency); });
    });
  }
  return consistency;
}

}  // namespace

void SelfConsistencySettings::validate() const {
  check_program("inverse-folding", inverse_folding_command(*this));
  check_program("folding", folding_command(*this));
  if (sequences < 1) fail_usage("--sequences {}: at least one is needed", sequences);
  if (!(time_limit > 0.0)) fail_usage("--time-limit {}: it must be positive (seconds)", time_limit);
  if (jobs < 1) fail_usage("--jobs {}: at least one is needed", jobs);
}

SelfConsistency check_consistency(std::span<const MeasuredStructure> samples, const SelfConsistencySettings& settings,
                                  const Watch& watch) {
  settings.validate();
  const CommandTemplate inverse_folding = inverse_folding_command(settings), folding = folding_command(settings);
  CommandCache cache(settings.folder, settings.time_limit, watch.stop);
  SelfConsistency result;
  result.of.resize(samples.size());
  const auto check = [&](std::size_t i) {
    result.of[i] = check_sample(samples[i], settings, inverse_folding, folding, cache, watch);
  };
  const auto start = std::chrono::steady_clock::now();
  parallel_for(samples.size(), settings.jobs, check, watch);
  result.commands = cache.commands();
  result.kept = cache.kept();
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  for (const SampleConsistency& consistency : result.of) {
    result.failures += static_cast<std::size_t>(consistency.failures);
  }
  return result;
}

std::string backbone_pdb(const StoredBackbone& backbone) {
  Chain chain;
  chain.id = std::string("A");  // assigned from the literal, GCC 12 warns of an overlap that is none
  chain.nucleotides = backbone.nucleotides();
  for (Nucleotide& nucleotide : chain.nucleotides) {
    if (nucleotide.base != Base::N) continue;
    nucleotide.base = Base::A;
    nucleotide.name = base_letter(Base::A);
  }
  Structure structure;
  structure.entry = "backbone";
  structure.chains.push_back(std::move(chain));
  return to_pdb(structure);
}

Proportion wilson_proportion(std::size_t successes, std::size_t count) {
  Proportion proportion{successes, count, 0.0, 1.0};
  if (count == 0) return proportion;
  constexpr double kZ = 1.959963984540054;  // 97.5th percentile of the normal distribution
  const double n = static_cast<double>(count), p = static_cast<double>(successes) / n;
  const double center = p + kZ * kZ / (2.0 * n);
  const double half = kZ * std::sqrt(p * (1.0 - p) / n + kZ * kZ / (4.0 * n * n));
  const double divisor = 1.0 + kZ * kZ / n;
  // Exact at the ends, without rounding.
  proportion.low = successes == 0 ? 0.0 : (center - half) / divisor;
  proportion.high = successes == count ? 1.0 : (center + half) / divisor;
  return proportion;
}

std::vector<LengthValidity> validity_by_length(std::span<const int> lengths,
                                               std::span<const std::optional<double>> tm_scores, double least_tm) {
  constexpr std::size_t kMostLengths = 12;
  constexpr int kRange = 20;  // nt
  const bool ranges = std::set<int>(lengths.begin(), lengths.end()).size() > kMostLengths;
  std::map<int, LengthValidity> rows;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    if (!tm_scores[i]) continue;
    const int first = ranges ? lengths[i] / kRange * kRange : lengths[i];
    LengthValidity& row = rows[first];
    row.first = first;
    row.last = ranges ? first + kRange - 1 : first;
    ++row.valid.count;
    row.valid.successes += *tm_scores[i] >= least_tm;
  }
  std::vector<LengthValidity> result;
  for (auto& [first, row] : rows) {
    row.valid = wilson_proportion(row.valid.successes, row.valid.count);
    result.push_back(row);
  }
  return result;
}

}  // namespace flashrna
