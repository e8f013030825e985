// Writes the rows of metrics.csv as TensorBoard scalars: an event file with TFRecord framing and those fields of
// TensorFlow's Event message that scalars need. Encoded by hand, because the protobuf library conflicts with LibTorch's
// own.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace flashrna {

class TensorboardLog {
 public:
  // Starts a new events.out.tfevents.<seconds>.flashrna in `folder`; TensorBoard reads all such files in order. Its
  // first records make TensorBoard drop points after `last_step` from earlier files, as MetricsLog does. (TensorBoard's
  // default loader ignores these records; it drops a tag's points once the tag gets a new one.) Throws Error if the
  // file cannot be written.
  TensorboardLog(const std::string& folder, std::int64_t last_step);

  // Writes one point per value, keyed by column of metrics.csv, and flushes. Throws Error if the disk is full.
  void append(std::int64_t step, const std::map<std::string, double>& values);

  const std::string& path() const { return path_; }

 private:
  void write_record(std::int64_t step, std::string_view event);

  std::string path_;
};

// TensorBoard's name for a column of metrics.csv: "loss" -> "training/loss", "waiting" -> "speed/waiting",
// "validation_t_0.0_0.2" -> "validation/t_0.0_0.2", "sample_clashes" -> "samples/clashes".
std::string tensorboard_tag(const std::string& column);

// CRC-32C (Castagnoli; RFC 3720, section 12.1).
std::uint32_t crc32c(std::string_view bytes);

}  // namespace flashrna
