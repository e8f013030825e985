// Sizes of the network and the implementation of its attention.
#pragma once

#include <string>

#include "libfold/polymer.h"

namespace flashrna {

class Configuration;

struct ModelConfig {
  std::string polymer = "rna";  // rna or protein: the frames and torsions that the network predicts
  // Pair representation: flash_1d_bias. For comparison: flash_no_bias, orig_no_bias (the same with dense attention),
  // orig_2d_bias and flash_2d_factorize_bias. The last three need O(L^2) memory.
  std::string mode = "flash_1d_bias";
  int node_channels = 256;      // c_s, of the single representation
  int pair_channels = 128;      // c_z, of each pair factor; a multiple of 4
  int pair_rank = 2;            // R, 1 to 8
  int factorizer_length = 150;  // longest chain of flash_2d_factorize_bias
  int blocks = 6;
  int attention_channels = 128;  // C, per head
  int attention_heads = 8;       // H
  int query_points = 8;          // P_q
  int value_points = 12;         // P_v
  int transformer_heads = 4;     // divides node_channels + skip_channels
  int transformer_layers = 2;
  int skip_channels = 0;        // of the initial single representation, embedded again, beside the transformer's input
  int position_channels = 128;  // of the node embedder's index embedding; even
  int time_channels = 128;
  int edge_feature_channels = 64;  // feat_dim of the edge embedder; even
  int distance_bins = 22;
  int neighbors = 20;                        // k nearest residues that the edge embedder uses
  std::string positions = "absolute";        // absolute: index embeddings; relative: rotary and clipped offsets
  int chain_neighbors = 0;                   // number of the neighbors taken along the chain, first in the list; even
  int local_edges = 0;                       // hidden channels of messages along sparse edges; 0 = none
  int edge_votes = 0;                        // hidden channels of votes along sparse edges; 0 = none
  bool condition_pairs = false;              // the network takes requested base pairs as input
  bool condition_letters = false;            // ... requested nucleotides
  bool condition_motifs = false;             // ... residues with given structure
  bool condition_motif_groups = false;       // ... of which parts are placed freely relative to each other
  bool letter_head = false;                  // the network predicts nucleotides
  int torsions = 8;                          // RNA: 8 of the backbone, or 9: also chi; proteins: 1, psi
  int torsion_channels = 128;                // hidden width of the torsion head
  int torsion_conformers = 1;                // sets of torsions per residue, each with a probability (torsion_head.h)
  std::string attention = "auto";            // auto, dense, lifted, fused (CUDA), simple
  std::string attention_precision = "fast";  // of the fused backend: fast, strict

  void add_options(Configuration& configuration);  // section [model]
  void validate() const;                           // throws UsageError naming the key
  Polymer polymer_kind() const { return parse_polymer(polymer, "model.polymer"); }
  int transformer_channels() const { return node_channels + skip_channels; }
};

}  // namespace flashrna
