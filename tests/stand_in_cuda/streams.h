// The current stream of each device, by thread. Streams are numbers here: work is done at once.
#pragma once

#include <c10/core/Stream.h>

namespace flashrna::stand_in {

c10::Stream& current_stream(c10::DeviceIndex device);

}  // namespace flashrna::stand_in
