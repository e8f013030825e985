#include "tests/support/shared_data.h"

#include <cstdlib>
#include <filesystem>

namespace flashrna {

std::string shared_path(const std::string& file) {
  const char* folder = std::getenv("FLASHRNA_SHARED");
  const std::filesystem::path root =
      folder != nullptr && *folder != '\0' ? folder : std::string(FLASHRNA_SOURCE_DIR) + "/../shared";
  const std::filesystem::path path = (root / file).lexically_normal();
  return std::filesystem::exists(path) ? path.string() : std::string();
}

}  // namespace flashrna
