#include "libfold/evaluation/report/report.h"

#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/error.h"
#include "datasets/source_files.h"
#include "libfold/evaluation/definitions.h"
#include "libfold/evaluation/embedded_file.h"
#include "libfold/evaluation/evaluation_summary.h"

namespace flashrna {
namespace {

using Json = nlohmann::ordered_json;

std::string base64(std::string_view bytes) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t n = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < n ? static_cast<std::uint8_t>(bytes[i + k]) : 0u);
    }
    for (std::size_t k = 0; k < 4; ++k) text += k <= n ? kLetters[group >> (18 - 6 * k) & 63u] : '=';
  }
  return text;
}

// Escapes JSON so that no text inside <script> can end the element or start a comment.
std::string script_json(const Json& value) {
  std::string text;
  for (const char c : value.dump(-1, ' ', false, Json::error_handler_t::replace)) {
    c == '<' ? text += "\\u003c" : text += c;
  }
  return text;
}

// The values of metrics.csv for the charts: numbers as numbers, empty cells as null.
Json metrics_json(const CsvTable& table) {
  Json columns = Json::object();
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    Json& values = columns[table.columns[c]] = Json::array();
    const bool is_text = table.columns[c] == "name" || table.columns[c].starts_with("nearest");
    for (std::size_t r = 0; r < table.rows.size(); ++r) {
      const auto number = is_text ? std::nullopt : table.number(r, c);
      values.push_back(is_text ? Json(table.rows[r][c]) : number ? Json(*number) : Json(nullptr));
    }
  }
  return columns;
}

Json definition_json(const Definition& definition) {
  return {{"name", definition.name}, {"unit", definition.unit}, {"text", definition.text}};
}

Json definitions_json(const std::vector<EvaluatedSet>& sets) {
  Json all = Json::object();
  for (const auto& [key, definition] : definitions()) all[key] = definition_json(definition);
  for (const EvaluatedSet& set : sets) {
    for (const auto& [measure, entry] : set.summary.at("distributions").items()) {
      all["distribution:" + measure] = definition_json(distribution_definition(measure));
    }
  }
  return all;
}

void fill(std::string& page, const std::string& place, const std::string& text) {
  const std::size_t at = page.find(place);
  if (at == std::string::npos) fail("the report's page has no place {}", place);
  page.replace(at, place.size(), text);
}

}  // namespace

EvaluatedSet read_evaluated_set(const std::string& folder) {
  const std::string path = folder + "/summary.json";
  std::ifstream file(path, std::ios::binary);
  if (!file) fail("{}: not the folder of an evaluation: it holds no summary.json; flashrna evaluate makes one", folder);
  EvaluatedSet set;
  set.name = input_name(folder);
  set.summary = Json::parse(file, nullptr, false);
  if (!set.summary.is_object() || set.summary.value("format", "") != kSummaryFormat) {
    fail("{}: not the summary of an evaluation; flashrna evaluate writes it", path);
  }
  if (set.summary.value("version", 0) != kSummaryVersion) {
    fail("{}: version {} of the summary; this program knows {}", path, set.summary.value("version", 0),
         kSummaryVersion);
  }
  for (const char* part : {"inputs", "samples", "reference", "measures", "self_consistency", "radius_of_gyration",
                           "distributions", "examples"}) {
    if (!set.summary.contains(part)) fail("{}: damaged: it has no \"{}\"; run the evaluation again", path, part);
  }
  set.metrics = CsvTable::read(folder + "/metrics.csv");
  return set;
}

std::string make_report(const std::vector<EvaluatedSet>& sets) {
  Json data;
  data["definitions"] = definitions_json(sets);
  data["sets"] = Json::array();
  for (const EvaluatedSet& set : sets) {
    data["sets"].push_back({{"name", set.name}, {"summary", set.summary}, {"metrics", metrics_json(set.metrics)}});
  }
  std::string page(embedded_page());
  // The data is filled in last, because a file name could look like a placeholder.
  fill(page, "__SCRIPT__", std::string(embedded_script()) + std::string(embedded_charts()));
  fill(page, "__PLOTLY__", base64(embedded_plotly_gzip()));
  fill(page, "__DATA__", script_json(data));
  return page;
}

}  // namespace flashrna
