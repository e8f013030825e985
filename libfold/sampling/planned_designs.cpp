#include "libfold/sampling/planned_designs.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <set>

#include "base/error.h"
#include "libfold/design/contig_draw.h"
#include "libfold/design/sample_name.h"
#include "libfold/design/sequence_file.h"
#include "libfold/random_streams.h"
#include "libfold/sampling/symmetry.h"
#include "rna/io/structure_reader.h"
#include "rna/pairs/secondary_structure_file.h"

namespace flashrna {
namespace {

constexpr const char* kContigStem = "design";

// The structures that --secondary-structure gives, those of symmetric assemblies as one copy. A line of dot-bracket is
// a structure without a name.
std::vector<SecondaryStructureRecord> read_structures(const SampleConfig& config) {
  const std::string& given = config.secondary_structure;
  const bool is_text = is_dot_bracket(given) && !is_secondary_structure_file(given);
  if (!is_text && !is_secondary_structure_file(given))
    fail_usage(
        "--secondary-structure {}: neither dot-bracket (. ( ) [ ] {{ }} < > Aa to Zz & * ?) nor a file .dbn, .bpseq or "
        ".ct",
        given);
  std::vector<SecondaryStructureRecord> structures;
  if (is_text)
    structures.push_back(parse_dot_bracket(given, "--secondary-structure"));
  else
    structures = read_secondary_structures(given);
  for (SecondaryStructureRecord& structure : structures) {
    if (structure.copies == 1) continue;
    const std::string source =
        structure.name.empty() ? "--secondary-structure" : fmt::format("{}: \"{}\"", given, structure.name);
    if (config.symmetry.empty())
      fail_usage(
          "{}: \"*\" separates copies of a symmetric assembly; give --symmetry, such as C{}, or write & between "
          "molecules",
          source, structure.copies);
    structure = unit_of_copies(structure, rotation_group(config.symmetry), source);
  }
  return structures;
}

// The letters of --sequence for the designs that are made.
class GivenLetters {
 public:
  explicit GivenLetters(const std::string& line_or_path) : source_(line_or_path) {
    if (!source_.empty()) records_ = read_sequences(source_);
  }

  const std::vector<SequenceRecord>& records() const { return records_; }

  void add_to(Design& design, const std::string& name) const {
    if (records_.empty()) return;
    const bool is_line = records_.front().line == 0;
    const SequenceRecord* record =
        is_line ? &records_.front() : find_sequence(records_, name, design.length(), source_);
    if (!record) {
      std::set<std::size_t> lengths;
      for (const SequenceRecord& each : records_) lengths.insert(each.bases.size());
      fail("--sequence {}: has no record of {} residues, only of {}; add one, or ask for other lengths", source_,
           design.length(), fmt::join(lengths, ", "));
    }
    set_letters(design, record->bases, record->molecule,
                is_line ? "--sequence" : fmt::format("{}:{}: record \"{}\"", source_, record->line, record->title));
  }

 private:
  std::string source_;
  std::vector<SequenceRecord> records_;
};

DesignSeries one_design(std::string stem, std::uint64_t first_index, Design design) {
  return {std::move(stem), first_index, {std::make_shared<const Design>(std::move(design))}};
}

// Names each series after its record, and tells equal names apart by the number of the record.
class StemList {
 public:
  std::string add(const std::string& name, const char* kind, std::size_t number) {
    std::string stem = name_stem(name);
    if (stem.empty()) stem = fmt::format("{}_{:03d}", kind, number);
    if (!stems_.insert(stem).second) stems_.insert(stem += fmt::format("_{:03d}", number));
    return stem;
  }

 private:
  std::set<std::string> stems_;
};

std::uint64_t index_of_record(std::size_t number) {
  return static_cast<std::uint64_t>(number) * std::uint64_t{kMostSamples};
}

std::vector<DesignSeries> designs_of_lengths(const SampleConfig& config, const GivenLetters& letters) {
  std::vector<DesignSeries> planned;
  for (const std::vector<int>& molecules : parse_molecule_lengths(config.lengths)) {
    Design design = design_of_lengths(molecules);
    letters.add_to(design, "");
    planned.push_back(one_design(length_stem(molecules), 0, std::move(design)));
  }
  return planned;
}

std::vector<DesignSeries> designs_of_structures(const std::vector<SecondaryStructureRecord>& structures,
                                                const GivenLetters& letters) {
  std::vector<DesignSeries> planned;
  StemList stems;
  for (std::size_t s = 0; s < structures.size(); ++s) {
    Design design = design_of_structure(structures[s]);
    letters.add_to(design, structures[s].name);
    planned.push_back(one_design(stems.add(structures[s].name, "structure", s), index_of_record(s), std::move(design)));
  }
  return planned;
}

std::vector<DesignSeries> designs_of_sequences(const GivenLetters& letters) {
  std::vector<DesignSeries> planned;
  StemList stems;
  for (std::size_t s = 0; s < letters.records().size(); ++s) {
    const SequenceRecord& record = letters.records()[s];
    std::vector<int> molecule = record.molecule;
    if (molecule.empty()) molecule.assign(record.bases.size(), 0);
    Design design = design_of_structure({.partner = {}, .molecule = molecule});
    set_letters(design, record.bases, record.molecule, "--sequence");
    planned.push_back(one_design(stems.add(record.title, "sequence", s), index_of_record(s), std::move(design)));
  }
  return planned;
}

// The structure that --secondary-structure gives beside a contig or a start.
std::optional<SecondaryStructureRecord> only_structure(const SampleConfig& config) {
  if (!config.gives_structures()) return std::nullopt;
  std::vector<SecondaryStructureRecord> structures = read_structures(config);
  if (structures.size() > 1)
    fail_usage("--secondary-structure {}: holds {} structures; with {} it must be one", config.secondary_structure,
               structures.size(), config.contig.empty() ? "--start" : "--contig");
  return std::move(structures.front());
}

DesignSeries designs_of_contig(const SampleConfig& config, const GivenLetters& letters) {
  const std::vector<ContigItem> items = parse_contig(config.contig);
  std::shared_ptr<const Motif> motif;
  if (!config.motif.empty())
    motif = std::make_shared<const Motif>(find_motif(items, read_structure(config.motif), config.motif));
  const std::optional<SecondaryStructureRecord> structure = only_structure(config);
  std::vector<LengthRange> ranges;
  bool drawn = false;
  for (std::size_t k = 0; k < items.size(); ++k) {
    const int count = items[k].is_motif() ? motif->count[k] : 0;
    ranges.push_back(items[k].is_motif() ? LengthRange{count, count} : LengthRange{items[k].least, items[k].most});
    drawn = drawn || ranges.back().least < ranges.back().most;
    if (structure && ranges.back().least < ranges.back().most)
      fail_usage(
          "--contig {}: character {}: \"{}\" is a range, so --secondary-structure does not say which residues it "
          "pairs; give a number",
          config.contig, items[k].character, items[k].text);
  }
  DesignSeries series{.stem = kContigStem};
  const LengthBounds bounds = parse_length_bounds(config.length);
  for (int i = 0; i < (drawn ? config.samples : 1); ++i) {
    RandomStream stream(config.seed, "contig", {static_cast<std::uint64_t>(i)});
    const std::vector<int> lengths =
        draw_lengths(ranges, bounds, [&](std::uint64_t choices) { return stream.below(choices); });
    Design design = design_of_contig(items, lengths, motif, config.motif_groups == "free");
    if (structure) set_partners(design, *structure, "--secondary-structure");
    letters.add_to(design, "");
    series.designs.push_back(std::make_shared<const Design>(std::move(design)));
  }
  return series;
}

std::vector<Chain> start_chains(const SampleConfig& config) {
  const Structure structure = read_structure(config.start);
  std::vector<std::string> ids;
  for (const Chain& chain : structure.chains) ids.push_back(chain.id);
  if (ids.empty()) fail("--start {}: no RNA chain with a backbone in it", config.start);
  if (config.start_chain.empty()) return {structure.chains.front()};
  std::vector<Chain> chosen;
  for (std::size_t at = 0; at <= config.start_chain.size();) {
    const std::size_t end = std::min(config.start_chain.find(',', at), config.start_chain.size());
    const std::string id = config.start_chain.substr(at, end - at);
    const auto found = std::ranges::find(ids, id);
    if (found == ids.end())
      fail("--start-chain {}: {} has no RNA chain \"{}\"; it has {}", config.start_chain, config.start, id,
           fmt::join(ids, ", "));
    chosen.push_back(structure.chains[static_cast<std::size_t>(found - ids.begin())]);
    at = end + 1;
  }
  return chosen;
}

DesignSeries designs_of_start(const SampleConfig& config, const GivenLetters& letters) {
  Design design = design_of_chains(start_chains(config));
  if (const auto structure = only_structure(config)) set_partners(design, *structure, "--secondary-structure");
  letters.add_to(design, "");
  std::string stem = name_stem(sample_stem(config.start));
  return one_design(stem.empty() ? "start" : stem, 0, std::move(design));
}

}  // namespace

std::vector<DesignSeries> plan_designs(const SampleConfig& config) {
  const GivenLetters letters(config.sequence);
  if (!config.contig.empty()) return {designs_of_contig(config, letters)};
  if (!config.start.empty()) return {designs_of_start(config, letters)};
  if (!config.lengths.empty()) return designs_of_lengths(config, letters);
  if (config.gives_structures()) return designs_of_structures(read_structures(config), letters);
  return designs_of_sequences(letters);
}

}  // namespace flashrna
