#include "libfold/backbone/link_geometry.h"

#include <ATen/ATen.h>

namespace flashrna {

using at::Tensor;

namespace {

Tensor length_of(const Tensor& v) { return (v.square().sum(-1) + 1e-8).sqrt(); }

Tensor cosine(const Tensor& u, const Tensor& v) { return (u * v).sum(-1) / (length_of(u) * length_of(v)); }

// (sin, cos) of the dihedral angle a-b-c-d: [..., 2].
Tensor dihedral(const Tensor& a, const Tensor& b, const Tensor& c, const Tensor& d) {
  const Tensor axis = c - b;
  const Tensor first = at::cross(b - a, axis, -1), second = at::cross(axis, d - c, -1);
  const Tensor sine = (b - a).mul(second).sum(-1) * length_of(axis), cosine = (first * second).sum(-1);
  return at::stack({sine, cosine}, -1) / (sine.square() + cosine.square() + 1e-8).sqrt().unsqueeze(-1);
}

}  // namespace

LinkGeometry link_geometry(const Tensor& b, const Tensor& c, const Tensor& d, const Tensor& e) {
  const int64_t links = b.size(1) - 1;
  const auto own = [&](const Tensor& atoms) { return atoms.narrow(1, 0, links); };
  const auto next = [&](const Tensor& atoms) { return atoms.narrow(1, 1, links); };
  const Tensor bond = next(d) - own(c);
  return {length_of(bond), cosine(own(b) - own(c), bond), cosine(-bond, next(e) - next(d))};
}

Tensor link_torsions(const Tensor& a, const Tensor& b, const Tensor& c, const Tensor& d, const Tensor& e,
                     const Tensor& f) {
  const int64_t links = b.size(1) - 1;
  const auto own = [&](const Tensor& atoms) { return atoms.narrow(1, 0, links); };
  const auto next = [&](const Tensor& atoms) { return atoms.narrow(1, 1, links); };
  return at::stack({dihedral(own(a), own(b), own(c), next(d)), dihedral(own(b), own(c), next(d), next(e)),
                    dihedral(own(c), next(d), next(e), next(f))},
                   2);
}

}  // namespace flashrna
