#include "libfold/sampling/sample_config.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>
#include <string_view>

#include "base/error.h"
#include "libfold/configuration.h"
#include "libfold/design/contig.h"

namespace flashrna {
namespace {

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
      "such as 40,60-120:20, and a+b for two molecules",
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
  for_each_sample_setting(*this, [&](const char* name, auto& field, const char*, const char* description) {
    configuration.bind(std::string("sample.") + name, field, description);
  });
}

// What determines the molecules: one of --lengths, --contig and --start; else --secondary-structure or --sequence
// alone.
void SampleConfig::validate_design() const {
  const std::vector<std::pair<const char*, const std::string*>> sources{
      {"--lengths", &lengths}, {"--contig", &contig}, {"--start", &start}};
  const char* given = nullptr;
  for (const auto& [option, value] : sources) {
    if (value->empty()) continue;
    if (given) fail_usage("{} {}: {} decides the lengths already; leave one of them out", option, *value, given);
    given = option;
  }
  if (secondary_structure == kFromMotif && motif.empty())
    fail_usage("--secondary-structure {}: needs a --contig with residues of a --motif", kFromMotif);
  const bool needs_lengths =
      secondary_structure == kFromGrammar || (secondary_structure == kNoStructures && contig.empty());
  if (lengths.empty() && needs_lengths)
    fail_usage("--secondary-structure {}: needs --lengths, which it does not give", secondary_structure);
  if (!lengths.empty() && gives_structures())
    fail_usage("--lengths {}: the lengths follow from --secondary-structure; leave one of them out", lengths);
  if (!given && secondary_structure.empty() && sequence.empty())
    fail_usage(
        "none of --lengths, --secondary-structure, --sequence, --contig and --start is given; give one of them, see "
        "flashrna help design");
  if (!lengths.empty()) parse_molecule_lengths(lengths);
  bool has_motif = false;
  if (!contig.empty())
    for (const ContigItem& item : parse_contig(contig)) has_motif = has_motif || item.is_motif();
  if (has_motif && motif.empty())
    fail_usage("--contig {}: names residues of a motif; give its file by --motif", contig);
  if (!has_motif && !motif.empty())
    fail_usage("--motif {}: no --contig names a residue of it, such as --contig 10,A23-41,10", motif);
  if (motif_groups != "fixed" && motif_groups != "free")
    fail_usage("--motif-groups {}: must be fixed or free", motif_groups);
  if (!length.empty() && contig.empty()) fail_usage("--length {}: bounds the total of a --contig; give one", length);
  parse_length_bounds(length);
  if (!(partial >= 0) || partial >= 1)
    fail_usage("--partial {}: must be a time above 0 (noise) and below 1 (the structure as it is)", partial);
  if ((partial > 0) == start.empty())
    fail_usage("{}; to start from a structure give both, such as --partial 0.6 --start 1abc.cif",
               start.empty() ? "--partial is given without --start" : "--start is given without --partial");
  if (!start_chain.empty() && start.empty()) fail_usage("--start-chain {}: needs --start FILE", start_chain);
}

void SampleConfig::validate_polymer() const {
  if (polymer_model(polymer_kind()).bases) return;
  const auto refuse = [&](bool given, const char* option) {
    if (given) fail_usage("{}: the checkpoint makes chains of {}, by --lengths alone; leave it out", option, polymer);
  };
  refuse(asks_for_pairs(), "--secondary-structure");
  refuse(!sequence.empty(), "--sequence");
  refuse(!contig.empty(), "--contig");
  refuse(!start.empty(), "--start");
  refuse(!symmetry.empty(), "--symmetry");
  refuse(nucleotide != "N", "--nucleotide");
  refuse(design_sequence > 0, "--design-sequence");
  refuse(all_atom, "--all-atom");
  refuse(format == "models", "--format models");
  for (const std::vector<int>& molecules : parse_molecule_lengths(lengths))
    refuse(molecules.size() > 1, "--lengths of several molecules");
}

void SampleConfig::validate() const {
  validate_design();
  if (weights != "ema" && weights != "raw") fail_usage("--weights {}: must be ema or raw", weights);
  if (nucleotide.size() != 1 || std::string_view("NACGU").find(nucleotide) == std::string_view::npos)
    fail_usage("--nucleotide {}: must be N, A, C, G or U", nucleotide);
  if (!sequence.empty() && nucleotide != "N")
    fail_usage("--nucleotide {}: --sequence {} names the residues; give one of the two", nucleotide, sequence);
  if (samples < 1 || samples > kMostSamples)
    fail_usage("--samples {}: must be at least 1 and at most {}", samples, kMostSamples);
  if (steps < 2) fail_usage("--steps {}: must be at least 2", steps);
  if (max_residues < 1) fail_usage("--max-residues {}: must be at least 1", max_residues);
  if (format != "cif" && format != "pdb" && format != "both" && format != "models")
    fail_usage("--format {}: must be cif, pdb, both or models", format);
  if (design_sequence < 0) fail_usage("--design-sequence {}: must be 0 or more", design_sequence);
  if (!(temperature > 0) || !std::isfinite(temperature))
    fail_usage("--temperature {}: must be above 0; 1 draws by the network's own probabilities", temperature);
  if (all_atom && design_sequence == 0 && sequence.empty() && nucleotide == "N" && motif.empty() && start.empty())
    fail_usage("--all-atom: no residue is named; give --sequence, --design-sequence or --nucleotide");
  trajectory_interval(trajectory);
  if (!schedule.empty()) parse_schedule(schedule, "--schedule");
  if (!unpaired_schedule.empty()) parse_schedule(unpaired_schedule, "--unpaired-schedule");
  if (conformers != "drawn" && conformers != "likeliest")
    fail_usage("--conformers {}: must be drawn or likeliest", conformers);
  if (!(noise_scale > 0) || !std::isfinite(noise_scale))
    fail_usage("--noise-scale {}: must be a number above 0; 1 is the noise of training", noise_scale);
  if (steric_rounds < 0) fail_usage("--steric-rounds {}: must be 0 or more", steric_rounds);
  if (relax_rounds < 0) fail_usage("--relax-rounds {}: must be 0 or more", relax_rounds);
  if (pair_rounds < 0) fail_usage("--pair-rounds {}: must be 0 or more", pair_rounds);
  if (!reference_chain.empty() && reference.empty())
    fail_usage("--reference-chain {}: needs --reference FILE", reference_chain);
}

bool SampleConfig::gives_structures() const {
  return asks_for_pairs() && secondary_structure != kFromGrammar && secondary_structure != kFromMotif;
}

bool SampleConfig::asks_for_pairs() const {
  return !secondary_structure.empty() && secondary_structure != kNoStructures;
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

std::vector<int> parse_lengths(const std::string& text) {
  std::vector<int> lengths;
  for (const std::vector<int>& molecules : parse_molecule_lengths(text)) {
    if (molecules.size() > 1) fail_lengths(text, fmt::format("{}+...", molecules.front()), "is several molecules");
    lengths.push_back(molecules.front());
  }
  return lengths;
}

std::vector<std::vector<int>> parse_molecule_lengths(const std::string& text) {
  std::set<std::vector<int>> lengths;
  for (const std::string& item : split(text, ',')) {
    const std::string_view whole = item;
    if (item.find('+') != std::string::npos) {
      std::vector<int> molecules;
      for (const std::string& molecule : split(item, '+')) molecules.push_back(parse_positive(text, item, molecule));
      lengths.insert(molecules);
      continue;
    }
    const std::size_t dash = item.find('-'), colon = item.find(':');
    if (colon != std::string::npos && (dash == std::string::npos || colon < dash))
      fail_lengths(text, item, "has a step but no range");
    const int first = parse_positive(text, item, whole.substr(0, dash));
    if (dash == std::string::npos) {
      lengths.insert({first});
      continue;
    }
    const std::size_t end = std::min(colon, item.size());
    const int last = parse_positive(text, item, whole.substr(dash + 1, end - dash - 1));
    const int step = colon == std::string::npos ? 1 : parse_positive(text, item, whole.substr(colon + 1));
    if (last < first) fail_lengths(text, item, "runs backward");
    for (std::int64_t length = first; length <= last; length += step) lengths.insert({static_cast<int>(length)});
  }
  return {lengths.begin(), lengths.end()};
}

}  // namespace flashrna
