// Copies in host memory that a GPU reads by itself: Batch::to and Conditioning::to then copy without waiting.
#pragma once

namespace flashrna {

struct Batch;
struct Conditioning;

Batch pinned(const Batch& batch_on_host);                       // defined in batch.cpp
Conditioning pinned(const Conditioning& conditioning_on_host);  // defined in conditioning.cpp

}  // namespace flashrna
