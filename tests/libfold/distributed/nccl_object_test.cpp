// The shared object with NCCL, as the program loads it where there are several GPUs. Needs no GPU.
#include <dlfcn.h>
#include <gtest/gtest.h>

namespace {

TEST(NcclObject, LoadsAndHasTheFunctionThatTheProgramCalls) {
#ifdef FLASHRNA_NCCL_OBJECT
  void* const object = dlopen(FLASHRNA_NCCL_OBJECT, RTLD_NOW);
  ASSERT_NE(object, nullptr) << dlerror();
  EXPECT_NE(dlsym(object, "flashrna_open_nccl"), nullptr) << dlerror();
#else
  GTEST_SKIP() << "a build without CUDA or without nccl.h";
#endif
}

}  // namespace
