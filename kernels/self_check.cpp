#include "kernels/self_check.h"

#include <ATen/ATen.h>

namespace flashrna {

SelfCheck::SelfCheck(std::string what, std::string instead, double allowed, double (*error)(at::Device))
    : what_(std::move(what)), instead_(std::move(instead)), allowed_(allowed), error_(error) {}

bool SelfCheck::passes(at::Device device) {
  const std::lock_guard lock(mutex_);
  const std::pair<int, int> key{static_cast<int>(device.type()), device.index()};
  if (const auto found = passed_.find(key); found != passed_.end()) return found->second;
  return passed_[key] = check(device);
}

bool SelfCheck::check(at::Device device) const {
  double error = 0;
  try {
    const at::NoGradGuard no_grad;
    error = error_(device);
  } catch (const c10::Error& failure) {
    TORCH_WARN(what_, " fails on ", device, ": ", failure.what_without_backtrace(), "; using ", instead_);
    return false;
  } catch (const std::exception& failure) {
    TORCH_WARN(what_, " fails on ", device, ": ", failure.what(), "; using ", instead_);
    return false;
  }
  if (error <= allowed_) return true;
  TORCH_WARN(what_, " differs from its reference by ", error, " on ", device, " (allowed ", allowed_, "); using ",
             instead_);
  return false;
}

at::Tensor self_check_values(at::IntArrayRef shape, double phase, at::Device device) {
  const at::Tensor values = at::arange(c10::multiply_integers(shape), at::kDouble).mul(1.37).add(phase).sin();
  return values.view(shape).to(at::kFloat).to(device);
}

}  // namespace flashrna
