// The smallest network with every part of the published one, for tests of the network alone.
#pragma once

#include "libfold/nn/model_config.h"

namespace flashrna {

inline ModelConfig tiny_model() {
  ModelConfig config;
  config.node_channels = 32;
  config.pair_channels = 16;
  config.blocks = 2;
  config.attention_channels = 8;
  config.attention_heads = 2;
  config.query_points = 4;
  config.value_points = 4;
  config.transformer_heads = 2;
  config.transformer_layers = 1;
  config.position_channels = 16;
  config.time_channels = 16;
  config.edge_feature_channels = 8;
  config.neighbors = 6;
  config.torsion_channels = 16;
  return config;
}

}  // namespace flashrna
