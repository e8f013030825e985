// CUDA graphs (kernels/cuda_graph.h, graphed_function.h) on the stand-in, which records and replays every operation.
#include "kernels/graphed_function.h"

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kernels/cuda_backend.h"
#include "kernels/torch_headers.h"
#include "tests/stand_in_cuda/stand_in_cuda.h"

namespace flashrna {
namespace {

using at::Tensor;
using stand_in::Counts;
using stand_in::counts;
using Tensors = GraphedFunction::Tensors;

const at::Device kDevice(at::kCUDA, 1);

Tensor on_device(const std::vector<float>& values) { return at::tensor(values).to(kDevice); }

std::vector<float> values_of(const Tensor& tensor) {
  const Tensor host = tensor.cpu().contiguous();
  return {host.const_data_ptr<float>(), host.const_data_ptr<float>() + host.numel()};
}

class Graphs : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(count_cuda_devices(), stand_in::kDevices);
    ASSERT_EQ(why_no_cuda_graphs(), "");
  }
};

TEST_F(Graphs, ComputeNothingWhenRecordedAndEverythingWhenReplayed) {
  Tensor x = on_device({1, 2, 3}), sum = on_device({7});
  const c10::Stream side = make_side_stream(kDevice);
  Tensor doubled;
  std::optional<CudaGraph> graph;
  {
    const ScopedSideStream on(side);
    graph.emplace(kDevice, [&] {
      doubled = x * 2;
      sum.add_(doubled.sum());
    });
  }
  EXPECT_TRUE(doubled.isnan().all().item<bool>());
  EXPECT_EQ(values_of(sum), std::vector<float>{7});
  graph->replay();
  EXPECT_EQ(values_of(doubled), (std::vector<float>{2, 4, 6}));
  EXPECT_EQ(values_of(sum), std::vector<float>{19});
  x.fill_(1);
  graph->replay();
  EXPECT_EQ(values_of(doubled), (std::vector<float>{2, 2, 2}));
  EXPECT_EQ(values_of(sum), std::vector<float>{25});
}

TEST_F(Graphs, KeepTheHostsNumbersOfTheRecording) {
  double factor = 2;
  const Tensor x = on_device({1, 2}), on_host = at::scalar_tensor(5.0f);
  Tensor y;
  const ScopedSideStream on(make_side_stream(kDevice));
  CudaGraph graph(kDevice, [&] { y = x * factor + on_host; });
  factor = 3;
  on_host.fill_(6);
  graph.replay();
  EXPECT_EQ(values_of(y), (std::vector<float>{7, 9}));
}

TEST_F(Graphs, RefuseWaitsAndTheDefaultStream) {
  const Tensor x = on_device({1, 2});
  const auto message_of = [&](const std::function<void()>& work) -> std::string {
    try {
      const CudaGraph graph(kDevice, work);
    } catch (const c10::Error& error) {
      return error.what_without_backtrace();
    }
    return "";
  };
  EXPECT_NE(message_of([] {}).find("non-default stream"), std::string::npos);
  const ScopedSideStream on(make_side_stream(kDevice));
  EXPECT_EQ(message_of([&] { x.exp(); }), "");
  for (const std::function<void()>& wait :
       std::vector<std::function<void()>>{[&] { x.sum().item<float>(); }, [&] { x.cpu(); }, [&] { x.index({x > 1}); },
                                          [&] { at::ones({2}).to(kDevice); }})
    EXPECT_NE(message_of(wait).find("not permitted when stream is capturing"), std::string::npos);
  EXPECT_EQ(values_of(x), (std::vector<float>{1, 2})) << "the device is usable after a failed recording";
}

// x, y -> x + y, x * y
Tensors sum_and_product(const Tensors& in) { return {in[0] + in[1], in[0] * in[1], Tensor()}; }

TEST_F(Graphs, OfAFunctionGiveItsResultsInEveryCall) {
  GraphedFunction graphed(kDevice, true);
  const Counts before = counts();
  for (int i = 0; i < 5; ++i) {
    const float x = static_cast<float>(i);
    const Tensors results = graphed.run(0, sum_and_product, {on_device({x, 1}), on_device({2, x})});
    EXPECT_EQ(values_of(results[0]), (std::vector<float>{x + 2, 1 + x})) << i;
    EXPECT_EQ(values_of(results[1]), (std::vector<float>{2 * x, x})) << i;
    EXPECT_FALSE(results[2].defined());
  }
  EXPECT_EQ((counts() - before).recordings, 1);
  EXPECT_EQ((counts() - before).replays, 4);
}

TEST_F(Graphs, TakeTheirOwnResultsAsInputs) {
  GraphedFunction graphed(kDevice, true), plain(kDevice, false);
  const Tensor step = on_device({0.5f, -1, 3});
  Tensor x = on_device({1, 2, 3}), y = x;
  const auto advance = [](const Tensors& in) -> Tensors { return {in[0] * 0.75f + in[1]}; };
  for (int i = 0; i < 6; ++i) {
    x = graphed.run(0, advance, {x, step})[0];
    y = plain.run(0, advance, {y, step})[0];
    EXPECT_EQ(values_of(x), values_of(y)) << i;
  }
}

TEST_F(Graphs, CopyOnlyWhatHasChanged) {
  GraphedFunction graphed(kDevice, true);
  Tensor x = on_device({1, 2}), constant = on_device({3, 4});
  const auto run = [&] { return values_of(graphed.run(0, sum_and_product, {x, constant})[0]); };
  run(), run();
  const auto operations_of = [&](const std::function<void()>& work) {
    const Counts before = counts();
    work();
    return (counts() - before).operations;
  };
  const auto replay = [&] { graphed.run(0, sum_and_product, {x, constant}); };
  EXPECT_EQ(operations_of(replay), 1);
  x = on_device({5, 6});
  EXPECT_EQ(operations_of(replay), 2);
  constant.add_(1);
  EXPECT_EQ(operations_of(replay), 2);
  EXPECT_EQ(run(), (std::vector<float>{9, 11}));
}

TEST_F(Graphs, CopyPinnedInputsWithoutAWaitOrMemory) {
  GraphedFunction graphed(kDevice, true);
  const Tensor constant = on_device({3, 4});
  const auto run = [&](const Tensor& x) { return graphed.run(0, sum_and_product, {x, constant}); };
  for (int i = 0; i < 3; ++i) run(at::ones({2}).pin_memory());
  const Tensor pinned = at::full({2}, 5.0f).pin_memory();
  const Counts before = counts();
  const Tensors results = run(pinned);
  const Counts used = counts() - before;
  EXPECT_EQ(used.waits, 0);
  EXPECT_EQ(used.allocations, 0);
  EXPECT_EQ(used.operations, 2);
  EXPECT_EQ(values_of(results[0]), (std::vector<float>{8, 9}));
}

TEST_F(Graphs, AreKeptForEachShapeAndVariant) {
  GraphedFunction graphed(kDevice, true);
  const auto run = [&](std::int64_t variant, std::int64_t length) {
    const Tensor x = at::ones({length}, at::TensorOptions(kDevice));
    return graphed.run(variant, sum_and_product, {x, x})[0].sum().item<float>();
  };
  const Counts before = counts();
  for (int i = 0; i < 3; ++i) {
    for (const std::int64_t length : {3, 5, 0}) {
      EXPECT_EQ(run(0, length), static_cast<float>(2 * length));
      EXPECT_EQ(run(1, length), static_cast<float>(2 * length));
    }
  }
  EXPECT_EQ((counts() - before).recordings, 6);
  for (std::int64_t other = 2; other < 40; ++other) run(other, 3);  // the first ones are dropped
  EXPECT_EQ(run(0, 3), 6.0f);
  EXPECT_EQ((counts() - before).recordings, 6);
  EXPECT_EQ(run(0, 3), 6.0f);
  EXPECT_EQ((counts() - before).recordings, 7);
  graphed.clear();
  EXPECT_EQ(run(0, 3), 6.0f);
  EXPECT_EQ((counts() - before).recordings, 7);
}

TEST_F(Graphs, AFunctionThatWaitsRunsAsItIs) {
  GraphedFunction graphed(kDevice, true);
  const auto normalized = [](const Tensors& in) -> Tensors { return {in[0] / in[0].sum().item<float>()}; };
  for (int i = 1; i < 5; ++i) {
    const float x = static_cast<float>(i);
    EXPECT_EQ(values_of(graphed.run(0, normalized, {on_device({x, 3 * x})})[0]), (std::vector<float>{0.25f, 0.75f}));
    EXPECT_EQ(graphed.uses_graphs(), i < 2);
  }
}

TEST_F(Graphs, WithoutThemTheFunctionRunsAsItIs) {
  for (const auto& [device, asked] : {std::pair(at::Device(at::kCPU), true), std::pair(kDevice, false)}) {
    GraphedFunction plain(device, asked);
    EXPECT_FALSE(plain.uses_graphs());
    const Counts before = counts();
    for (int i = 0; i < 3; ++i) {
      const Tensors results = plain.run(0, sum_and_product, {at::full({2}, 3.0f), at::full({2}, 4.0f)});
      EXPECT_EQ(results[0].device(), device);
      EXPECT_EQ(values_of(results[1]), (std::vector<float>{12, 12}));
    }
    EXPECT_EQ((counts() - before).recordings, 0);
  }
}

}  // namespace
}  // namespace flashrna
