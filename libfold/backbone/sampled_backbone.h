// A generated backbone as plain numbers, and its conversion to a structure. Does not use torch.
#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include "datasets/polymer.h"
#include "protein/structure.h"
#include "rna/geometry.h"
#include "rna/structure.h"

namespace flashrna {

struct SampledBackbone {
  Polymer polymer = Polymer::kRna;
  std::vector<RigidTransform> frames;           // by residue, Å
  std::vector<std::array<double, 2>> torsions;  // (sin, cos), residue after residue, T each
  std::vector<std::array<double, 2>> chi;       // (sin, cos) by residue; empty if the model does not predict it
  std::vector<std::array<double, 4>> letters;   // log-probabilities of A, C, G, U by residue; empty likewise
};

// All 13 backbone atoms of every residue, chain "A", residues numbered from 1. `bases` has one entry per residue, or
// one for all residues; Base::N is written as residue "N".
Structure make_structure(const SampledBackbone& backbone, const std::string& name, const std::vector<Base>& bases);
Structure make_structure(const SampledBackbone& backbone, const std::string& name, Base base);

// The same with closed riboses and, for residues other than N, with all atoms of their bases (rna/all_atoms.h). Throws
// Error if the backbone has no chi.
Structure make_all_atom_structure(const SampledBackbone& backbone, const std::string& name,
                                  const std::vector<Base>& bases);

// Of a protein: N, CA, C, O and CB of every residue, chain "A", residues numbered from 1 and named ALA, which has just
// these atoms, because programs skip unknown residues.
ProteinStructure make_protein_structure(const SampledBackbone& backbone, const std::string& name);

// Radius of gyration of the C4' atoms, Å: 5.7 L^0.32, the trend of native RNA with L = `length` residues.
double native_radius_of_gyration(int length);

std::vector<Vec3> c4_positions(const Chain& chain);

}  // namespace flashrna
