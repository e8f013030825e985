// Length, angles and torsions of the link between successive residues, of RNA O3'(i)-P(i+1), of proteins C(i)-N(i+1),
// as differentiable tensor operations. The atoms are those of BackboneLink (polymer_backbone.h), a b c - d e f.
#pragma once

#include <ATen/core/Tensor.h>

#include <numbers>

namespace flashrna {

// Ideal geometry of RNA (Gelbin et al. 1996, doi:10.1021/ja9528846): Å and radians.
inline constexpr double kO3PBondLength = 1.607;
inline constexpr double kC3O3PAngle = 119.7 * std::numbers::pi / 180;
inline constexpr double kO3PO5Angle = 104.0 * std::numbers::pi / 180;

struct LinkGeometry {
  at::Tensor length;         // c-d, Å
  at::Tensor cosine_before;  // of the angle b-c-d: C3'-O3'-P, CA-C-N
  at::Tensor cosine_after;   // of the angle c-d-e: O3'-P-O5', C-N-CA
};

// Link of every residue but the last to the next one, bonded or not: atoms [B, L, 3] Å -> [B, L - 1] each, L >= 1.
LinkGeometry link_geometry(const at::Tensor& b, const at::Tensor& c, const at::Tensor& d, const at::Tensor& e);

// Torsions a-b-c-d, b-c-d-e and c-d-e-f of the same links: epsilon and zeta of residue i and alpha of residue i + 1, or
// psi and omega of residue i and phi of residue i + 1; as (sin, cos): [B, L - 1, 3, 2]. Near zero length where three
// atoms are collinear.
at::Tensor link_torsions(const at::Tensor& a, const at::Tensor& b, const at::Tensor& c, const at::Tensor& d,
                         const at::Tensor& e, const at::Tensor& f);

}  // namespace flashrna
