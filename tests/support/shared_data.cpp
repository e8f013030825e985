#include "tests/support/shared_data.h"

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace flashrna {

std::string shared_path(const std::string& file) {
  const char* folder = std::getenv("FLASHRNA_SHARED");
  const std::filesystem::path root =
      folder != nullptr && *folder != '\0' ? folder : std::string(FLASHRNA_SOURCE_DIR) + "/../shared";
  const std::filesystem::path path = (root / file).lexically_normal();
  return std::filesystem::exists(path) ? path.string() : std::string();
}

std::string small_structure(const std::string& file) {
  const std::string path = FLASHRNA_TEST_DATA "/structures" + (file.empty() ? "" : "/" + file);
  if (!std::filesystem::exists(path)) {
    throw std::runtime_error(path + ": not found; it is committed: git checkout -- tests/data/structures");
  }
  return path;
}

}  // namespace flashrna
