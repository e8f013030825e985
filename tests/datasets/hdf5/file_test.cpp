#include "datasets/hdf5/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <thread>

#include "tests/datasets/example_structures.h"

namespace flashrna {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

class Hdf5FileTest : public ::testing::Test {
 protected:
  // Creates a file of this name with `fill(root)`.
  template <typename Fill>
  std::string make(const std::string& name, Fill&& fill) {
    Hdf5OutputFile file(folder.path(name), true);
    fill(file.root());
    file.commit();
    return folder.path(name);
  }

  TemporaryFolder folder;
};

template <typename T>
class Hdf5Numbers : public Hdf5FileTest {};
using NumberTypes = ::testing::Types<float, double, std::int32_t, std::int64_t, std::uint8_t, std::uint32_t>;
TYPED_TEST_SUITE(Hdf5Numbers, NumberTypes);

TYPED_TEST(Hdf5Numbers, WholeArraysAndAppendedRowsComeBackExactly) {
  const TypeParam lowest = std::numeric_limits<TypeParam>::lowest();
  const TypeParam highest = std::numeric_limits<TypeParam>::max();
  const std::vector<TypeParam> values = {lowest, 1, 2, 3, 4, highest};
  const std::string path = this->make("numbers.h5", [&](Hdf5Group root) {
    Hdf5Group group = root.create_group("group");
    group.write<TypeParam>("whole", {2, 3}, values);
    group.write<TypeParam>("scalar", {}, std::span(values).first(1));
    group.write<TypeParam>("empty", {0, 3}, std::span<const TypeParam>());
    Hdf5Dataset rows = group.create_extensible<TypeParam>("rows", {3}, 2);
    for (int i = 0; i < 5; ++i) rows.append_rows<TypeParam>(values);
  });
  const Hdf5File file = Hdf5File::open(path);
  const Hdf5Group group = file.root().open_group("group");
  EXPECT_EQ(group.names(), (std::vector<std::string>{"empty", "rows", "scalar", "whole"}));
  EXPECT_EQ(group.open_dataset("whole").read<TypeParam>(), values);
  EXPECT_EQ(group.open_dataset("whole").shape(), (Hdf5Shape{2, 3}));
  EXPECT_EQ(group.open_dataset("whole").stored_bytes(), 6 * sizeof(TypeParam));
  EXPECT_EQ(group.open_dataset("scalar").read<TypeParam>(), std::vector<TypeParam>{lowest});
  EXPECT_EQ(group.open_dataset("empty").shape(), (Hdf5Shape{0, 3}));
  const Hdf5Dataset rows = group.open_dataset("rows");
  EXPECT_EQ(rows.shape(), (Hdf5Shape{10, 3}));
  std::vector<TypeParam> three_rows(9);
  rows.read_rows<TypeParam>(3, three_rows);
  EXPECT_EQ(three_rows, (std::vector<TypeParam>{3, 4, highest, lowest, 1, 2, 3, 4, highest}));
}

// Signed zero, the smallest number, the smallest normal number, one, the largest, infinity.
TEST_F(Hdf5FileTest, Float16ComesBackAsTheNumbersThatItsBitsMean) {
  const std::vector<std::uint16_t> bits = {0x8000, 0x0001, 0x0400, 0x3c00, 0xfbff, 0x7c00};
  const std::vector<float> values = {-0.0f, 0x1p-24f,  0x1p-14f,
                                     1.0f,  -65504.0f, std::numeric_limits<float>::infinity()};
  const std::string path = make("half.h5", [&](Hdf5Group root) {
    root.write_float16("few", {2, 3}, bits);
    root.write_float16("one", {}, std::span(bits).first(1));
    root.write_float16("many", {100, 300}, std::vector<std::uint16_t>(30000, 0x3c00));
    EXPECT_THAT(message_of([&] { root.write_float16("wrong", {4}, bits); }), HasSubstr("6 values given for shape [4]"));
  });
  const Hdf5File file = Hdf5File::open(path);
  const Hdf5Dataset few = file.root().open_dataset("few"), many = file.root().open_dataset("many");
  EXPECT_EQ(few.type(), Hdf5Type::kFloat16);
  EXPECT_EQ(few.shape(), (Hdf5Shape{2, 3}));
  EXPECT_EQ(few.stored_bytes(), 12u);
  EXPECT_EQ(few.read<float>(), values);
  EXPECT_TRUE(std::signbit(few.read<float>()[0]));
  EXPECT_EQ(file.root().open_dataset("one").read<float>(), std::vector<float>{-0.0f});
  EXPECT_EQ(many.read<float>(), std::vector<float>(30000, 1.0f));
  EXPECT_LT(many.stored_bytes(), 6000u) << "packed";
}

TEST_F(Hdf5FileTest, TextAndAttributesComeBackExactly) {
  const std::vector<std::string> texts = {"", "1EHZ", "C4′ in Å", std::string(5000, 'x')};
  const std::vector<std::string> names = {"A", "PSU", ""};
  const std::string path = make("text.h5", [&](Hdf5Group root) {
    root.write_text("texts", texts);
    Hdf5Dataset fixed = root.create_extensible_text("names", 3, 2);
    fixed.append_text(names);
    fixed.append_text(names);
    fixed.set_text("unit", "");
    fixed.set_text("description", texts[2]);
    fixed.set_text("description", texts[3]);
    fixed.set_integer("count", std::numeric_limits<std::int64_t>::min());
    fixed.set_number("third", 1.0 / 3.0);
  });
  const Hdf5File file = Hdf5File::open(path);
  EXPECT_EQ(file.root().open_dataset("texts").read_text(), texts);
  EXPECT_EQ(file.root().open_dataset("texts").read_text_rows(1, 2), (std::vector<std::string>{"1EHZ", "C4′ in Å"}));
  const Hdf5Dataset fixed = file.root().open_dataset("names");
  EXPECT_EQ(fixed.read_text_rows(1, 4), (std::vector<std::string>{"PSU", "", "A", "PSU"}));
  EXPECT_EQ(fixed.text("unit"), "");
  EXPECT_EQ(fixed.text("description"), texts[3]);
  EXPECT_EQ(fixed.integer("count"), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(fixed.number("third"), 1.0 / 3.0);
}

TEST_F(Hdf5FileTest, MisuseIsAnErrorThatNamesTheObject) {
  const std::string path = make("small.h5", [&](Hdf5Group root) {
    root.write<float>("values", {2, 2}, std::vector<float>{1, 2, 3, 4});
    Hdf5Dataset names = root.create_extensible_text("names", 3, 8);
    const std::vector<std::string> wide = {"PSUX"}, broken = {std::string("A\0B", 3)};
    EXPECT_THAT(message_of([&] { names.append_text(wide); }), HasSubstr("\"PSUX\" is longer than 3 bytes"));
    EXPECT_THAT(message_of([&] { names.append_text(broken); }), HasSubstr("zero byte"));
    EXPECT_THAT(message_of([&] {
                  root.write<float>("wrong", {3}, std::vector<float>{1, 2});
                }),
                HasSubstr("/wrong: 2 values given for shape [3]"));
  });
  const Hdf5File file = Hdf5File::open(path);
  const Hdf5Dataset values = file.root().open_dataset("values");
  std::vector<float> row(2);
  EXPECT_THAT(message_of([&] { values.read_rows<float>(2, row); }),
              HasSubstr("small.h5:/values: rows 2 to 3 are out of"));
  EXPECT_THAT(message_of([&] { values.read_rows<float>(~std::uint64_t{0}, row); }), HasSubstr("out of range"));
  EXPECT_THAT(message_of([&] { values.read_text(); }), HasSubstr("/values does not hold text"));
  EXPECT_THAT(message_of([&] { file.root().open_dataset("names").read<float>(); }), HasSubstr("does not hold numbers"));
  EXPECT_THAT(message_of([&] { values.text("unit"); }), HasSubstr("/values: attribute \"unit\" is missing"));
  EXPECT_THAT(message_of([&] { file.root().open_dataset("no/such"); }), HasSubstr("\"/no/such\" is missing"));
}

TEST_F(Hdf5FileTest, TheSameCallsGiveTheSameBytesAtAnotherTime) {
  const auto fill = [](Hdf5Group root) {
    Hdf5Group group = root.create_group("group");
    group.set_text("description", "some text");
    group.write<double>("whole", {2}, std::vector<double>{1, 2});
    Hdf5Dataset rows = group.create_extensible<float>("rows", {2}, 2);
    Hdf5Dataset text = group.create_extensible_text("text", 0, 2);
    for (int i = 0; i < 50; ++i) {
      rows.append_rows<float>(std::vector<float>{1, 2, 3, 4});
      text.append_text(std::vector<std::string>{"abc", std::string(static_cast<std::size_t>(i), 'x')});
    }
  };
  const std::string first = file_bytes(make("first.h5", fill));
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));  // HDF5 stores times in seconds
  EXPECT_TRUE(first == file_bytes(make("second.h5", fill)));
}

TEST_F(Hdf5FileTest, WhatCannotBeOpenedIsNamed) {
  EXPECT_THAT(message_of([&] { Hdf5File::open(folder.path("none.h5")); }), EndsWith("none.h5: no such file"));
  EXPECT_THAT(message_of([&] { Hdf5File::open(folder.path()); }), HasSubstr("is a folder"));
  const std::string text = folder.write("text.h5", "not a file of this kind");
  EXPECT_THAT(message_of([&] { Hdf5File::open(text); }), EndsWith("text.h5 is not an HDF5 file"));
  EXPECT_THAT(message_of([&] { Hdf5File::open(folder.write("zero.h5", "")); }), EndsWith("is not an HDF5 file"));
  const std::string whole = file_bytes(
      make("whole.h5", [](Hdf5Group root) { root.write<double>("values", {1000}, std::vector<double>(1000, 1.0)); }));
  const std::string cut = folder.write("cut.h5", whole.substr(0, whole.size() / 2));
  EXPECT_THAT(message_of([&] { Hdf5File::open(cut); }), HasSubstr("cut.h5: damaged or cut short"));
}

TEST_F(Hdf5FileTest, AnOutputFileIsAbsentUntilCommitted) {
  const std::string path = folder.path("out.h5");
  {
    Hdf5OutputFile file(path, false);
    file.root().set_text("format", "x");
    EXPECT_FALSE(std::filesystem::exists(path));
    EXPECT_EQ(folder.count(), 1);
  }
  EXPECT_EQ(folder.count(), 0);
  {
    Hdf5OutputFile file(path, false);
    file.commit();
  }
  EXPECT_TRUE(std::filesystem::exists(path));
  EXPECT_EQ(folder.count(), 1);
  EXPECT_THAT(message_of([&] { Hdf5OutputFile(path, false); }), HasSubstr("exists already; pass --overwrite"));
  EXPECT_THAT(message_of([&] { Hdf5OutputFile(folder.path("no/out.h5"), false); }), HasSubstr("does not exist"));
  EXPECT_THAT(message_of([&] { Hdf5OutputFile(folder.path(), true); }), HasSubstr("is a folder"));
}

TEST_F(Hdf5FileTest, AFolderThatCannotBeWrittenIsNamed) {
  if (geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  namespace fs = std::filesystem;
  fs::create_directory(folder.path("closed"));
  fs::permissions(folder.path("closed"), fs::perms::owner_read | fs::perms::owner_exec);
  EXPECT_THAT(message_of([&] { Hdf5OutputFile(folder.path("closed/out.h5"), false); }), HasSubstr("cannot be written"));
}

// Runs `body` in a child process with files limited to `bytes`; returns its exit status, -1 if terminated by a signal.
template <typename Body>
int status_with_file_limit(rlim_t bytes, Body&& body) {
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {bytes, bytes};
    setrlimit(RLIMIT_FSIZE, &limit);
    // Exits through the exit handlers: those of HDF5 must not fail because of the file that could not be closed.
    std::exit(body());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(Hdf5FileTest, AFullDiskIsAnErrorAndLeavesNothing) {
  const auto write_much = [&] {
    const std::string message = message_of([&] {
      Hdf5OutputFile file(folder.path("big.h5"), false);
      {
        Hdf5Dataset rows = file.root().create_extensible<double>("rows", {}, 1000);
        std::vector<double> values(1000);
        for (int i = 0; i < 1000; ++i) {
          for (double& value : values) value = static_cast<double>(rand());
          rows.append_rows<double>(values);
        }
      }
      file.commit();
    });
    const bool said_why =
        message.find("big.h5") != std::string::npos && message.find("File too large") != std::string::npos;
    if (!said_why) fprintf(stderr, "message: %s\n", message.c_str());
    return said_why ? 0 : 1;
  };
  EXPECT_EQ(status_with_file_limit(1 << 20, write_much), 0);
  EXPECT_EQ(folder.count(), 0);
}

}  // namespace
}  // namespace flashrna
