// Weights by name: those that ship with the program, and those in the user's cache.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace flashrna {

// Weights that the project publishes.
struct PublishedWeights {
  std::string name;  // the file is <name>.h5
  std::int64_t bytes = 0;
  std::string sha256;
  std::string description;
};
const std::vector<PublishedWeights>& published_weights();

struct WeightsFolder {
  std::string path;
  std::string place;  // "package", "source tree" or "cache"
};

// Folders that may hold weights for a program in `folder`, in order: share/flashrna/weights beside an installed bin; if
// `folder` is a CMake build folder, weights/ of the source tree two levels up, as with the presets; and
// `cache`/flashrna/weights.
std::vector<WeightsFolder> weights_folders(const std::string& folder, const std::string& cache);

// The same for the running program; the cache is XDG_CACHE_HOME or ~/.cache. Throws Error if /proc/self/exe cannot be
// read.
std::vector<WeightsFolder> weights_folders();

struct FoundWeights {
  std::string name, place, path;
};

// All files *.h5 of the folders, by folder and name. A name that an earlier folder has is left out.
std::vector<FoundWeights> find_weights_files(const std::vector<WeightsFolder>& folders);

// The file that --checkpoint `given` means: an existing path as it is, a bare name (letters, digits, - and _) from the
// first of the folders that has <name>.h5, "" as flashrna-small. Any other text is returned unchanged. Throws
// UsageError with the searched places, a remedy and the SHA-256 if there are no weights of the name, and Error if
// published weights in the cache have another SHA-256.
std::string find_checkpoint(const std::string& given, const std::vector<WeightsFolder>& folders);

}  // namespace flashrna
