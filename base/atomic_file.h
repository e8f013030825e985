// Files that are whole or absent, and read whole.
#pragma once

#include <string>

namespace flashrna {

// Writes `text` to a temporary name beside `path`, syncs and renames: the file is whole or absent.
// Throws Error naming `path` (folder missing, not writable, disk full); the temporary file is removed.
void write_file_atomically(const std::string& path, const std::string& text);

// Every byte of the file. Throws Error naming `path` if it cannot be read.
std::string read_file(const std::string& path);

}  // namespace flashrna
