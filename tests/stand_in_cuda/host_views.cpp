#include "tests/stand_in_cuda/host_views.h"

#include <ATen/ATen.h>
#include <ATen/EmptyTensor.h>

#include "tests/stand_in_cuda/device_memory.h"

namespace flashrna::stand_in {

using at::Tensor;

namespace {

void copy_wrapped(const Tensor& from, const Tensor& to) {
  if (from.unsafeGetTensorImpl()->is_wrapped_number()) to.unsafeGetTensorImpl()->set_wrapped_number(true);
}

}  // namespace

Tensor on_host(const Tensor& tensor) {
  if (!tensor.defined() || !tensor.is_cuda()) return tensor;
  const auto options = at::TensorOptions().dtype(tensor.dtype());
  Tensor view = tensor.numel() == 0 ? at::empty(tensor.sizes(), options)
                                    : at::from_blob(device_memory().host(tensor.const_data_ptr()), tensor.sizes(),
                                                    tensor.strides(), options);
  copy_wrapped(tensor, view);
  return view;
}

Tensor on_device(const Tensor& cpu) {
  const c10::DispatchKeySet keys(c10::DispatchKey::CUDA);
  Tensor tensor =
      at::detail::empty_strided_generic(cpu.sizes(), cpu.strides(), &device_memory(), keys, cpu.scalar_type());
  if (cpu.numel() > 0) on_host(tensor).copy_(cpu);
  copy_wrapped(cpu, tensor);
  return tensor;
}

}  // namespace flashrna::stand_in
