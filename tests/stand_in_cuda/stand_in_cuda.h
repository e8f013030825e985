// A stand-in for libtorch_cuda.so on machines without a GPU: the device type CUDA with two devices, whose operations
// run on the CPU at once. Either a test program links it, or the unmodified flashrna gets it by LD_PRELOAD; its SONAME
// is that of the library it replaces, and it brings its own libcuda.so.1 (driver.cpp). It finds:
//   - a tensor left on the CPU, or on another device: the operation throws, as on a GPU;
//   - the host reading a device pointer: the memory is not mapped for it, SIGSEGV;
//   - memory read before it is written or after it is freed: it holds NaN;
//   - the host waiting for the device, and attention that takes L x L memory: both are counted;
//   - what cannot be in a CUDA graph, or is not when it is replayed (capture.h).
// It does not find what depends on time, such as a missing synchronization, nor differences of arithmetic.
#pragma once

#include <cstdint>
#include <functional>

namespace flashrna::stand_in {

inline constexpr int kDevices = 2;

struct Counts {
  std::int64_t operations = 0;  // operations that a GPU runs as one or more kernels or copies; views do not count
  std::int64_t waits = 0;       // operations for which the host waits on a GPU
  std::int64_t linear_attention = 0, square_attention = 0;  // calls of scaled_dot_product_attention by their memory
  std::int64_t allocations = 0;                             // of device memory
  std::int64_t recordings = 0, replays = 0;                 // of graphs; a replay is one operation

  Counts operator-(const Counts& before) const {
    return {operations - before.operations,
            waits - before.waits,
            linear_attention - before.linear_attention,
            square_attention - before.square_attention,
            allocations - before.allocations,
            recordings - before.recordings,
            replays - before.replays};
  }
};

// Since the start of the process. At its end they are printed to stderr: "stand-in: N operations, M host waits, ...".
Counts counts();

// Adds operations of kernels that run outside of LibTorch.
void count_operations(int operations);

// Whether a graph is being recorded, and a computation that its replays repeat. Of kernels that run outside of
// LibTorch.
bool is_recording();
void remember(std::function<void()> computation);

// The host's address of device memory; other pointers are returned as they are. For kernels that run on the host.
const void* host_address(const void* device_pointer);

// Limits each device to this many bytes; an allocation beyond that fails with the message of LibTorch's allocator. The
// environment variable STAND_IN_CUDA_BYTES does the same for a program.
void limit_memory(std::int64_t bytes);

}  // namespace flashrna::stand_in
