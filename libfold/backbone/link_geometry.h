// Length, angles and torsions of the link O3'(i)-P(i+1) between successive residues, as differentiable tensor
// operations.
#pragma once

#include <ATen/core/Tensor.h>

#include <numbers>

namespace flashrna {

// Ideal geometry (Gelbin et al. 1996, doi:10.1021/ja9528846): Å and radians.
inline constexpr double kO3PBondLength = 1.607;
inline constexpr double kC3O3PAngle = 119.7 * std::numbers::pi / 180;
inline constexpr double kO3PO5Angle = 104.0 * std::numbers::pi / 180;

struct LinkGeometry {
  at::Tensor length;        // O3'-P, Å
  at::Tensor cosine_at_o3;  // of C3'-O3'-P
  at::Tensor cosine_at_p;   // of O3'-P-O5'
};

// Link of every residue but the last to the next one, bonded or not: atoms [B, L, 3] Å -> [B, L - 1] each, L >= 1.
LinkGeometry link_geometry(const at::Tensor& c3, const at::Tensor& o3, const at::Tensor& p, const at::Tensor& o5);

// Torsions of the same links: epsilon (C4'-C3'-O3'-P) and zeta (C3'-O3'-P-O5') of residue i, alpha (O3'-P-O5'-C5') of
// residue i + 1, as (sin, cos): [B, L - 1, 3, 2]. Near zero length where three atoms are collinear.
at::Tensor link_torsions(const at::Tensor& c4, const at::Tensor& c3, const at::Tensor& o3, const at::Tensor& p,
                         const at::Tensor& o5, const at::Tensor& c5);

}  // namespace flashrna
