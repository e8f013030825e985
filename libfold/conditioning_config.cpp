#include "libfold/conditioning_config.h"

#include "base/error.h"
#include "libfold/configuration.h"

namespace flashrna {

namespace {

void check_share(const char* key, double value) {
  if (!(value >= 0 && value <= 1)) fail_usage("{} = {}: must be from 0 to 1", key, value);
}

}  // namespace

void ConditioningConfig::add_options(Configuration& configuration) {
  configuration.bind("conditioning.pairs_hidden", pairs_hidden, "share of chains whose base pairs are all unspecified");
  configuration.bind("conditioning.pairs_partial", pairs_partial,
                     "of the others, share whose pairs are specified in some stretches only");
  configuration.bind(
      "conditioning.letters_hidden", letters_hidden,
      "share of chains whose nucleotides are all unspecified; in the others a random share is specified");
  configuration.bind("conditioning.motif_rate", motif_rate, "share of chains with residues whose structure is given");
  configuration.bind("conditioning.motif_least", motif_least, "least share of the residues that is given then");
  configuration.bind("conditioning.motif_most", motif_most, "largest share of the residues that is given then");
  configuration.bind("conditioning.motif_segments", motif_segments, "stretches of given residues at most");
  configuration.bind("conditioning.free_motifs", free_motifs,
                     "share of motifs whose stretches move relative to each other; for model.condition_motif_groups");
}

void ConditioningConfig::validate() const {
  check_share("conditioning.pairs_hidden", pairs_hidden);
  check_share("conditioning.pairs_partial", pairs_partial);
  check_share("conditioning.letters_hidden", letters_hidden);
  check_share("conditioning.motif_rate", motif_rate);
  check_share("conditioning.motif_least", motif_least);
  check_share("conditioning.motif_most", motif_most);
  check_share("conditioning.free_motifs", free_motifs);
  if (motif_least > motif_most)
    fail_usage("conditioning.motif_least = {}: is above conditioning.motif_most = {}", motif_least, motif_most);
  check_at_least("conditioning.motif_segments", motif_segments, 1);
}

}  // namespace flashrna
