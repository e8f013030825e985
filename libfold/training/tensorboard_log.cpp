#include "libfold/training/tensorboard_log.h"

#include <bit>
#include <chrono>
#include <filesystem>
#include <fstream>

#include "base/error.h"

namespace flashrna {
namespace {

// ---- Protobuf wire format: a key (field number and wire type), then the value.

std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes + static_cast<char>(value);
}

template <typename T>
std::string little_endian(T value) {
  std::string bytes;
  for (std::size_t i = 0; i < sizeof(T); ++i) bytes += static_cast<char>(value >> (8 * i));
  return bytes;
}

std::string key(int field, int wire_type) { return varint(static_cast<std::uint64_t>(field << 3 | wire_type)); }

std::string integer_field(int field, std::int64_t value) {
  return key(field, 0) + varint(static_cast<std::uint64_t>(value));
}

std::string double_field(int field, double value) {
  return key(field, 1) + little_endian(std::bit_cast<std::uint64_t>(value));
}

std::string float_field(int field, float value) {
  return key(field, 5) + little_endian(std::bit_cast<std::uint32_t>(value));
}

// A string or a nested message.
std::string bytes_field(int field, std::string_view bytes) {
  return (key(field, 2) + varint(bytes.size())).append(bytes);
}

// ---- Field numbers of TensorFlow's event.proto and summary.proto.

std::string file_version() { return bytes_field(3, "brain.Event:2"); }

std::string session_start() {
  constexpr int kStart = 1;
  return bytes_field(7, integer_field(1, kStart));
}

std::string summary(const std::map<std::string, double>& values) {
  std::string points;
  for (const auto& [column, value] : values)
    points += bytes_field(1, bytes_field(1, tensorboard_tag(column)) + float_field(2, static_cast<float>(value)));
  return bytes_field(5, points);
}

double seconds_since_1970() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// ---- TFRecord: length, its checksum, payload, its checksum.

std::uint32_t masked_crc32c(std::string_view bytes) { return std::rotr(crc32c(bytes), 15) + 0xa282ead8u; }

std::string framed(std::string_view payload) {
  const std::string length = little_endian(std::uint64_t{payload.size()});
  return (length + little_endian(masked_crc32c(length))).append(payload) + little_endian(masked_crc32c(payload));
}

}  // namespace

TensorboardLog::TensorboardLog(const std::string& folder, std::int64_t last_step) {
  // TensorBoard reads files in the order of their names and ignores a file that sorts before one it has read.
  auto seconds = static_cast<std::int64_t>(seconds_since_1970());
  do {
    path_ = (std::filesystem::path(folder) / fmt::format("events.out.tfevents.{:010d}.flashrna", seconds++)).string();
  } while (std::filesystem::exists(path_));
  write_record(0, file_version());
  // Makes TensorBoard drop the points of this step and of later ones.
  write_record(last_step + 1, session_start());
}

void TensorboardLog::append(std::int64_t step, const std::map<std::string, double>& values) {
  write_record(step, summary(values));
}

void TensorboardLog::write_record(std::int64_t step, std::string_view event) {
  std::ofstream file(path_, std::ios::app | std::ios::binary);
  file << framed((double_field(1, seconds_since_1970()) + integer_field(2, step)).append(event)) << std::flush;
  if (!file) fail("{}: step {} could not be written; is the disk full?", path_, step);
}

std::string tensorboard_tag(const std::string& column) {
  for (const char* speed : {"seconds", "residues_per_second", "waiting"})
    if (column == speed) return "speed/" + column;
  for (const auto& [prefix, group] : {std::pair{"validation_", "validation/"}, std::pair{"sample_", "samples/"}})
    if (column.starts_with(prefix)) return group + column.substr(std::string_view(prefix).size());
  return "training/" + column;
}

std::uint32_t crc32c(std::string_view bytes) {
  std::uint32_t crc = 0xffffffffu;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0u);
  }
  return ~crc;
}

}  // namespace flashrna
