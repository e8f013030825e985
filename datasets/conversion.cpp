#include "datasets/conversion.h"

#include <fmt/ranges.h>
#include <tbb/global_control.h>
#include <tbb/parallel_pipeline.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <new>
#include <thread>
#include <unordered_set>
#include <utility>

#include "datasets/chain_rows.h"
#include "datasets/dataset_writer.h"
#include "datasets/hdf5_file.h"
#include "datasets/sha256.h"
#include "datasets/source_files.h"
#include "datasets/utf8.h"
#include "rna/error.h"
#include "rna/structure_reader.h"

namespace flashrna {

namespace {

// What a parser thread hands to the writer for one file.
struct ParsedFile {
  struct ParsedChain {
    ChainRecord record;
    ChainRows rows;
  };
  std::vector<ParsedChain> chains;
  std::vector<RejectedRecord> rejected;
  std::string error;  // empty unless the file could not be read
};

ChainRecord chain_record(const Structure& structure, const Chain& chain) {
  ChainRecord record;
  record.entry = structure.entry;
  record.model = structure.model;
  record.chain_ids = chain.id;
  record.molecule_kind = chain.molecule_kind;
  record.length = static_cast<int>(chain.nucleotides.size());
  record.n_without_frame = chain.n_without_frame;
  record.n_breaks = chain.n_breaks();
  record.n_modified = chain.n_modified;
  record.resolution = static_cast<float>(structure.resolution);
  record.method = structure.method;
  record.release_date = structure.release_date;
  record.id = fmt::format("{}_{}_{}", record.entry, record.model, chain.id);
  return record;
}

ParsedFile parse(const SourceFile& source, int model) {
  ParsedFile parsed;
  try {
    const std::string bytes = read_source(source);
    const std::string sha256 = sha256_hex(bytes);
    // Named as stored, not as opened: messages go into the dataset, whose bytes do not depend on the folder.
    const Structure structure = read_structure_from_memory(bytes, source.name, {.model = model});
    for (const RejectedChain& chain : structure.rejected) {
      parsed.rejected.push_back({source.name, chain.id, chain.reason, chain.detail});
    }
    for (const Chain& chain : structure.chains) {
      try {
        ParsedFile::ParsedChain row = {chain_record(structure, chain), chain_rows(chain)};
        row.record.source_file = source.name;
        row.record.source_sha256 = sha256;
        parsed.chains.push_back(std::move(row));
      } catch (const Error& error) {
        parsed.rejected.push_back({source.name, chain.id, kInvalidResidue, error.what()});
      }
    }
    if (parsed.chains.empty() && parsed.rejected.empty()) {
      parsed.rejected.push_back({source.name, "", kEmptyFile, "the file holds no polymer chain"});
    }
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    // Whatever a parser throws, one bad file does not end the run.
    parsed = {};
    parsed.error = error.what();
    parsed.rejected.push_back({source.name, "", kUnreadableFile, error.what()});
  }
  return parsed;
}

// The last stage: takes parsed files in input order.
class Collector {
 public:
  Collector(DatasetWriter& writer, const ConversionOptions& options, const ConversionCalls& calls, std::size_t files)
      : writer_(writer), options_(options), calls_(calls) {
    result_.files = files;
  }

  void add(ParsedFile& file) {
    if (!file.error.empty()) {
      if (options_.strict) fail("{} (--strict stops at the first such file)", file.error);
      ++result_.unreadable_files;
      if (calls_.warning) calls_.warning(file.error, result_.files);
    }
    for (ParsedFile::ParsedChain& chain : file.chains) {
      make_unique(chain.record);
      writer_.append(chain.record, chain.rows);
      ++result_.chains;
      result_.residues += static_cast<std::uint64_t>(chain.rows.length);
    }
    for (const RejectedRecord& rejected : file.rejected) {
      writer_.reject(rejected);
      ++result_.rejected[rejected.reason];
      if (first_rejected_.source.empty()) first_rejected_ = rejected;
    }
    ++files_done_;
    if (calls_.progress) calls_.progress({files_done_, result_.files, result_.chains, result_.residues});
  }

  // Throws Error if no chain was stored.
  void check_any() const {
    if (result_.chains > 0) return;
    std::vector<std::string> reasons;
    for (const auto& [reason, count] : result_.rejected) reasons.push_back(fmt::format("{} ({})", reason, count));
    const RejectedRecord& first = first_rejected_;
    fail("no RNA chain found in {} file{}, nothing is written; rejected: {}; the first is {}{}: {}", result_.files,
         result_.files == 1 ? "" : "s", fmt::join(reasons, ", "), first.source,
         first.chain.empty() ? "" : fmt::format(" chain {}", first.chain), first.detail);
  }

  ConversionResult& result() { return result_; }

 private:
  // Two files of one entry give the same name: the second in input order becomes "1EHZ_1_A.2".
  void make_unique(ChainRecord& record) {
    record.id = to_valid_utf8(record.id);
    const std::string base = record.id;
    for (int copy = 2; !ids_.insert(record.id).second; ++copy) record.id = fmt::format("{}.{}", base, copy);
  }

  DatasetWriter& writer_;
  const ConversionOptions& options_;
  const ConversionCalls& calls_;
  ConversionResult result_;
  std::unordered_set<std::string> ids_;
  std::size_t files_done_ = 0;
  RejectedRecord first_rejected_;
};

// Runs the pipeline; false if stop() ended it.
bool run_pipeline(const std::vector<SourceFile>& sources, const ConversionOptions& options,
                  const ConversionCalls& calls, Collector& collector) {
  const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  const int threads = options.threads > 0 ? options.threads : cores;
  const std::size_t most_in_flight = 2 * static_cast<std::size_t>(threads);
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(threads));
  std::size_t next = 0;
  bool stopped = false;
  const auto take = [&](tbb::flow_control& control) -> std::size_t {
    stopped = stopped || (calls.stop && calls.stop());
    if (stopped || next == sources.size()) {
      control.stop();
      return 0;
    }
    return next++;
  };
  const auto read = [&](std::size_t i) { return std::make_shared<ParsedFile>(parse(sources[i], options.model)); };
  const auto write = [&](const std::shared_ptr<ParsedFile>& parsed) { collector.add(*parsed); };
  tbb::task_arena arena(threads);
  arena.execute([&] {
    tbb::parallel_pipeline(
        most_in_flight,
        tbb::make_filter<void, std::size_t>(tbb::filter_mode::serial_in_order, take) &
            tbb::make_filter<std::size_t, std::shared_ptr<ParsedFile>>(tbb::filter_mode::parallel, read) &
            tbb::make_filter<std::shared_ptr<ParsedFile>, void>(tbb::filter_mode::serial_in_order, write));
  });
  return !stopped;
}

std::string input_names(const std::vector<std::string>& inputs) {
  std::vector<std::string> names;
  for (const std::string& input : inputs) names.push_back(input_name(input));
  return fmt::format("{}", fmt::join(names, " "));
}

}  // namespace

ConversionResult convert_structures(const std::vector<std::string>& inputs, const std::string& output,
                                    const ConversionOptions& options, const ConversionCalls& calls) {
  if (options.model < 1) fail_usage("--model {}: models are counted from 1", options.model);
  check_output_path(output, options.overwrite);
  const std::vector<SourceFile> sources = find_source_files(inputs);
  const DatasetOrigin origin = {input_names(inputs), fmt::format("model={}", options.model)};
  DatasetWriter writer(output, origin, options.overwrite);
  Collector collector(writer, options, calls, sources.size());
  if (!run_pipeline(sources, options, calls, collector)) {
    collector.result().stopped = true;
    return collector.result();
  }
  collector.check_any();
  writer.finish();
  return collector.result();
}

}  // namespace flashrna
