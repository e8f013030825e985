#include "base/work_folder.h"

#include <cstdlib>
#include <system_error>

#include "base/error.h"

namespace flashrna {

WorkFolder::WorkFolder(const std::string& purpose) {
  std::string name = (std::filesystem::temp_directory_path() / ("flashrna-" + purpose + "-XXXXXX")).string();
  if (mkdtemp(name.data()) == nullptr) fail("{}: the folder cannot be made; set TMPDIR to another", name);
  path_ = name;
}

WorkFolder::~WorkFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace flashrna
