// Arrays in the memory of the simulated device.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "tests/ptx/device.h"

namespace flashrna::ptx {

template <typename T>
class DeviceArray {
 public:
  explicit DeviceArray(std::size_t n) : n_(n), data_(static_cast<T*>(Device::get().memory.allocate(n * sizeof(T)))) {}
  explicit DeviceArray(const std::vector<T>& values) : DeviceArray(values.data(), values.size()) {}
  DeviceArray(const T* values, std::size_t n) : DeviceArray(n) {
    if (n > 0) std::memcpy(data_, values, n * sizeof(T));
    Device::get().memory.mark_written(data_, n * sizeof(T));
  }
  ~DeviceArray() { Device::get().memory.free(data_); }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;

  T* data() { return data_; }
  // Null for an array without elements.
  T* data_or_null() { return n_ > 0 ? data_ : nullptr; }
  std::vector<T> values() const { return {data_, data_ + n_}; }

 private:
  std::size_t n_;
  T* data_;
};

// Copies of values on the device, as long as it lives.
class DeviceCopies {
 public:
  template <typename T>
  const T* operator()(const std::vector<T>& values) {
    const auto copy = std::make_shared<DeviceArray<T>>(values);
    copies_.push_back(copy);
    return copy->data();
  }

 private:
  std::vector<std::shared_ptr<void>> copies_;
};

// Arrays on the device for results that are copied back into vectors.
template <typename T>
class DeviceResults {
 public:
  T* operator()(std::vector<T>& values) {
    results_.emplace_back(&values, std::make_unique<DeviceArray<T>>(values));
    return results_.back().second->data();
  }
  void fetch() {
    for (auto& [values, array] : results_) *values = array->values();
  }

 private:
  std::vector<std::pair<std::vector<T>*, std::unique_ptr<DeviceArray<T>>>> results_;
};

}  // namespace flashrna::ptx
