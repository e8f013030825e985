#include "datasets/dataset_rewrite.h"

#include <algorithm>
#include <sstream>

#include "base/error.h"
#include "base/shard.h"
#include "datasets/dataset_writer.h"
#include "datasets/hdf5/file.h"
#include "datasets/polymer_name.h"
#include "datasets/unique_chains.h"

namespace flashrna {

std::string option_value(const std::string& options, const std::string& key) {
  std::istringstream words(options);
  for (std::string word; words >> word;) {
    if (word.starts_with(key + "=")) return word.substr(key.size() + 1);
  }
  return {};
}

std::string with_option(const std::string& options, const std::string& key, const std::string& value) {
  std::string result;
  bool found = value.empty();
  const auto add = [&](const std::string& word) { result += (result.empty() ? "" : " ") + word; };
  std::istringstream words(options);
  for (std::string word; words >> word;) {
    if (!word.starts_with(key + "=")) {
      add(word);
    } else if (!found) {
      add(key + "=" + value);
      found = true;
    }
  }
  if (!found) add(key + "=" + value);
  return result;
}

bool rewrite_dataset(const DatasetReader& reader, const std::vector<ChainRecord>& records, const std::string& options,
                     const std::string& output, bool overwrite, const Watch& watch) {
  DatasetWriter writer(output, {reader.source(), options, reader.pair_rule(), reader.polymer()}, overwrite);
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (watch.stopped()) return false;
    writer.append(records[i], reader.read_rows(i));
    watch.report(i + 1, records.size());
  }
  for (const RejectedRecord& rejected : reader.read_rejected()) writer.reject(rejected);
  writer.finish();
  return true;
}

namespace {

// Which table the cluster numbers of a dataset come from. Tables are the same if their fingerprints are equal.
std::string clusters_of(const DatasetReader& reader) {
  return option_value(reader.options(), "clusters") + " " + option_value(reader.options(), "structure_clusters");
}

// Whether both datasets have their clusters from one table. Computed clusters were once marked by the number of chains,
// "mmseqs:0.8:0.8:961-chains", which other chains may have too.
bool same_clusters(const DatasetReader& a, const DatasetReader& b) {
  return clusters_of(a) == clusters_of(b) && clusters_of(a).find("-chains") == std::string::npos;
}

bool has_clusters(const DatasetReader& reader) {
  return std::any_of(reader.chains().begin(), reader.chains().end(), [](const ChainRecord& chain) {
    return chain.sequence_cluster >= 0 || chain.structure_cluster >= 0;
  });
}

// Merges the options of all datasets; different values of one key are listed, "model=1,2".
std::string merged_options(const std::vector<DatasetReader>& readers, bool keep_clusters) {
  std::string options = readers.front().options();
  std::istringstream words(options);
  for (std::string word; words >> word;) {
    const std::string key = word.substr(0, word.find('='));
    std::vector<std::string> values;
    for (const DatasetReader& reader : readers) {
      const std::string value = option_value(reader.options(), key);
      if (!value.empty() && std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
    }
    std::string joined;
    for (const std::string& value : values) joined += (joined.empty() ? "" : ",") + value;
    options = with_option(options, key, joined);
  }
  for (const char* key : {"split_fractions", "split_seed"}) options = with_option(options, key, "");
  if (!keep_clusters) {
    for (const char* key : {"clusters", "structure_clusters"}) options = with_option(options, key, "");
  }
  return options;
}

// Whether the inputs are the shards of one conversion. Throws Error if only some are, or not in order.
bool are_shards(const std::vector<DatasetReader>& readers) {
  const auto text_of = [](const DatasetReader& reader) { return option_value(reader.options(), "shard"); };
  const auto shard = std::find_if(readers.begin(), readers.end(),
                                  [&](const DatasetReader& reader) { return !text_of(reader).empty(); });
  if (shard == readers.end()) return false;
  const int count = static_cast<int>(readers.size());
  for (int i = 0; i < count; ++i) {
    const DatasetReader& reader = readers[static_cast<std::size_t>(i)];
    const bool fits = text_of(reader) == Shard{i + 1, count}.text() && reader.source() == readers[0].source() &&
                      with_option(reader.options(), "shard", "") == with_option(readers[0].options(), "shard", "");
    if (!fits)
      fail(
          "{} is part {} of a conversion, and {}, input {} of {}, is not the one that belongs there; give all parts of "
          "one conversion, in order, and nothing else",
          shard->path(), text_of(*shard), reader.path(), i + 1, count);
  }
  return true;
}

}  // namespace

MergeResult merge_datasets(const std::vector<std::string>& inputs, const std::string& output, bool overwrite,
                           const Watch& watch) {
  check_output_path(output, overwrite);
  std::vector<DatasetReader> readers;
  std::string source;
  std::size_t n_chains = 0;
  for (const std::string& input : inputs) {
    const DatasetReader& reader = readers.emplace_back(input);
    source += (source.empty() ? "" : " ") + reader.source();
    n_chains += reader.chains().size();
    if (reader.polymer() != readers.front().polymer()) {
      fail("{} is a dataset of {}, {} of {}; merge datasets of one polymer", input, polymer_title(reader.polymer()),
           inputs.front(), polymer_title(readers.front().polymer()));
    }
    const std::string unit = option_value(reader.options(), "unit");
    const std::string expected = option_value(readers.front().options(), "unit");
    if (unit != expected) {
      fail("{} holds entries of unit \"{}\", {} of \"{}\"; convert both with the same --unit", input, unit,
           inputs.front(), expected);
    }
  }
  MergeResult result;
  const bool keep_clusters = std::all_of(readers.begin(), readers.end(), [&](const DatasetReader& reader) {
    return &reader == &readers.front() || same_clusters(reader, readers.front());
  });
  if (!keep_clusters) result.dropped_clusters = std::any_of(readers.begin(), readers.end(), has_clusters);

  const bool one_rule = std::all_of(readers.begin(), readers.end(), [&](const DatasetReader& reader) {
    return reader.pair_rule() == readers.front().pair_rule();
  });
  result.recomputed_pairs = !one_rule;
  const bool shards = are_shards(readers);
  if (shards) source = readers.front().source();
  if (shards && n_chains == 0) fail("no chain found in any of the {} parts, nothing is written", readers.size());
  DatasetWriter writer(
      output,
      {source, with_option(merged_options(readers, keep_clusters), "shard", ""),
       one_rule ? readers.front().pair_rule() : std::string(kWholeBasePairRule), readers.front().polymer()},
      overwrite);
  UniqueChains unique(writer);
  std::size_t done = 0;
  for (const DatasetReader& reader : readers) {
    const std::vector<RejectedRecord> rejected = reader.read_rejected();
    const std::vector<std::int64_t> places = reader.read_rejected_places();
    std::size_t next = 0;
    const auto reject_until = [&](std::size_t chains) {
      for (; next < rejected.size() && places[next] <= static_cast<std::int64_t>(chains); ++next)
        writer.reject(rejected[next]);
    };
    for (std::size_t i = 0; i < reader.chains().size(); ++i) {
      reject_until(i);
      if (watch.stopped()) {
        result.stopped = true;
        return result;
      }
      ChainRecord record = reader.chains()[i];
      result.dropped_splits = result.dropped_splits || !record.split.empty();
      record.split.clear();
      if (!keep_clusters) record.sequence_cluster = record.structure_cluster = -1;
      ChainRows rows = reader.read_rows(i);
      if (!one_rule) rows.partner.clear();  // the writer finds them
      if (unique.append(record, rows)) {
        ++result.chains;
        result.residues += static_cast<std::uint64_t>(record.length);
      } else {
        ++result.duplicates;
      }
      watch.report(++done, n_chains);
    }
    reject_until(reader.chains().size());
  }
  writer.finish();
  return result;
}

}  // namespace flashrna
