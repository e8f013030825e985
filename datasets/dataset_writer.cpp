#include "datasets/dataset_writer.h"

#include <map>
#include <type_traits>
#include <unordered_set>
#include <vector>

#include "base/error.h"
#include "base/utf8.h"
#include "datasets/chain_chi.h"
#include "datasets/chain_pairs.h"
#include "datasets/chain_rows.h"
#include "datasets/dataset_columns.h"
#include "datasets/hdf5/file.h"
#include "datasets/polymer_name.h"
#include "datasets/schema.h"

namespace flashrna {

namespace {

constexpr std::size_t kBlockRows = 256;

std::uint64_t id_hash(const std::string& id) { return std::hash<std::string>{}(to_valid_utf8(id)); }

Hdf5Dataset make_column(Hdf5Group& group, const SchemaColumn& column, std::uint64_t chunk_rows) {
  switch (column.type) {
    case Hdf5Type::kFloat32:
      return group.create_extensible<float>(column.name, column.row, chunk_rows);
    case Hdf5Type::kInt32:
      return group.create_extensible<std::int32_t>(column.name, column.row, chunk_rows);
    case Hdf5Type::kInt64:
      return group.create_extensible<std::int64_t>(column.name, column.row, chunk_rows);
    case Hdf5Type::kUInt8:
      return group.create_extensible<std::uint8_t>(column.name, column.row, chunk_rows);
    case Hdf5Type::kUInt32:
      return group.create_extensible<std::uint32_t>(column.name, column.row, chunk_rows);
    case Hdf5Type::kText:
      return group.create_extensible_text(column.name, column.text_width, chunk_rows);
    default:
      fail("schema: column {} has the type {}", column.path(), hdf5_type_name(column.type));
  }
}

}  // namespace

struct DatasetWriter::Impl {
  Impl(const std::string& path, const DatasetOrigin& origin, bool overwrite);

  // The column "/group/name" of the schema.
  Hdf5Dataset& column(const std::string& column_path) { return columns.at(column_path); }
  const Hdf5Dataset& column(const std::string& column_path) const { return columns.at(column_path); }
  template <typename T>
  void append(const std::string& column_path, const std::vector<T>& values) {
    if constexpr (std::is_same_v<T, std::string>) {
      column(column_path).append_text(values);
    } else {
      column(column_path).append_rows<T>(values);
    }
  }
  // Appends a member of every record to its column; computed columns have none.
  template <typename Column, typename Record>
  void append_members(const Column& column, const std::vector<Record>& records) {
    if constexpr (requires { column.member; }) {
      std::vector<typename Column::MemberType> values;
      for (const Record& record : records) {
        if constexpr (std::is_same_v<typename Column::MemberType, std::string>) {
          values.push_back(to_valid_utf8(record.*column.member));
        } else {
          values.push_back(record.*column.member);
        }
      }
      append(column.schema.path(), values);
    }
  }
  // Writes the buffered rows below. They are written in blocks because HDF5 is slow at writing single rows of text.
  void write_chains();
  void write_rejected();
  void append_residues(const ChainRows& rows);

  Polymer polymer;
  Hdf5OutputFile file;
  std::map<std::string, Hdf5Dataset> columns;  // destroyed before `file`: HDF5 closes a file last
  std::unordered_set<std::uint64_t> ids;       // hashes
  std::vector<ChainRecord> chains;             // not yet written
  std::vector<RejectedRecord> rejected;        // not yet written
  std::vector<std::int64_t> offset;            // of every chain, and the end of the last
  const bool is_shard;
  std::vector<std::int64_t> rejected_after;  // chains before each rejected row, of a shard
};

DatasetWriter::Impl::Impl(const std::string& path, const DatasetOrigin& origin, bool overwrite)
    : polymer(origin.polymer), file(path, overwrite), is_shard(origin.is_shard) {
  Hdf5Group root = file.root();
  root.set_text("format", kDatasetFormat);
  root.set_integer("version", written_version(polymer));
  if (polymer != Polymer::kRna) root.set_text("polymer", traits_of(polymer).name);
  root.set_text("program_version", FLASHRNA_VERSION);
  root.set_text("source", to_valid_utf8(origin.source));
  root.set_text("options", to_valid_utf8(origin.options));
  for (const SchemaGroup& description : dataset_groups(polymer)) {
    Hdf5Group group = root.create_group(description.name);
    group.set_text("description", description.description);
    for (const SchemaColumn& column : dataset_columns(polymer)) {
      if (std::string_view(column.group) != description.name) continue;
      Hdf5Dataset dataset = make_column(group, column, description.chunk_rows);
      dataset.set_text("unit", column.unit);
      dataset.set_text("description", column.description);
      if (column.path() == "/residues/partner") dataset.set_text("rule", to_valid_utf8(origin.pair_rule));
      columns.emplace(column.path(), std::move(dataset));
    }
  }
  offset.push_back(0);
  append("/chains/offset", offset);
}

void DatasetWriter::Impl::write_chains() {
  for_each_column(chain_columns(polymer), [&](const auto& column) { append_members(column, chains); });
  append("/chains/offset",
         std::vector<std::int64_t>(offset.end() - static_cast<std::ptrdiff_t>(chains.size()), offset.end()));
  chains.clear();
}

void DatasetWriter::Impl::write_rejected() {
  for_each_column(rejected_columns(), [&](const auto& column) { append_members(column, rejected); });
  rejected.clear();
}

void DatasetWriter::Impl::append_residues(const ChainRows& rows) {
  ChainRows computed;
  const bool rna = polymer == Polymer::kRna;
  if (rna && rows.partner.empty()) computed.partner = base_pairs_of(nucleotides_of(rows));
  if (rna && rows.chi_sin_cos.empty()) computed.chi_sin_cos = chi_of_chain(rows, rows.residue_name);
  std::vector<std::string> parent_names, insertion_codes;
  for (int i = 0; i < rows.length; ++i) {
    parent_names.emplace_back(1, parent_letter(polymer, rows.nucleotide[i]));
    insertion_codes.push_back(rows.insertion_code[i] == ' ' ? "" : std::string(1, rows.insertion_code[i]));
  }
  for_each_column(residue_columns(polymer), [&](const auto& column) {
    const std::string path = column.schema.path();
    if (!columns.contains(path)) return;
    if constexpr (!requires { column.member; }) {
      append(path, parent_names);
    } else if constexpr (std::is_same_v<decltype(rows.*column.member), const std::string&>) {
      append(path, insertion_codes);
    } else {
      append(path, (computed.*column.member).empty() ? rows.*column.member : computed.*column.member);
    }
  });
}

DatasetWriter::DatasetWriter(const std::string& path, const DatasetOrigin& origin, bool overwrite)
    : impl_(std::make_unique<Impl>(path, origin, overwrite)) {}

DatasetWriter::~DatasetWriter() = default;

bool DatasetWriter::has(const std::string& id) const { return impl_->ids.contains(id_hash(id)); }

std::string DatasetWriter::id(std::uint64_t index) const {
  const std::uint64_t written = impl_->offset.size() - 1 - impl_->chains.size();
  if (index < written) return impl_->column("/chains/id").read_text_rows(index, 1)[0];
  return impl_->chains.at(index - written).id;
}

void DatasetWriter::append(const ChainRecord& record, const ChainRows& rows) {
  if (rows.length == 0) fail("chain {} has no residues", record.id);
  if (rows.polymer != impl_->polymer) {
    fail("chain {} is of {}, the dataset of {}", record.id, polymer_title(rows.polymer), polymer_title(impl_->polymer));
  }
  if (record.length != rows.length) {
    fail("chain {}: its record says {} residues, there are {}", record.id, record.length, rows.length);
  }
  if (rows.length > kLongestChain) {
    fail("chain {}: {} residues, a dataset takes at most {} in one chain", record.id, rows.length, kLongestChain);
  }
  if (!impl_->ids.insert(id_hash(record.id)).second) fail("chain id {} occurs twice", record.id);
  impl_->append_residues(rows);
  impl_->offset.push_back(impl_->offset.back() + rows.length);
  impl_->chains.push_back(record);
  if (impl_->chains.size() == kBlockRows) impl_->write_chains();
}

void DatasetWriter::reject(const RejectedRecord& rejected) {
  if (impl_->is_shard) impl_->rejected_after.push_back(static_cast<std::int64_t>(impl_->offset.size()) - 1);
  impl_->rejected.push_back(rejected);
  if (impl_->rejected.size() == kBlockRows) impl_->write_rejected();
}

ChainRows DatasetWriter::read_content(std::uint64_t index) const {
  if (index + 1 >= impl_->offset.size()) fail("chain {} is not written yet", index);
  const auto first = static_cast<std::uint64_t>(impl_->offset[index]);
  ChainRows rows;
  rows.polymer = impl_->polymer;
  rows.length = static_cast<int>(impl_->offset[index + 1] - impl_->offset[index]);
  const auto length = static_cast<std::size_t>(rows.length);
  rows.residue_name = impl_->column("/residues/residue_name").read_text_rows(first, length);
  rows.atom_mask.resize(length);
  impl_->column("/residues/atom_mask").read_rows<std::uint32_t>(first, rows.atom_mask);
  rows.atom_positions.resize(length * static_cast<std::size_t>(traits_of(impl_->polymer).atom_slots) * 3);
  impl_->column("/residues/atom_positions").read_rows<float>(first, rows.atom_positions);
  return rows;
}

void DatasetWriter::finish() {
  impl_->write_chains();
  impl_->write_rejected();
  impl_->columns.clear();
  if (impl_->is_shard) {
    Hdf5Group shard = impl_->file.root().create_group(kShardGroup);
    shard.write<std::int64_t>(kRejectedAfter, {impl_->rejected_after.size()}, impl_->rejected_after);
  }
  impl_->file.commit();
}

}  // namespace flashrna
