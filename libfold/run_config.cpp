#include "libfold/run_config.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/error.h"
#include "libfold/configuration.h"

namespace flashrna {
namespace {

// Keys that a resumed run may change, because they do not alter completed steps.
constexpr std::array<std::string_view, 18> kFreeOnResume = {
    "data.path",
    "data.replay",
    "model.attention",
    "model.attention_precision",
    "training.steps",
    "training.minutes",
    "training.learning_rate",
    "training.warmup_steps",
    "training.schedule",
    "training.cooldown_steps",
    "training.clip_norm",
    "training.checkpoint_every",
    "training.keep_checkpoints",
    "training.recompute",
    "training.validation_samples",
    "training.validation_sample_steps",
    "training.validate_every",
    "training.log_every",
};

}  // namespace

void RunConfig::add_options(Configuration& configuration) {
  data.add_options(configuration);
  model.add_options(configuration);
  flow.add_options(configuration);
  conditioning.add_options(configuration);
  losses.add_options(configuration);
  training.add_options(configuration);
  published.add_options(configuration);
}

// What only RNA has.
void RunConfig::validate_polymer() const {
  const PolymerModel& traits = polymer_model(model.polymer_kind());
  if (!traits.loss_atoms(losses.atoms))
    fail_usage("losses.atoms = {}: not with model.polymer = {}; see its comment", losses.atoms, model.polymer);
  if (traits.bases) return;
  const auto refuse = [&](bool set, const char* key) {
    if (set) fail_usage("{}: model.polymer = {} has no bases; leave it out", key, model.polymer);
  };
  refuse(losses.pair_weight > 0, "losses.pair_weight");
  refuse(losses.local_weight > 0, "losses.local_weight");
  refuse(published.deoxyadenosine_atoms, "published.deoxyadenosine_atoms");
  refuse(published.twelfth_atom_at_origin, "published.twelfth_atom_at_origin");
  if (training.validation_samples > 0)
    fail_usage(
        "training.validation_samples = {}: samples of model.polymer = {} are not measured in training; set it to 0",
        training.validation_samples, model.polymer);
}

void RunConfig::validate() const {
  data.validate();
  model.validate();
  flow.validate();
  conditioning.validate();
  if (losses.letter_weight > 0 && !model.letter_head)
    fail_usage("losses.letter_weight = {}: needs model.letter_head = true", losses.letter_weight);
  losses.validate();
  training.validate();
  validate_polymer();
}

RunConfig read_run_config(const std::string& text, const std::string& name) {
  RunConfig config;
  Configuration configuration;
  config.add_options(configuration);
  configuration.read_ini_text(text, name);
  config.validate();
  return config;
}

void adopt_checkpoint_configuration(Configuration& configuration, const std::string& text, const std::string& path) {
  RunConfig stored_config;
  Configuration stored;
  stored_config.add_options(stored);
  stored.read_ini_text(text, path);

  for (const Configuration::Entry& entry : stored.entries()) {
    const Configuration::Entry& present = *configuration.find(entry.key);
    if (present.source.empty()) {
      present.set(entry.get());
    } else if (present.get() != entry.get() && std::ranges::find(kFreeOnResume, entry.key) == kFreeOnResume.end()) {
      fail("checkpoint {} was trained with {} = {}, {} says {}; drop it or train a new run in another folder", path,
           entry.key, entry.get(), present.source, present.get());
    }
  }
}

}  // namespace flashrna
