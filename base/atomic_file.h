// Writes a file atomically (temporary name, sync, rename) and reads a whole file into a string.
#pragma once

#include <string>

namespace flashrna {

// Writes `text` to a temporary name beside `path`, synchronizes it and renames it, so that no reader sees a partial
// file. Throws Error naming `path` (folder missing, not writable, disk full) and then removes the temporary file.
void write_file_atomically(const std::string& path, const std::string& text);

// Every byte of the file. Throws Error naming `path` if it cannot be read.
std::string read_file(const std::string& path);

}  // namespace flashrna
