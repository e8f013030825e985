#include "datasets/archive_reader.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <array>
#include <new>
#include <vector>

#include "base/error.h"
#include "base/gzip.h"
#include "base/letter_case.h"

namespace flashrna {

bool is_archive_file_name(std::string_view name) {
  constexpr std::array<std::string_view, 11> kEndings = {".zip", ".tar",    ".tar.gz", ".tgz",     ".tar.bz2", ".tbz2",
                                                         ".txz", ".tar.bz", ".tar.xz", ".tar.zst", ".tzst"};
  const std::string lower = to_lower(name);
  return std::any_of(kEndings.begin(), kEndings.end(),
                     [&](std::string_view ending) { return lower.ends_with(ending); });
}

struct ArchiveReader::Impl {
  Impl(const std::string& archive_path, std::uint64_t limit);
  ~Impl() { archive_read_free(archive); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  std::string reason() const {
    const char* text = archive_error_string(archive);
    std::string reason = text != nullptr ? text : "unknown error";
    while (reason.ends_with('\n')) reason.pop_back();
    return reason;
  }
  void read_bytes(archive_entry* entry, ArchiveMember& member);

  ::archive* archive;
  std::string path;
  std::uint64_t max_bytes;
  std::string last_member;
  bool ended = false;
};

ArchiveReader::Impl::Impl(const std::string& archive_path, std::uint64_t limit)
    : archive(archive_read_new()), path(archive_path), max_bytes(limit) {
  if (archive == nullptr) throw std::bad_alloc();
  // Only the formats in which RNA collections are distributed: every other format of libarchive adds a parser to
  // attack.
  archive_read_support_format_zip(archive);
  archive_read_support_format_tar(archive);
  archive_read_support_filter_gzip(archive);
  archive_read_support_filter_bzip2(archive);
  archive_read_support_filter_xz(archive);
  archive_read_support_filter_zstd(archive);
  constexpr std::size_t kBlockBytes = 1 << 18;
  if (archive_read_open_filename(archive, path.c_str(), kBlockBytes) != ARCHIVE_OK) {
    const std::string message = reason();
    archive_read_free(archive);
    fail("{}: cannot open the archive: {}", path, message);
  }
}

// Sets member.bytes or member.error.
void ArchiveReader::Impl::read_bytes(archive_entry* entry, ArchiveMember& member) {
  const auto refuse_size = [&] {
    member.bytes = {};
    member.error = too_large_message("unpacks to", max_bytes);
  };
  if (archive_entry_is_data_encrypted(entry) > 0) {
    member.error = "is encrypted; unpack the archive with its password first";
    return;
  }
  const bool size_known = archive_entry_size_is_set(entry) != 0;
  const auto size = static_cast<std::uint64_t>(std::max<la_int64_t>(0, archive_entry_size(entry)));
  if (size_known && size > max_bytes) return refuse_size();
  // The size in the header may be wrong. It only saves copies, so a large value is not allocated in advance.
  constexpr std::uint64_t kMostTrusted = 16 << 20;
  member.bytes.reserve(std::min(size, kMostTrusted));
  std::vector<char> block(1 << 18);
  for (;;) {
    const la_ssize_t count = archive_read_data(archive, block.data(), block.size());
    if (count == 0) return;
    if (count < 0) {
      if (count == ARCHIVE_RETRY) continue;
      member.bytes = {};
      member.error = fmt::format("cannot be unpacked: {}", reason());
      return;
    }
    if (member.bytes.size() + static_cast<std::uint64_t>(count) > max_bytes) return refuse_size();
    member.bytes.append(block.data(), static_cast<std::size_t>(count));
  }
}

ArchiveReader::ArchiveReader(const std::string& path, std::uint64_t max_bytes)
    : impl_(std::make_unique<Impl>(path, max_bytes)) {}
ArchiveReader::~ArchiveReader() = default;
ArchiveReader::ArchiveReader(ArchiveReader&&) noexcept = default;
ArchiveReader& ArchiveReader::operator=(ArchiveReader&&) noexcept = default;

std::optional<ArchiveMember> ArchiveReader::next(const std::function<bool(const std::string&)>& wanted) {
  while (!impl_->ended) {
    archive_entry* entry = nullptr;
    const int status = archive_read_next_header(impl_->archive, &entry);
    if (status == ARCHIVE_EOF) break;
    if (status == ARCHIVE_RETRY) continue;
    if (status < ARCHIVE_WARN) {
      impl_->ended = true;
      const std::string where = impl_->last_member.empty() ? "" : fmt::format(" after {}", impl_->last_member);
      fail("{}: the archive is damaged or cut off{}, what follows is lost ({}); fetch it again", impl_->path, where,
           impl_->reason());
    }
    const bool is_link = archive_entry_hardlink(entry) != nullptr || archive_entry_filetype(entry) == AE_IFLNK;
    if (archive_entry_filetype(entry) != AE_IFREG && !is_link) continue;
    const char* name = archive_entry_pathname(entry);
    // Without a UTF-8 locale libarchive may provide the name in this form only.
    if (name == nullptr) name = archive_entry_pathname_utf8(entry);
    ArchiveMember member;
    member.name = name != nullptr ? name : "unnamed";
    impl_->last_member = member.name;
    member.is_link = is_link;
    if (!is_link && wanted(member.name)) impl_->read_bytes(entry, member);
    return member;
  }
  impl_->ended = true;
  return std::nullopt;
}

std::uint64_t ArchiveReader::position() const {
  return static_cast<std::uint64_t>(std::max<la_int64_t>(0, archive_filter_bytes(impl_->archive, -1)));
}

}  // namespace flashrna
