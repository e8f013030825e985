// Local geometry of proteins: bond lengths and angles of backbone and CB, the CA trace, phi, psi and omega, per
// residue. As rna/measure/local_geometry.h: no measure spans a gap in residue_index, and one with a missing atom is
// undefined.
#pragma once

#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "protein/residue.h"
#include "rna/measure/local_geometry.h"

namespace flashrna {

// Order: the CA trace, bond lengths, bond angles, phi, psi, omega. Slots are those of protein/residue.h. psi is that to
// the next N, unlike psi_of (protein/backbone.h), which takes O.
std::span<const LocalMeasure> protein_measures();

// Throws Error for an unknown name.
std::size_t protein_measure(std::string_view name);

// Value of the measure at residue `i` of a chain. NaN if an atom or a bond between the atoms is missing.
double measure(const LocalMeasure& measure, std::span<const ProteinResidue> residues, std::size_t i);

// Pairs (phi, psi) in (-π, π] of the residues that have both.
std::vector<std::array<float, 2>> phi_psi_pairs(std::span<const ProteinResidue> residues);

}  // namespace flashrna
