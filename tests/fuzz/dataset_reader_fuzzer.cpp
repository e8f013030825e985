// libFuzzer target: well-formed HDF5 files with arbitrary contents. The input determines how a small dataset is
// modified with the HDF5 library. The reader then reads all of it or throws Error. Files damaged below that level would
// test libhdf5, which is not part of this project. Run by scripts/fuzz.sh.
#include <fuzzer/FuzzedDataProvider.h>
#include <hdf5.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/error.h"
#include "datasets/chain_rows.h"
#include "datasets/dataset_reader.h"
#include "datasets/dataset_writer.h"
#include "datasets/schema.h"
#include "rna/nucleotide.h"
#include "rna/torsion.h"

namespace flashrna {
namespace {

constexpr std::array<const char*, 8> kAttributes = {"format",  "version", "program_version", "source",
                                                    "options", "unit",    "description",     "rule"};
constexpr int kMostChanges = 8;
constexpr std::uint64_t kMostValues = 4096;  // maximum number of values that the fuzzer writes

std::string folder() {
  return std::filesystem::exists("/dev/shm") ? "/dev/shm" : std::filesystem::temp_directory_path().string();
}

std::string fuzzed_path() {
  static const std::string path = folder() + "/flashrna-fuzz-" + std::to_string(getpid()) + ".h5";
  return path;
}

ChainRows make_rows(int length) {
  ChainRows rows;
  rows.length = length;
  for (int i = 0; i < length; ++i) {
    rows.nucleotide.push_back(static_cast<std::uint8_t>(i % 4));
    rows.residue_index.push_back(i);
    rows.residue_name.push_back(i == 1 ? "PSU" : "A");
    rows.seq_id.push_back(i + 1);
  }
  for (int i = 0; i < length * 9; ++i) rows.frame_rotation.push_back(i % 9 % 4 == 0 ? 1.0f : 0.0f);
  rows.frame_translation.assign(length * 3, 1.0f);
  rows.torsion_sin_cos.assign(length * kTorsions * 2, 0.7f);
  rows.torsion_mask.assign(length, 0xff);
  rows.atom_positions.assign(length * kAtomSlots * 3, 2.0f);
  rows.atom_mask.assign(length, 0xfff);
  rows.insertion_code.assign(length, ' ');
  rows.chain_in_structure.assign(length, 0);
  rows.b_factor.assign(length, 10.0f);
  return rows;
}

// The bytes of a valid dataset: chains of 3 and 5 residues, and a rejected one.
const std::string& good_dataset() {
  static const std::string bytes = [] {
    {
      DatasetWriter writer(fuzzed_path(), {"fuzz", "model=1"}, true);
      for (const int length : {3, 5}) {
        ChainRecord record;
        record.id = "1ABC_1_" + std::to_string(length);
        record.length = length;
        writer.append(record, make_rows(length));
      }
      writer.reject({"1xyz.pdb", "B", "protein", "129 amino acids"});
      writer.finish();
    }
    std::ifstream stream(fuzzed_path(), std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(stream), {});
  }();
  return bytes;
}

// Owns one HDF5 identifier.
class Id {
 public:
  explicit Id(hid_t id) : id_(id) {}
  ~Id() {
    if (id_ >= 0) H5Idec_ref(id_);
  }
  Id(const Id&) = delete;
  Id& operator=(const Id&) = delete;
  operator hid_t() const { return id_; }

 private:
  hid_t id_;
};

std::uint64_t any_extent(FuzzedDataProvider& input) {
  switch (input.ConsumeIntegralInRange(0, 3)) {
    case 0:
      return input.ConsumeIntegralInRange<std::uint64_t>(0, 10);
    case 1:
      return input.ConsumeIntegralInRange<std::uint64_t>(0, 100'000);
    case 2:
      return std::uint64_t{1} << input.ConsumeIntegralInRange(0, 62);
    default:
      return input.ConsumeIntegral<std::uint64_t>();
  }
}

hid_t any_type(FuzzedDataProvider& input) {
  switch (input.ConsumeIntegralInRange(0, 9)) {
    case 0:
      return H5Tcopy(H5T_IEEE_F32LE);
    case 1:
      return H5Tcopy(H5T_IEEE_F64BE);
    case 2:
      return H5Tcopy(H5T_STD_I32LE);
    case 3:
      return H5Tcopy(H5T_STD_I64LE);
    case 4:
      return H5Tcopy(H5T_STD_U8LE);
    case 5:
      return H5Tcopy(H5T_STD_U32BE);
    case 6: {
      const hid_t type = H5Tcopy(H5T_C_S1);
      H5Tset_size(type, H5T_VARIABLE);
      return type;
    }
    case 7: {
      const hid_t type = H5Tcopy(H5T_C_S1);
      H5Tset_size(type, std::max<std::uint64_t>(any_extent(input), 1));
      return type;
    }
    case 8:
      return H5Tvlen_create(H5T_STD_I32LE);
    default:
      return H5Tcreate(H5T_OPAQUE, input.ConsumeIntegralInRange(1, 64));
  }
}

const SchemaColumn& any_column(FuzzedDataProvider& input) {
  return dataset_columns()[input.ConsumeIntegralInRange<std::size_t>(0, dataset_columns().size() - 1)];
}

// Bytes for values of this type. Variable-length values are texts or sequences in `storage`.
std::vector<char> any_values(FuzzedDataProvider& input, hid_t type, std::size_t count, std::string& storage) {
  std::vector<char> bytes(count * H5Tget_size(type), 0);
  storage = input.ConsumeRandomLengthString(200);
  storage.resize(204);
  for (std::size_t i = 0; i < count; ++i) {
    if (H5Tis_variable_str(type) > 0) {
      reinterpret_cast<const char**>(bytes.data())[i] = storage.c_str();
    } else if (H5Tget_class(type) == H5T_VLEN) {
      reinterpret_cast<hvl_t*>(bytes.data())[i] = {storage.size() / 4, storage.data()};
    } else {
      const std::vector<char> value = input.ConsumeBytes<char>(H5Tget_size(type));
      std::copy(value.begin(), value.end(), bytes.begin() + static_cast<std::ptrdiff_t>(i * H5Tget_size(type)));
    }
  }
  return bytes;
}

// Whether the fuzzer may write to the dataset: huge ones fill the disk or crash libhdf5.
bool is_modest(hid_t dataset) {
  const Id space(H5Dget_space(dataset));
  const Id creation(H5Dget_create_plist(dataset));
  const Id type(H5Dget_type(dataset));
  std::array<hsize_t, H5S_MAX_RANK> shape{}, chunk{};
  const int rank = H5Sget_simple_extent_dims(space, shape.data(), nullptr);
  const bool is_chunked = H5Pget_layout(creation) == H5D_CHUNKED;
  if (is_chunked) H5Pget_chunk(creation, H5S_MAX_RANK, chunk.data());
  double bytes = static_cast<double>(H5Tget_size(type));
  double chunk_bytes = bytes;
  for (int d = 0; d < rank; ++d) {
    if (shape[d] > 1'000'000) return false;
    bytes *= static_cast<double>(shape[d]);
    if (is_chunked) chunk_bytes *= static_cast<double>(chunk[d]);
  }
  return chunk_bytes < 1e6 && (is_chunked || bytes < 1e6);
}

void set_values(FuzzedDataProvider& input, hid_t dataset) {
  if (!is_modest(dataset)) return;
  const Id type(H5Dget_type(dataset));
  const Id space(H5Dget_space(dataset));
  const hssize_t points = H5Sget_simple_extent_npoints(space);
  if (points <= 0 || static_cast<std::uint64_t>(points) * H5Tget_size(type) > kMostValues * 16) return;
  std::string storage;
  const std::vector<char> values = any_values(input, type, static_cast<std::size_t>(points), storage);
  H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
}

// Sets one number of a column at an arbitrary position.
void set_one_value(FuzzedDataProvider& input, hid_t file) {
  const std::string path = any_column(input).path();
  const Id dataset(H5Dopen2(file, path.c_str(), H5P_DEFAULT));
  if (dataset < 0 || !is_modest(dataset)) return;
  const Id space(H5Dget_space(dataset));
  std::array<hsize_t, H5S_MAX_RANK> place{}, shape{};
  const int rank = H5Sget_simple_extent_dims(space, shape.data(), nullptr);
  if (rank < 1) return;
  for (int d = 0; d < rank; ++d) {
    if (shape[d] == 0) return;
    place[d] = input.ConsumeIntegralInRange<hsize_t>(0, std::min<hsize_t>(shape[d], 16) - 1);
  }
  H5Sselect_elements(space, H5S_SELECT_SET, 1, place.data());
  const Id one(H5Screate(H5S_SCALAR));
  const Id type(H5Dget_type(dataset));
  std::string storage;
  const std::vector<char> value = any_values(input, type, 1, storage);
  H5Dwrite(dataset, type, one, space, H5P_DEFAULT, value.data());
}

void set_rows(FuzzedDataProvider& input, hid_t file) {
  const bool whole_group = input.ConsumeBool();
  const SchemaColumn& chosen = any_column(input);
  const std::uint64_t rows = any_extent(input);
  for (const SchemaColumn& column : dataset_columns()) {
    const bool in_group = whole_group && std::string_view(column.group) == chosen.group;
    if (!in_group && column.path() != chosen.path()) continue;
    const Id dataset(H5Dopen2(file, column.path().c_str(), H5P_DEFAULT));
    const Id space(H5Dget_space(dataset));
    std::array<hsize_t, H5S_MAX_RANK> shape{};
    if (H5Sget_simple_extent_dims(space, shape.data(), nullptr) < 1) continue;
    // When shrinking a huge extent, HDF5 visits every chunk that could exist.
    if (shape[0] > 1'000'000) continue;
    shape[0] = rows + (whole_group && column.name == kOffsetColumn ? 1 : 0);
    H5Dset_extent(dataset, shape.data());
  }
}

void replace_column(FuzzedDataProvider& input, hid_t file) {
  const std::string path = any_column(input).path();
  const Id type(any_type(input));
  std::vector<hsize_t> shape(input.ConsumeIntegralInRange(0, 4)), chunk;
  for (hsize_t& extent : shape) extent = any_extent(input);
  const bool is_null = input.ConsumeIntegralInRange(0, 15) == 0;
  const Id space(is_null         ? H5Screate(H5S_NULL)
                 : shape.empty() ? H5Screate(H5S_SCALAR)
                                 : H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr));
  const Id creation(H5Pcreate(H5P_DATASET_CREATE));
  if (!shape.empty() && input.ConsumeBool()) {
    for (std::size_t d = 0; d < shape.size(); ++d) chunk.push_back(std::max<hsize_t>(any_extent(input), 1));
    H5Pset_chunk(creation, static_cast<int>(chunk.size()), chunk.data());
    if (input.ConsumeBool()) H5Pset_shuffle(creation);
    if (input.ConsumeBool()) H5Pset_deflate(creation, 1);
    if (input.ConsumeBool()) H5Pset_scaleoffset(creation, H5Z_SO_INT, 0);
    if (input.ConsumeBool()) H5Pset_fletcher32(creation);
  }
  H5Ldelete(file, path.c_str(), H5P_DEFAULT);
  const Id dataset(H5Dcreate2(file, path.c_str(), type, space, H5P_DEFAULT, creation, H5P_DEFAULT));
  if (dataset >= 0) set_values(input, dataset);
}

void set_attribute(FuzzedDataProvider& input, hid_t file) {
  const std::string object = input.ConsumeBool() ? "/" : any_column(input).path();
  const char* name = kAttributes[input.ConsumeIntegralInRange<std::size_t>(0, kAttributes.size() - 1)];
  const Id type(any_type(input));
  if (H5Tget_size(type) > kMostValues) return;
  const hsize_t count = input.ConsumeIntegralInRange(0, 3);
  const Id space(count == 1 ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &count, nullptr));
  H5Adelete_by_name(file, object.c_str(), name, H5P_DEFAULT);
  const Id attribute(H5Acreate_by_name(file, object.c_str(), name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  std::string storage;
  const std::vector<char> values = any_values(input, type, static_cast<std::size_t>(count), storage);
  if (attribute >= 0 && count > 0) H5Awrite(attribute, type, values.data());
}

void set_link(FuzzedDataProvider& input, hid_t file) {
  const std::string path = any_column(input).path();
  const std::string other = any_column(input).path();
  const int kind = input.ConsumeIntegralInRange(0, 3);
  H5Ldelete(file, path.c_str(), H5P_DEFAULT);
  if (kind == 0) H5Lcreate_hard(file, other.c_str(), file, path.c_str(), H5P_DEFAULT, H5P_DEFAULT);
  if (kind == 1) H5Lcreate_soft(other.c_str(), file, path.c_str(), H5P_DEFAULT, H5P_DEFAULT);
  if (kind == 2) H5Lcreate_external("/etc/passwd", "/", file, path.c_str(), H5P_DEFAULT, H5P_DEFAULT);
  if (kind == 3) H5Gclose(H5Gcreate2(file, path.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
}

void change(FuzzedDataProvider& input, hid_t file) {
  switch (input.ConsumeIntegralInRange(0, 5)) {
    case 0:
      return set_one_value(input, file);
    case 1: {
      const Id dataset(H5Dopen2(file, any_column(input).path().c_str(), H5P_DEFAULT));
      if (dataset >= 0) set_values(input, dataset);
      return;
    }
    case 2:
      return set_rows(input, file);
    case 3:
      return replace_column(input, file);
    case 4:
      return set_attribute(input, file);
    default:
      return set_link(input, file);
  }
}

void read_everything(const std::string& path) {
  const DatasetReader reader(path);
  const auto attempt = [](auto&& read) {
    try {
      read();
    } catch (const Error&) {  // this part is rejected; the next may be valid
    }
  };
  attempt([&] { reader.read_rejected(); });
  for (std::size_t i = 0; i < std::min<std::size_t>(reader.chains().size(), 64); ++i) {
    attempt([&] { reader.read_chain(i); });
    attempt([&] { nucleotides_of(reader.read_rows(i)); });
  }
}

}  // namespace
}  // namespace flashrna

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace flashrna;
  static const std::string& good = good_dataset();  // before any other use of HDF5: it also silences the library
  const std::string path = fuzzed_path();
  std::ofstream(path, std::ios::binary) << good;
  FuzzedDataProvider input(data, size);
  {
    const Id access(H5Pcreate(H5P_FILE_ACCESS));
    H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
    const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, access);
    if (file < 0) std::abort();
    for (int i = 0; i < kMostChanges && input.remaining_bytes() > 0; ++i) change(input, file);
    H5Fclose(file);
  }
  try {
    read_everything(path);
  } catch (const Error&) {  // rejected, as expected
  }
  std::filesystem::remove(path);
  return 0;
}
