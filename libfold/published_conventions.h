// Switches for the errors of the published implementation, all off by default; docs/architecture.md explains them.
// Golden tests and imported weights enable the ones that they need.
#pragma once

namespace flashrna {

class Configuration;

struct PublishedConventions {
  bool unscaled_pair_bias = false;         // factorized pair bias without the factor sqrt(1/3)
  bool neighbors_include_padding = false;  // padded residues can be nearest neighbors
  bool self_as_last_neighbor = false;      // with too few other residues, a residue is its own neighbor at 1e6 Å
  bool index_by_position = false;          // residue index 0..L-1 across gaps
  bool short_index_periods = false;        // index embeddings repeat after some 3,600 residues
  bool deoxyadenosine_atoms = false;       // losses rebuild atoms with the constants of deoxyadenosine
  bool twelfth_atom_at_origin = false;     // the 10-atom loss counts an atom at the origin
  bool distance_loss_denominator = false;  // divides by pairs minus padded length, not by real pairs
  bool ignore_torsion_mask = false;        // the torsion loss counts undefined torsions
  bool inverse_coupling = false;           // minibatch coupling applies the inverse permutation
  bool padded_coupling = false;            // padding counts in the coupling's centering and cost
  bool truncated_log = false;              // SO(3) logarithm by the square-root formula within 0.01 of pi

  static PublishedConventions all();
  void add_options(Configuration& configuration);  // section [published]
};

}  // namespace flashrna
