#include "datasets/dataset_writer.h"

#include <map>
#include <unordered_set>
#include <vector>

#include "datasets/hdf5_file.h"
#include "datasets/schema.h"
#include "datasets/utf8.h"
#include "rna/error.h"
#include "rna/nucleotide.h"

namespace flashrna {

namespace {

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
    column(column_path).append_rows<T>(values);
  }
  void append_one(const std::string& column_path, std::int32_t value) {
    column(column_path).append_rows<std::int32_t>(std::span(&value, 1));
  }
  void append_one(const std::string& column_path, const std::string& value) {
    const std::string text = to_valid_utf8(value);
    column(column_path).append_text(std::span(&text, 1));
  }
  void append_offset();
  void append_chain(const ChainRecord& record);
  void append_residues(const ChainRows& rows);

  Hdf5OutputFile file;
  std::map<std::string, Hdf5Dataset> columns;  // before `file` in destruction: HDF5 closes a file last
  std::unordered_set<std::string> ids;
  std::vector<std::int64_t> offset;
  std::int64_t n_residues = 0;
};

DatasetWriter::Impl::Impl(const std::string& path, const DatasetOrigin& origin, bool overwrite)
    : file(path, overwrite) {
  Hdf5Group root = file.root();
  root.set_text("format", kDatasetFormat);
  root.set_integer("version", kDatasetVersion);
  root.set_text("program_version", FLASHRNA_VERSION);
  root.set_text("source", to_valid_utf8(origin.source));
  root.set_text("options", to_valid_utf8(origin.options));
  for (const SchemaGroup& description : dataset_groups()) {
    Hdf5Group group = root.create_group(description.name);
    group.set_text("description", description.description);
    for (const SchemaColumn& column : dataset_columns()) {
      if (std::string_view(column.group) != description.name) continue;
      Hdf5Dataset dataset = make_column(group, column, description.chunk_rows);
      dataset.set_text("unit", column.unit);
      dataset.set_text("description", column.description);
      columns.emplace(column.path(), std::move(dataset));
    }
  }
  append_offset();
}

void DatasetWriter::Impl::append_offset() {
  column("/chains/offset").append_rows<std::int64_t>(std::span(&n_residues, 1));
  offset.push_back(n_residues);
}

void DatasetWriter::Impl::append_chain(const ChainRecord& record) {
  append_one("/chains/id", record.id);
  append_one("/chains/entry", record.entry);
  append_one("/chains/model", record.model);
  append_one("/chains/chain_ids", record.chain_ids);
  append_one("/chains/molecule_kind", record.molecule_kind);
  append_one("/chains/length", record.length);
  append_one("/chains/n_without_frame", record.n_without_frame);
  append_one("/chains/n_breaks", record.n_breaks);
  append("/chains/resolution", std::vector<float>{record.resolution});
  append_one("/chains/method", record.method);
  append_one("/chains/release_date", record.release_date);
  append_one("/chains/n_modified", record.n_modified);
  append_one("/chains/sequence_cluster", record.sequence_cluster);
  append_one("/chains/structure_cluster", record.structure_cluster);
  append_one("/chains/split", record.split);
  append_one("/chains/source_file", record.source_file);
  append_one("/chains/source_sha256", record.source_sha256);
  append_offset();
}

void DatasetWriter::Impl::append_residues(const ChainRows& rows) {
  std::vector<std::string> parent_names, insertion_codes;
  for (int i = 0; i < rows.length; ++i) {
    parent_names.emplace_back(1, base_letter(static_cast<Base>(rows.nucleotide[i])));
    insertion_codes.push_back(rows.insertion_code[i] == ' ' ? "" : std::string(1, rows.insertion_code[i]));
  }
  append("/residues/nucleotide", rows.nucleotide);
  column("/residues/parent_name").append_text(parent_names);
  column("/residues/residue_name").append_text(rows.residue_name);
  append("/residues/seq_id", rows.seq_id);
  column("/residues/insertion_code").append_text(insertion_codes);
  append("/residues/chain_in_structure", rows.chain_in_structure);
  append("/residues/residue_index", rows.residue_index);
  append("/residues/atom_positions", rows.atom_positions);
  append("/residues/atom_mask", rows.atom_mask);
  append("/residues/frame_rotation", rows.frame_rotation);
  append("/residues/frame_translation", rows.frame_translation);
  append("/residues/torsion_sin_cos", rows.torsion_sin_cos);
  append("/residues/torsion_mask", rows.torsion_mask);
  append("/residues/b_factor", rows.b_factor);
}

DatasetWriter::DatasetWriter(const std::string& path, const DatasetOrigin& origin, bool overwrite)
    : impl_(std::make_unique<Impl>(path, origin, overwrite)) {}

DatasetWriter::~DatasetWriter() = default;

void DatasetWriter::append(const ChainRecord& record, const ChainRows& rows) {
  if (rows.length == 0) fail("chain {} has no residues", record.id);
  if (record.length != rows.length) {
    fail("chain {}: its record says {} residues, there are {}", record.id, record.length, rows.length);
  }
  if (!impl_->ids.insert(to_valid_utf8(record.id)).second) fail("chain id {} is there twice", record.id);
  impl_->append_residues(rows);
  impl_->n_residues += rows.length;
  impl_->append_chain(record);
}

void DatasetWriter::reject(const RejectedRecord& rejected) {
  impl_->append_one("/rejected/source", rejected.source);
  impl_->append_one("/rejected/chain", rejected.chain);
  impl_->append_one("/rejected/reason", rejected.reason);
  impl_->append_one("/rejected/detail", rejected.detail);
}

ChainRows DatasetWriter::read_content(std::uint64_t index) const {
  if (index + 1 >= impl_->offset.size()) fail("chain {} is not written yet", index);
  const auto first = static_cast<std::uint64_t>(impl_->offset[index]);
  ChainRows rows;
  rows.length = static_cast<int>(impl_->offset[index + 1] - impl_->offset[index]);
  const auto length = static_cast<std::size_t>(rows.length);
  rows.residue_name = impl_->column("/residues/residue_name").read_text_rows(first, length);
  rows.atom_mask.resize(length);
  impl_->column("/residues/atom_mask").read_rows<std::uint32_t>(first, rows.atom_mask);
  rows.atom_positions.resize(length * kAtomSlots * 3);
  impl_->column("/residues/atom_positions").read_rows<float>(first, rows.atom_positions);
  return rows;
}

void DatasetWriter::finish() {
  impl_->columns.clear();
  impl_->file.commit();
}

}  // namespace flashrna
