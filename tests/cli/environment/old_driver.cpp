// Stands in for libcuda.so.1 of an NVIDIA driver for CUDA 12.4.
extern "C" int cuDriverGetVersion(int* version) {
  *version = 12040;
  return 0;
}

extern "C" int cuInit(unsigned) { return 0; }
