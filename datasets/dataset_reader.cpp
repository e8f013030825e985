#include "datasets/dataset_reader.h"

#include <fmt/ranges.h>

#include <Eigen/LU>
#include <cmath>
#include <filesystem>
#include <limits>
#include <map>
#include <span>
#include <type_traits>
#include <utility>

#include "base/error.h"
#include "datasets/chain_chi.h"
#include "datasets/chain_pairs.h"
#include "datasets/chain_rows.h"
#include "datasets/dataset_columns.h"
#include "datasets/hdf5/file.h"
#include "datasets/polymer_name.h"
#include "datasets/schema.h"
#include "protein/amino_acid.h"
#include "rna/geometry.h"
#include "rna/nucleotide.h"
#include "rna/pairs/secondary_structure.h"

namespace flashrna {
namespace {

// Whether the partner of position i is valid: unpaired, unknown, or a position whose partner is i.
bool is_partner(const std::vector<std::int32_t>& partner, int i) {
  const std::int32_t j = partner[i];
  if (j == kUnpaired || j == kUnspecified) return true;
  return j >= 0 && j < static_cast<std::int32_t>(partner.size()) && j != i && partner[j] == i;
}

}  // namespace

struct DatasetReader::Impl {
  explicit Impl(const std::string& path);

  void check_identity(const Hdf5Group& root);
  void open_columns(const Hdf5Group& root);
  void check_counts() const;
  void read_chains();
  void check_offsets() const;
  void read_features(std::size_t index, ChainFeatures& features) const;
  void check_features(std::size_t index, const ChainFeatures& features) const;

  const Hdf5Dataset& column(const std::string& path) const { return columns.at(path); }
  std::uint64_t rows_of(const std::string& path) const { return column(path).shape()[0]; }
  // Reads a whole column; only for /chains and /rejected.
  template <typename T>
  std::vector<T> whole(const std::string& path) const {
    return column(path).read<T>();
  }
  // Reads a column into a member of every record; computed columns have none.
  template <typename Column, typename Record>
  void read_members(const Column& from, std::vector<Record>& records) const {
    if constexpr (requires { from.member; }) {
      using Member = typename Column::MemberType;
      std::vector<Member> values;
      if constexpr (std::is_same_v<Member, std::string>) {
        values = column(from.schema.path()).read_text();
      } else {
        values = whole<Member>(from.schema.path());
      }
      for (std::size_t i = 0; i < records.size(); ++i) records[i].*from.member = std::move(values[i]);
    }
  }
  // Reads the rows of one chain.
  template <typename T>
  void read(const std::string& path, std::size_t index, std::vector<T>& values) const;

  Hdf5File file;
  std::map<std::string, Hdf5Dataset> columns;
  std::vector<ChainRecord> chains;
  std::vector<std::int64_t> offset;
  std::uint64_t n_residues = 0;
  Polymer polymer = Polymer::kRna;
  std::int64_t version = 0;
  std::string program_version, source, options, pair_rule = kWholeBasePairRule;
};

DatasetReader::Impl::Impl(const std::string& path) : file(Hdf5File::open(path)) {
  const Hdf5Group root = file.root();
  check_identity(root);
  open_columns(root);
  check_counts();
  offset = whole<std::int64_t>("/chains/offset");
  read_chains();
  check_offsets();
  if (columns.contains("/residues/partner")) {
    const Hdf5Dataset& partner = column("/residues/partner");
    pair_rule = partner.has_attribute("rule") ? partner.text("rule") : "";
  }
}

void DatasetReader::Impl::check_identity(const Hdf5Group& root) {
  const std::string& path = file.path();
  if (!root.has_attribute("format") || !root.has_attribute("version")) {
    fail("{} is an HDF5 file but not a flashrna dataset; make one with: flashrna convert", path);
  }
  const std::string format = root.text("format");
  if (format != kDatasetFormat) {
    fail("{} is not a flashrna dataset: its format is \"{}\", expected \"{}\"", path, format, kDatasetFormat);
  }
  version = root.integer("version");
  if (version > kDatasetVersion) {
    fail("{} is a flashrna dataset of version {}, this program reads up to {}; update flashrna", path, version,
         kDatasetVersion);
  }
  if (version < 1) fail("{}: damaged: its version is {}", path, version);
  if (root.has_attribute("polymer")) {
    const std::string name = root.text("polymer");
    const std::optional<Polymer> known = polymer_named(name);
    if (!known) {
      fail("{}: a dataset of the polymer \"{}\", this program knows rna and protein; update flashrna", path, name);
    }
    polymer = *known;
    if (version < written_version(polymer)) {
      fail("{}: damaged: a dataset of {} of version {}, expected at least {}", path, polymer_title(polymer), version,
           written_version(polymer));
    }
  }
  program_version = root.text("program_version");
  source = root.text("source");
  options = root.text("options");
}

void DatasetReader::Impl::open_columns(const Hdf5Group& root) {
  for (const SchemaColumn& wanted : dataset_columns(polymer)) {
    if (wanted.since > version) continue;
    Hdf5Dataset dataset = root.open_group(wanted.group).open_dataset(wanted.name);
    if (dataset.type() != wanted.type) {
      fail("{}: damaged: it holds {}, expected {}", dataset.where(), hdf5_type_name(dataset.type()),
           hdf5_type_name(wanted.type));
    }
    const Hdf5Shape& shape = dataset.shape();
    if (shape.empty() || Hdf5Shape(shape.begin() + 1, shape.end()) != wanted.row) {
      fail("{}: damaged: its shape is [{}], expected [n{}{}]", dataset.where(), fmt::join(shape, ", "),
           wanted.row.empty() ? "" : ", ", fmt::join(wanted.row, ", "));
    }
    const std::size_t widest = wanted.text_width == 0 ? kWidestText : wanted.text_width;
    if (wanted.type == Hdf5Type::kText && dataset.text_width() > widest) {
      fail("{}: damaged: its texts have {} bytes each, expected at most {}", dataset.where(), dataset.text_width(),
           widest);
    }
    columns.emplace(wanted.path(), std::move(dataset));
  }
}

// Checks that row counts agree and are possible for a file of this size, before allocating by them.
void DatasetReader::Impl::check_counts() const {
  std::map<std::string, std::uint64_t> rows = {{kChainsGroup, rows_of("/chains/id")},
                                               {kResiduesGroup, rows_of("/residues/residue_index")},
                                               {kRejectedGroup, rows_of("/rejected/source")}};
  for (const SchemaColumn& wanted : dataset_columns(polymer)) {
    if (wanted.since > version) continue;
    const std::uint64_t expected = rows[wanted.group] + (wanted.name == kOffsetColumn ? 1 : 0);
    if (rows_of(wanted.path()) != expected) {
      fail("{}: damaged: it has {} rows, expected {}", column(wanted.path()).where(), rows_of(wanted.path()), expected);
    }
  }
  // Hdf5Group::open_dataset checks each column's bytes against its shape, but deflate can shrink data a thousandfold. A
  // row of /chains takes more: a variable-length text needs 16 bytes and is not compressed.
  const std::uint64_t bytes = std::filesystem::file_size(file.path());
  const std::uint64_t most_rows = bytes / 16;
  if (rows[kChainsGroup] > most_rows || rows[kRejectedGroup] > most_rows) {
    fail("{}: damaged: {} chains and {} rejected chains cannot be in {} bytes", file.path(), rows[kChainsGroup],
         rows[kRejectedGroup], bytes);
  }
}

void DatasetReader::Impl::read_chains() {
  n_residues = rows_of("/residues/residue_index");
  chains.resize(rows_of("/chains/id"));
  for_each_column(chain_columns(polymer), [&](const auto& column) { read_members(column, chains); });
}

void DatasetReader::Impl::check_offsets() const {
  if (offset.front() != 0 || offset.back() != static_cast<std::int64_t>(n_residues)) {
    fail("{}: damaged: /chains/offset goes from {} to {}, expected 0 to {}", file.path(), offset.front(), offset.back(),
         n_residues);
  }
  for (std::size_t i = 0; i < chains.size(); ++i) {
    // Checked in this order, nothing overflows: offsets start at 0 and increase.
    const bool rises = offset[i + 1] > offset[i];
    if (!rises || offset[i + 1] - offset[i] != chains[i].length) {
      fail("{}: damaged: chain {} ({}) has length {}, its rows are {} to {}", file.path(), i, chains[i].id,
           chains[i].length, offset[i], offset[i + 1]);
    }
    if (chains[i].length > kLongestChain) {
      fail("{}: damaged: chain {} ({}) has {} residues, at most {} are possible", file.path(), i, chains[i].id,
           chains[i].length, kLongestChain);
    }
  }
}

template <typename T>
void DatasetReader::Impl::read(const std::string& path, std::size_t index, std::vector<T>& values) const {
  const Hdf5Dataset& dataset = column(path);
  std::uint64_t elements = 1;
  for (std::size_t d = 1; d < dataset.shape().size(); ++d) elements *= dataset.shape()[d];
  values.resize(chains[index].length * elements);
  dataset.read_rows<T>(offset[index], values);
}

void DatasetReader::Impl::read_features(std::size_t index, ChainFeatures& features) const {
  if (index >= chains.size()) fail("{}: chain {} is out of range, it has {}", file.path(), index, chains.size());
  features.polymer = polymer;
  features.length = chains[index].length;
  for_each_column(residue_columns(polymer), [&](const auto& column) {
    if constexpr (requires { features.*column.member; }) {
      if (columns.contains(column.schema.path())) read(column.schema.path(), index, features.*column.member);
    }
  });
  check_features(index, features);
  if (version < 3) {
    const auto names = column("/residues/residue_name").read_text_rows(offset[index], features.length);
    features.chi_sin_cos = chi_of_chain(features, names);
  }
}

namespace {

double determinant(const float* rotation) {
  return Eigen::Map<const Eigen::Matrix<float, 3, 3, Eigen::RowMajor>>(rotation).cast<double>().determinant();
}

bool is_rotation(const float* values) {
  constexpr double kTolerance = 1e-3;  // frames are stored in float, and no longer than sqrt(1 - 1e-8) to begin with
  const Mat3 rotation = Eigen::Map<const Eigen::Matrix<float, 3, 3, Eigen::RowMajor>>(values).cast<double>();
  return (rotation.transpose() * rotation - Mat3::Identity()).cwiseAbs().maxCoeff() <= kTolerance &&
         rotation.determinant() > 0.0;
}

}  // namespace

void DatasetReader::Impl::check_features(std::size_t index, const ChainFeatures& features) const {
  const auto damaged = [&](int residue, const char* what) {
    fail("{}: damaged: chain {}, residue {}: {}", file.path(), chains[index].id, residue, what);
  };
  const auto all_finite = [](const float* values, int count) {
    for (int k = 0; k < count; ++k) {
      if (!std::isfinite(values[k])) return false;
    }
    return true;
  };
  const bool rna = polymer == Polymer::kRna;
  const int atom_values = 3 * traits_of(polymer).atom_slots, torsion_values = 2 * traits_of(polymer).torsions;
  for (int i = 0; i < features.length; ++i) {
    if (rna && features.nucleotide[i] > static_cast<std::uint8_t>(Base::N)) damaged(i, "nucleotide is not in 0..4");
    if (!rna && features.nucleotide[i] > static_cast<std::uint8_t>(AminoAcid::kUnknown)) {
      damaged(i, "amino_acid is not in 0..20");
    }
    if (features.atom_mask[i] >> traits_of(polymer).atom_slots != 0)
      damaged(i, "atom_mask has bits beyond the last slot");
    if (!features.partner.empty() && !is_partner(features.partner, i)) damaged(i, "its partner has another or is none");
    if (i > 0 && features.residue_index[i] <= features.residue_index[i - 1]) damaged(i, "residue_index does not rise");
    if (!all_finite(&features.frame_rotation[i * 9], 9) || !all_finite(&features.frame_translation[i * 3], 3)) {
      damaged(i, "the frame is not finite");
    }
    if (!is_rotation(&features.frame_rotation[i * 9])) {
      fail(
          "{}: chain {}, residue {}: frame_rotation is no rotation (determinant {:.3g}, expected 1); convert the "
          "structures again: flashrna leaves out {} make no frame",
          file.path(), chains[index].id, i, determinant(&features.frame_rotation[i * 9]),
          rna ? "nucleotides whose C3', C4' and O4'" : "amino acids whose N, CA and C");
    }
    if (!all_finite(&features.torsion_sin_cos[i * torsion_values], torsion_values)) {
      damaged(i, "a torsion is not finite");
    }
    if (!features.chi_sin_cos.empty() && !all_finite(&features.chi_sin_cos[i * 2], 2)) damaged(i, "chi is not finite");
    if (!all_finite(&features.atom_positions[i * atom_values], atom_values)) {
      damaged(i, "a coordinate is not finite");
    }
  }
}

DatasetReader::DatasetReader(const std::string& path) : impl_(std::make_unique<Impl>(path)) {}
DatasetReader::~DatasetReader() = default;
DatasetReader::DatasetReader(DatasetReader&&) noexcept = default;
DatasetReader& DatasetReader::operator=(DatasetReader&&) noexcept = default;

const std::string& DatasetReader::path() const { return impl_->file.path(); }
const std::vector<ChainRecord>& DatasetReader::chains() const { return impl_->chains; }
std::uint64_t DatasetReader::residue_count() const { return impl_->n_residues; }
Polymer DatasetReader::polymer() const { return impl_->polymer; }
std::int64_t DatasetReader::version() const { return impl_->version; }
const std::string& DatasetReader::pair_rule() const { return impl_->pair_rule; }
const std::string& DatasetReader::program_version() const { return impl_->program_version; }
const std::string& DatasetReader::source() const { return impl_->source; }
const std::string& DatasetReader::options() const { return impl_->options; }

ChainFeatures DatasetReader::read_chain(std::size_t index) const {
  if (version() < 2) return read_rows(index);  // pairs depend on names of residues
  ChainFeatures features;
  impl_->read_features(index, features);
  return features;
}

ChainRows DatasetReader::read_rows(std::size_t index) const {
  ChainRows rows;
  impl_->read_features(index, rows);
  for_each_column(residue_columns(polymer()), [&]<typename From>(const From& from) {
    if constexpr (requires { requires std::is_same_v<typename From::RecordType, ChainRows>; }) {
      const std::string path = from.schema.path();
      auto& values = rows.*from.member;
      if constexpr (column_type<typename From::MemberType>() != Hdf5Type::kText) {
        impl_->read(path, index, values);
      } else if constexpr (std::is_same_v<typename From::MemberType, std::string>) {
        for (const std::string& code : impl_->column(path).read_text_rows(impl_->offset[index], rows.length))
          values.push_back(code.empty() ? ' ' : code[0]);
      } else {
        values = impl_->column(path).read_text_rows(impl_->offset[index], rows.length);
      }
    }
  });
  if (version() < 2) rows.partner = base_pairs_of(nucleotides_of(rows));
  return rows;
}

void DatasetReader::require(Polymer polymer, const std::string& user) const {
  if (this->polymer() == polymer) return;
  fail("{}: a dataset of {}, {} needs one of {}; flashrna convert --polymer {} makes one", path(),
       polymer_title(this->polymer()), user, polymer_title(polymer), traits_of(polymer).name);
}

std::vector<RejectedRecord> DatasetReader::read_rejected() const {
  std::vector<RejectedRecord> rejected(impl_->rows_of("/rejected/source"));
  for_each_column(rejected_columns(), [&](const auto& column) { impl_->read_members(column, rejected); });
  return rejected;
}

std::vector<std::int64_t> DatasetReader::read_rejected_places() const {
  const std::uint64_t count = impl_->rows_of("/rejected/source");
  const Hdf5Group root = impl_->file.root();
  if (!root.has(kShardGroup)) return std::vector<std::int64_t>(count, static_cast<std::int64_t>(impl_->chains.size()));
  std::vector<std::int64_t> places = root.open_group(kShardGroup).open_dataset(kRejectedAfter).read<std::int64_t>();
  if (places.size() != count)
    fail("{}: damaged: {} places of {} rejected chains; convert this shard again", path(), places.size(), count);
  return places;
}

}  // namespace flashrna
