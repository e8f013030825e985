// The weights and scales of the training losses (libfold/training/losses.h).
#pragma once

#include <string>

namespace flashrna {

class Configuration;

struct LossConfig {
  double translation_weight = 2.0;
  double rotation_weight = 1.0;
  double auxiliary_weight = 1.0;
  double auxiliary_min_t = 0.25;  // auxiliary losses are zero unless t is above this
  bool auxiliary_scaling = true;  // auxiliary losses grow with t like the others
  // Of the rotations' vector field: vector: squared difference; axis_angle (FoldFlow): squared difference of the axes,
  // not scaled with t, plus rotation_angle_weight times that of the angles; both means over residues.
  std::string rotation_error = "vector";
  double rotation_angle_weight = 0.5;
  double torsion_weight = 1.0;
  // Of the (sin, cos) of every torsion, those of links too: squared: squared distance, least for the mean of the
  // torsions that frames leave possible; absolute (not published): distance, least for their median, which is a
  // conformer.
  std::string torsion_error = "squared";
  double atom_scale = 0.1;         // 1/Å, of the atom losses
  double translation_scale = 0.1;  // 1/Å
  double t_clip = 0.9;             // losses are divided by 1 - min(t, t_clip)
  double distance_cutoff = 0.0;    // Å; pair distances above it in the truth do not count; 0 = all count
  // Atoms per residue in the atom losses. Of RNA: 3 = C3', C4', O4'; 6 = these and C1', O3', P; 10 = the 3 and C1',
  // C5', O3', P, OP1, OP2 and the nitrogen of the base (N1 in the published list, which its code never places); 13 =
  // the whole backbone. Of proteins: 3 = N, CA, C; 5 = these, CB and O. Atoms that depend on an undefined torsion are
  // excluded.
  int atoms = 3;
  // Not published: errors of the link between bonded residues, O3'-P or C-N. Mean squared errors of the bond length
  // (times atom_scale^2, scaled with t like the atom losses) and of the cosines of the angles at its two atoms.
  double bond_weight = 0.0;
  double angle_weight = 0.0;
  // Not published: mean torsion_error of epsilon, zeta and alpha (psi, omega and phi) at that link, not scaled with t.
  // With the torsions of the residues they decide the conformer of the backbone.
  double link_torsion_weight = 0.0;
  // Not published: overlap of atoms of different residues (steric_overlap) per residue, times atom_scale^2, scaled with
  // t like the atom losses.
  double clash_weight = 0.0;
  // Not published: local_frame_loss.h, times atom_scale, scaled with t like the atom losses.
  double local_weight = 0.0;
  // Not published: base_pair_loss.h, times atom_scale^2, scaled with t like the atom losses.
  double pair_weight = 0.0;
  // Not published: cross-entropy of the nucleotides that are not in the condition, where t > 0.5. Needs
  // model.letter_head.
  double letter_weight = 0.0;

  void add_options(Configuration& configuration);  // section [losses]
  void validate() const;                           // throws UsageError naming the key
};

}  // namespace flashrna
