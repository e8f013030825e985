// What LibTorch asks of the device type CUDA: the number of devices, the current one, streams and events (which are
// finished at once), and pinned host memory.
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <c10/core/impl/alloc_cpu.h>

#include <array>
#include <atomic>
#include <map>
#include <mutex>
#include <utility>

#include "tests/stand_in_cuda/counters.h"
#include "tests/stand_in_cuda/device_memory.h"
#include "tests/stand_in_cuda/pinned_memory.h"
#include "tests/stand_in_cuda/streams.h"

namespace flashrna::stand_in {
namespace {

struct Guard final : c10::impl::DeviceGuardImplInterface {
  c10::DeviceType type() const override { return c10::kCUDA; }
  c10::Device exchangeDevice(c10::Device device) const override {
    return {c10::kCUDA, std::exchange(current_device(), device.index())};
  }
  c10::Device getDevice() const override { return {c10::kCUDA, current_device()}; }
  void setDevice(c10::Device device) const override { current_device() = device.index(); }
  void uncheckedSetDevice(c10::Device device) const noexcept override { current_device() = device.index(); }
  c10::Stream getStream(c10::Device device) const override { return current_stream(device.index()); }
  c10::Stream exchangeStream(c10::Stream stream) const override {
    return std::exchange(current_stream(stream.device_index()), stream);
  }
  c10::Stream getStreamFromGlobalPool(c10::Device device, bool) const override {
    static std::atomic<c10::StreamId> last{0};
    return c10::Stream(c10::Stream::UNSAFE, device, ++last);
  }
  void* getStreamNativeHandle(const c10::Stream) const override { return nullptr; }
  c10::DeviceIndex deviceCount() const noexcept override { return kDevices; }
  void record(void**, const c10::Stream&, c10::DeviceIndex, c10::EventFlag) const override {}
  void block(void*, const c10::Stream&) const override {}
  bool queryEvent(void*) const override { return true; }
  bool queryStream(const c10::Stream&) const override { return true; }
  void synchronizeStream(const c10::Stream&) const override { count_wait("synchronizeStream"); }
  void synchronizeEvent(void*) const override { count_wait("synchronizeEvent"); }
  void synchronizeDevice(c10::DeviceIndex) const override { count_wait("synchronizeDevice"); }
};
C10_REGISTER_GUARD_IMPL(CUDA, Guard)

// Memory of the CPU whose addresses are remembered.
class PinnedMemory : public c10::Allocator {
 public:
  c10::DataPtr allocate(std::size_t bytes) override {
    void* memory = c10::alloc_cpu(bytes);
    const std::lock_guard lock(mutex_);
    if (memory != nullptr) pinned_.emplace(static_cast<char*>(memory), bytes);
    return {memory, memory, [](void* pointer) { instance().release(pointer); }, c10::Device(c10::kCPU)};
  }
  void copy_data(void* to, const void* from, std::size_t bytes) const override { default_copy_data(to, from, bytes); }
  bool holds(const void* pointer) {
    const std::lock_guard lock(mutex_);
    auto after = pinned_.upper_bound(static_cast<char*>(const_cast<void*>(pointer)));
    if (after == pinned_.begin()) return false;
    const auto [begin, bytes] = *--after;
    return static_cast<const char*>(pointer) < begin + bytes;
  }
  static PinnedMemory& instance() {
    static auto* memory = new PinnedMemory;
    return *memory;
  }

 private:
  void release(void* pointer) {
    const std::lock_guard lock(mutex_);
    pinned_.erase(static_cast<char*>(pointer));
    c10::free_cpu(pointer);
  }

  std::mutex mutex_;
  std::map<char*, std::size_t> pinned_;
};

struct Hooks : at::CUDAHooksInterface {
  explicit Hooks(at::CUDAHooksArgs) {}
  void init() const override {}
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return true; }
  bool hasCUDA() const override { return true; }
  int getNumGPUs() const override { return kDevices; }
  c10::DeviceIndex deviceCount() const override { return kDevices; }
  c10::DeviceIndex getCurrentDevice() const override { return current_device(); }
  bool hasPrimaryContext(c10::DeviceIndex) const override { return true; }
  c10::Allocator* getPinnedMemoryAllocator() const override { return &PinnedMemory::instance(); }
  bool isPinnedPtr(const void* pointer) const override { return is_pinned(pointer); }
  c10::Device getDeviceFromPtr(void*) const override { return {c10::kCUDA, current_device()}; }
};

}  // namespace

c10::Stream& current_stream(c10::DeviceIndex device) {
  static_assert(kDevices == 2);
  static thread_local std::array streams{c10::Stream(c10::Stream::DEFAULT, {c10::kCUDA, 0}),
                                         c10::Stream(c10::Stream::DEFAULT, {c10::kCUDA, 1})};
  return streams.at(static_cast<std::size_t>(device < 0 ? current_device() : device));
}

bool is_pinned(const void* pointer) { return PinnedMemory::instance().holds(pointer); }

using at::CUDAHooksRegistry, at::RegistererCUDAHooksRegistry;
C10_REGISTER_CLASS(CUDAHooksRegistry, CUDAHooks, Hooks)

}  // namespace flashrna::stand_in
