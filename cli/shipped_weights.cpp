#include "cli/shipped_weights.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/sha256.h"
#include "libfold/configuration.h"

namespace flashrna {

namespace fs = std::filesystem;

namespace {

constexpr const char* kDefaultName = "flashrna-small";

bool is_name(const std::string& text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_'; });
}

const PublishedWeights* find_published(const std::string& name) {
  for (const PublishedWeights& one : published_weights())
    if (one.name == name) return &one;
  return nullptr;
}

std::string cache_folder() {
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache && *cache) return cache;
  const char* home = std::getenv("HOME");
  return home && *home ? std::string(home) + "/.cache" : "";
}

[[noreturn]] void fail_missing(const std::string& name, bool by_default, const std::vector<WeightsFolder>& folders) {
  std::vector<std::string> paths;
  for (const WeightsFolder& folder : folders) paths.push_back(folder.path + "/" + name + ".h5");
  const std::string places = fmt::format("{}", fmt::join(paths, " or "));
  const PublishedWeights* published = find_published(name);
  if (by_default) {
    fail_usage(
        "--checkpoint FILE is missing, and there are no weights at {}; give a checkpoint of `flashrna train`, or put "
        "the weights that come with flashrna there (SHA-256 {})",
        places, published->sha256);
  }
  if (published) {
    fail_usage(
        "--checkpoint {}: there are no weights at {}; copy weights/{}.h5 of flashrna's source or package there: {} "
        "bytes, SHA-256 {}",
        name, places, name, published->bytes, published->sha256);
  }
  std::vector<std::string> names;
  for (const FoundWeights& one : find_weights_files(folders)) names.push_back(one.name);
  const std::string nearest = nearest_name(name, names);
  fail_usage("--checkpoint {}: neither a file or folder, nor the name of weights at {}; {}", name, places,
             nearest.empty() ? "flashrna weights --list shows the names" : fmt::format("did you mean {}?", nearest));
}

}  // namespace

const std::vector<PublishedWeights>& published_weights() {
  static const std::vector<PublishedWeights> weights = {
      {"flashrna-small", 4754518, "dac99ef23af37da733b5a4e2807754975b273bf7507effa72c01bc15f884d246",
       "backbones of 20 nt and more, base pairs, motifs and letters as asked, all atoms; 2.6 M parameters"}};
  return weights;
}

std::vector<WeightsFolder> weights_folders(const std::string& folder, const std::string& cache) {
  const fs::path parent = fs::path(folder).parent_path();
  std::vector<WeightsFolder> folders{{(parent / "share/flashrna/weights").string(), "package"}};
  std::error_code ignored;
  // Only a build folder has a source tree above it; the parents of an installed bin do not belong to flashrna.
  if (fs::exists(fs::path(folder) / "CMakeCache.txt", ignored))
    folders.push_back({(parent.parent_path() / "weights").string(), "source tree"});
  if (!cache.empty()) folders.push_back({cache + "/flashrna/weights", "cache"});
  return folders;
}

std::vector<WeightsFolder> weights_folders() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (error) fail("/proc/self/exe: cannot be read: {}; name the weights with --checkpoint FILE", error.message());
  return weights_folders(program.parent_path().string(), cache_folder());
}

std::vector<FoundWeights> find_weights_files(const std::vector<WeightsFolder>& folders) {
  std::vector<FoundWeights> found;
  for (const WeightsFolder& folder : folders) {
    std::vector<FoundWeights> here;
    std::error_code ignored;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder.path, ignored)) {
      const std::string name = entry.path().stem().string();
      const bool known = std::any_of(found.begin(), found.end(), [&](const auto& one) { return one.name == name; });
      if (entry.path().extension() == ".h5" && is_name(name) && !known)
        here.push_back({name, folder.place, entry.path().string()});
    }
    std::sort(here.begin(), here.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    found.insert(found.end(), here.begin(), here.end());
  }
  return found;
}

std::string find_checkpoint(const std::string& given, const std::vector<WeightsFolder>& folders) {
  std::error_code ignored;
  const std::string name = given.empty() ? kDefaultName : given;
  if (!given.empty() && (fs::exists(given, ignored) || !is_name(given))) return given;
  for (const WeightsFolder& folder : folders) {
    const std::string path = folder.path + "/" + name + ".h5";
    if (!fs::exists(path, ignored)) continue;
    const PublishedWeights* published = find_published(name);
    // What a package or a source tree has under the name is its own; a copy in the cache may be damaged.
    if (published && folder.place == "cache" && sha256_hex(read_file(path)) != published->sha256) {
      fail("{}: its SHA-256 is not {} as published; copy it again, or give it another name if it is yours", path,
           published->sha256);
    }
    return path;
  }
  fail_missing(name, given.empty(), folders);
}

}  // namespace flashrna
