#include "cli/shipped_weights.h"

#include <fmt/ranges.h>

#include <filesystem>
#include <system_error>

#include "base/error.h"

namespace flashrna {

namespace fs = std::filesystem;

namespace {

constexpr const char* kFile = "weights/flashrna-small.h5";

}  // namespace

std::vector<std::string> shipped_weights_places(const std::string& folder) {
  const fs::path parent = fs::path(folder).parent_path();
  std::vector<std::string> places{(parent / "share/flashrna" / kFile).string()};
  std::error_code ignored;
  // Only a build folder has a source tree above it; the parents of an installed bin do not belong to flashrna.
  if (fs::exists(fs::path(folder) / "CMakeCache.txt", ignored))
    places.push_back((parent.parent_path() / kFile).string());
  return places;
}

std::string find_shipped_weights() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (error) fail("/proc/self/exe: cannot be read: {}; name the weights with --checkpoint FILE", error.message());
  const std::vector<std::string> places = shipped_weights_places(program.parent_path().string());
  for (const std::string& place : places) {
    if (fs::exists(place, error)) return place;
  }
  fail_usage(
      "--checkpoint FILE is missing, and there are no weights at {}; give a checkpoint of `flashrna train`, or put "
      "the weights that come with flashrna there",
      fmt::join(places, " or "));
}

}  // namespace flashrna
