// The frame of a residue, its torsion psi, and the five atoms that both rebuild.
//
// Frame: origin CA, x along CA->C, N in the xy-plane with y > 0 (the arithmetic of rna/frame.h).
// psi places O: it is the torsion N-CA-C-O plus 180°, since O lies opposite the next N across the planar peptide group.
// It equals the torsion N-CA-C-N(next) but for the deviation of that group from a plane, and needs one residue only.
#pragma once

#include <array>
#include <numbers>
#include <optional>

#include "protein/residue.h"
#include "rna/geometry.h"

namespace flashrna {

// Ideal positions in the frame, Å. O is in the frame of psi: origin C, x along CA->C, at psi = 0 the y axis opposite to
// that of the residue's frame (so that O is then opposite to N). Jumper et al. 2021 (doi:10.1038/s41586-021-03819-2).
inline constexpr std::array<double, 3> kIdealN = {-0.525, 1.363, 0.0};
inline constexpr std::array<double, 3> kIdealC = {1.526, 0.0, 0.0};
inline constexpr std::array<double, 3> kIdealCB = {-0.529, -0.774, -1.205};
inline constexpr std::array<double, 3> kIdealO = {0.627, 1.062, 0.0};

// The bond to the next residue (Engh & Huber 2001): lengths in Å, angles in radians.
inline constexpr double kPeptideBond = 1.33;                            // C-N
inline constexpr double kAngleCaCN = 116.2 * std::numbers::pi / 180.0;  // CA-C-N
inline constexpr double kAngleCNCa = 121.7 * std::numbers::pi / 180.0;  // C-N-CA
inline constexpr double kCaCaDistance = 3.80;                           // of a trans peptide
// Two residues are bonded up to these distances: C-N, or CA-CA where one of the two atoms is missing.
inline constexpr double kLongestPeptideBond = 2.0;   // Å
inline constexpr double kLongestCaCaDistance = 4.5;  // Å

// Throws Error for a residue without a frame (ProteinResidue::has_frame).
RigidTransform frame_of(const ProteinResidue& residue);

// (sin psi, cos psi); nullopt if N, CA, C or O is missing or three of them are collinear.
std::optional<std::array<double, 2>> psi_of(const ProteinResidue& residue);

// N, CA, C, CB and O by slot, Å.
std::array<Vec3, kProteinAtomSlots> rebuild_protein_backbone(const RigidTransform& frame,
                                                             const std::array<double, 2>& sin_cos_psi);

// `residue` with its atoms rebuilt from its own frame and psi; without O if psi is undefined, without CB in glycine.
// Throws Error if it has no frame.
ProteinResidue rebuild_residue(const ProteinResidue& residue);

// Whether `next` follows `previous`: C-N within kLongestPeptideBond.
bool peptide_bonded(const ProteinResidue& previous, const ProteinResidue& next);

// The same, or CA-CA within kLongestCaCaDistance if C or N is missing.
bool bonded(const ProteinResidue& previous, const ProteinResidue& next);

}  // namespace flashrna
