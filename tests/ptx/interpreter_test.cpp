// The interpreter on small kernels in PTX: values by the PTX ISA, and what each check finds.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tests/ptx/device_array.h"

namespace flashrna::ptx {
namespace {

// Runs a body with the parameter %out, 64 numbers of 32 bits that are initialized to 0 to 63, and %t, the thread.
// Returns the numbers; the findings stay with the device.
std::vector<std::uint32_t> run(const std::string& body, unsigned threads = 32, unsigned blocks = 1,
                               LaunchOptions options = {}) {
  Device& device = Device::get();
  device.findings.clear();
  device.options = options;
  device.load_module(
      ".extern .shared .align 128 .b8 shared[];\n.entry kernel(.param .u64 p)\n{\n"
      ".reg .b64 %out, %at, %rd<8>; .reg .b32 %t, %r<16>; .reg .f32 %f<8>; .reg .f64 %fd<2>; .reg .pred %p<4>; .reg "
      ".b16 %h<4>;\n"
      "ld.param.u64 %rd0, [p]; cvta.to.global.u64 %out, %rd0; mov.u32 %t, %tid.x;\n"
      "mul.wide.u32 %at, %t, 4; add.s64 %at, %at, %out;\n" +
          body + "\nret;\n}\n",
      "test");
  std::vector<std::uint32_t> numbers(64);
  for (std::uint32_t i = 0; i < 64; ++i) numbers[i] = i;
  DeviceArray<std::uint32_t> out(numbers);
  std::uint32_t* pointer = out.data();
  void* arguments[] = {&pointer};
  device.launch("kernel", {blocks, 1, 1}, {threads, 1, 1}, 1024, arguments);
  return out.values();
}

std::string findings_of(const std::string& body, unsigned threads = 32, unsigned blocks = 1,
                        LaunchOptions options = {}) {
  run(body, threads, blocks, options);
  return Device::get().findings.text();
}

void expect_finding(const std::string& found, const std::string& what) {
  EXPECT_NE(found.find(what), std::string::npos) << "found: " << found;
}

// The result of thread 5.
std::uint32_t result_of(const std::string& statements) {
  const std::uint32_t result = run(statements + " st.global.u32 [%at], %r0;")[5];
  EXPECT_EQ(Device::get().findings.text(), "");
  return result;
}

TEST(PtxInterpreter, ComputesByThePtxIsa) {
  EXPECT_EQ(result_of("sub.s32 %r0, %t, 7;"), 0xfffffffeu);
  EXPECT_EQ(result_of("sub.s32 %r1, %t, 7; shr.s32 %r0, %r1, 40;"), 0xffffffffu);
  EXPECT_EQ(result_of("shl.b32 %r0, %t, 32;"), 0u);
  EXPECT_EQ(result_of("sub.s32 %r1, %t, 12; rem.s32 %r0, %r1, 4;"), 0xfffffffdu);
  EXPECT_EQ(result_of("mul.hi.u32 %r0, %t, 0xC0000000;"), 3u);
  EXPECT_EQ(result_of("mov.u32 %r1, 0xff; bfi.b32 %r0, %t, %r1, 4, 2;"), 0xdfu);
  EXPECT_EQ(result_of("mov.f32 %f0, 0f7FC00000; max.f32 %f1, %f0, 0f40000000; mov.b32 %r0, %f1;"), 0x40000000u);
  EXPECT_EQ(result_of("mov.f32 %f0, 0f7FC00000; setp.leu.f32 %p0, %f0, 0f40000000; selp.b32 %r0, 1, 2, %p0;"), 1u);
  EXPECT_EQ(result_of("mov.f32 %f0, 0f3F801000; cvt.rn.f16.f32 %h0, %f0; mov.b32 %r0, {%h0, %h0};"), 0x3c003c00u);
  EXPECT_EQ(result_of("mov.f32 %f0, 0f3F803000; cvt.rn.f16.f32 %h0, %f0; mov.b32 %r0, {%h0, 1};"), 0x00013c02u);
  EXPECT_EQ(result_of("mov.f32 %f0, 0fC0000000; cvt.sat.f32.f32 %f1, %f0; mov.b32 %r0, %f1;"), 0u);
  EXPECT_EQ(result_of("mov.f64 %fd0, 0dC004000000000000; cvt.rmi.f64.f64 %fd1, %fd0; cvt.rn.f32.f64 %f0, %fd1; "
                      "mov.b32 %r0, %f0;"),
            0xc0400000u);  // floor(-2.5)
  EXPECT_EQ(result_of("shfl.sync.bfly.b32 %r0, %t, 3, 31, -1;"), 6u);
  EXPECT_EQ(result_of("shfl.sync.idx.b32 %r0|%p0, %t, 9, 31, -1;"), 9u);
  EXPECT_EQ(result_of("shfl.sync.idx.b32 %r0, %t, 1, 6175, -1;"), 1u);  // segments of 8 lanes: 0x181f
}

TEST(PtxInterpreter, BranchesMeetAgain) {
  // Lanes loop as often as their number, then the warp exchanges together.
  EXPECT_EQ(
      result_of("mov.u32 %r1, 0;\nagain: setp.ge.u32 %p0, %r1, %t; @%p0 bra over; add.s32 %r1, %r1, 1; bra again;\n"
                "over: shfl.sync.bfly.b32 %r0, %r1, 1, 31, -1;"),
      4u);
}

TEST(PtxInterpreter, FindsAccessesOutsideAndMisaligned) {
  expect_finding(findings_of("st.global.u32 [%at+256], %t;"), "outside of all allocations");
  expect_finding(findings_of("add.s64 %rd1, %at, 2; st.global.u32 [%rd1], %t;"), "not a multiple of its size");
  expect_finding(findings_of("mov.u32 %r1, shared; st.shared.u32 [%r1+1024], %t;"),
                 "outside of the block's 1024 bytes");
  expect_finding(findings_of("mov.u32 %r1, shared; st.shared.u32 [%r1+2], %t;"), "not a multiple of its size");
}

TEST(PtxInterpreter, FindsReadsOfWhatNothingHasWritten) {
  expect_finding(findings_of("mov.u32 %r1, shared; ld.shared.u32 %r0, [%r1];"),
                 "shared memory that nothing has written");
  DeviceArray<std::uint32_t> other(1);  // its address is a constant of the kernel
  expect_finding(findings_of("mov.u64 %rd1, " + std::to_string(reinterpret_cast<std::uintptr_t>(other.data())) +
                             "; ld.global.u32 %r0, [%rd1];"),
                 "device memory that nothing has written");
}

constexpr const char* kStoreOwn =
    "mov.u32 %r1, shared; shl.b32 %r2, %t, 2; add.s32 %r3, %r1, %r2; st.shared.u32 [%r3], %t;";

TEST(PtxInterpreter, FindsRacesInAnyOrder) {
  const std::string store = kStoreOwn, load = "xor.b32 %r4, %r2, 128; add.s32 %r4, %r4, %r1; ld.shared.u32 %r0, [%r4];";
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    LaunchOptions options;
    options.seed = seed;
    EXPECT_EQ(findings_of(store + "bar.sync 0;" + load, 64, 1, options), "");
    expect_finding(findings_of(store + load, 64, 1, options), "race");
    // Reads that a write follows too early.
    expect_finding(findings_of(store + "bar.sync 0;" + load + store, 64, 1, options), "race");
  }
  const std::string neighbor = "xor.b32 %r4, %r2, 4; add.s32 %r4, %r4, %r1; ld.shared.u32 %r0, [%r4];";
  EXPECT_EQ(findings_of(store + "bar.warp.sync -1;" + neighbor), "");
  expect_finding(findings_of(store + neighbor), "race");
}

TEST(PtxInterpreter, FindsRacesOfBlocks) {
  expect_finding(findings_of("st.global.u32 [%at], %t;", 32, 2), "another block of the launch");
  EXPECT_EQ(findings_of("mov.u64 %rd2, 1; atom.global.add.u64 %rd1, [%out], %rd2;", 32, 2), "");
}

TEST(PtxInterpreter, FindsDeadlocks) {
  expect_finding(findings_of("setp.lt.u32 %p0, %t, 32; @%p0 bra over; bar.sync 1, 64;\nover: bar.sync 0;", 64),
                 "deadlock");
  expect_finding(findings_of("bar.sync 1, 48;", 64), "no multiple of 32");
  const std::string barrier =
      "mov.u32 %r1, shared; setp.ne.u32 %p0, %t, 0; @%p0 bra over; "
      "mbarrier.init.shared::cta.b64 [%r1], 2;\nover: bar.sync 0;";
  const std::string wait = "again: mbarrier.try_wait.parity.shared::cta.b64 %p1, [%r1], 0; @!%p1 bra again;";
  expect_finding(findings_of(barrier + "@%p0 bra wait; mbarrier.arrive.shared::cta.b64 _, [%r1];\nwait: " + wait, 64),
                 "deadlock");
  EXPECT_EQ(findings_of(barrier +
                            "setp.gt.u32 %p2, %t, 1; @%p2 bra wait; mbarrier.arrive.shared::cta.b64 _, [%r1];\n"
                            "wait:\n" +
                            wait,
                        64),
            "");
}

TEST(PtxInterpreter, LateAndEarlyCopiesDifferOnlyBeforeTheWait) {
  const std::string copy =
      "mov.u32 %r1, shared; shl.b32 %r2, %t, 4; add.s32 %r3, %r1, %r2; and.b32 %r4, %t, 15; "
      "mul.wide.u32 %rd1, %r4, 16; add.s64 %rd1, %rd1, %out; cp.async.cg.shared.global [%r3], [%rd1], 16; "
      "cp.async.commit_group; ";
  for (const bool late : {false, true}) {
    LaunchOptions options;
    options.late_copies = late;
    const std::vector<std::uint32_t> out =
        run(copy + "cp.async.wait_group 0; ld.shared.u32 %r0, [%r3+4]; st.global.u32 [%at], %r0;", 16, 1, options);
    EXPECT_EQ(out[3], 13u);
    const std::vector<std::uint32_t> too_early =
        run(copy + "ld.shared.u32 %r0, [%r3+4]; cp.async.wait_group 0; st.global.u32 [%at], %r0;", 16, 1, options);
    EXPECT_EQ(too_early[3], late ? 0xffffffffu : 13u);
    expect_finding(findings_of(copy, 16, 1, options), "copies are under way");
  }
}

TEST(PtxInterpreter, RefusesWhatItDoesNotKnow) {
  const auto message = [](const std::string& body) -> std::string {
    try {
      run(body);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(message("tanh.approx.f32 %f0, %f1;"),
            "the interpreter does not know tanh.approx.f32 in \"tanh.approx.f32 %f0, %f1\"");
  EXPECT_EQ(message("bra nowhere;"), "a branch to a label that is not there: nowhere");
}

}  // namespace
}  // namespace flashrna::ptx
