// The dataset file: files that are not ours, damaged, or cut are rejected before their content is used.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>

#include <cmath>
#include <functional>
#include <limits>

#include "datasets/dataset_reader.h"
#include "datasets/hdf5/file.h"
#include "datasets/schema.h"
#include "tests/datasets/stored_dataset.h"

namespace flashrna {
namespace {

using ::testing::HasSubstr;

TEST_F(DatasetTest, FilesThatAreNotOursAreRefused) {
  const auto refusal = [&](const std::string& path) { return message_of([&] { DatasetReader reader(path); }); };
  EXPECT_THAT(refusal(folder.path("none.h5")), HasSubstr("none.h5: no such file"));
  EXPECT_THAT(refusal(folder.write("text.h5", "text")), HasSubstr("text.h5 is not an HDF5 file"));
  Hdf5OutputFile(folder.path("plain.h5"), false).commit();
  EXPECT_THAT(refusal(folder.path("plain.h5")), HasSubstr("plain.h5 is an HDF5 file but not a flashrna dataset"));
  {
    Hdf5OutputFile other(folder.path("other.h5"), false);
    other.root().set_text("format", "flashrna-checkpoint");
    other.root().set_integer("version", 1);
    other.commit();
  }
  EXPECT_THAT(refusal(folder.path("other.h5")), HasSubstr("not a flashrna dataset: its format is \"flashrna-check"));
  const std::string later = make({5});
  damage(later, [](hid_t file) {
    const hid_t attribute = H5Aopen(file, "version", H5P_DEFAULT);
    const std::int64_t next = kDatasetVersion + 1;
    H5Awrite(attribute, H5T_NATIVE_INT64, &next);
    H5Aclose(attribute);
  });
  EXPECT_THAT(refusal(later), HasSubstr("of version 5, this program reads up to 4; update flashrna"));
}

struct Damage {
  const char* name;
  std::function<void(hid_t)> change;
  const char* message;
};

// Replaces a column with zeros of another type or shape.
void replace(hid_t file, const char* path, hid_t type, const std::vector<hsize_t>& shape) {
  H5Ldelete(file, path, H5P_DEFAULT);
  const hid_t space = H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr);
  const hid_t dataset = H5Dcreate2(file, path, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  const std::vector<char> zeros(static_cast<std::size_t>(H5Sget_simple_extent_npoints(space)) * H5Tget_size(type));
  H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, zeros.data());
  H5Dclose(dataset);
  H5Sclose(space);
}

hid_t text_of(std::size_t width) {
  const hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, width);
  return type;
}

void resize(hid_t file, const char* path, hsize_t rows) {
  const hid_t dataset = H5Dopen2(file, path, H5P_DEFAULT);
  const hid_t space = H5Dget_space(dataset);
  std::vector<hsize_t> shape(H5Sget_simple_extent_ndims(space), 0);
  H5Sget_simple_extent_dims(space, shape.data(), nullptr);
  shape[0] = rows;
  H5Dset_extent(dataset, shape.data());
  H5Sclose(space);
  H5Dclose(dataset);
}

void resize_group(hid_t file, const std::string& group, hsize_t rows) {
  for (const SchemaColumn& column : dataset_columns()) {
    const hsize_t more = column.name == kOffsetColumn ? 1 : 0;
    if (column.group == group) resize(file, column.path().c_str(), rows + more);
  }
}

// Counts, offsets and lengths that contradict each other or the file.
std::vector<Damage> damaged_rows() {
  constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kHighest = std::numeric_limits<std::int64_t>::max();
  return {
      {"missing", [](hid_t f) { H5Ldelete(f, "/residues/atom_mask", H5P_DEFAULT); },
       "\"/residues/atom_mask\" is missing"},
      {"group", [](hid_t f) { H5Ldelete(f, "/rejected", H5P_DEFAULT); }, "\"/rejected\" is missing"},
      {"length", [](hid_t f) { overwrite_first<int>(f, "/chains/length", H5T_NATIVE_INT, 6); }, "has length 6"},
      {"offset", [](hid_t f) { overwrite_first<long>(f, "/chains/offset", H5T_NATIVE_LONG, -1); },
       "goes from -1 to 30"},
      {"rows", [](hid_t f) { resize(f, "/residues/b_factor", 29); }, "b_factor: damaged: it has 29 rows, expected 30"},
      {"chains", [](hid_t f) { resize(f, "/chains/split", 3); }, "/chains/split: damaged: it has 3 rows, expected 2"},
      {"huge", [](hid_t f) { resize_group(f, "residues", hsize_t{1} << 50); },
       "/residues/nucleotide: damaged: shape [1125899906842624] cannot be in the"},
      {"many chains", [](hid_t f) { resize_group(f, "chains", 1'000'000'000'000); },
       "/chains/id: damaged: shape [1000000000000] cannot be in the"},
      {"many rejected", [](hid_t f) { resize_group(f, "rejected", 1'000'000'000'000); },
       "/rejected/source: damaged: shape [1000000000000] cannot be in the"},
      {"offset falls", [](hid_t f) { overwrite(f, "/chains/offset", H5T_NATIVE_INT64, 1, std::int64_t{31}); },
       "chain 0 (1ABC_2_0) has length 10, its rows are 0 to 31"},
      {"offset lowest", [=](hid_t f) { overwrite(f, "/chains/offset", H5T_NATIVE_INT64, 1, kLowest); },
       "has length 10, its rows are 0 to -9223372036854775808"},
      {"offset highest", [=](hid_t f) { overwrite(f, "/chains/offset", H5T_NATIVE_INT64, 1, kHighest); },
       "has length 10, its rows are 0 to 9223372036854775807"},
      {"end", [=](hid_t f) { overwrite(f, "/chains/offset", H5T_NATIVE_INT64, 2, kHighest); },
       "goes from 0 to 9223372036854775807, expected 0 to 30"},
      {"negative length",
       [](hid_t f) {
         overwrite(f, "/chains/offset", H5T_NATIVE_INT64, 1, std::int64_t{-10});
         overwrite(f, "/chains/length", H5T_NATIVE_INT, 0, -10);
       },
       "has length -10, its rows are 0 to -10"},
      {"zero length",
       [](hid_t f) {
         overwrite(f, "/chains/offset", H5T_NATIVE_INT64, 1, std::int64_t{0});
         overwrite(f, "/chains/length", H5T_NATIVE_INT, 0, 0);
       },
       "has length 0, its rows are 0 to 0"},
      {"lengths whose sum overflows",
       [](hid_t f) {
         for (hsize_t row : {0, 1}) overwrite(f, "/chains/length", H5T_NATIVE_INT, row, 2'147'483'647);
       },
       "has length 2147483647, its rows are 0 to 10"},
  };
}

// Columns of another shape or type, and other things in their places.
std::vector<Damage> damaged_columns() {
  return {
      {"rank",
       [](hid_t f) {
         replace(f, "/residues/frame_translation", H5T_IEEE_F32LE, {30, 3, 1});
       },
       "frame_translation: damaged: its shape is [30, 3, 1], expected [n, 3]"},
      {"scalar", [](hid_t f) { replace(f, "/residues/b_factor", H5T_IEEE_F32LE, {}); },
       "b_factor: damaged: its shape is [], expected [n]"},
      {"wide text", [](hid_t f) { replace(f, "/residues/residue_name", text_of(5000), {30}); },
       "residue_name: damaged: its texts have 5000 bytes each, expected at most 16"},
      {"wide id", [](hid_t f) { replace(f, "/chains/id", text_of(60'000), {2}); },
       "/chains/id: damaged: its texts have 60000 bytes each, expected at most 4096"},
      {"no offsets", [](hid_t f) { resize(f, "/chains/offset", 0); }, "offset: damaged: it has 0 rows, expected 3"},
      {"group in place of a column",
       [](hid_t f) {
         H5Ldelete(f, "/chains/id", H5P_DEFAULT);
         H5Gclose(H5Gcreate2(f, "/chains/id", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
       },
       "/chains/id: cannot open as a dataset"},
      {"column in place of a group",
       [](hid_t f) {
         H5Ldelete(f, "/rejected", H5P_DEFAULT);
         replace(f, "/rejected", H5T_IEEE_F32LE, {1});
       },
       "/rejected: cannot open as a group"},
      {"type",
       [](hid_t f) {
         H5Ldelete(f, "/residues/seq_id", H5P_DEFAULT);
         H5Lcreate_hard(f, "/residues/b_factor", f, "/residues/seq_id", H5P_DEFAULT, H5P_DEFAULT);
       },
       "seq_id: damaged: it holds float32, expected int32"},
      {"shape",
       [](hid_t f) {
         H5Ldelete(f, "/residues/frame_rotation", H5P_DEFAULT);
         H5Lcreate_hard(f, "/residues/frame_translation", f, "/residues/frame_rotation", H5P_DEFAULT, H5P_DEFAULT);
       },
       "its shape is [30, 3], expected [n, 3, 3]"},
  };
}

TEST_F(DatasetTest, DamageIsFoundBeforeItIsUsed) {
  for (const std::vector<Damage>& damages : {damaged_rows(), damaged_columns()}) {
    for (const Damage& one : damages) {
      const std::string path = make({10, 20});
      damage(path, one.change);
      EXPECT_THAT(message_of([&] { DatasetReader reader(path); }), HasSubstr(one.message)) << one.name;
    }
  }
}

TEST_F(DatasetTest, DamagedResiduesAreFoundWhenTheyAreRead) {
  const auto refusal = [&](const std::function<void(hid_t)>& change) {
    const std::string path = make({10, 20});
    damage(path, change);
    return message_of([&] { DatasetReader(path).read_chain(0); });
  };
  EXPECT_THAT(refusal([](hid_t f) { overwrite_first<int>(f, "/residues/nucleotide", H5T_NATIVE_INT, 9); }),
              HasSubstr("chain 1ABC_2_0, residue 0: nucleotide is not in 0..4"));
  EXPECT_THAT(
      refusal([](hid_t f) { overwrite_first<double>(f, "/residues/frame_rotation", H5T_NATIVE_DOUBLE, std::nan("")); }),
      HasSubstr("the frame is not finite"));
  const auto no_rotation = HasSubstr("chain 1ABC_2_0, residue 0: frame_rotation is no rotation");
  EXPECT_THAT(refusal([](hid_t f) { overwrite_first<double>(f, "/residues/frame_rotation", H5T_NATIVE_DOUBLE, 0.0); }),
              no_rotation);
  EXPECT_THAT(refusal([](hid_t f) { overwrite(f, "/residues/torsion_sin_cos", H5T_NATIVE_DOUBLE, 3, std::nan("")); }),
              HasSubstr("chain 1ABC_2_0, residue 3: a torsion is not finite"));
  EXPECT_THAT(refusal([](hid_t f) { overwrite(f, "/residues/residue_index", H5T_NATIVE_INT, 5, -1); }),
              HasSubstr("residue 5: residue_index does not rise"));
  const DatasetReader reader(make({10, 20}));
  EXPECT_THAT(message_of([&] { reader.read_chain(2); }), HasSubstr("chain 2 is out of range, it has 2"));
}

TEST_F(DatasetTest, AFlippedOrMissingByteNeverGivesOtherCoordinates) {
  const std::string whole = file_bytes(make({200, 300}));
  const ChainFeatures expected = DatasetReader(folder.path("set.h5")).read_chain(1);
  int refused = 0, unchanged = 0;
  for (std::size_t at = 0; at < whole.size(); at += whole.size() / 150 + 1) {
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x5a);
    const std::string path = folder.write("flipped.h5", bytes);
    const std::string message = message_of([&] {
      const ChainFeatures read = DatasetReader(path).read_chain(1);
      EXPECT_TRUE(read.atom_positions == expected.atom_positions) << "byte " << at;
      EXPECT_TRUE(read.frame_rotation == expected.frame_rotation) << "byte " << at;
    });
    ++(message == "no error" ? unchanged : refused);
  }
  EXPECT_GT(refused, 30);
  std::printf("of %d damaged files %d are refused\n", refused + unchanged, refused);
  for (const std::size_t keep : {whole.size() / 3, whole.size() - 100}) {
    const std::string path = folder.write("cut.h5", whole.substr(0, keep));
    EXPECT_THAT(message_of([&] { DatasetReader reader(path); }), HasSubstr("cut.h5"));
  }
}

}  // namespace
}  // namespace flashrna
