#include "rna/io/binary_cif.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <gemmi/cifdoc.hpp>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/error.h"
#include "base/gzip.h"
#include "rna/io/mmcif_categories.h"

namespace flashrna {
namespace {

using Json = nlohmann::json;

// nlohmann's reader recurses for each nested array and uses 16 bytes for a value of one byte. A first pass that stores
// nothing rejects sizes that no BinaryCIF file has.
class SizeCheck : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return count(); }
  bool boolean(bool) override { return count(); }
  bool number_integer(number_integer_t) override { return count(); }
  bool number_unsigned(number_unsigned_t) override { return count(); }
  bool number_float(number_float_t, const string_t&) override { return count(); }
  bool string(string_t&) override { return count(); }
  bool binary(binary_t&) override { return count(); }
  bool key(string_t&) override { return true; }
  bool start_object(std::size_t) override { return deeper(); }
  bool start_array(std::size_t) override { return deeper(); }
  bool end_object() override { return --depth_, true; }
  bool end_array() override { return --depth_, true; }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    error_at = position;
    return false;
  }

  std::size_t error_at = 0;

 private:
  static constexpr int kDeepest = 32;  // valid files need eight
  static constexpr std::size_t kMostValues = 1'000'000;

  bool count() { return ++values_ <= kMostValues; }
  bool deeper() { return ++depth_ <= kDeepest && count(); }

  int depth_ = 0;
  std::size_t values_ = 0;
};

// An array while its encodings are undone in turn: exactly one of the three members is filled.
struct Values {
  std::vector<std::int64_t> whole;
  std::vector<double> real;
  std::vector<std::string> text;
  enum class Kind { kBytes, kWhole, kReal, kText } kind = Kind::kBytes;

  std::size_t size() const {
    return kind == Kind::kWhole ? whole.size() : kind == Kind::kReal ? real.size() : text.size();
  }
};

class ColumnDecoder {
 public:
  // `rows`: maximum number of values of the column.
  ColumnDecoder(std::string where, std::size_t rows) : where_(std::move(where)), rows_(rows) {}

  Values decode(const Json& data, const Json& encodings) const {
    const Json& bytes = data;
    if (!bytes.is_binary()) damaged("its data are no bytes");
    if (!encodings.is_array()) damaged("it has no list of encodings");
    Values values;
    for (auto encoding = encodings.rbegin(); encoding != encodings.rend(); ++encoding) {
      const std::string kind = text(*encoding, "kind");
      if (kind == "ByteArray") {
        from_bytes(bytes.get_binary(), whole(*encoding, "type"), values);
      } else if (kind == "StringArray") {
        from_strings(bytes, *encoding, values);
      } else if (kind == "FixedPoint") {
        const double factor = real(*encoding, "factor");
        to_real(values, [&](double value) { return value / factor; });
      } else if (kind == "IntervalQuantization") {
        const double least = real(*encoding, "min"), most = real(*encoding, "max");
        const double steps = real(*encoding, "numSteps") - 1.0;
        to_real(values, [&](double value) { return least + value * (most - least) / steps; });
      } else if (kind == "RunLength") {
        repeat(values);
      } else if (kind == "Delta") {
        add_up(whole(*encoding, "origin"), values);
      } else if (kind == "IntegerPacking") {
        unpack(whole(*encoding, "byteCount"), encoding->value("isUnsigned", false), values);
      } else {
        damaged(fmt::format("its encoding \"{}\" is not known", kind.substr(0, 40)));
      }
    }
    if (values.kind == Values::Kind::kBytes) damaged("it has no encoding");
    return values;
  }

  [[noreturn]] void damaged(const std::string& what) const {
    fail("{}: damaged: {}; fetch the file again, or its mmCIF text", where_, what);
  }

 private:
  const Json& member(const Json& object, const char* name) const {
    if (!object.is_object() || !object.contains(name)) damaged(fmt::format("an encoding has no \"{}\"", name));
    return object[name];
  }
  std::string text(const Json& object, const char* name) const {
    const Json& value = member(object, name);
    if (!value.is_string()) damaged(fmt::format("\"{}\" of an encoding is no text", name));
    return value;
  }
  double real(const Json& object, const char* name) const {
    const Json& value = member(object, name);
    if (!value.is_number()) damaged(fmt::format("\"{}\" of an encoding is no number", name));
    return value;
  }
  // The integers of the format have 32 bits.
  std::int64_t whole(const Json& object, const char* name) const {
    const double value = real(object, name);
    if (!(std::abs(value) <= 4294967296.0)) damaged(fmt::format("\"{}\" of an encoding is {}", name, value));
    return static_cast<std::int64_t>(value);
  }

  template <typename Stored, typename Value>
  void copy(const std::vector<std::uint8_t>& bytes, std::vector<Value>& values) const {
    const std::size_t count = bytes.size() / sizeof(Stored);
    if (bytes.size() % sizeof(Stored) != 0)
      damaged(fmt::format("{} bytes are no whole number of values", bytes.size()));
    values.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      Stored stored;  // little endian, like the host
      std::memcpy(&stored, &bytes[i * sizeof(Stored)], sizeof(Stored));
      values[i] = static_cast<Value>(stored);
    }
  }

  void from_bytes(const std::vector<std::uint8_t>& bytes, std::int64_t type, Values& values) const {
    if (values.kind != Values::Kind::kBytes) damaged("ByteArray is not its last encoding");
    values.kind = type >= 32 ? Values::Kind::kReal : Values::Kind::kWhole;
    switch (type) {
      case 1:
        return copy<std::int8_t>(bytes, values.whole);
      case 2:
        return copy<std::int16_t>(bytes, values.whole);
      case 3:
        return copy<std::int32_t>(bytes, values.whole);
      case 4:
        return copy<std::uint8_t>(bytes, values.whole);
      case 5:
        return copy<std::uint16_t>(bytes, values.whole);
      case 6:
        return copy<std::uint32_t>(bytes, values.whole);
      case 32:
        return copy<float>(bytes, values.real);
      case 33:
        return copy<double>(bytes, values.real);
      default:
        damaged(fmt::format("its type of bytes {} is not known", type));
    }
  }

  // Offsets count characters. Replacing non-ASCII characters with question marks makes each character one byte.
  static std::string in_ascii(const std::string& text) {
    std::string ascii;
    for (const char c : text) {
      const unsigned char byte = static_cast<unsigned char>(c);
      if (byte < 0x80) ascii += c;
      if (byte >= 0xC0) ascii += '?';
    }
    return ascii;
  }

  void from_strings(const Json& bytes, const Json& encoding, Values& values) const {
    if (values.kind != Values::Kind::kBytes) damaged("StringArray is not its last encoding");
    const std::string all = in_ascii(text(encoding, "stringData"));
    const Values places = decode_inner(bytes, member(encoding, "dataEncoding"));
    const Values offsets = decode_inner(member(encoding, "offsets"), member(encoding, "offsetEncoding"));
    std::vector<std::string> distinct;
    for (std::size_t i = 0; i + 1 < offsets.whole.size(); ++i) {
      const std::int64_t begin = offsets.whole[i], end = offsets.whole[i + 1];
      if (begin < 0 || end < begin || end > static_cast<std::int64_t>(all.size())) damaged("an offset is out of range");
      distinct.push_back(all.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin)));
      constexpr std::size_t kLongestUsed = 1 << 16;  // sequences; each is copied to every row that contains it
      if (distinct.back().size() > kLongestUsed) distinct.back().resize(kLongestUsed);
    }
    values.kind = Values::Kind::kText;
    values.text.reserve(places.whole.size());
    std::uint64_t sum = 0;
    for (const std::int64_t place : places.whole) {
      if (place < -1 || place >= static_cast<std::int64_t>(distinct.size())) damaged("a text's index is out of range");
      values.text.push_back(place < 0 ? std::string() : distinct[static_cast<std::size_t>(place)]);
      sum += values.text.back().size();
      if (sum > kMostText) damaged("its texts are longer than those of any structure");
    }
  }

  // Decodes an array of integers; the format nests it one level deep.
  Values decode_inner(const Json& data, const Json& encodings) const {
    if (encodings.is_array()) {
      for (const Json& encoding : encodings) {
        if (text(encoding, "kind") == "StringArray") damaged("a StringArray within another");
      }
    }
    Values values = decode(data, encodings);
    if (values.kind != Values::Kind::kWhole) damaged("indices or offsets are no whole numbers");
    return values;
  }

  void need_whole(const Values& values) const {
    if (values.kind != Values::Kind::kWhole) damaged("an encoding of whole numbers holds others");
  }

  template <typename Function>
  void to_real(Values& values, Function&& function) const {
    need_whole(values);
    for (const std::int64_t value : values.whole) values.real.push_back(function(static_cast<double>(value)));
    values.whole.clear();
    values.kind = Values::Kind::kReal;
  }

  void repeat(Values& values) const {
    need_whole(values);
    std::vector<std::int64_t> all;
    for (std::size_t i = 0; i + 1 < values.whole.size(); i += 2) {
      const std::int64_t count = values.whole[i + 1];
      if (count < 0 || static_cast<std::uint64_t>(count) > rows_ + 1 - std::min(all.size(), rows_ + 1)) {
        damaged(fmt::format("a run of {} values in a column of {}", count, rows_));
      }
      all.insert(all.end(), static_cast<std::size_t>(count), values.whole[i]);
    }
    values.whole = std::move(all);
  }

  void add_up(std::int64_t origin, Values& values) const {
    need_whole(values);
    std::uint64_t sum = static_cast<std::uint64_t>(origin);  // wraps around in damaged files
    for (std::int64_t& value : values.whole) {
      sum += static_cast<std::uint64_t>(value);
      value = static_cast<std::int64_t>(sum);
    }
  }

  // A value at the limit of its byte width continues in the next one.
  void unpack(std::int64_t byte_count, bool is_unsigned, Values& values) const {
    need_whole(values);
    if (byte_count != 1 && byte_count != 2) damaged(fmt::format("integers packed into {} bytes", byte_count));
    const std::int64_t range = byte_count == 1 ? 1 << 8 : 1 << 16;
    const std::int64_t most = is_unsigned ? range - 1 : range / 2 - 1, least = is_unsigned ? -1 : -range / 2;
    std::vector<std::int64_t> all;
    std::uint64_t sum = 0;
    for (const std::int64_t value : values.whole) {
      sum += static_cast<std::uint64_t>(value);
      if (value == most || value == least) continue;
      all.push_back(static_cast<std::int64_t>(sum));
      sum = 0;
    }
    values.whole = std::move(all);
  }

  static constexpr std::uint64_t kMostText = std::uint64_t{1} << 30;

  std::string where_;
  std::size_t rows_;
};

std::string cif_text(const Values& values, std::size_t row) {
  if (values.kind == Values::Kind::kWhole) return fmt::format("{}", values.whole[row]);
  if (values.kind == Values::Kind::kReal) return fmt::format("{}", values.real[row]);
  return values.text[row].empty() ? "." : gemmi::cif::quote(values.text[row]);
}

// Reads the structure of the document. Errors name members that are missing or of another type.
class DocumentReader {
 public:
  DocumentReader(const std::string& name, std::uint64_t max_bytes) : name_(name), max_bytes_(max_bytes) {}

  gemmi::cif::Document read(const Json& file) const {
    gemmi::cif::Document document;
    for (const Json& block : list(file, "dataBlocks")) {
      gemmi::cif::Block cif(text(block, "header"));
      for (const Json& category : list(block, "categories")) read_category(category, cif);
      document.blocks.push_back(std::move(cif));
    }
    return document;
  }

 private:
  [[noreturn]] void missing(const char* member) const {
    fail("{}: not a BinaryCIF file: \"{}\" is missing or of another type", name_, member);
  }
  const Json& list(const Json& object, const char* member) const {
    if (!object.is_object() || !object.contains(member) || !object[member].is_array()) missing(member);
    return object[member];
  }
  std::string text(const Json& object, const char* member) const {
    if (!object.is_object() || !object.contains(member) || !object[member].is_string()) missing(member);
    return object[member];
  }

  void read_category(const Json& category, gemmi::cif::Block& block) const {
    std::string prefix = text(category, "name");
    if (!prefix.starts_with('_')) prefix.insert(0, 1, '_');
    prefix += '.';
    const Json& columns = list(category, "columns");
    if (!is_used_category(prefix) || columns.empty()) return;
    if (!category.contains("rowCount") || !category["rowCount"].is_number_unsigned()) missing("rowCount");
    const std::uint64_t rows = category["rowCount"];
    constexpr std::uint64_t kBytesPerValue = 32;
    if (rows > max_bytes_ / kBytesPerValue / columns.size()) fail_too_large(name_, "unpacks to", max_bytes_);
    gemmi::cif::Loop loop;
    loop.values.resize(rows * columns.size());
    for (std::size_t k = 0; k < columns.size(); ++k) {
      loop.tags.push_back(prefix + text(columns[k], "name"));
      read_column(columns[k], rows, k, loop, columns.size());
    }
    if (rows == 0) return;
    block.items.emplace_back(gemmi::cif::LoopArg{});
    block.items.back().loop = std::move(loop);
  }

  // Fills column `k` of `width` columns.
  void read_column(const Json& column, std::size_t rows, std::size_t k, gemmi::cif::Loop& loop,
                   std::size_t width) const {
    const ColumnDecoder decoder(fmt::format("{}: {}", name_, loop.tags.back()), rows);
    const auto decode = [&](const Json& array) {
      if (!array.is_object() || !array.contains("data") || !array.contains("encoding")) missing("data");
      return decoder.decode(array["data"], array["encoding"]);
    };
    if (!column.contains("data")) missing("data");
    const Values values = decode(column["data"]);
    Values mask;
    const bool has_mask = column.contains("mask") && !column["mask"].is_null();
    if (has_mask) mask = decode(column["mask"]);
    if (values.size() != rows || (has_mask && (mask.kind != Values::Kind::kWhole || mask.size() != rows))) {
      decoder.damaged(fmt::format("it has {} values, expected {}", values.size(), rows));
    }
    for (std::size_t row = 0; row < rows; ++row) {
      const std::int64_t masked = has_mask ? mask.whole[row] : 0;
      loop.values[row * width + k] = masked == 1 ? "." : masked != 0 ? "?" : cif_text(values, row);
    }
  }

  const std::string& name_;
  std::uint64_t max_bytes_;
};

}  // namespace

gemmi::cif::Document read_binary_cif(std::string_view bytes, const std::string& name, std::uint64_t max_bytes) {
  SizeCheck check;
  if (!Json::sax_parse(bytes.begin(), bytes.end(), &check, Json::input_format_t::msgpack)) {
    fail("{}: not a BinaryCIF file, or cut off: {}; fetch it again", name,
         check.error_at > 0 ? fmt::format("no MessagePack at byte {} of {}", check.error_at, bytes.size())
                            : "more values, or deeper ones, than any structure has");
  }
  return DocumentReader(name, max_bytes).read(Json::from_msgpack(bytes.begin(), bytes.end()));
}

}  // namespace flashrna
