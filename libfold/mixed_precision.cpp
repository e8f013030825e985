#include "libfold/mixed_precision.h"

#include <ATen/Context.h>
#include <ATen/autocast_mode.h>

#include <utility>

namespace flashrna {
namespace {

thread_local bool tf32 = false;

}  // namespace

ScopedAutocast::ScopedAutocast(at::Device device, bool enabled)
    : device_type_(device.type()),
      enabled_before_(at::autocast::is_autocast_enabled(device_type_)),
      cached_before_(at::autocast::is_autocast_cache_enabled()),
      dtype_before_(at::autocast::get_autocast_dtype(device_type_)),
      tf32_before_(std::exchange(tf32, tf32 && enabled)) {
  at::autocast::set_autocast_enabled(device_type_, enabled);
  at::autocast::set_autocast_dtype(device_type_, at::kBFloat16);
  at::autocast::set_autocast_cache_enabled(false);
}

ScopedAutocast::~ScopedAutocast() {
  at::autocast::set_autocast_enabled(device_type_, enabled_before_);
  at::autocast::set_autocast_dtype(device_type_, dtype_before_);
  at::autocast::set_autocast_cache_enabled(cached_before_);
  tf32 = tf32_before_;
}

bool autocast_enabled(at::Device device) { return at::autocast::is_autocast_enabled(device.type()); }

ScopedTf32::ScopedTf32(bool enabled) : before_(std::exchange(tf32, enabled)) {}

ScopedTf32::~ScopedTf32() { tf32 = before_; }

bool tf32_enabled() { return tf32; }

Tf32Products::Tf32Products() { at::globalContext().setAllowTF32CuBLAS(true); }

Tf32Products::~Tf32Products() { at::globalContext().setAllowTF32CuBLAS(false); }

at::Tensor full_precision(const at::Tensor& x) { return x.scalar_type() == at::kBFloat16 ? x.to(at::kFloat) : x; }

}  // namespace flashrna
