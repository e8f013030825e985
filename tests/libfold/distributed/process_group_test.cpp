#include "libfold/distributed/process_group.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "kernels/torch_headers.h"
#include "libfold/distributed/gradient_reduction.h"
#include "tests/libfold/distributed/processes.h"

namespace flashrna {
namespace {

TEST(ProcessGroup, OfOneProcessChangesNothing) {
  const ProcessGroup alone;
  EXPECT_TRUE(alone.first());
  at::Tensor values = at::tensor({1.5, -2.0});
  alone.sum(values);
  alone.broadcast(values, 0);
  EXPECT_TRUE(at::equal(values, at::tensor({1.5, -2.0})));
  EXPECT_EQ(alone.gather("here"), std::vector<std::string>{"here"});
  EXPECT_EQ(alone.largest(7), 7);
  EXPECT_THROW(alone.together([] { fail("broken"); }), Error);
}

class Processes : public testing::TestWithParam<int> {};

TEST_P(Processes, SumBroadcastGatherAndAgree) {
  const int size = GetParam();
  run_processes_well(size, [&](const ProcessGroup& group) {
    at::Tensor values = at::full({1000}, static_cast<double>(group.rank() + 1), at::kDouble);
    group.sum(values);
    EXPECT_TRUE(values.eq(size * (size + 1) / 2).all().item<bool>());
    at::Tensor from_last = at::full({3}, group.rank(), at::kFloat);
    group.broadcast(from_last, size - 1);
    EXPECT_TRUE(from_last.eq(size - 1).all().item<bool>());

    const std::vector<std::string> texts = group.gather(std::string(static_cast<std::size_t>(group.rank()), 'x'));
    ASSERT_EQ(std::ssize(texts), size);
    for (int rank = 0; rank < size; ++rank)
      EXPECT_EQ(texts[static_cast<std::size_t>(rank)], std::string(static_cast<std::size_t>(rank), 'x'));
    EXPECT_EQ(group.largest(group.rank() == 1 ? 143 : 0), size > 1 ? 143 : 0);
    EXPECT_FALSE(group.any(false));
    EXPECT_TRUE(group.any(group.rank() == size - 1));
    group.barrier();
  });
}

TEST_P(Processes, AFailureOfOneIsTheErrorOfAll) {
  const int size = GetParam();
  const std::vector<std::string> errors = run_processes(size, [&](const ProcessGroup& group) {
    group.together([&] {
      if (group.rank() == size - 1) fail("disk full");
    });
  });
  for (int rank = 0; rank + 1 < size; ++rank)
    EXPECT_EQ(errors[static_cast<std::size_t>(rank)], fmt::format("rank {}: disk full", size - 1));
  EXPECT_EQ(errors.back(), "disk full");
}

TEST_P(Processes, ADifferentTextIsNamedByItsFirstLine) {
  const int size = GetParam();
  const std::vector<std::string> errors = run_processes(size, [&](const ProcessGroup& group) {
    group.require_equal("version", "2");
    group.require_equal("configuration", group.rank() == size - 1 ? "a = 1\nb = 3\n" : "a = 1\nb = 2\n");
  });
  for (const std::string& error : errors)
    EXPECT_EQ(error, fmt::format("rank {} has another configuration than rank 0: \"b = 3\", that of rank 0 \"b = 2\"; "
                                 "start all processes with the same",
                                 size - 1));
}

INSTANTIATE_TEST_SUITE_P(Sizes, Processes, testing::Values(2, 3, 4));

TEST(ProcessGroup, AProcessThatLeavesEndsTheOthersWithinTheTimeout) {
  const std::vector<std::string> errors = run_processes(3, [&](const ProcessGroup& group) {
    if (group.rank() == 1) fail("gone");
    for (int i = 0; i < 3; ++i) group.barrier();
  });
  EXPECT_EQ(errors[1], "gone");
  for (const int rank : {0, 2})
    EXPECT_NE(errors[static_cast<std::size_t>(rank)].find("another process has ended"), std::string::npos)
        << errors[static_cast<std::size_t>(rank)];
}

// Parameters of a small network and the loss of each shard; parameter 3 has no gradient anywhere, parameter 4 in shard
// 2 only.
struct Problem {
  NamedParameters parameters;
  Problem() {
    for (const std::int64_t n : {300, 5, 70000, 9, 11})
      parameters.emplace_back(fmt::format("p{}", parameters.size()),
                              (0.7 * at::arange(n, at::kFloat)).sin().requires_grad_(true));
  }
  at::Tensor loss(int shard) const {
    at::Tensor sum = at::zeros({});
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      if (i == 3 || (i == 4 && shard != 2)) continue;
      sum = sum + (parameters[i].second * (0.37 * shard + 0.1)).sin().sum();
    }
    return sum;
  }
  std::vector<at::Tensor> gradients() const {
    std::vector<at::Tensor> all;
    for (const auto& [name, parameter] : parameters) all.push_back(parameter.grad());
    return all;
  }
};

constexpr int kShards = 5;

template <typename Make>
std::vector<at::Tensor> reduced(const ProcessGroup& group, const Make& make) {
  Problem problem;
  const auto reduction = make(problem.parameters, group);
  const int begin = kShards * group.rank() / group.size(), end = kShards * (group.rank() + 1) / group.size();
  for (int round = 0; round < 2; ++round) {
    for (const auto& [name, parameter] : problem.parameters) parameter.mutable_grad() = at::Tensor();
    for (int shard = begin; shard < end; ++shard) {
      if (shard + 1 == end) reduction->before_last_backward();
      problem.loss(shard).backward();
      reduction->end_shard();
    }
    reduction->finish();
  }
  return problem.gradients();
}

std::vector<at::Tensor> plain_sum() {
  Problem problem;
  for (int shard = 0; shard < kShards; ++shard) problem.loss(shard).backward();
  return problem.gradients();
}

TEST(GradientReduction, OrderedHasEqualBitsOnAnyNumberOfProcesses) {
  const auto make = [](const NamedParameters& p, const ProcessGroup& g) { return make_ordered_reduction(p, g); };
  const std::vector<at::Tensor> alone = reduced(ProcessGroup(), make), plain = plain_sum();
  for (std::size_t i = 0; i < plain.size(); ++i) {
    ASSERT_EQ(alone[i].defined(), plain[i].defined()) << i;
    if (!plain[i].defined()) continue;
    EXPECT_TRUE(at::allclose(alone[i], plain[i], 1e-6, 1e-7)) << i;
  }
  EXPECT_FALSE(alone[3].defined());
  EXPECT_TRUE(alone[4].defined());
  for (const int size : {2, 3, 5}) {
    run_processes_well(size, [&](const ProcessGroup& group) {
      const std::vector<at::Tensor> got = reduced(group, make);
      for (std::size_t i = 0; i < got.size(); ++i) {
        ASSERT_EQ(got[i].defined(), alone[i].defined()) << i;
        if (!got[i].defined()) continue;
        EXPECT_TRUE(at::equal(got[i], alone[i])) << i << " in " << size << " processes";
      }
    });
  }
}

// Buckets of 1 kB: several, of which some are complete while backward still runs.
TEST(GradientReduction, FastIsTheSumToRoundingAndEqualInAllProcesses) {
  const std::vector<at::Tensor> plain = plain_sum();
  for (const std::int64_t bucket : {1 << 10, 25 << 20}) {
    const auto make = [&](const NamedParameters& p, const ProcessGroup& g) {
      return make_fast_reduction(p, g, bucket);
    };
    for (const int size : {1, 2, 4}) {
      if (size == 1) {
        const std::vector<at::Tensor> alone = reduced(ProcessGroup(), make);
        for (std::size_t i = 0; i < plain.size(); ++i) {
          if (!plain[i].defined()) continue;
          EXPECT_TRUE(at::equal(alone[i], plain[i])) << i;
        }
        continue;
      }
      std::vector<std::vector<at::Tensor>> by_rank(static_cast<std::size_t>(size));
      run_processes_well(size, [&](const ProcessGroup& group) {
        by_rank[static_cast<std::size_t>(group.rank())] = reduced(group, make);
      });
      for (const std::vector<at::Tensor>& got : by_rank) {
        ASSERT_EQ(got.size(), plain.size());
        for (std::size_t i = 0; i < plain.size(); ++i) {
          ASSERT_EQ(got[i].defined(), plain[i].defined()) << i;
          if (!got[i].defined()) continue;
          EXPECT_TRUE(at::allclose(got[i], plain[i], 1e-6, 1e-6)) << i;
          EXPECT_TRUE(at::equal(got[i], by_rank[0][i])) << i;
        }
      }
    }
  }
}

}  // namespace
}  // namespace flashrna
