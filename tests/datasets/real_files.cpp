#include "tests/datasets/real_files.h"

#include <archive.h>
#include <archive_entry.h>

#include <filesystem>
#include <memory>

#include "rna/error.h"
#include "tests/datasets/example_structures.h"

namespace flashrna {

namespace fs = std::filesystem;

namespace {

// Calls with every regular file of an archive, by its path inside.
void for_each_member(const std::string& path, const FileCall& call) {
  const std::unique_ptr<archive, decltype(&archive_read_free)> reader(archive_read_new(), archive_read_free);
  archive_read_support_filter_all(reader.get());
  archive_read_support_format_all(reader.get());
  const auto check = [&](bool good) {
    if (!good) fail("{}: {}", path, archive_error_string(reader.get()));
  };
  check(archive_read_open_filename(reader.get(), path.c_str(), 1 << 16) == ARCHIVE_OK);
  archive_entry* entry = nullptr;
  int status = ARCHIVE_OK;
  while ((status = archive_read_next_header(reader.get(), &entry)) == ARCHIVE_OK) {
    if (archive_entry_filetype(entry) != AE_IFREG) continue;
    std::string bytes(static_cast<std::size_t>(archive_entry_size(entry)), '\0');
    check(archive_read_data(reader.get(), bytes.data(), bytes.size()) == static_cast<la_ssize_t>(bytes.size()));
    call(archive_entry_pathname(entry), bytes);
  }
  check(status == ARCHIVE_EOF);
}

}  // namespace

void for_each_real_file(const std::string& folder, const FileCall& call) {
  for (const char* part : {"sample", "large"}) {
    for (const fs::directory_entry& entry : fs::directory_iterator(fs::path(folder) / part)) {
      call((fs::path(part) / entry.path().filename()).generic_string(), file_bytes(entry.path().string()));
    }
  }
  for_each_member((fs::path(folder) / "train.tar.xz").string(), call);
}

}  // namespace flashrna
