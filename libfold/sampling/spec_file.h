// A file of a run's options: the keys of section [sample], as in the config.ini that `flashrna sample` writes beside
// its samples.
#pragma once

#include <string>

namespace flashrna {

struct SampleConfig;

// Reads an INI file, or a JSON object {"lengths": "40,60", "samples": 5} (also inside "sample"), by its extension.
// Throws UsageError naming the file and the key for an unknown key or a wrong value, and Error for a file that cannot
// be read.
void read_spec(const std::string& path, SampleConfig& config);

// Fills in the SHA-256 of each file that the options name. If one is set already and differs, the file is no longer
// that of the spec: throws Error naming it.
void set_file_hashes(SampleConfig& config);

}  // namespace flashrna
