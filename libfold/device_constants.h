// Constant tensors on each device and in each dtype, made once: a copy from the host waits for the device.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <mutex>
#include <tuple>

namespace flashrna {

// A static variable of this type is never destroyed, because a device may no longer be usable at that time.
// Thread-safe.
template <typename Key, typename Constants>
class DeviceConstants {
 public:
  // The constants of `key` for tensors like `like`; at first use make(options of `like`) makes them.
  template <typename Make>
  const Constants& get(const Key& key, const at::Tensor& like, const Make& make) {
    const std::lock_guard lock(state_->mutex);
    const std::tuple place{key, static_cast<int>(like.device().type()), static_cast<int>(like.device().index()),
                           static_cast<int>(like.scalar_type())};
    const auto found = state_->made.find(place);
    if (found != state_->made.end()) return found->second;
    return state_->made.emplace(place, make(like.options().requires_grad(false))).first->second;
  }

 private:
  struct State {
    std::mutex mutex;
    std::map<std::tuple<Key, int, int, int>, Constants> made;
  };
  State* state_ = new State;
};

}  // namespace flashrna
