#include "libfold/mixed_precision.h"

#include <ATen/autocast_mode.h>

namespace flashrna {

ScopedAutocast::ScopedAutocast(at::Device device, bool enabled)
    : device_type_(device.type()),
      enabled_before_(at::autocast::is_autocast_enabled(device_type_)),
      cached_before_(at::autocast::is_autocast_cache_enabled()),
      dtype_before_(at::autocast::get_autocast_dtype(device_type_)) {
  at::autocast::set_autocast_enabled(device_type_, enabled);
  at::autocast::set_autocast_dtype(device_type_, at::kBFloat16);
  at::autocast::set_autocast_cache_enabled(false);
}

ScopedAutocast::~ScopedAutocast() {
  at::autocast::set_autocast_enabled(device_type_, enabled_before_);
  at::autocast::set_autocast_dtype(device_type_, dtype_before_);
  at::autocast::set_autocast_cache_enabled(cached_before_);
}

bool autocast_enabled(at::Device device) { return at::autocast::is_autocast_enabled(device.type()); }

at::Tensor full_precision(const at::Tensor& x) { return x.scalar_type() == at::kBFloat16 ? x.to(at::kFloat) : x; }

}  // namespace flashrna
