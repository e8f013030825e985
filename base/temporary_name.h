// Temporary names for files that are being written, in the folder of the final file.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace flashrna {

// `path` with `ending` appended to its name. A name near the system's limit of 255 bytes is first truncated to 200.
inline std::string temporary_name_beside(const std::string& path, std::string_view ending) {
  constexpr std::size_t kLongest = 200;
  const std::filesystem::path whole(path);
  const std::string name = whole.filename().string().substr(0, kLongest) + std::string(ending);
  return (whole.parent_path() / name).string();
}

}  // namespace flashrna
