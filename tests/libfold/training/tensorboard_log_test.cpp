#include "libfold/training/tensorboard_log.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <bit>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <limits>
#include <sstream>
#include <vector>

#include "base/error.h"
#include "tests/support/temporary_folder.h"

namespace flashrna {
namespace {

template <typename T>
T number(std::string_view bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof(T));
  return value;
}

// One field of a protobuf message: a number for wire types 0, 1 and 5, bytes for type 2.
struct Field {
  int number = 0;
  std::uint64_t value = 0;
  std::string_view bytes;
};

std::vector<Field> decode(std::string_view message) {
  const auto take_varint = [&] {
    std::uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(message.at(0));
      message.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const auto take = [&](std::size_t n) {
    const std::string_view bytes = message.substr(0, n);
    EXPECT_EQ(bytes.size(), n) << "message cut short";
    message.remove_prefix(bytes.size());
    return bytes;
  };
  std::vector<Field> fields;
  while (!message.empty()) {
    const std::uint64_t key = take_varint();
    Field field{.number = static_cast<int>(key >> 3)};
    switch (key & 7) {
      case 0:
        field.value = take_varint();
        break;
      case 1:
        field.value = number<std::uint64_t>(take(8));
        break;
      case 2:
        field.bytes = take(take_varint());
        break;
      case 5:
        field.value = number<std::uint32_t>(take(4));
        break;
      default:
        ADD_FAILURE() << "wire type " << (key & 7);
        return fields;
    }
    fields.push_back(field);
  }
  return fields;
}

// Payloads of the records. Checks their checksums.
std::vector<std::string_view> records_of(std::string_view file) {
  const auto masked = [](std::string_view bytes) {
    const std::uint32_t crc = crc32c(bytes);
    return (crc >> 15 | crc << 17) + 0xa282ead8u;
  };
  std::vector<std::string_view> records;
  while (!file.empty()) {
    const auto length = number<std::uint64_t>(file);
    if (file.size() < length + 16) {
      ADD_FAILURE() << "a record of " << length << " bytes, " << file.size() << " are left of the file";
      break;
    }
    EXPECT_EQ(number<std::uint32_t>(file.substr(8)), masked(file.substr(0, 8)));
    records.push_back(file.substr(12, length));
    EXPECT_EQ(number<std::uint32_t>(file.substr(12 + length)), masked(records.back()));
    file.remove_prefix(length + 16);
  }
  return records;
}

std::string read_file(const std::string& path) {
  std::ostringstream bytes;
  bytes << std::ifstream(path, std::ios::binary).rdbuf();
  return bytes.str();
}

TEST(Crc32c, AgreesWithPublishedVectors) {
  EXPECT_EQ(crc32c(""), 0u);
  EXPECT_EQ(crc32c("123456789"), 0xe3069283u);
  // RFC 3720, appendix B.4.
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43u);
}

TEST(TensorboardTag, GroupsTheColumnsOfMetricsCsv) {
  const std::pair<const char*, const char*> cases[] = {
      {"loss", "training/loss"},
      {"learning_rate", "training/learning_rate"},
      {"residues_per_second", "speed/residues_per_second"},
      {"validation_loss", "validation/loss"},
      {"validation_t_0.0_0.2", "validation/t_0.0_0.2"},
      {"sample_clashes", "samples/clashes"},
      {"a_column_of_tomorrow", "training/a_column_of_tomorrow"},
  };
  for (const auto& [column, tag] : cases) EXPECT_EQ(tensorboard_tag(column), tag);
}

TEST(TensorboardLog, FirstRecordIsTheVersionByteForByte) {
  const TemporaryFolder folder;
  const std::string file = read_file(TensorboardLog(folder.path(""), 0).path());
  ASSERT_GE(file.size(), 42u);
  // 26 bytes of payload; the checksum of the length is that of TensorBoard's own RecordWriter.
  EXPECT_EQ(file.substr(0, 12), std::string("\x1a\0\0\0\0\0\0\0\x12\x9b\xd8\x2d", 12));
  EXPECT_EQ(file[12], '\x09');  // wall_time, 8 bytes
  EXPECT_EQ(file.substr(21, 17), std::string("\x10\0\x1a\x0d", 4) + "brain.Event:2");
}

TEST(TensorboardLog, RecordsDecodeToWhatWasAppended) {
  const TemporaryFolder folder;
  TensorboardLog log(folder.path(""), 300);
  log.append(310, {{"loss", 2.5}, {"validation_loss", std::numeric_limits<double>::quiet_NaN()}});
  log.append(std::int64_t{1} << 40, {});
  const std::string file = read_file(log.path());
  const std::vector<std::string_view> records = records_of(file);
  ASSERT_EQ(records.size(), 4u);

  const std::int64_t steps[] = {0, 301, 310, std::int64_t{1} << 40};
  double earlier = 1.7e9;  // the year 2023
  for (std::size_t i = 0; i < records.size(); ++i) {
    const std::vector<Field> event = decode(records[i]);
    ASSERT_EQ(event.size(), 3u);
    EXPECT_EQ(event[0].number, 1);
    EXPECT_GE(std::bit_cast<double>(event[0].value), earlier);
    earlier = std::bit_cast<double>(event[0].value);
    EXPECT_EQ(event[1].number, 2);
    EXPECT_EQ(static_cast<std::int64_t>(event[1].value), steps[i]);
  }
  const std::vector<Field> session = decode(decode(records[1])[2].bytes);
  EXPECT_EQ(decode(records[1])[2].number, 7);
  ASSERT_EQ(session.size(), 1u);
  EXPECT_EQ(session[0].number, 1);
  EXPECT_EQ(session[0].value, 1u);

  EXPECT_EQ(decode(records[2])[2].number, 5);
  const std::vector<Field> points = decode(decode(records[2])[2].bytes);
  ASSERT_EQ(points.size(), 2u);
  const std::pair<const char*, float> expected[] = {{"training/loss", 2.5f}, {"validation/loss", NAN}};
  for (std::size_t i = 0; i < 2; ++i) {
    const std::vector<Field> point = decode(points[i].bytes);
    ASSERT_EQ(point.size(), 2u);
    EXPECT_EQ(point[0].number, 1);
    EXPECT_EQ(point[0].bytes, expected[i].first);
    EXPECT_EQ(point[1].number, 2);
    const auto value = std::bit_cast<float>(static_cast<std::uint32_t>(point[1].value));
    EXPECT_TRUE(value == expected[i].second || (std::isnan(value) && std::isnan(expected[i].second))) << value;
  }
}

TEST(TensorboardLog, ResumedRunBeginsAFileThatSortsAfterTheOthers) {
  const TemporaryFolder folder;
  const TensorboardLog first(folder.path(""), 0), second(folder.path(""), 5), third(folder.path(""), 7);
  EXPECT_LT(first.path(), second.path());
  EXPECT_LT(second.path(), third.path());
  EXPECT_EQ(folder.count(), 3u);
}

TEST(TensorboardLog, FailureToWriteNamesTheFile) {
  const TemporaryFolder folder;
  TensorboardLog log(folder.path(""), 0);
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit full{.rlim_cur = 100, .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &full), 0);
  std::string message;
  try {
    for (int step = 1; step < 10; ++step) log.append(step, {{"loss", 1.0}});
  } catch (const Error& error) {
    message = error.what();
  }
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(message, log.path() + ": step 1 could not be written; is the disk full?");

  EXPECT_THROW(TensorboardLog(folder.path("missing"), 0), Error);
}

// A run that was killed at step 40 and resumed from its checkpoint at step 20.
TEST(TensorboardLog, TensorboardReadsItAndDropsWhatTheResumedRunDidAnew) {
  const std::string python = FLASHRNA_PYTHON;
  if (std::system((python + " -c 'import tensorboard' 2> /dev/null").c_str()) != 0)
    GTEST_SKIP() << python << " has no tensorboard; choose another with -DFLASHRNA_PYTHON=";
  const TemporaryFolder folder;
  TensorboardLog killed(folder.path(""), 0);
  for (const int step : {10, 20, 30, 40}) killed.append(step, {{"loss", step / 8.0}, {"validation_loss", 1.0}});
  TensorboardLog resumed(folder.path(""), 20);
  for (const int step : {25, 35}) resumed.append(step, {{"loss", step / 8.0}, {"waiting", 0.25}});
  EXPECT_EQ(std::system((python + " " FLASHRNA_SOURCE_DIR "/tests/libfold/tensorboard_test.py " + folder.path("") +
                         " training/loss:10=1.25,20=2.5,25=3.125,35=4.375 validation/loss:10=1,20=1"
                         " speed/waiting:25=0.25,35=0.25")
                            .c_str()),
            0);
}

}  // namespace
}  // namespace flashrna
