// The error of an implementation of edge messages or votes on a device, for the choice of the implementation and for
// `flashrna doctor`.
#pragma once

#include <functional>
#include <vector>

#include "kernels/local_edges/local_edges_backends.h"

namespace flashrna {

// Allowed errors: f32, where a rectifier may round to the other side of 0, which costs single gradients.
inline constexpr double kLocalEdgesAllowed = 1e-3;

// The largest error of an output or a gradient of run(input), relative to its norm in the reference in f64 on the CPU.
// A fixed small input with missing edges, f32, on the device. Infinite if a number is not finite.
double local_edges_error(EdgeOperation operation, at::Device device,
                         const std::function<std::vector<at::Tensor>(const LocalEdgesInput&)>& run);

}  // namespace flashrna
