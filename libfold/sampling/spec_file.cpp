#include "libfold/sampling/spec_file.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/sha256.h"
#include "base/utf8.h"
#include "libfold/configuration.h"
#include "libfold/sampling/sample_config.h"

namespace flashrna {
namespace {

void read_json(const std::string& path, Configuration& configuration) {
  nlohmann::json spec;
  try {
    spec = nlohmann::json::parse(read_text_file(path));
  } catch (const nlohmann::json::exception& error) {
    fail_usage("{}: is no JSON: {}", path, error.what());
  }
  if (spec.is_object() && spec.size() == 1 && spec.contains("sample")) spec = spec["sample"];
  if (!spec.is_object()) fail_usage("{}: must be one object of options, such as {{\"lengths\": \"40\"}}", path);
  for (const auto& [key, value] : spec.items()) {
    if (value.is_structured() || value.is_null()) fail_usage("{}: {} must be a text or a number", path, key);
    configuration.set("sample." + key, value.is_string() ? value.get<std::string>() : value.dump(), path);
  }
}

void set_hash(const std::string& file, std::string& sha256) {
  if (file.empty() || !std::filesystem::is_regular_file(file)) {
    sha256.clear();
    return;
  }
  const std::string now = sha256_hex(read_file(file));
  if (!sha256.empty() && sha256 != now)
    fail("{}: its SHA-256 is {}, but the spec was written for {}; give that file, or remove the SHA-256 from the spec",
         file, now, sha256);
  sha256 = now;
}

}  // namespace

void read_spec(const std::string& path, SampleConfig& config) {
  Configuration configuration;
  config.add_options(configuration);
  if (path.ends_with(".json"))
    read_json(path, configuration);
  else
    configuration.read_ini(path);
}

void set_file_hashes(SampleConfig& config) {
  set_hash(config.checkpoint, config.checkpoint_sha256);
  set_hash(config.secondary_structure, config.secondary_structure_sha256);
  set_hash(config.sequence, config.sequence_sha256);
  set_hash(config.motif, config.motif_sha256);
  set_hash(config.start, config.start_sha256);
}

}  // namespace flashrna
