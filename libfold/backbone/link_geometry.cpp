#include "libfold/backbone/link_geometry.h"

#include <ATen/ATen.h>

namespace flashrna {

using at::Tensor;

namespace {

Tensor length_of(const Tensor& v) { return (v.square().sum(-1) + 1e-8).sqrt(); }

Tensor cosine(const Tensor& u, const Tensor& v) { return (u * v).sum(-1) / (length_of(u) * length_of(v)); }

}  // namespace

LinkGeometry link_geometry(const Tensor& c3, const Tensor& o3, const Tensor& p, const Tensor& o5) {
  const int64_t links = c3.size(1) - 1;
  const auto own = [&](const Tensor& atoms) { return atoms.narrow(1, 0, links); };
  const auto next = [&](const Tensor& atoms) { return atoms.narrow(1, 1, links); };
  const Tensor bond = next(p) - own(o3);
  return {length_of(bond), cosine(own(c3) - own(o3), bond), cosine(-bond, next(o5) - next(p))};
}

}  // namespace flashrna
