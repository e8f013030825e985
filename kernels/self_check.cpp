#include "kernels/self_check.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/memory_usage.h"

namespace flashrna {

SelfCheck::SelfCheck(std::string what, std::string instead, double allowed, double (*error)(at::Device))
    : what_(std::move(what)), instead_(std::move(instead)), allowed_(allowed), error_(error) {}

SelfCheck::Result SelfCheck::result(at::Device device) {
  const std::lock_guard lock(mutex_);
  const std::pair<int, int> key{static_cast<int>(device.type()), device.index()};
  if (const auto found = results_.find(key); found != results_.end()) return found->second;
  const Result result = check(device);
  if (!result.passed) TORCH_WARN(result.text, "; using ", instead_);
  return results_[key] = result;
}

SelfCheck::Result SelfCheck::check(at::Device device) const {
  try {
    const at::NoGradGuard no_grad;
    const double error = error_(device);
    return {error <= allowed_,
            c10::str(what_, " differs from its reference by ", error, " on ", device, " (allowed ", allowed_, ")")};
  } catch (const c10::Error& failure) {
    if (is_out_of_memory(failure)) throw;
    return {false, c10::str(what_, " fails on ", device, ": ", failure.what_without_backtrace())};
  } catch (const std::exception& failure) {
    if (is_out_of_memory(failure)) throw;
    return {false, c10::str(what_, " fails on ", device, ": ", failure.what())};
  }
}

double larger_error(double a, double b) {
  return std::isnan(a) || std::isnan(b) ? std::numeric_limits<double>::infinity() : std::max(a, b);
}

at::Tensor self_check_values(at::IntArrayRef shape, double phase, at::Device device) {
  const at::Tensor values = at::arange(c10::multiply_integers(shape), at::kDouble).mul(1.37).add(phase).sin();
  return values.view(shape).to(at::kFloat).to(device);
}

}  // namespace flashrna
