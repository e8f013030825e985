#include "datasets/conversion.h"

#include <fmt/ranges.h>
#include <tbb/enumerable_thread_specific.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/sha256.h"
#include "base/thread_limits.h"
#include "datasets/chain_rows.h"
#include "datasets/dataset_rewrite.h"
#include "datasets/dataset_writer.h"
#include "datasets/hdf5/file.h"
#include "datasets/ordered_pipeline.h"
#include "datasets/protein_rows.h"
#include "datasets/source_files.h"
#include "datasets/unique_chains.h"
#include "protein/io/structure_reader.h"
#include "rna/assembly.h"
#include "rna/io/structure_reader.h"
#include "rna/rnasolo_name.h"

namespace flashrna {

namespace {

// Result that a parser thread passes to the writer for one file.
struct ParsedFile {
  struct ParsedChain {
    ChainRecord record;
    ChainRows rows;
  };
  std::vector<ParsedChain> chains;
  std::vector<RejectedRecord> rejected;
  std::string error;  // empty unless the file could not be read
};

int length_of(const Chain& chain) { return static_cast<int>(chain.nucleotides.size()); }
int length_of(const ProteinChain& chain) { return static_cast<int>(chain.residues.size()); }

// Structure and Chain, or ProteinStructure and ProteinChain.
template <typename Whole, typename ChainType>
ChainRecord chain_record(const Whole& structure, const ChainType& chain) {
  ChainRecord record;
  record.entry = structure.entry;
  record.model = structure.model;
  record.chain_ids = chain.id;
  record.molecule_kind = chain.molecule_kind;
  record.length = length_of(chain);
  record.n_without_frame = chain.n_without_frame;
  record.n_breaks = chain.n_breaks();
  record.n_modified = chain.n_modified;
  record.resolution = static_cast<float>(structure.resolution);
  record.method = structure.method;
  record.release_date = structure.release_date;
  return record;
}

template <typename Whole>
ParsedFile rows_of(const Whole& structure, const std::string& name, const std::string& sha256) {
  ParsedFile parsed;
  for (const RejectedChain& chain : structure.rejected) {
    parsed.rejected.push_back({name, chain.id, chain.reason, chain.detail});
  }
  for (const auto& chain : structure.chains) {
    try {
      ParsedFile::ParsedChain row = {chain_record(structure, chain), chain_rows(chain)};
      row.record.source_file = name;
      row.record.source_sha256 = sha256;
      parsed.chains.push_back(std::move(row));
    } catch (const Error& error) {
      parsed.rejected.push_back({name, chain.id, kInvalidResidue, error.what()});
    }
  }
  if (parsed.chains.empty() && parsed.rejected.empty()) {
    parsed.rejected.push_back({name, "", kEmptyFile, "the file holds no polymer chain"});
  }
  return parsed;
}

// Uses the stored name, not the opened path: messages are stored in the dataset, whose bytes must not depend on the
// folder.
ParsedFile parse_structure(const std::string& bytes, const std::string& name, const ConversionOptions& options) {
  const std::string sha256 = sha256_hex(bytes);
  const ReadOptions reading = {options.model, options.max_bytes};
  const bool joined = options.unit == EntryUnit::kAssembly;
  if (options.polymer == Polymer::kProtein) {
    ProteinStructure structure = read_protein_from_memory(bytes, name, reading);
    if (joined && !structure.chains.empty()) structure.chains = {join_protein_chains(structure.chains)};
    return rows_of(structure, name, sha256);
  }
  Structure structure = read_structure_from_memory(bytes, name, reading);
  if (const auto rnasolo = parse_rnasolo_name(name)) apply_rnasolo_name(*rnasolo, is_pdb_file_name(name), structure);
  if (joined && !structure.chains.empty()) structure.chains = {join_chains(structure.chains)};
  return rows_of(structure, name, sha256);
}

// Catches every exception of a parser, so that one bad file does not end the run.
ParsedFile parse(SourceFile&& source, const ConversionOptions& options) {
  const std::string name = source.name;
  try {
    return parse_structure(read_source(std::move(source), options.max_bytes), name, options);
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    ParsedFile parsed;
    parsed.error = error.what();
    parsed.rejected.push_back({name, "", kUnreadableFile, error.what()});
    return parsed;
  }
}

// The last stage: stores parsed files in input order.
class Collector {
 public:
  Collector(DatasetWriter& writer, const ConversionOptions& options, const ConversionCalls& calls)
      : writer_(writer), chains_(writer, !options.shard.whole()), options_(options), calls_(calls) {}

  void add(ParsedFile& file, std::uint64_t bytes_done, std::uint64_t bytes) {
    if (!file.error.empty()) {
      if (options_.strict) fail("{} (--strict stops at the first such file)", file.error);
      ++result_.unreadable_files;
      if (calls_.warning) calls_.warning(file.error);
    }
    for (ParsedFile::ParsedChain& chain : file.chains) {
      if (options_.clusters != nullptr) chain.record.sequence_cluster = options_.clusters->cluster_of(chain.record);
      if (chains_.append(chain.record, chain.rows)) {
        ++result_.chains;
        result_.without_cluster += options_.clusters != nullptr && chain.record.sequence_cluster < 0;
        result_.residues += static_cast<std::uint64_t>(chain.rows.length);
      } else {
        ++result_.rejected[kDuplicate];
      }
    }
    for (const RejectedRecord& rejected : file.rejected) {
      writer_.reject(rejected);
      ++result_.rejected[rejected.reason];
      if (first_rejected_.source.empty()) first_rejected_ = rejected;
    }
    ++result_.files;
    if (calls_.progress) {
      calls_.progress({result_.files, bytes_done, bytes, result_.chains, result_.residues});
    }
  }

  // Throws Error if no chain was stored.
  void check_any() const {
    if (result_.chains > 0) return;
    std::vector<std::string> reasons;
    for (const auto& [reason, count] : result_.rejected) reasons.push_back(fmt::format("{} ({})", reason, count));
    const RejectedRecord& first = first_rejected_;
    std::string where = first.chain.empty() ? first.source : fmt::format("{} chain {}", first.source, first.chain);
    where = first.detail.starts_with(first.source) ? "" : where + ": ";  // the reader's message already names the file
    fail("no {} chain found in {} file{}, nothing is written; rejected: {}; the first is {}{}",
         options_.polymer == Polymer::kRna ? "RNA" : "protein", result_.files, result_.files == 1 ? "" : "s",
         fmt::join(reasons, ", "), where, first.detail);
  }

  ConversionResult& result() { return result_; }

 private:
  DatasetWriter& writer_;
  UniqueChains chains_;
  const ConversionOptions& options_;
  const ConversionCalls& calls_;
  ConversionResult result_;
  RejectedRecord first_rejected_;
};

// Files that have been written and are to be freed by the thread that parsed them. If the writer freed them, glibc
// would make it wait for the lock on that thread's memory, a tenth of the time on two threads.
class WrittenFiles {
 public:
  void add(std::unique_ptr<ParsedFile> file) {
    const std::lock_guard lock(mutex_);
    files_.push_back(std::move(file));
  }
  void free_all() {
    std::vector<std::unique_ptr<ParsedFile>> files;
    const std::lock_guard lock(mutex_);
    files.swap(files_);
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<ParsedFile>> files_;
};

// A file in the pipeline.
struct PipelineItem {
  SourceFile source;
  std::uint64_t bytes_done = 0;  // of the inputs, up to and including this file
  std::unique_ptr<ParsedFile> parsed;
  WrittenFiles* written = nullptr;  // owned by the thread that parsed the file
};

// Runs the pipeline. Returns false if stop() ended it.
bool run_pipeline(SourceFiles& sources, const ConversionOptions& options, const ConversionCalls& calls,
                  Collector& collector) {
  const int threads = thread_count(options.threads);
  // While the writer waits for a large file, smaller files that are already parsed accumulate. A small limit on their
  // number leaves threads idle (measured with two threads: 1.5 s with 64, 1.2 s with 256).
  const std::size_t most_in_flight = std::min<std::size_t>(1024, 128 * static_cast<std::size_t>(threads));
  bool stopped = false;
  const auto take = [&]() -> std::optional<PipelineItem> {
    stopped = stopped || (calls.stop && calls.stop());
    std::optional<SourceFile> source;
    if (!stopped) source = sources.next();
    if (!source) return std::nullopt;
    PipelineItem item;
    item.source = std::move(*source);
    item.bytes_done = sources.bytes_done();
    return item;
  };
  tbb::enumerable_thread_specific<WrittenFiles> written;
  const auto read = [&](PipelineItem&& item) {
    item.written = &written.local();
    item.written->free_all();
    item.parsed = std::make_unique<ParsedFile>(parse(std::move(item.source), options));
    return PipelineItem(std::move(item));
  };
  const auto write = [&](PipelineItem&& item) {
    collector.add(*item.parsed, item.bytes_done, sources.bytes());
    item.written->add(std::move(item.parsed));
  };
  run_in_order<PipelineItem, PipelineItem>(threads, take, read, write, most_in_flight);
  return !stopped;
}

std::string input_names(const std::vector<std::string>& inputs) {
  std::vector<std::string> names;
  for (const std::string& input : inputs) names.push_back(input == "-" ? "-" : input_name(input));
  return fmt::format("{}", fmt::join(names, " "));
}

// The options that affect the stored data.
std::string option_text(const ConversionOptions& options) {
  const std::string text =
      fmt::format("model={} unit={}", options.model, options.unit == EntryUnit::kChain ? "chain" : "assembly");
  const std::string clusters = options.clusters == nullptr ? "" : options.clusters->fingerprint();
  return with_option(with_option(text, "clusters", clusters), "shard",
                     options.shard.whole() ? "" : options.shard.text());
}

}  // namespace

ConversionResult convert_structures(const std::vector<std::string>& inputs, const std::string& output,
                                    const ConversionOptions& options, const ConversionCalls& calls) {
  if (options.model < 1) fail_usage("--model {}: models are counted from 1", options.model);
  check_output_path(output, options.overwrite);
  SourceFiles sources(inputs, options.max_bytes);
  sources.check_output(output);
  sources.keep(options.shard);
  DatasetOrigin origin = {input_names(inputs), option_text(options)};
  origin.polymer = options.polymer;
  origin.is_shard = !options.shard.whole();
  DatasetWriter writer(output, origin, options.overwrite);
  Collector collector(writer, options, calls);
  ConversionResult& result = collector.result();
  if (!run_pipeline(sources, options, calls, collector)) {
    result.stopped = true;
    return result;
  }
  result.skipped_files = sources.skipped();
  result.first_skipped = sources.first_skipped();
  if (options.shard.whole()) collector.check_any();
  writer.finish();
  return result;
}

}  // namespace flashrna
