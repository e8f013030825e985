// Host memory that a GPU copies without the host waiting.
#pragma once

namespace flashrna::stand_in {

bool is_pinned(const void* pointer);

}  // namespace flashrna::stand_in
