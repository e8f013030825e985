#include "libfold/training/data_config.h"

#include <cmath>

#include "base/error.h"
#include "libfold/configuration.h"
#include "libfold/training/crop_stages.h"

namespace flashrna {

ChainFilter DataConfig::filter() const {
  return {min_length, max_length, max_resolution, unknown_resolution, methods, kinds, max_breaks};
}

void DataConfig::add_options(Configuration& configuration) {
  configuration.bind("data.path", path, "dataset written by `flashrna convert`");
  configuration.bind("data.min_length", min_length, "residues; shorter chains are left out");
  configuration.bind("data.max_length", max_length, "residues; longer chains are left out; 0 = no limit");
  configuration.bind("data.max_resolution", max_resolution, "Å; chains of worse resolution are left out; 0 = no limit");
  configuration.bind("data.unknown_resolution", unknown_resolution,
                     "whether chains without a resolution (NMR) pass data.max_resolution");
  configuration.bind("data.methods", methods,
                     "experimental methods, parts of names separated by commas (x-ray,microscopy); empty = any");
  configuration.bind("data.kinds", kinds, "molecule kinds separated by commas (RNA); empty = any");
  configuration.bind("data.max_breaks", max_breaks, "chains with more breaks are left out; -1 = no limit");
  configuration.bind("data.sampling", sampling,
                     "uniform: every chain once per epoch; cluster: one chain of every sequence cluster");
  configuration.bind("data.batch_size", batch_size, "chains per batch at most");
  configuration.bind("data.max_residues", max_residues,
                     "residues per batch at most, padding included; 0 = no limit; a longer chain runs alone");
  configuration.bind("data.max_residues_squared", max_residues_squared,
                     "sum of squared lengths per batch at most, padding included; 0 = no limit");
  configuration.bind("data.crop_length", crop_length,
                     "longer chains are cut to so many residues, a random stretch; 0 = never; 256:0.9,1024:0.1 = "
                     "lengths one after the other, with their shares of training.steps");
  configuration.bind("data.spatial_crops", spatial_crops,
                     "share of the crops, 0 to 1, that are the residues nearest to a random one, in several stretches");
  configuration.bind("data.repeat", repeat, "times each chain occurs in an epoch");
  configuration.bind("data.validation_fraction", validation_fraction,
                     "of the chains, 0 to 0.5, by whole groups of related chains; unused if the dataset has splits");
  configuration.bind("data.replay", replay, "failed_batch.h5 of a run: do its step again, show every chain, and stop");
}

void DataConfig::validate() const {
  if (path.empty()) fail_usage("data.path is not set; name a dataset that `flashrna convert` wrote");
  check_at_least("data.min_length", min_length, 1);
  check_at_least("data.max_length", max_length, 0);
  check_at_least("data.max_breaks", max_breaks, -1);
  if (!(max_resolution >= 0 && std::isfinite(max_resolution)))
    fail_usage("data.max_resolution = {}: must be at least 0", max_resolution);
  if (sampling != "uniform" && sampling != "cluster")
    fail_usage("data.sampling = {}: must be uniform or cluster", sampling);
  check_at_least("data.batch_size", batch_size, 1);
  check_at_least("data.max_residues", max_residues, 0);
  check_at_least("data.max_residues_squared", max_residues_squared, 0);
  const CropStages stages(crop_length);  // refuses another form
  if (!(spatial_crops >= 0 && spatial_crops <= 1))
    fail_usage("data.spatial_crops = {}: must be from 0 to 1", spatial_crops);
  check_at_least("data.repeat", repeat, 1);
  if (max_length != 0 && max_length < min_length)
    fail_usage("data.max_length = {}: is below data.min_length = {}; use 0 for no limit", max_length, min_length);
  if (validation_fraction < 0 || validation_fraction > 0.5)
    fail_usage("data.validation_fraction = {}: must be from 0 to 0.5", validation_fraction);
}

}  // namespace flashrna
