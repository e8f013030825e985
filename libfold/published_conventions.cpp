#include "libfold/published_conventions.h"

#include "libfold/configuration.h"

namespace flashrna {

PublishedConventions PublishedConventions::all() {
  PublishedConventions published;
  for (bool* field :
       {&published.unscaled_pair_bias, &published.neighbors_include_padding, &published.self_as_last_neighbor,
        &published.index_by_position, &published.short_index_periods, &published.deoxyadenosine_atoms,
        &published.twelfth_atom_at_origin, &published.distance_loss_denominator, &published.ignore_torsion_mask,
        &published.inverse_coupling, &published.padded_coupling, &published.truncated_log}) {
    *field = true;
  }
  return published;
}

void PublishedConventions::add_options(Configuration& configuration) {
  configuration.bind("published.unscaled_pair_bias", unscaled_pair_bias,
                     "factored pair bias without the factor sqrt(1/3)");
  configuration.bind("published.neighbors_include_padding", neighbors_include_padding,
                     "padded residues can be nearest neighbors");
  configuration.bind("published.self_as_last_neighbor", self_as_last_neighbor,
                     "a residue is its own neighbor at 1e6 Å when others run out");
  configuration.bind("published.index_by_position", index_by_position, "residue index 0..L-1 across gaps");
  configuration.bind("published.short_index_periods", short_index_periods,
                     "index embeddings that repeat after some 3,600 residues");
  configuration.bind("published.deoxyadenosine_atoms", deoxyadenosine_atoms,
                     "losses rebuild atoms with deoxyadenosine's constants");
  configuration.bind("published.twelfth_atom_at_origin", twelfth_atom_at_origin,
                     "the 10-atom loss counts an atom that sits at the origin");
  configuration.bind("published.distance_loss_denominator", distance_loss_denominator,
                     "distance loss divided by pairs minus the padded length");
  configuration.bind("published.ignore_torsion_mask", ignore_torsion_mask, "torsion loss over undefined torsions too");
  configuration.bind("published.inverse_coupling", inverse_coupling,
                     "minibatch coupling applies the inverse permutation");
  configuration.bind("published.padded_coupling", padded_coupling,
                     "padding counts in the coupling's centring and cost");
  configuration.bind("published.truncated_log", truncated_log,
                     "SO(3) logarithm by the square-root branch within 0.01 of pi");
}

}  // namespace flashrna
