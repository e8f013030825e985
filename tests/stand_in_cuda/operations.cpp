// The operations of the device type CUDA: each runs by its CPU kernel on the same memory.
#include <ATen/ATen.h>
#include <ATen/EmptyTensor.h>
#include <ATen/ops/as_strided_native.h>
#include <ATen/ops/view_native.h>
#include <torch/library.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/stand_in_cuda/capture.h"
#include "tests/stand_in_cuda/counters.h"
#include "tests/stand_in_cuda/device_memory.h"
#include "tests/stand_in_cuda/host_views.h"
#include "tests/stand_in_cuda/pinned_memory.h"

namespace flashrna::stand_in {
namespace {

using at::Tensor;
using OptionalTensor = std::optional<Tensor>;

// A GPU knows the size of their results only when it has computed them, or LibTorch checks a status of the solver.
constexpr std::array kWaiting = {"nonzero",   "masked_select",      "equal",        "_unique2",    "unique_dim",
                                 "bincount",  "_linalg_svd",        "_linalg_eigh", "linalg_eigh", "linalg_svd",
                                 "is_set_to", "unique_consecutive", "histc",        "linalg_inv",  "_linalg_eigvals"};

bool is_index_operation(std::string_view name) {
  return name == "aten::index" || name == "aten::_index_put_impl_" || name == "aten::index_put_";
}

// One call: converts its arguments to the host, checks that they belong together, converts the results back.
class Call {
 public:
  Call(const c10::OperatorHandle& operation, torch::jit::Stack& stack)
      : operation_(operation), schema_(operation.schema()), stack_(stack), count_(schema_.arguments().size()) {
    const auto begin = stack.end() - static_cast<std::ptrdiff_t>(count_);
    given_.assign(begin, stack.end());
  }

  void run() {
    count_operation(schema_.name().c_str());
    count_waits();
    compute();
    if (is_recording()) remember_call();
  }

 private:
  void compute() {
    for (std::size_t i = 0; i < count_; ++i) convert(stack_[stack_.size() - count_ + i]);
    operation_.redispatchBoxed(c10::DispatchKeySet(c10::DispatchKey::CPU), &stack_);
    for (auto& [own, view] : converted_) {  // a result given by out= may have got another size
      if (own.sizes() == view.sizes()) continue;
      own.resize_(view.sizes());
      on_host(own).copy_(view);
    }
    const std::size_t results = schema_.returns().size();
    for (std::size_t r = 0; r < results; ++r) convert_back(stack_[stack_.size() - results + r], r);
  }

  // With the values that the host gives now, as the arguments of a kernel.
  void remember_call() const {
    std::vector<at::IValue> given = given_;
    for (at::IValue& value : given) {
      if (!value.isTensor() || !value.toTensor().defined() || !value.toTensor().is_cpu()) continue;
      const bool is_number = value.toTensor().unsafeGetTensorImpl()->is_wrapped_number();
      value = value.toTensor().clone();
      if (is_number) value.toTensor().unsafeGetTensorImpl()->set_wrapped_number(true);
    }
    const std::vector<at::IValue> results(stack_.end() - static_cast<std::ptrdiff_t>(schema_.returns().size()),
                                          stack_.end());
    remember([operation = operation_, given, results] {
      torch::jit::Stack stack(given);
      Call(operation, stack).compute();
      for (std::size_t r = 0; r < results.size(); ++r) write(results[r], stack[r]);
    });
  }

  static void write(const at::IValue& to, const at::IValue& from) {
    if (to.isTensor()) {
      if (to.toTensor().defined() && !to.toTensor().is_same(from.toTensor()))
        on_host(to.toTensor()).copy_(on_host(from.toTensor()));
    } else if (to.isTensorList()) {
      const std::vector<Tensor> tensors = to.toTensorVector(), values = from.toTensorVector();
      for (std::size_t i = 0; i < tensors.size(); ++i) on_host(tensors[i]).copy_(on_host(values[i]));
    }
  }

  // A GPU takes scalars and indices from the CPU, and nothing of another GPU. The first tensor decides the device.
  Tensor checked(const Tensor& tensor) {
    if (tensor.defined() && tensor.is_cuda() && !guard_.current_device()) guard_.reset_device(tensor.device());
    const bool belongs =
        !tensor.defined() || (tensor.is_cuda() ? tensor.device() == guard_.current_device()
                                               : tensor.dim() == 0 || is_index_operation(schema_.name()));
    TORCH_CHECK(belongs, "Expected all tensors to be on the same device, but found ", tensor.device(), " ",
                tensor.sizes(), " in ", schema_);
    converted_.emplace_back(tensor, on_host(tensor));
    return converted_.back().second;
  }

  void convert(at::IValue& value) {
    if (value.isTensor()) {
      value = checked(value.toTensor());
    } else if (value.isTensorList()) {
      c10::List<Tensor> list;
      for (const Tensor& tensor : value.toTensorVector()) list.push_back(checked(tensor));
      value = list;
    } else if (value.isOptionalTensorList()) {
      c10::List<OptionalTensor> list;
      for (const OptionalTensor& tensor : value.toOptionalTensorVector())
        list.push_back(tensor ? OptionalTensor(checked(*tensor)) : tensor);
      value = list;
    } else if (value.isDevice()) {
      guard_.reset_device(value.toDevice());
      value = c10::Device(at::kCPU);
    }
  }

  void count_waits() const {
    const std::string_view name = std::string_view(schema_.name()).substr(std::string_view("aten::").size());
    if (std::ranges::find(kWaiting, name) != kWaiting.end()) count_wait(schema_.name().c_str());
    if (name == "repeat_interleave" && schema_.overload_name() == "Tensor" && given_.back().isNone())
      count_wait(schema_.name().c_str());
    // LibTorch converts the indices of aten::index by operations of their own, those of this one in its kernel.
    if (name != "_index_put_impl_") return;
    for (const OptionalTensor& index : given_[1].toOptionalTensorVector()) {
      if (!index || !index->defined()) continue;
      const bool is_mask = index->scalar_type() == at::kBool || index->scalar_type() == at::kByte;
      if (is_mask || (index->is_cpu() && index->numel() > 0)) count_wait(schema_.name().c_str());
    }
  }

  void convert_back(at::IValue& value, std::size_t result) const {
    if (const auto* alias = schema_.returns()[result].alias_info()) {  // an argument that was written
      for (std::size_t i = 0; i < count_; ++i) {
        if (const auto* of = schema_.arguments()[i].alias_info(); of && *of == *alias) value = given_[i];
      }
    } else if (value.isTensor()) {
      if (value.toTensor().defined()) value = on_device(value.toTensor());
    } else if (value.isTensorList()) {
      c10::List<Tensor> list;
      for (const Tensor& tensor : value.toTensorVector()) list.push_back(on_device(tensor));
      value = list;
    }
  }

  const c10::OperatorHandle& operation_;
  const c10::FunctionSchema& schema_;
  torch::jit::Stack& stack_;
  std::size_t count_;
  std::vector<at::IValue> given_;
  std::vector<std::pair<Tensor, Tensor>> converted_;
  c10::OptionalDeviceGuard guard_;
};

void run_on_host(const c10::OperatorHandle& operation, torch::jit::Stack* stack) { Call(operation, *stack).run(); }

c10::Device device_of(std::optional<at::Device> device) {
  return device && device->has_index() ? *device : c10::Device(at::kCUDA, current_device());
}

constexpr c10::DispatchKeySet kCuda(c10::DispatchKey::CUDA);

Tensor empty(at::IntArrayRef size, std::optional<at::ScalarType> type, std::optional<at::Layout>,
             std::optional<at::Device> device, std::optional<bool>, std::optional<at::MemoryFormat> format) {
  const c10::DeviceGuard guard(device_of(device));
  return at::detail::empty_generic(size, &device_memory(), kCuda, c10::dtype_or_default(type), format);
}

Tensor empty_strided(at::IntArrayRef size, at::IntArrayRef stride, std::optional<at::ScalarType> type,
                     std::optional<at::Layout>, std::optional<at::Device> device, std::optional<bool>) {
  const c10::DeviceGuard guard(device_of(device));
  return at::detail::empty_strided_generic(size, stride, &device_memory(), kCuda, c10::dtype_or_default(type));
}

// The host waits for a copy to or from memory that is not pinned, whatever `non_blocking` says. A copy that changes the
// type or the order of the elements goes through memory that is not.
Tensor& copy(Tensor& to, const Tensor& from, bool non_blocking) {
  if (to.numel() == 0) return to;
  count_operation("copy_");
  if (to.is_cuda() != from.is_cuda()) {
    const Tensor& host = to.is_cuda() ? from : to;
    const bool as_it_is = to.scalar_type() == from.scalar_type() && to.is_contiguous() && from.is_contiguous();
    if (!non_blocking || !as_it_is || !is_pinned(host.const_data_ptr())) count_wait("a copy between host and device");
  }
  on_host(to).copy_(on_host(from));
  if (is_recording()) remember([to, from] { on_host(to).copy_(on_host(from)); });
  return to;
}

at::Scalar item(const Tensor& tensor) {
  count_wait("item");
  return on_host(tensor).item();
}

Tensor as_strided(const Tensor& tensor, at::IntArrayRef size, at::IntArrayRef stride, std::optional<int64_t> offset) {
  return at::native::as_strided_tensorimpl(tensor, size, stride, offset);
}
Tensor reshape_alias(const Tensor& tensor, at::IntArrayRef size, at::IntArrayRef stride) {
  return at::native::as_strided_tensorimpl(tensor, size, stride, {});
}
Tensor view(const Tensor& tensor, at::IntArrayRef size) { return at::native::view(tensor, size); }

const Tensor& resize(const Tensor& tensor, at::IntArrayRef size, std::optional<at::MemoryFormat>) {
  const std::size_t bytes = static_cast<std::size_t>(c10::multiply_integers(size)) * tensor.element_size();
  if (bytes > tensor.storage().nbytes()) {
    tensor.storage().set_data_ptr(device_memory().allocate(bytes));
    tensor.storage().set_nbytes(bytes);
  }
  tensor.unsafeGetTensorImpl()->set_sizes_contiguous(size);
  return tensor;
}

TORCH_LIBRARY_IMPL(_, CUDA, m) { m.fallback(torch::CppFunction::makeFromBoxedFunction<&run_on_host>()); }

TORCH_LIBRARY_IMPL(aten, CUDA, m) {
  m.impl("empty.memory_format", empty);
  m.impl("empty_strided", empty_strided);
  m.impl("copy_", copy);
  m.impl("_local_scalar_dense", item);
  m.impl("as_strided", as_strided);
  m.impl("_reshape_alias", reshape_alias);
  m.impl("view", view);
  m.impl("resize_", resize);
  // On a GPU these are few kernels for all tensors of a list; without a kernel of its own a backend gets one call for
  // each of them.
  for (const char* name : {"_foreach_add_.Scalar", "_foreach_norm.Scalar", "_foreach_mul_.Tensor",
                           "_foreach_lerp_.Scalar", "_foreach_mul_.Scalar", "_foreach_add_.List"})
    m.impl(name, torch::CppFunction::makeFromBoxedFunction<&run_on_host>());
}

}  // namespace
}  // namespace flashrna::stand_in
