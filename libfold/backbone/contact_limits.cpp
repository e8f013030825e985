#include "libfold/backbone/contact_limits.h"

#include <ATen/ATen.h>

#include <utility>

#include "libfold/device_constants.h"

namespace flashrna {

using at::Tensor;

namespace {

ContactLimits make_limits(const PolymerBackbone& backbone, double margin, const at::TensorOptions& like) {
  const int A = backbone.atoms();
  Tensor limits = at::empty({kRelations, A, A}, at::kDouble);
  auto limit = limits.accessor<double, 3>();
  for (int a = 0; a < A; ++a) {
    for (int b = 0; b < A; ++b) {
      const double apart = backbone.closest_without_clash(a, b) + margin;
      limit[kElsewhere][a][b] = apart;
      limit[kNext][a][b] = backbone.near_by_bonds(a, b) ? -1 : apart;
      limit[kPrevious][a][b] = backbone.near_by_bonds(b, a) ? -1 : apart;
    }
  }
  return {limits.to(like), limits.max().item<double>()};
}

}  // namespace

const ContactLimits& contact_limits(const PolymerBackbone& backbone, double margin, const Tensor& like) {
  static DeviceConstants<std::pair<Polymer, double>, ContactLimits> constants;
  return constants.get({backbone.polymer(), margin}, like,
                       [&](const at::TensorOptions& options) { return make_limits(backbone, margin, options); });
}

}  // namespace flashrna
