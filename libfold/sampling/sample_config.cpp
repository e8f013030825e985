#include "libfold/sampling/sample_config.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>
#include <string_view>

#include "base/error.h"
#include "libfold/configuration.h"
#include "rna/nucleotide.h"

namespace flashrna {
namespace {

// The end of the chain takes a number too.
constexpr int longest_in_pdb(bool all_atom) { return (99'999 - 1) / (all_atom ? kAtomSlots : kBackboneAtoms); }

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (char c : text) {
    if (c == separator)
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

[[noreturn]] void fail_lengths(const std::string& text, const std::string& item, const char* why) {
  fail_usage(
      "--lengths {}: \"{}\" {}; give lengths above 0 and ranges first-last or first-last:step, separated by commas, "
      "such as 40,60-120:20",
      text, item, why);
}

// A length or a step: digits only, above 0.
int parse_positive(const std::string& text, const std::string& item, std::string_view digits) {
  int value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error == std::errc::result_out_of_range) fail_lengths(text, item, "is too large");
  if (error != std::errc() || end != digits.data() + digits.size()) fail_lengths(text, item, "is not a length");
  if (value < 1) fail_lengths(text, item, "is not above 0");
  return value;
}

}  // namespace

void SampleConfig::add_options(Configuration& configuration) {
  configuration.bind("sample.checkpoint", checkpoint, "trained model");
  configuration.bind("sample.checkpoint_sha256", checkpoint_sha256, "of that file");
  configuration.bind("sample.weights", weights, "ema or raw");
  configuration.bind("sample.lengths", lengths, "residues: lengths and ranges first-last:step");
  configuration.bind("sample.secondary_structure", secondary_structure,
                     "dot-bracket, a file of structures, grammar or none");
  configuration.bind("sample.secondary_structure_sha256", secondary_structure_sha256, "of that file");
  configuration.bind("sample.samples", samples, "per length or secondary structure");
  configuration.bind("sample.steps", steps, "calls of the model per sample");
  configuration.bind("sample.schedule", schedule, "of the rotations: linear or exponential:rate");
  configuration.bind("sample.noise_scale", noise_scale, "times the standard deviation of the initial translations");
  configuration.bind("sample.steric_rounds", steric_rounds, "at each step, in which overlapping residues move apart");
  configuration.bind("sample.relax_rounds", relax_rounds, "of the correction of overlaps and links in the end");
  configuration.bind("sample.pair_rounds", pair_rounds, "of the same at each step, where base pairs are asked for");
  configuration.bind("sample.seed", seed, "of the noise");
  configuration.bind("sample.max_residues", max_residues, "per batch");
  configuration.bind("sample.format", format, "cif, pdb, both or models");
  configuration.bind("sample.nucleotide", nucleotide, "residue name: N, A, C, G or U");
  configuration.bind("sample.sequence", sequence, "FASTA file of residue names, a record per length");
  configuration.bind("sample.sequence_sha256", sequence_sha256, "of that file");
  configuration.bind("sample.design_sequence", design_sequence, "sequences proposed per sample; 0 = none");
  configuration.bind("sample.temperature", temperature, "of their draw");
  configuration.bind("sample.all_atom", all_atom, "write the bases of named residues");
  configuration.bind("sample.trajectory", trajectory, "steps kept in the trajectory: all or every:N; empty = none");
  configuration.bind("sample.reference", reference, "structure that samples are compared with");
  configuration.bind("sample.reference_chain", reference_chain, "its chain; empty = the first with RNA");
}

void SampleConfig::validate() const {
  if (lengths.empty() && secondary_structure.empty())
    fail_usage("neither --lengths nor --secondary-structure is given; give one of them");
  if (lengths.empty() && !gives_structures())
    fail_usage("--secondary-structure {}: needs --lengths, which it does not give", secondary_structure);
  if (!lengths.empty() && gives_structures())
    fail_usage("--lengths {}: the lengths follow from --secondary-structure; leave one of them out", lengths);
  if (gives_structures() && !sequence.empty())
    fail_usage("--sequence {}: names the residues of --lengths, not of --secondary-structure; leave it out", sequence);
  const std::vector<int> all_lengths = asked_lengths(*this);
  if (nucleotide.size() != 1 || std::string_view("NACGU").find(nucleotide) == std::string_view::npos)
    fail_usage("--nucleotide {}: must be N, A, C, G or U", nucleotide);
  if (!sequence.empty() && nucleotide != "N")
    fail_usage("--nucleotide {}: --sequence {} names the residues; give one of the two", nucleotide, sequence);
  if (weights != "ema" && weights != "raw") fail_usage("--weights {}: must be ema or raw", weights);
  if (samples < 1) fail_usage("--samples {}: must be at least 1", samples);
  if (steps < 2) fail_usage("--steps {}: must be at least 2", steps);
  if (max_residues < 1) fail_usage("--max-residues {}: must be at least 1", max_residues);
  if (format != "cif" && format != "pdb" && format != "both" && format != "models")
    fail_usage("--format {}: must be cif, pdb, both or models", format);
  if ((format == "pdb" || format == "both") && all_lengths.back() > longest_in_pdb(all_atom))
    fail_usage("--format {}: the PDB format ends at 99,999 atoms, {} residues, not {}; give --format cif", format,
               longest_in_pdb(all_atom), all_lengths.back());
  if (design_sequence < 0) fail_usage("--design-sequence {}: must be 0 or more", design_sequence);
  if (!(temperature > 0) || !std::isfinite(temperature))
    fail_usage("--temperature {}: must be above 0; 1 draws by the network's own probabilities", temperature);
  if (all_atom && design_sequence == 0 && sequence.empty() && nucleotide == "N")
    fail_usage("--all-atom: no residue is named; give --sequence, --design-sequence or --nucleotide");
  trajectory_interval(trajectory);
  if (!schedule.empty()) parse_schedule(schedule);
  if (!(noise_scale > 0) || !std::isfinite(noise_scale))
    fail_usage("--noise-scale {}: must be a number above 0; 1 is the noise of training", noise_scale);
  if (steric_rounds < 0) fail_usage("--steric-rounds {}: must be 0 or more", steric_rounds);
  if (relax_rounds < 0) fail_usage("--relax-rounds {}: must be 0 or more", relax_rounds);
  if (pair_rounds < 0) fail_usage("--pair-rounds {}: must be 0 or more", pair_rounds);
  if (!reference_chain.empty() && reference.empty())
    fail_usage("--reference-chain {}: needs --reference FILE", reference_chain);
}

bool SampleConfig::gives_structures() const {
  return !secondary_structure.empty() && secondary_structure != kNoStructures && secondary_structure != kFromGrammar;
}

bool SampleConfig::asks_for_pairs() const { return gives_structures() || secondary_structure == kFromGrammar; }

RotationSchedule parse_schedule(const std::string& text) {
  if (text == "linear") return {false};
  if (text == "exponential") return {true};
  const std::string_view beginning = "exponential:";
  const char* const end = text.data() + text.size();
  RotationSchedule schedule{true};
  if (text.starts_with(beginning)) {
    const auto [last, error] = std::from_chars(text.data() + beginning.size(), end, schedule.rate);
    if (error == std::errc() && last == end && schedule.rate > 0 && std::isfinite(schedule.rate)) return schedule;
  }
  fail_usage("--schedule {}: must be linear, exponential, or exponential:RATE with a rate above 0", text);
}

std::string schedule_text(const RotationSchedule& schedule) {
  return schedule.exponential ? fmt::format("exponential:{:g}", schedule.rate) : "linear";
}

int trajectory_interval(const std::string& text) {
  if (text.empty()) return 0;
  if (text == "all") return 1;
  const std::string_view beginning = "every:";
  const char* const end = text.data() + text.size();
  int every = 0;
  if (text.starts_with(beginning)) {
    const auto [last, error] = std::from_chars(text.data() + beginning.size(), end, every);
    if (error == std::errc() && last == end && every > 0) return every;
  }
  fail_usage("--trajectory {}: must be all, or every:N with N above 0, such as every:10", text);
}

std::vector<SecondaryStructureRecord> asked_structures(const SampleConfig& config) {
  const std::string& asked = config.secondary_structure;
  const bool is_line = asked.find_first_not_of(".?&()[]{}<>") == std::string::npos;
  if (is_line) return {parse_dot_bracket(asked, "--secondary-structure")};
  return read_secondary_structures(asked);
}

std::vector<int> asked_lengths(const SampleConfig& config) {
  if (!config.gives_structures()) return parse_lengths(config.lengths);
  std::set<int> all;
  for (const SecondaryStructureRecord& structure : asked_structures(config))
    all.insert(static_cast<int>(structure.partner.size()));
  return {all.begin(), all.end()};
}

std::vector<int> parse_lengths(const std::string& text) {
  std::set<int> lengths;
  for (const std::string& item : split(text, ',')) {
    const std::size_t dash = item.find('-'), colon = item.find(':');
    if (colon != std::string::npos && (dash == std::string::npos || colon < dash))
      fail_lengths(text, item, "has a step but no range");
    const std::string_view whole = item;
    const int first = parse_positive(text, item, whole.substr(0, dash));
    if (dash == std::string::npos) {
      lengths.insert(first);
      continue;
    }
    const std::size_t end = std::min(colon, item.size());
    const int last = parse_positive(text, item, whole.substr(dash + 1, end - dash - 1));
    const int step = colon == std::string::npos ? 1 : parse_positive(text, item, whole.substr(colon + 1));
    if (last < first) fail_lengths(text, item, "runs backwards");
    for (std::int64_t length = first; length <= last; length += step) lengths.insert(static_cast<int>(length));
  }
  return {lengths.begin(), lengths.end()};
}

}  // namespace flashrna
