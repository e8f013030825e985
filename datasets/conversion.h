// Converts structure files to one dataset. Parser threads feed one writer through a bounded queue, so memory does not
// grow with the number of files. Input order determines output order: the same input gives the same bytes with any
// number of threads.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/shard.h"
#include "datasets/cluster_table.h"
#include "datasets/polymer.h"
#include "rna/io/structure_reader.h"

namespace flashrna {

enum class EntryUnit { kChain, kAssembly };

struct ConversionOptions {
  Polymer polymer = Polymer::kRna;              // the chains that are stored; all others are listed in /rejected
  int model = 1;                                // model number to read from every file, from 1
  EntryUnit unit = EntryUnit::kChain;           // one row per chain, or one row for all chains of a file
  std::uint64_t max_bytes = kMaxUnpackedBytes;  // of one file, uncompressed
  const ClusterTable* clusters = nullptr;       // fills sequence_cluster; not owned
  bool strict = false;                          // a file that cannot be read ends the conversion with Error
  bool overwrite = false;                       // replace the output if it exists
  int threads = 0;                              // parser threads; 0: base/thread_limits.h
  Shard shard;                                  // part of the inputs; merge_datasets joins the parts
};

struct ConversionProgress {
  std::size_t files_done = 0;
  std::uint64_t bytes_done = 0;  // of the inputs, compressed as on disk
  std::uint64_t bytes = 0;
  std::size_t chains = 0;
  std::uint64_t residues = 0;
};

struct ConversionResult {
  std::size_t files = 0;
  std::size_t unreadable_files = 0;  // listed in /rejected, reason kUnreadableFile
  std::size_t skipped_files = 0;     // in folders and archives, with names without a structure file extension
  std::string first_skipped;
  std::size_t chains = 0;
  std::uint64_t residues = 0;
  std::size_t without_cluster = 0;              // stored chains that the cluster table does not contain
  std::map<std::string, std::size_t> rejected;  // rows of /rejected by reason
  bool stopped = false;                         // stop() returned true: no output was written
};

// Reasons in /rejected besides those of rna/structure.h and protein/structure.h.
inline constexpr const char* kUnreadableFile = "unreadable file";  // detail: the reader's message
inline constexpr const char* kEmptyFile = "no polymer";            // no chain in the file
inline constexpr const char* kInvalidResidue = "invalid residue";  // a value is NaN, or the name is too long

struct ConversionCalls {
  // Called after every file, by one thread at a time.
  std::function<void(const ConversionProgress&)> progress;
  // Called for a file that cannot be read, with the reader's message.
  std::function<void(const std::string& message)> warning;
  // Called after every file; true ends the conversion without an output.
  std::function<bool()> stop;
};

// A shard keeps duplicates, and may hold no chain; merging all shards in order gives the bytes of the whole.
//
// Converts files, folders and archives (datasets/source_files.h) to the dataset `output`. Throws Error, without leaving
// a file, if the output exists or cannot be written, an input is missing, no chain could be converted, or the disk is
// full; with `strict`, also for the first file in input order that cannot be read.
ConversionResult convert_structures(const std::vector<std::string>& inputs, const std::string& output,
                                    const ConversionOptions& options = {}, const ConversionCalls& calls = {});

}  // namespace flashrna
