#include "tests/protein/synthetic_peptide.h"

#include <Eigen/Geometry>
#include <cmath>
#include <numbers>

#include "protein/backbone.h"

namespace flashrna {
namespace {

constexpr double kDegree = std::numbers::pi / 180.0;

Vec3 vector_of(const std::array<double, 3>& v) { return {v[0], v[1], v[2]}; }

// The atom d with |cd| = length, angle bcd and torsion abcd.
Vec3 place(const Vec3& a, const Vec3& b, const Vec3& c, double length, double angle, double torsion) {
  const Vec3 x = (c - b).normalized();
  const Vec3 z = (b - a).cross(x).normalized();
  const Vec3 y = z.cross(x);
  return c + length * (-std::cos(angle) * x + std::sin(angle) * (std::cos(torsion) * y + std::sin(torsion) * z));
}

}  // namespace

ProteinChain synthetic_peptide(const std::string& id, const std::string& letters, double phi, double psi) {
  const Vec3 n0 = vector_of(kIdealN), c0 = vector_of(kIdealC), o0 = vector_of(kIdealO);
  const double n_ca = n0.norm(), ca_c = c0.norm(), n_ca_c = angle(n0, Vec3::Zero(), c0);
  const double c_o = o0.norm(), ca_c_o = std::numbers::pi - std::atan2(o0[1], o0[0]);
  ProteinChain chain;
  chain.id = id;
  for (std::size_t i = 0; i < letters.size(); ++i) {
    ProteinResidue residue;
    residue.type = amino_acid_of_letter(letters[i]);
    residue.name = amino_acid_name(residue.type);
    residue.seq_id = static_cast<int>(i) + 1;
    residue.residue_index = static_cast<int>(i);
    residue.b_factor = 20.0f;
    if (i == 0) {
      residue.set(kN, n0);
      residue.set(kCA, Vec3::Zero());
      residue.set(kC, c0);
    } else {
      const ProteinResidue& before = chain.residues.back();
      const Vec3 &n1 = before.atom(kN), &ca1 = before.atom(kCA), &c1 = before.atom(kC);
      const Vec3 n = place(n1, ca1, c1, kPeptideBond, kAngleCaCN, psi * kDegree);
      const Vec3 ca = place(ca1, c1, n, n_ca, kAngleCNCa, std::numbers::pi);
      residue.set(kN, n);
      residue.set(kCA, ca);
      residue.set(kC, place(c1, n, ca, ca_c, n_ca_c, phi * kDegree));
    }
    residue.set(kO, place(residue.atom(kN), residue.atom(kCA), residue.atom(kC), c_o, ca_c_o,
                          psi * kDegree + std::numbers::pi));
    if (letters[i] != 'G') residue.set(kCB, frame_of(residue) * vector_of(kIdealCB));
    chain.residues.push_back(residue);
  }
  return chain;
}

std::vector<Lines> lines_of_peptide(const ProteinChain& chain) {
  std::vector<Lines> all;
  for (const ProteinResidue& residue : chain.residues) {
    Lines& lines = all.emplace_back();
    for (int slot = 0; slot < kProteinAtomSlots; ++slot) {
      if (!residue.has(slot)) continue;
      AtomLine& line = lines.emplace_back();
      line.atom = kProteinAtomNames[static_cast<std::size_t>(slot)];
      line.residue = residue.name;
      line.chain = chain.id;
      line.seq_id = residue.seq_id;
      line.insertion_code = residue.insertion_code;
      line.position = residue.atom(slot);
    }
  }
  return all;
}

}  // namespace flashrna
