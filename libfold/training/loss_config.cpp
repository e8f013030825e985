#include "libfold/training/loss_config.h"

#include "base/error.h"
#include "libfold/configuration.h"

namespace flashrna {

void LossConfig::add_options(Configuration& configuration) {
  configuration.bind("losses.translation_weight", translation_weight, "of the translations' vector field");
  configuration.bind("losses.rotation_weight", rotation_weight, "of the rotations' vector field");
  configuration.bind("losses.auxiliary_weight", auxiliary_weight, "of the losses on atoms, distances and torsions");
  configuration.bind("losses.auxiliary_min_t", auxiliary_min_t, "time above which the auxiliary losses count");
  configuration.bind("losses.auxiliary_scaling", auxiliary_scaling,
                     "whether the auxiliary losses grow with t like the others");
  configuration.bind("losses.rotation_error", rotation_error,
                     "of the rotations' vector field: vector, or axis_angle, which counts axes and angles separately");
  configuration.bind("losses.rotation_angle_weight", rotation_angle_weight, "of the angles in axis_angle");
  configuration.bind("losses.distance_cutoff", distance_cutoff,
                     "Å; pair distances longer than this in the truth do not count; 0 = all count");
  configuration.bind("losses.torsion_weight", torsion_weight, "of the torsions among the auxiliary losses");
  configuration.bind("losses.torsion_error", torsion_error,
                     "of the torsions, those of links too: squared, or absolute, which keeps to one conformer where "
                     "several are possible");
  configuration.bind("losses.atom_scale", atom_scale, "1/Å, unit of the losses on atoms and distances");
  configuration.bind("losses.translation_scale", translation_scale, "1/Å, unit of the translations' loss");
  configuration.bind("losses.t_clip", t_clip, "losses grow as 1 / (1 - t) up to this time");
  configuration.bind(
      "losses.atoms", atoms,
      "atoms per residue in the losses on atoms and distances: of RNA 3, 6, 10 or 13, of proteins 3 or 5");
  configuration.bind("losses.bond_weight", bond_weight,
                     "of the length of O3'-P or C-N between bonded residues; 0 = none");
  configuration.bind("losses.angle_weight", angle_weight, "of the angles at the two atoms of that bond; 0 = none");
  configuration.bind("losses.link_torsion_weight", link_torsion_weight,
                     "of the torsions around that bond: epsilon, zeta and alpha, or psi, omega and phi; 0 = none");
  configuration.bind("losses.clash_weight", clash_weight, "of overlaps of atoms of different residues; 0 = none");
  configuration.bind("losses.local_weight", local_weight,
                     "of the error of each residue's surroundings in its own frame; 0 = none");
  configuration.bind("losses.pair_weight", pair_weight, "of the distances between C1' and N of base pairs; 0 = none");
  configuration.bind("losses.letter_weight", letter_weight,
                     "of the nucleotides that the network proposes where t > 0.5; 0 = none");
}

void LossConfig::validate() const {
  check_at_least("losses.translation_weight", translation_weight, 0);
  check_at_least("losses.rotation_weight", rotation_weight, 0);
  check_at_least("losses.auxiliary_weight", auxiliary_weight, 0);
  check_at_least("losses.torsion_weight", torsion_weight, 0);
  check_at_least("losses.bond_weight", bond_weight, 0);
  check_at_least("losses.angle_weight", angle_weight, 0);
  check_at_least("losses.link_torsion_weight", link_torsion_weight, 0);
  check_at_least("losses.clash_weight", clash_weight, 0);
  check_at_least("losses.local_weight", local_weight, 0);
  check_at_least("losses.pair_weight", pair_weight, 0);
  check_at_least("losses.letter_weight", letter_weight, 0);
  check_at_least("losses.rotation_angle_weight", rotation_angle_weight, 0);
  check_at_least("losses.distance_cutoff", distance_cutoff, 0);
  if (rotation_error != "vector" && rotation_error != "axis_angle")
    fail_usage("losses.rotation_error = {}: must be vector or axis_angle", rotation_error);
  if (torsion_error != "squared" && torsion_error != "absolute")
    fail_usage("losses.torsion_error = {}: must be squared or absolute", torsion_error);
  if (!(auxiliary_min_t >= 0 && auxiliary_min_t <= 1))
    fail_usage("losses.auxiliary_min_t = {}: must be from 0 to 1", auxiliary_min_t);
  if (!(atom_scale > 0)) fail_usage("losses.atom_scale = {}: must be above 0", atom_scale);
  if (!(translation_scale > 0)) fail_usage("losses.translation_scale = {}: must be above 0", translation_scale);
  if (!(t_clip >= 0 && t_clip < 1)) fail_usage("losses.t_clip = {}: must be from 0 to below 1", t_clip);
  if (atoms != 3 && atoms != 5 && atoms != 6 && atoms != 10 && atoms != 13)
    fail_usage("losses.atoms = {}: must be 3, 6, 10 or 13 of RNA, 3 or 5 of proteins", atoms);
}

}  // namespace flashrna
