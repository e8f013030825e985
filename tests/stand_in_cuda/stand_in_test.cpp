// The stand-in finds the faults that it is there to find.
#include <ATen/autocast_mode.h>
#include <gtest/gtest.h>

#include <csignal>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "kernels/cuda_backend.h"
#include "kernels/memory_usage.h"
#include "kernels/torch_headers.h"
#include "libfold/mixed_precision.h"
#include "tests/stand_in_cuda/stand_in_cuda.h"

namespace flashrna {
namespace {

using at::Tensor;
using stand_in::counts;

const at::Device kFirst(at::kCUDA, 0), kSecond(at::kCUDA, 1);

class StandIn : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(count_cuda_devices(), stand_in::kDevices); }
};

Tensor matrix(at::Device device) { return at::arange(12, at::kFloat).view({3, 4}).to(device); }

std::string message_of(const std::function<void()>& run) {
  try {
    run();
  } catch (const c10::Error& error) {
    return error.what_without_backtrace();
  }
  return "";
}

TEST_F(StandIn, ComputesWhatTheCpuComputes) {
  const Tensor x = matrix(at::kCPU), y = matrix(kFirst);
  EXPECT_TRUE(y.is_cuda());
  EXPECT_TRUE(at::equal(at::matmul(y, y.t()).cpu(), at::matmul(x, x.t())));
  Tensor leaf = y.clone().requires_grad_();
  (leaf.square().sum() * 0.5).backward();
  EXPECT_TRUE(at::equal(leaf.grad().cpu(), x));
}

TEST_F(StandIn, RefusesATensorLeftOnTheCpu) {
  EXPECT_NE(message_of([] { matrix(kFirst) + matrix(at::kCPU); }).find("same device"), std::string::npos);
  EXPECT_NE(message_of([] { at::cat({matrix(kFirst), matrix(at::kCPU)}); }).find("same device"), std::string::npos);
  EXPECT_EQ(message_of([] { matrix(kFirst) + at::ones({}, at::kFloat); }), "");  // a scalar, as on a GPU
}

TEST_F(StandIn, RefusesATensorOfTheOtherDevice) {
  EXPECT_NE(message_of([] { matrix(kSecond) * matrix(kFirst); }).find("cuda:0"), std::string::npos);
  EXPECT_EQ(message_of([] { matrix(kSecond) * matrix(kFirst).to(kSecond); }), "");
}

TEST_F(StandIn, PutsATensorWithoutAnIndexOnTheCurrentDevice) {
  make_current(kSecond);
  EXPECT_EQ(at::zeros({2}, at::kCUDA).device(), kSecond);
  make_current(kFirst);
  EXPECT_EQ(at::zeros({2}, at::kCUDA).device(), kFirst);
}

TEST_F(StandIn, TheHostCannotReadDeviceMemory) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        count_cuda_devices();
        volatile const float* values = matrix(kFirst).const_data_ptr<float>();
        std::exit(values[1] == 1.0f);
      },
      testing::KilledBySignal(SIGSEGV), "");
}

TEST_F(StandIn, UnwrittenAndFreedMemoryIsNan) {
  const auto options = at::TensorOptions(at::kFloat).device(kFirst);
  EXPECT_TRUE(at::empty({5}, options).isnan().all().item<bool>());
  Tensor freed = at::ones({5}, options);
  const Tensor alias = at::for_blob(freed.mutable_data_ptr(), {5}).options(options).target_device(kFirst).make_tensor();
  EXPECT_FALSE(alias.isnan().any().item<bool>());
  freed.reset();
  EXPECT_TRUE(alias.isnan().all().item<bool>());
}

TEST_F(StandIn, CountsWhereTheHostWaits) {
  const Tensor x = matrix(kFirst), mask = x > 3, from_cpu = at::tensor({0L, 2L});
  const Tensor pinned = at::ones({3, 4}).pin_memory();
  const struct {
    const char* name;
    std::function<void()> run;
    int waits;
  } cases[] = {
      {"a kernel", [&] { x.exp().sum(); }, 0},
      {"a constant made on the device", [&] { at::arange(5, x.options()); }, 0},
      {"a constant made on the host", [&] { at::tensor({1.0f}).to(kFirst); }, 1},
      {"a copy to the host", [&] { x.cpu(); }, 1},
      {"a value", [&] { x.sum().item<float>(); }, 1},
      {"a copy between devices", [&] { x.to(kSecond); }, 0},
      {"pinned memory", [&] { pinned.to(kFirst, /*non_blocking=*/true); }, 0},
      {"pinned memory, waited for", [&] { pinned.to(kFirst); }, 1},
      {"a part of pinned memory", [&] { pinned[1].to(kFirst, /*non_blocking=*/true); }, 0},
      {"pinned memory of another type", [&] { pinned.to(kFirst, at::kDouble, /*non_blocking=*/true); }, 1},
      {"other memory, not waited for",
       [&] {
         at::ones({3, 4}).to(kFirst, /*non_blocking=*/true);
       },
       1},
      {"a mask as index", [&] { x.index({mask}); }, 1},
      {"an index from the host", [&] { x.index({from_cpu}); }, 1},
      {"an index on the device", [&, index = from_cpu.to(kFirst)] { x.index({index}); }, 0},
      {"the places of a mask", [&] { mask.nonzero(); }, 1},
      {"where", [&] { at::where(mask, x, 0.0); }, 0},
  };
  for (const auto& test : cases) {
    const auto before = counts();
    test.run();
    EXPECT_EQ((counts() - before).waits, test.waits) << test.name;
  }
}

TEST_F(StandIn, CountsAttentionWithAndWithoutSquareMemory) {
  const auto attend = [](int64_t width) {
    const Tensor q = at::ones({1, 2, 5, width}, at::TensorOptions(at::kFloat).device(kFirst));
    at::scaled_dot_product_attention(q, q, q);
  };
  const auto before = counts();
  attend(16);
  EXPECT_EQ((counts() - before).linear_attention, 1);
  attend(6);
  EXPECT_EQ((counts() - before).square_attention, 1);
}

TEST_F(StandIn, ProductsUnderAutocastHaveTheTypeThatWasSet) {
  const Tensor x = matrix(kFirst), weight = at::ones({2, 4}, x.options());
  {
    const ScopedAutocast autocast(kFirst, true);
    EXPECT_EQ(at::linear(x, weight).scalar_type(), at::kBFloat16);
    at::autocast::set_autocast_dtype(at::kCUDA, at::kHalf);  // LibTorch's default: the fault of not setting it
    EXPECT_EQ(at::linear(x, weight).scalar_type(), at::kHalf);
  }
  EXPECT_EQ(at::linear(x, weight).scalar_type(), at::kFloat);
}

TEST_F(StandIn, RunsOutOfMemoryAsLibTorchSays) {
  stand_in::limit_memory(allocated_bytes(kFirst) + 4096);
  const auto allocate = [] { at::empty({1 << 20}, at::TensorOptions(at::kFloat).device(kFirst)); };
  EXPECT_THROW(
      try { allocate(); } catch (const std::exception& error) {
        EXPECT_TRUE(is_out_of_memory(error)) << error.what();
        throw;
      },
      c10::OutOfMemoryError);
  stand_in::limit_memory(std::numeric_limits<std::int64_t>::max());
  EXPECT_NO_THROW(allocate());
}

}  // namespace
}  // namespace flashrna
