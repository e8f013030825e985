// FLASHRNA_HOST_DEVICE declares a function that kernels and host code share: written once, tested without a GPU.
#pragma once

#ifdef __CUDACC__
#define FLASHRNA_HOST_DEVICE __host__ __device__ __forceinline__
#else
#define FLASHRNA_HOST_DEVICE [[gnu::always_inline]] inline
#endif
