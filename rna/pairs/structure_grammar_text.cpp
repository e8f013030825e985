// StructureGrammar as JSON. Numbers are written with as many digits as reading them back exactly needs.
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "rna/pairs/structure_grammar.h"

namespace flashrna {
namespace {

using Json = nlohmann::json;

constexpr int kVersion = 1;
constexpr std::array<const char*, kLengthKinds> kLengthNames{
    "stem",          "hairpin",        "bulge",     "interior",   "interior_asymmetry",
    "multiloop_gap", "unpaired_chain", "first_gap", "middle_gap", "last_gap"};
constexpr std::array<const char*, kClosedLoops> kLoopNames{"hairpin", "bulge", "interior", "multiloop"};
constexpr std::array<const char*, kChanceKinds> kChanceNames{"paired",
                                                             "second_branch",
                                                             "third_branch",
                                                             "further_branch",
                                                             "third_in_multiloop",
                                                             "fourth_in_multiloop",
                                                             "further_in_multiloop",
                                                             "upstream_bulge"};

// Reads members of a JSON object and names them in errors.
class Reader {
 public:
  Reader(const Json& json, std::string where) : json_(json), where_(std::move(where)) {
    if (!json_.is_object()) fail("{}: not a JSON object; a structure grammar is damaged", where_);
  }

  Reader object(const char* name) const { return {member(name), where_ + "." + name}; }

  bool has(const char* name) const { return json_.contains(name); }

  // At least `least`, at most `most`.
  double number(const char* name, double least, double most) const { return checked(member(name), name, least, most); }

  std::vector<double> numbers(const char* name) const {
    const Json& list = member(name);
    if (!list.is_array() || list.size() > kMostNumbers)
      fail("{}.{}: not a list of at most {} numbers; a structure grammar is damaged", where_, name, kMostNumbers);
    std::vector<double> values;
    for (const Json& value : list) values.push_back(checked(value, name, 0.0, kLargest));
    return values;
  }

  static constexpr double kLargest = 1e30;
  static constexpr std::size_t kMostNumbers = 80;  // as many bins of lengths as an int holds

 private:
  const Json& member(const char* name) const {
    const auto found = json_.find(name);
    if (found == json_.end()) fail("{}: has no \"{}\"; a structure grammar is damaged", where_, name);
    return *found;
  }

  double checked(const Json& value, const char* name, double least, double most) const {
    if (!value.is_number()) fail("{}.{}: not a number; a structure grammar is damaged", where_, name);
    const auto number = value.get<double>();
    if (!(number >= least && number <= most))
      fail("{}.{}: {:g} is outside {:g} to {:g}; a structure grammar is damaged", where_, name, number, least, most);
    return number;
  }

  const Json& json_;
  std::string where_;
};

Json json_of(const LengthDistribution& lengths) {
  return {{"shortest", lengths.shortest},
          {"bins", lengths.of_bin},
          {"tail", lengths.tail},
          {"tail_ratio", lengths.tail_ratio}};
}

LengthDistribution read_lengths(const Reader& reader, int shortest) {
  LengthDistribution lengths;
  lengths.shortest = static_cast<int>(reader.number("shortest", shortest, shortest));
  lengths.of_bin = reader.numbers("bins");
  lengths.tail = reader.number("tail", 0.0, Reader::kLargest);
  lengths.tail_ratio = reader.number("tail_ratio", 0.0, 0.9999999);
  return lengths;
}

PseudoknotModel read_pseudoknots(const Reader& reader) {
  PseudoknotModel model;
  model.rate = reader.number("rate", 0.0, Reader::kLargest);
  const std::vector<double> loops = reader.numbers("of_loops");
  if (loops.size() != kLoopPairs)
    fail("structure grammar: {} pairs of loops in pseudoknots, {} are needed; it is damaged", loops.size(), kLoopPairs);
  std::ranges::copy(loops, model.of_loops.begin());
  if (reader.has("of_stems_between")) model.of_stems_between = reader.numbers("of_stems_between");
  if (reader.has("of_arms")) model.of_arms = reader.numbers("of_arms");
  if (reader.has("of_separation")) model.of_separation = reader.numbers("of_separation");
  model.of_stem = reader.numbers("of_stem");
  model.of_length = reader.numbers("of_length");
  if (reader.has("further")) {
    const Reader further = reader.object("further");
    model.further = {further.number("chance", 0.0, 1.0), further.numbers("of_gap"), further.numbers("of_stem")};
  }
  const bool by_stems = !model.of_stems_between.empty() && !model.of_arms.empty();
  const bool of_earlier = model.of_stems_between.empty() && !model.of_separation.empty();
  if (model.rate > 0.0 && (!(by_stems || of_earlier) || model.of_length.empty()))
    fail("structure grammar: pseudoknots without factors of stems between, arms or length; it is damaged");
  return model;
}

}  // namespace

std::string StructureGrammar::to_text() const {
  Json json{{"version", kVersion}};
  for (std::size_t kind = 0; kind < kLengthKinds; ++kind) json["lengths"][kLengthNames[kind]] = json_of(lengths[kind]);
  for (std::size_t kind = 0; kind < kClosedLoops; ++kind) json["loops"][kLoopNames[kind]] = loops[kind];
  for (std::size_t kind = 0; kind < kChanceKinds; ++kind) json["chances"][kChanceNames[kind]] = chances[kind];
  json["pseudoknots"] = {{"rate", pseudoknots.rate},
                         {"of_loops", pseudoknots.of_loops},
                         {"of_separation", pseudoknots.of_separation},
                         {"of_stems_between", pseudoknots.of_stems_between},
                         {"of_arms", pseudoknots.of_arms},
                         {"of_stem", pseudoknots.of_stem},
                         {"of_length", pseudoknots.of_length},
                         {"further",
                          {{"chance", pseudoknots.further.chance},
                           {"of_gap", pseudoknots.further.of_gap},
                           {"of_stem", pseudoknots.further.of_stem}}}};
  return json.dump();
}

StructureGrammar StructureGrammar::from_text(std::string_view text, const std::string& source) {
  const Json json = Json::parse(text, nullptr, false);
  const Reader root(json, source);
  root.number("version", kVersion, kVersion);
  StructureGrammar grammar;
  const Reader lengths = root.object("lengths"), loops = root.object("loops"), chances = root.object("chances");
  for (std::size_t kind = 0; kind < kLengthKinds; ++kind)
    grammar.lengths[kind] = read_lengths(lengths.object(kLengthNames[kind]), shortest_of(static_cast<LengthOf>(kind)));
  for (std::size_t kind = 0; kind < kClosedLoops; ++kind)
    grammar.loops[kind] = loops.number(kLoopNames[kind], 0.0, Reader::kLargest);
  for (std::size_t kind = 0; kind < kChanceKinds; ++kind)
    grammar.chances[kind] = chances.number(kChanceNames[kind], 0.0, 1.0);
  grammar.pseudoknots = read_pseudoknots(root.object("pseudoknots"));
  return grammar;
}

}  // namespace flashrna
