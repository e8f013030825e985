// libcuda.so.1 of the stand-in: new enough for every build, and without anything else, so that CUDA's runtime fails.
extern "C" int cuDriverGetVersion(int* version);
extern "C" int cuInit(unsigned flags);

int cuDriverGetVersion(int* version) {
  *version = 99000;
  return 0;
}

int cuInit(unsigned) { return 0; }
