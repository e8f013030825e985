#include "base/thread_limits.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace flashrna {
namespace {

namespace fs = std::filesystem;

// A folder with the files of /proc and /sys that matter here, and no OMP_NUM_THREADS.
class ThreadLimitsTest : public testing::Test {
 protected:
  ThreadLimitsTest() {
    std::string name = (fs::temp_directory_path() / "flashrna_limits_XXXXXX").string();
    root_ = mkdtemp(name.data());
    unsetenv("OMP_NUM_THREADS");
  }
  ~ThreadLimitsTest() override {
    fs::remove_all(root_);
    unsetenv("OMP_NUM_THREADS");
  }
  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << text;
  }
  ThreadLimits find() const { return find_thread_limits(root_.string()); }

  fs::path root_;
};

TEST_F(ThreadLimitsTest, WithoutAnyFileTheAffinityDecides) {
  const ThreadLimits limits = find();
  EXPECT_FALSE(limits.quota.has_value());
  EXPECT_GE(limits.processors, limits.allowed);
  EXPECT_EQ(limits.threads(), limits.allowed);
  cpu_set_t all, one;
  ASSERT_EQ(sched_getaffinity(0, sizeof all, &all), 0);
  EXPECT_EQ(limits.allowed, CPU_COUNT(&all));
  CPU_ZERO(&one);
  for (int cpu = 0; CPU_COUNT(&one) == 0; ++cpu)
    if (CPU_ISSET(cpu, &all)) CPU_SET(cpu, &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(find().threads(), 1);
  EXPECT_NE(find().text().find("1: 1 of "), std::string::npos) << find().text();
  sched_setaffinity(0, sizeof all, &all);
}

TEST_F(ThreadLimitsTest, TheStrictestQuotaOfVersion2Decides) {
  write("proc/self/cgroup", "0::/user.slice/job.scope\n");
  write("sys/fs/cgroup/user.slice/job.scope/cpu.max", "max 100000\n");
  write("sys/fs/cgroup/user.slice/cpu.max", "150000 100000\n");
  write("sys/fs/cgroup/cpu.max", "800000 100000\n");
  ThreadLimits limits = find();
  ASSERT_TRUE(limits.quota.has_value());
  EXPECT_EQ(*limits.quota, 1.5);
  EXPECT_NE(limits.quota_file.find("/user.slice/cpu.max"), std::string::npos);
  limits.allowed = 64;
  EXPECT_EQ(limits.threads(), 2) << "rounded";
  limits.quota = 0.2;
  EXPECT_EQ(limits.threads(), 1);
  limits.quota = 100.0;
  EXPECT_EQ(limits.threads(), 64);
}

TEST_F(ThreadLimitsTest, AContainersGroupIsItsMount) {
  write("proc/self/cgroup", "0::/../../elsewhere\n");
  write("sys/fs/cgroup/cpu.max", "300000 100000");
  EXPECT_EQ(find().quota, 3.0);
  write("proc/self/cgroup", "0::/docker/0123\n");
  EXPECT_EQ(find().quota, 3.0) << "no folder of that name";
}

TEST_F(ThreadLimitsTest, QuotasOfVersion1AreRead) {
  write("proc/self/cgroup", "9:name=systemd:/\n4:cpu,cpuacct:/slurm/job_7\n3:cpuset:/\n");
  write("sys/fs/cgroup/cpu,cpuacct/slurm/job_7/cpu.cfs_quota_us", "400000\n");
  write("sys/fs/cgroup/cpu,cpuacct/slurm/job_7/cpu.cfs_period_us", "100000\n");
  write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
  write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(find().quota, 4.0);
  write("proc/self/cgroup", "1:cpu:/\n");
  EXPECT_FALSE(find().quota.has_value());
  write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "50000\n");
  write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "not a number\n");
  EXPECT_FALSE(find().quota.has_value());
}

TEST_F(ThreadLimitsTest, OmpNumThreadsWins) {
  write("proc/self/cgroup", "0::/\n");
  write("sys/fs/cgroup/cpu.max", "100000 100000\n");
  for (const auto& [text, threads] : {std::pair{"3", 3}, {" 5,2", 5}, {"7 ", 7}}) {
    setenv("OMP_NUM_THREADS", text, 1);
    EXPECT_EQ(find().threads(), threads) << text;
  }
  EXPECT_NE(find().text().find("7: OMP_NUM_THREADS = 7; "), std::string::npos) << find().text();
  for (const char* text : {"", "0", "-2", "many", "2x"}) {
    setenv("OMP_NUM_THREADS", text, 1);
    EXPECT_EQ(find().threads(), 1) << text;
  }
}

}  // namespace
}  // namespace flashrna
