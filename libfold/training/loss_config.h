// The weights and scales of the training losses (libfold/training/losses.h).
#pragma once

namespace flashrna {

class Configuration;

struct LossConfig {
  double translation_weight = 2.0;
  double rotation_weight = 1.0;
  double auxiliary_weight = 1.0;
  double auxiliary_min_t = 0.25;  // auxiliary losses count only where t is above this
  double torsion_weight = 1.0;
  double atom_scale = 0.1;         // 1/Å, of the atom losses
  double translation_scale = 0.1;  // 1/Å
  double t_clip = 0.9;             // losses are divided by 1 - min(t, t_clip)
  // Atoms per residue in the atom losses: 3 = C3', C4', O4'; 6 = those and C1', O3', P; 10 = the 3 and C1', C5', O3',
  // P, OP1, OP2 and the base's nitrogen (N1 in the published list, which it never places); 13 = the whole backbone.
  // Atoms of an undefined torsion are left out.
  int atoms = 3;
  // Ours: the link O3'-P between bonded residues, which no published loss sees. Mean squared errors of the bond's
  // length (times atom_scale^2, growing like the atom losses) and of the cosines of C3'-O3'-P and O3'-P-O5'.
  double bond_weight = 0.0;
  double angle_weight = 0.0;
  // Ours: atoms of different residues that reach into each other (steric_overlap) per residue, times atom_scale^2,
  // growing like the atom losses.
  double clash_weight = 0.0;
  // Ours: local_frame_loss.h, times atom_scale, growing like the atom losses.
  double local_weight = 0.0;
  // Ours: cross-entropy of the nucleotides that the network was not told, where t > 0.5; needs model.letter_head.
  double letter_weight = 0.0;

  void add_options(Configuration& configuration);  // section [losses]
  void validate() const;                           // throws UsageError naming the key
};

}  // namespace flashrna
