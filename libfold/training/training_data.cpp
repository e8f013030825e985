#include "libfold/training/training_data.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "base/error.h"
#include "datasets/chain_pairs.h"
#include "datasets/chain_rows.h"
#include "datasets/splits.h"
#include "libfold/conditioning.h"
#include "libfold/random_streams.h"
#include "rna/pairs/structure_grammar_fit.h"

namespace flashrna {
namespace {

constexpr std::size_t kReadAhead = 4;  // batches; one would suffice, the others compensate for slow reads

RandomBelow below(RandomStream& stream) {
  return [&stream](std::uint64_t n) { return stream.below(n); };
}

// The residues at `places`, ascending. Omits atom positions, which batches do not contain. A pair whose partner is
// cropped becomes unspecified.
ChainFeatures crop(const ChainFeatures& chain, const std::vector<std::size_t>& places) {
  auto cut = [&](const auto& values, std::size_t width) {
    std::remove_cvref_t<decltype(values)> part;
    part.reserve(places.size() * width);
    for (std::size_t place : places) {
      const auto begin = values.begin() + static_cast<std::ptrdiff_t>(place * width);
      part.insert(part.end(), begin, begin + static_cast<std::ptrdiff_t>(width));
    }
    return part;
  };
  ChainFeatures part;
  part.polymer = chain.polymer;
  part.length = static_cast<int>(places.size());
  part.nucleotide = cut(chain.nucleotide, 1);
  part.residue_index = cut(chain.residue_index, 1);
  if (!chain.chain_in_structure.empty()) part.chain_in_structure = cut(chain.chain_in_structure, 1);
  part.frame_rotation = cut(chain.frame_rotation, 9);
  part.frame_translation = cut(chain.frame_translation, 3);
  part.torsion_sin_cos = cut(chain.torsion_sin_cos, static_cast<std::size_t>(traits_of(chain.polymer).torsions) * 2);
  part.torsion_mask = cut(chain.torsion_mask, 1);
  if (!chain.chi_sin_cos.empty()) part.chi_sin_cos = cut(chain.chi_sin_cos, 2);
  if (chain.partner.empty()) return part;
  std::vector<std::int32_t> place_of(static_cast<std::size_t>(chain.length), kUnspecified);
  for (std::size_t i = 0; i < places.size(); ++i) place_of[places[i]] = static_cast<std::int32_t>(i);
  for (std::size_t place : places) {
    const std::int32_t partner = chain.partner[place];
    part.partner.push_back(partner < 0 ? partner : place_of[static_cast<std::size_t>(partner)]);
  }
  return part;
}

std::vector<std::size_t> stretch(std::size_t first, std::size_t length) {
  std::vector<std::size_t> places(length);
  std::iota(places.begin(), places.end(), first);
  return places;
}

int molecule_of(const ChainFeatures& chain, std::size_t i) {
  return chain.chain_in_structure.empty() ? 0 : chain.chain_in_structure[i];
}

// `length` residues near residue `center`, of any molecule. The distance of a residue is the minimum over the seven
// residues around it along its molecule, so that the crop consists of segments, not of single residues.
std::vector<std::size_t> nearest_in_space(const ChainFeatures& chain, std::size_t center, std::size_t length) {
  constexpr std::ptrdiff_t kReach = 3;
  const auto n = static_cast<std::ptrdiff_t>(chain.length);
  const auto distance = [&](std::ptrdiff_t i) {
    double sum = 0.0;
    for (std::size_t d = 0; d < 3; ++d) {
      const double difference = static_cast<double>(chain.frame_translation[3 * static_cast<std::size_t>(i) + d]) -
                                static_cast<double>(chain.frame_translation[3 * center + d]);
      sum += difference * difference;
    }
    return sum;
  };
  std::vector<double> own(static_cast<std::size_t>(n)), nearest(static_cast<std::size_t>(n));
  for (std::ptrdiff_t i = 0; i < n; ++i) own[static_cast<std::size_t>(i)] = distance(i);
  for (std::ptrdiff_t i = 0; i < n; ++i) {
    const int molecule = molecule_of(chain, static_cast<std::size_t>(i));
    double least = own[static_cast<std::size_t>(i)];
    for (std::ptrdiff_t j = std::max<std::ptrdiff_t>(0, i - kReach); j < std::min(n, i + kReach + 1); ++j)
      if (molecule_of(chain, static_cast<std::size_t>(j)) == molecule)
        least = std::min(least, own[static_cast<std::size_t>(j)]);
    nearest[static_cast<std::size_t>(i)] = least;
  }
  std::vector<std::size_t> places = stretch(0, static_cast<std::size_t>(n));
  std::ranges::stable_sort(places, {}, [&](std::size_t i) { return nearest[i]; });
  places.resize(length);
  std::ranges::sort(places);
  return places;
}

// data.sampling = cluster draws one chain of each name.
std::string sampled_group_of(const ChainRecord& chain) {
  return chain.sequence_cluster >= 0 ? fmt::format("cluster {}", chain.sequence_cluster)
                                     : fmt::format("entry {}", chain.entry);
}

// "data.min_length = 40, data.kinds = RNA": the filters that differ from their defaults.
std::string filters_in_use(const DataConfig& config) {
  std::string text;
  const auto add = [&](const char* key, const auto& value, const auto& unset) {
    if (value != unset) text += fmt::format("{}data.{} = {}", text.empty() ? "" : ", ", key, value);
  };
  const DataConfig unset;
  add("min_length", config.min_length, unset.min_length);
  add("max_length", config.max_length, unset.max_length);
  add("max_resolution", config.max_resolution, unset.max_resolution);
  add("unknown_resolution", config.unknown_resolution, unset.unknown_resolution);
  add("methods", config.methods, unset.methods);
  add("kinds", config.kinds, unset.kinds);
  add("max_breaks", config.max_breaks, unset.max_breaks);
  return text;
}

}  // namespace

TrainingData::TrainingData(const DataConfig& config, std::uint64_t seed, Polymer polymer)
    : config_(config), stages_(config.crop_length), seed_(seed), reader_(config.path) {
  reader_.require(polymer, fmt::format("training with model.polymer = {}", traits_of(polymer).name));
  split();
  if (training_.empty()) {
    const std::string filters = filters_in_use(config_);
    fail("{}: none of its {} chains is left to train on{}", config_.path, reader_.chains().size(),
         filters.empty() ? ": none has the split \"train\"" : fmt::format(" with {}; widen them", filters));
  }
  if (config_.sampling == "cluster") {
    std::map<std::string, std::vector<std::size_t>> by_name;
    for (std::size_t i = 0; i < training_.size(); ++i)
      by_name[sampled_group_of(reader_.chains()[training_[i]])].push_back(i);
    for (auto& [name, members] : by_name) training_groups_.push_back(std::move(members));
  }
}

void TrainingData::split() {
  const std::vector<ChainRecord>& chains = reader_.chains();
  std::vector<std::size_t> kept;
  const ChainFilter filter = config_.filter();
  for (std::size_t i = 0; i < chains.size(); ++i)
    if (filter.passes(chains[i])) kept.push_back(i);

  if (std::ranges::any_of(chains, [](const ChainRecord& chain) { return !chain.split.empty(); })) {
    for (std::size_t i : kept) {
      if (chains[i].split == "train") training_.push_back(i);
      if (chains[i].split == "validation") validation_.push_back(i);
    }
    return;
  }

  if (config_.validation_fraction == 0) {
    training_ = kept;
    return;
  }
  const std::vector<SplitGroup> groups = group_chains(reader_, kept);
  RandomStream stream(seed_, "validation_split");
  const double wanted = config_.validation_fraction * static_cast<double>(kept.size());
  for (std::size_t group : random_order(groups.size(), below(stream))) {
    // A group that would exceed the limit goes to training, so that validation never gets more than requested.
    const std::vector<std::size_t>& members = groups[group].chains;
    auto& side = static_cast<double>(validation_.size() + members.size()) <= wanted ? validation_ : training_;
    side.insert(side.end(), members.begin(), members.end());
  }
  std::ranges::sort(training_);
  std::ranges::sort(validation_);
  if (!training_.empty() && validation_.empty())
    fail(
        "{}: data.validation_fraction = {} of {} chains holds no whole group of related chains; raise it or set it to "
        "0",
        config_.path, config_.validation_fraction, training_.size());
}

std::string TrainingData::held_out_note() const { return describe_held_out(reader_.chains(), training_, validation_); }

std::int64_t TrainingData::training_residues() const {
  std::int64_t total = 0;
  for (std::size_t chain : training_) total += reader_.chains()[chain].length;
  return total;
}

std::size_t TrainingData::longest_training_chain() const {
  return *std::ranges::max_element(training_, {}, [&](std::size_t chain) { return length(chain); });
}

std::string TrainingData::fingerprint() const {
  std::uint64_t hash = 14695981039346656037u;  // FNV-1a
  auto add = [&hash](std::string_view text) {
    for (unsigned char byte : text) hash = (hash ^ byte) * 1099511628211u;
  };
  for (std::size_t chain : training_)
    add(fmt::format("{} {}\n", reader_.chains()[chain].id, reader_.chains()[chain].length));
  return fmt::format("{} chains {:016x}{}", training_.size(), hash, config_.sampling == "cluster" ? " by cluster" : "");
}

BatchBudget TrainingData::budget() const {
  return {config_.batch_size, config_.max_residues, config_.max_residues_squared};
}

int TrainingData::trained_length(std::size_t chain, std::size_t stage) const {
  const int length = reader_.chains()[chain].length, longest = stages_.length(stage);
  return longest > 0 ? std::min(length, longest) : length;
}

// Positions in training_: a random chain of every cluster.
std::vector<std::size_t> TrainingData::drawn_by_cluster(std::int64_t epoch) const {
  RandomStream stream(seed_, "cluster_draw", {static_cast<std::uint64_t>(epoch)});
  std::vector<std::size_t> drawn;
  for (const std::vector<std::size_t>& group : training_groups_) drawn.push_back(group[stream.below(group.size())]);
  return drawn;
}

BatchPlan TrainingData::plan_training(std::int64_t epoch, std::size_t stage) const {
  std::vector<std::size_t> places(training_.size());
  std::iota(places.begin(), places.end(), std::size_t{0});
  if (config_.sampling == "cluster") places = drawn_by_cluster(epoch);
  std::vector<std::size_t> items;  // in training() x repeat
  std::vector<int> lengths;
  for (int copy = 0; copy < config_.repeat; ++copy) {
    for (std::size_t place : places) {
      items.push_back(static_cast<std::size_t>(copy) * training_.size() + place);
      lengths.push_back(trained_length(training_[place], stage));
    }
  }
  RandomStream stream(seed_, "epoch", {static_cast<std::uint64_t>(epoch)});
  BatchPlan plan = plan_epoch(lengths, budget(), below(stream));
  for (std::vector<std::size_t>& batch : plan)
    for (std::size_t& item : batch) item = items[item];
  return plan;
}

// The residues of a crop: a random stretch, or with `spatial` those near a random residue. A stretch that would go from
// one molecule to the next is taken in space too, around its middle: successive molecules need not touch.
std::vector<std::size_t> TrainingData::cropped_places(const ChainFeatures& chain, std::size_t length,
                                                      std::int64_t epoch, std::size_t item) const {
  RandomStream stream(seed_, "crop", {static_cast<std::uint64_t>(epoch), item});
  const auto n = static_cast<std::size_t>(chain.length);
  const bool spatial =
      config_.spatial_crops > 0 &&
      RandomStream(seed_, "crop_kind", {static_cast<std::uint64_t>(epoch), item}).uniform() < config_.spatial_crops;
  if (spatial) return nearest_in_space(chain, stream.below(n), length);
  const std::size_t first = stream.below(n - length + 1);
  const bool one_molecule = molecule_of(chain, first) == molecule_of(chain, first + length - 1);
  return one_molecule ? stretch(first, length) : nearest_in_space(chain, first + length / 2, length);
}

Batch TrainingData::load_training(const std::vector<std::size_t>& planned, std::int64_t epoch,
                                  std::size_t stage) const {
  std::vector<ChainFeatures> chains;
  std::vector<std::string> ids;
  for (std::size_t item : planned) {
    const std::size_t chain = training_[item % training_.size()];
    ChainFeatures features = reader_.read_chain(chain);
    const int length = trained_length(chain, stage);
    if (length < features.length)
      features = crop(features, cropped_places(features, static_cast<std::size_t>(length), epoch, item));
    chains.push_back(std::move(features));
    ids.push_back(reader_.chains()[chain].id);
  }
  return make_batch(chains, ids);
}

BatchPlan TrainingData::plan_validation() const {
  std::vector<int> lengths;
  for (std::size_t chain : validation_) lengths.push_back(reader_.chains()[chain].length);
  RandomStream stream(seed_, "validation_plan");
  return plan_epoch(lengths, budget(), below(stream));
}

Batch TrainingData::load_validation(const std::vector<std::size_t>& planned) const {
  std::vector<ChainFeatures> chains;
  std::vector<std::string> ids;
  for (std::size_t item : planned) {
    chains.push_back(reader_.read_chain(validation_[item]));
    ids.push_back(reader_.chains()[validation_[item]].id);
  }
  return make_batch(chains, ids);
}

std::vector<double> TrainingData::chain_weights() const {
  std::vector<double> weights(training_.size(), 1.0);
  for (const std::vector<std::size_t>& group : training_groups_)
    for (const std::size_t place : group) weights[place] = 1.0 / static_cast<double>(group.size());
  return weights;
}

StructureGrammar TrainingData::fit_structure_grammar() const {
  const std::vector<double> weights = chain_weights();
  std::vector<ObservedPartners> observed;
  for (std::size_t i = 0; i < training_.size(); ++i)
    for (std::vector<int>& partner : partners_by_molecule(reader_.read_chain(training_[i])))
      observed.push_back({std::move(partner), weights[i]});
  RandomStream stream(seed_, "structure_grammar");
  return flashrna::fit_structure_grammar(observed, [&stream] { return stream.uniform(); });
}

std::vector<Nucleotide> TrainingData::nucleotides(std::size_t chain) const {
  return nucleotides_of(reader_.read_rows(chain));
}

BatchStream::BatchStream(const TrainingData& data, std::int64_t epoch, std::int64_t batch, Prepare prepare,
                         StageOf stage_of)
    : data_(data),
      prepare_(std::move(prepare)),
      stage_of_(std::move(stage_of)),
      thread_([this, epoch, batch](std::stop_token stop) { produce(stop, epoch, batch); }) {}

BatchStream::Item BatchStream::next() {
  const auto start = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !ready_.empty() || error_; });
  seconds_waited_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (ready_.empty()) std::rethrow_exception(error_);
  Item item = std::move(ready_.front());
  ready_.pop_front();
  changed_.notify_all();
  return item;
}

bool BatchStream::push(Item item, std::stop_token stop) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait(lock, stop, [this] { return ready_.size() < kReadAhead; })) return false;
  ready_.push_back(std::move(item));
  changed_.notify_all();
  return true;
}

void BatchStream::produce(std::stop_token stop, std::int64_t epoch, std::int64_t batch) {
  try {
    std::int64_t count = 0;
    for (;; ++epoch, batch = 0) {
      const std::size_t stage = stage_at(count);
      const BatchPlan plan = data_.plan_training(epoch, stage);
      const auto n = static_cast<std::int64_t>(plan.size());
      // A batch beyond the plan, of a run resumed with another number of steps, begins the next epoch.
      for (bool last = false; batch < n && !last; ++batch) {
        last = batch + 1 == n || stage_at(count + 1) != stage;
        Item item{data_.load_training(plan[static_cast<std::size_t>(batch)], epoch, stage),
                  epoch,
                  batch,
                  last ? epoch + 1 : epoch,
                  last ? 0 : batch + 1,
                  nullptr};
        if (prepare_) item.prepared = prepare_(item.batch, count);
        ++count;
        if (!push(std::move(item), stop)) return;
      }
    }
  } catch (...) {
    const std::lock_guard lock(mutex_);
    error_ = std::current_exception();
    changed_.notify_all();
  }
}

}  // namespace flashrna
