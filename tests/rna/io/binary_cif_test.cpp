// Compares BinaryCIF with the mmCIF text from which it was made, in every encoding of the format.
#include "rna/io/binary_cif.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <gemmi/cif.hpp>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "rna/io/structure_reader.h"
#include "rna/io/structure_writer.h"
#include "tests/rna/synthetic_chain.h"
#include "tests/support/error_message.h"

namespace flashrna {
namespace {

using Json = nlohmann::json;
using Whole = std::vector<std::int64_t>;

template <typename Stored, typename Value>
Json bytes_of(const std::vector<Value>& values) {
  std::vector<std::uint8_t> bytes(values.size() * sizeof(Stored));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto stored = static_cast<Stored>(values[i]);
    std::memcpy(&bytes[i * sizeof(Stored)], &stored, sizeof(Stored));
  }
  return Json::binary(std::move(bytes));
}

Json byte_array(int type) { return {{"kind", "ByteArray"}, {"type", type}}; }

Whole differences(const Whole& values) {
  Whole result;
  for (std::size_t i = 1; i < values.size(); ++i) result.push_back(values[i] - values[i - 1]);
  result.insert(result.begin(), 0);
  return result;
}

Whole runs(const Whole& values) {
  Whole result;
  for (const std::int64_t value : values) {
    if (!result.empty() && result[result.size() - 2] == value) {
      ++result.back();
    } else {
      result.insert(result.end(), {value, 1});
    }
  }
  return result;
}

Whole packed(const Whole& values, std::int64_t most, std::int64_t least) {
  Whole result;
  for (std::int64_t value : values) {
    for (; value >= most; value -= most) result.push_back(most);
    for (; value <= least && least < 0; value -= least) result.push_back(least);
    result.push_back(value);
  }
  return result;
}

// Numbers with three decimals in the usual encoding: fixed point, differences, packed.
Json coordinates(const std::vector<double>& values) {
  Whole whole;
  for (const double value : values) whole.push_back(std::llround(value * 1000.0));
  const std::int64_t origin = whole.front();
  const Json encodings = {
      {{"kind", "FixedPoint"}, {"factor", 1000}, {"srcType", 33}},
      {{"kind", "Delta"}, {"origin", origin}, {"srcType", 3}},
      {{"kind", "IntegerPacking"}, {"byteCount", 2}, {"isUnsigned", false}, {"srcSize", whole.size()}},
      byte_array(2)};
  return {{"data", bytes_of<std::int16_t>(packed(differences(whole), 32767, -32768))}, {"encoding", encodings}};
}

Json whole_numbers(const Whole& values) {
  const Json encodings = {{{"kind", "RunLength"}, {"srcType", 3}, {"srcSize", values.size()}}, byte_array(3)};
  return {{"data", bytes_of<std::int32_t>(runs(values))}, {"encoding", encodings}};
}

Json texts(const std::vector<std::string>& values) {
  std::map<std::string, std::int64_t> places;
  std::string all;
  Whole offsets = {0}, indices;
  for (const std::string& value : values) {
    const auto [entry, is_new] = places.emplace(value, static_cast<std::int64_t>(places.size()));
    if (is_new) offsets.push_back(static_cast<std::int64_t>((all += value).size()));
    indices.push_back(entry->second);
  }
  const Json packing = {{"kind", "IntegerPacking"}, {"byteCount", 1}, {"isUnsigned", true}, {"srcSize", 0}};
  const Json encoding = {{"kind", "StringArray"},
                         {"stringData", all},
                         {"offsets", bytes_of<std::uint8_t>(packed(offsets, 255, 0))},
                         {"offsetEncoding", {packing, byte_array(4)}},
                         {"dataEncoding", {byte_array(1)}}};
  return {{"data", bytes_of<std::int8_t>(indices)}, {"encoding", Json::array({encoding})}};
}

Json reals(const std::vector<double>& values) {
  return {{"data", bytes_of<float>(values)}, {"encoding", Json::array({byte_array(32)})}};
}

// 0 to 100 in steps of 0.5.
Json quantized(const std::vector<double>& values) {
  Whole whole;
  for (const double value : values) whole.push_back(std::llround(value * 2.0));
  const Json encodings = {
      {{"kind", "IntervalQuantization"}, {"min", 0}, {"max", 100}, {"numSteps", 201}, {"srcType", 33}}, byte_array(4)};
  return {{"data", bytes_of<std::uint8_t>(whole)}, {"encoding", encodings}};
}

Json column(const std::string& tag, const std::vector<std::string>& values) {
  const std::string name = tag.substr(tag.find('.') + 1);
  Whole mask;
  std::vector<std::string> plain;
  std::vector<double> numbers;
  for (const std::string& value : values) {
    mask.push_back(value == "." ? 1 : value == "?" ? 2 : 0);
    plain.push_back(mask.back() == 0 ? gemmi::cif::as_string(value) : "");
    numbers.push_back(mask.back() == 0 ? std::atof(value.c_str()) : 0.0);
  }
  const Whole whole(numbers.begin(), numbers.end());
  Json result = {{"name", name}, {"mask", nullptr}};
  if (name.starts_with("Cartn_")) {
    result["data"] = coordinates(numbers);
  } else if (name == "occupancy") {
    result["data"] = reals(numbers);
  } else if (name == "B_iso_or_equiv") {
    result["data"] = quantized(numbers);
  } else if (name == "id" || name == "label_seq_id" || name == "auth_seq_id" || name == "pdbx_PDB_model_num") {
    result["data"] = whole_numbers(whole);
  } else {
    result["data"] = texts(plain);
  }
  if (std::any_of(mask.begin(), mask.end(), [](std::int64_t m) { return m != 0; }))
    result["mask"] = whole_numbers(mask);
  return result;
}

Json document_of(const std::string& mmcif) {
  const gemmi::cif::Document document = gemmi::cif::read_memory(mmcif.data(), mmcif.size(), "made");
  const gemmi::cif::Block& block = document.blocks.front();
  std::map<std::string, Json> categories;
  const auto add = [&](const std::string& tag, const std::vector<std::string>& values) {
    Json& category = categories[tag.substr(0, tag.find('.'))];
    category["rowCount"] = values.size();
    category["columns"].push_back(column(tag, values));
  };
  for (const gemmi::cif::Item& item : block.items) {
    if (item.type == gemmi::cif::ItemType::Pair) add(item.pair[0], {item.pair[1]});
    if (item.type != gemmi::cif::ItemType::Loop) continue;
    for (std::size_t k = 0; k < item.loop.width(); ++k) {
      std::vector<std::string> values;
      for (std::size_t row = 0; row < item.loop.length(); ++row) values.push_back(item.loop.val(row, k));
      add(item.loop.tags[k], values);
    }
  }
  Json list = Json::array();
  for (auto& [name, category] : categories) {
    category["name"] = name;
    list.push_back(category);
  }
  return {{"version", "0.3.0"}, {"encoder", "test"}, {"dataBlocks", {{{"header", block.name}, {"categories", list}}}}};
}

std::string packed_text(const Json& document) {
  const std::vector<std::uint8_t> bytes = Json::to_msgpack(document);
  return {bytes.begin(), bytes.end()};
}

Structure example() {
  Structure structure;
  structure.entry = "1ABC";
  structure.method = "X-RAY DIFFRACTION";
  structure.resolution = 2.5;
  structure.chains = {synthetic_chain("A", "GACUGGCA"), synthetic_chain("B'", "UUN")};
  for (Nucleotide& n : structure.chains[1].nucleotides) {
    for (Vec3& atom : n.atoms) atom += Vec3(100.0, -80.0, 0.0);
  }
  return structure;
}

TEST(BinaryCif, IsReadAsTheMmcifThatItWasMadeFrom) {
  const std::string text = to_mmcif(example());
  const Structure expected = read_structure_from_memory(text, "1abc.cif");
  const Structure got = read_structure_from_memory(packed_text(document_of(text)), "1abc.bcif");
  EXPECT_EQ(got.entry, expected.entry);
  EXPECT_EQ(got.method, expected.method);
  EXPECT_DOUBLE_EQ(got.resolution, expected.resolution);
  ASSERT_EQ(got.chains.size(), 2u);
  for (std::size_t c = 0; c < 2; ++c) {
    const Chain &one = got.chains[c], &other = expected.chains[c];
    EXPECT_EQ(one.id, other.id);
    ASSERT_EQ(one.sequence(), other.sequence());
    for (std::size_t i = 0; i < one.nucleotides.size(); ++i) {
      EXPECT_EQ(one.nucleotides[i].atom_mask, other.nucleotides[i].atom_mask);
      EXPECT_EQ(one.nucleotides[i].seq_id, other.nucleotides[i].seq_id);
      EXPECT_EQ(one.nucleotides[i].residue_index, other.nucleotides[i].residue_index);
      for (int slot = 0; slot < kAtomSlots; ++slot) {
        EXPECT_LE((one.nucleotides[i].atoms[slot] - other.nucleotides[i].atoms[slot]).norm(), 1e-9);
      }
    }
  }
}

std::string message_of_reading(const std::string& bytes) {
  return message_of([&] { read_structure_from_memory(bytes, "made.bcif"); });
}

Json& atom_column(Json& document, const std::string& name) {
  for (Json& category : document["dataBlocks"][0]["categories"]) {
    if (category["name"] != "_atom_site") continue;
    for (Json& column : category["columns"]) {
      if (column["name"] == name) return column;
    }
  }
  throw std::logic_error("no column " + name);
}

TEST(BinaryCif, DamageIsNamedWithItsColumn) {
  const Json whole = document_of(to_mmcif(example()));
  Json document = whole;
  atom_column(document, "Cartn_x")["data"]["encoding"][0]["kind"] = "Magic";
  EXPECT_EQ(message_of_reading(packed_text(document)),
            "made.bcif: _atom_site.Cartn_x: damaged: its encoding \"Magic\" is not known; fetch the file again, or its "
            "mmCIF text");
  document = whole;
  atom_column(document, "id")["data"]["data"] = bytes_of<std::int32_t>(Whole{1, 2'000'000'000});
  EXPECT_NE(message_of_reading(packed_text(document))
                .find("_atom_site.id: damaged: a run of 2000000000 values in a column of"),
            std::string::npos);
  document = whole;
  atom_column(document, "label_atom_id")["data"]["encoding"][0]["stringData"] = "P";
  EXPECT_NE(message_of_reading(packed_text(document)).find("label_atom_id: damaged: an offset is out of range"),
            std::string::npos);
  EXPECT_NE(message_of_reading(packed_text({{"a", 1}})).find("not a BinaryCIF file: \"dataBlocks\" is missing"),
            std::string::npos);
}

TEST(BinaryCif, WhatIsCutDeepOrNoMessagePackIsRefused) {
  const std::string bytes = packed_text(document_of(to_mmcif(example())));
  for (std::size_t length = 1; length < bytes.size(); length += bytes.size() / 40 + 1) {
    EXPECT_NE(message_of_reading(bytes.substr(0, length)).find("made.bcif: not a BinaryCIF file, or cut off"),
              std::string::npos);
  }
  EXPECT_NE(message_of_reading(std::string(1'000'000, '\x91')).find("deeper ones"), std::string::npos);
  EXPECT_NE(message_of_reading("data_1ABC\n").find("made.bcif: not a BinaryCIF file"), std::string::npos);
}

}  // namespace
}  // namespace flashrna
