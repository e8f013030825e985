// A model small enough to measure memory at many thousand residues within seconds, and checks of its growth.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <vector>

#include "libfold/bench/sampling_bench.h"
#include "libfold/run_config.h"

namespace flashrna {

inline RunConfig small_model() {
  RunConfig config;
  config.model.node_channels = 32;
  config.model.pair_channels = 16;
  config.model.blocks = 2;
  config.model.attention_channels = 8;
  config.model.attention_heads = 2;
  config.model.query_points = 4;
  config.model.value_points = 4;
  config.model.transformer_heads = 2;
  config.model.transformer_layers = 1;
  config.model.edge_feature_channels = 16;
  config.model.torsion_channels = 16;
  config.losses.atoms = 13;
  config.losses.bond_weight = config.losses.angle_weight = 1.0;
  return config;
}

// The same with every component that configs/rna.ini adds.
inline RunConfig small_long_chain_model() {
  RunConfig config = small_model();
  config.model.positions = "relative";
  config.model.chain_neighbors = 8;
  config.model.local_edges = config.model.edge_votes = 16;
  config.model.condition_pairs = config.model.condition_letters = config.model.condition_motifs = true;
  config.model.letter_head = true;
  config.flow.prior = "chain";
  config.losses.local_weight = config.losses.pair_weight = config.losses.link_torsion_weight =
      config.losses.letter_weight = 1.0;
  return config;
}

// `Timing` is TrainingTiming or SamplingTiming.
template <typename Timing>
void print_memory(const std::vector<Timing>& timings) {
  for (const Timing& t : timings)
    std::printf("  %5ld nt: peak %.1f MB, largest tensor %.2f MB\n", static_cast<long>(t.length),
                static_cast<double>(t.peak_bytes) / 1e6, static_cast<double>(t.largest_bytes) / 1e6);
}

// Each length is four times the previous one.
template <typename Timing>
void expect_linear_memory(const std::vector<Timing>& timings) {
  ASSERT_GT(timings[0].largest_bytes, timings[0].length * 32 * 4) << "not even one layer's activations";
  for (std::size_t i = 1; i < timings.size(); ++i) {
    const Timing &shorter = timings[i - 1], &longer = timings[i];
    ASSERT_EQ(longer.length, 4 * shorter.length);
    EXPECT_LE(static_cast<double>(longer.peak_bytes) / static_cast<double>(shorter.peak_bytes), 4.4);
    EXPECT_LE(static_cast<double>(longer.largest_bytes) / static_cast<double>(shorter.largest_bytes), 4.4);
  }
}

}  // namespace flashrna
