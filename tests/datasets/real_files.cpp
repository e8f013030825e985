#include "tests/datasets/real_files.h"

#include <filesystem>

#include "base/error.h"
#include "base/gzip.h"
#include "datasets/archive_reader.h"
#include "tests/datasets/example_structures.h"

namespace flashrna {

namespace fs = std::filesystem;

void for_each_real_file(const std::string& folder, const FileCall& call) {
  for (const char* part : {"sample", "large"}) {
    for (const fs::directory_entry& entry : fs::directory_iterator(fs::path(folder) / part)) {
      call((fs::path(part) / entry.path().filename()).generic_string(), file_bytes(entry.path().string()));
    }
  }
  ArchiveReader archive((fs::path(folder) / "train.tar.xz").string(), kMaxUnpackedBytes);
  while (const std::optional<ArchiveMember> member = archive.next([](const std::string&) { return true; })) {
    if (!member->error.empty()) fail("{}: {}", member->name, member->error);
    call(member->name, member->bytes);
  }
}

}  // namespace flashrna
