// A dataset file for tests, and changes to it through the HDF5 library.
#pragma once

#include <gtest/gtest.h>
#include <hdf5.h>

#include <functional>
#include <string>
#include <vector>

#include "datasets/chain_rows.h"
#include "datasets/dataset_writer.h"
#include "tests/datasets/example_structures.h"

namespace flashrna {

inline ChainRecord make_record(const std::string& id, const Chain& chain) {
  ChainRecord record;
  record.id = id;
  record.entry = "1ABC";
  record.model = 2;
  record.chain_ids = chain.id;
  record.molecule_kind = chain.molecule_kind;
  record.length = static_cast<int>(chain.nucleotides.size());
  record.n_without_frame = 3;
  record.n_breaks = chain.n_breaks();
  record.n_modified = 1;
  record.resolution = 1.93f;
  record.method = "X-RAY DIFFRACTION";
  record.release_date = "2000-02-23";
  record.split = "train";
  record.sequence_cluster = 7;
  record.source_file = "pdbs/1abc.cif";
  record.source_sha256 = std::string(64, 'a');
  return record;
}

class DatasetTest : public ::testing::Test {
 protected:
  // A dataset of chains of the given lengths and one rejected chain.
  std::string make(const std::vector<int>& lengths) {
    DatasetWriter writer(folder.path("set.h5"), {"pdbs", "model=2"}, true);
    for (std::size_t i = 0; i < lengths.size(); ++i) {
      const Chain chain = make_chain(lengths[i], static_cast<int>(i));
      writer.append(make_record(fmt::format("1ABC_2_{}", i), chain), chain_rows(chain));
    }
    writer.reject({"pdbs/1xyz.pdb", "B", "protein", "129 amino acids"});
    writer.finish();
    return folder.path("set.h5");
  }
  // A chain with a modified nucleotide, an insertion code, a gap and missing atoms.
  static Chain make_chain(int length, int seed) {
    Chain chain = example_chain("A", length, seed);
    Nucleotide& last = chain.nucleotides.back();
    last.name = "PSU";
    last.insertion_code = 'B';
    last.residue_index += 4;
    last.atom_mask &= ~(1u << kP);
    last.atoms[kP] = Vec3::Zero();
    return chain;
  }
  // Modifies the file through the HDF5 library, as file damage would.
  void damage(const std::string& path, const std::function<void(hid_t)>& change) {
    const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
    ASSERT_GE(file, 0);
    change(file);
    ASSERT_GE(H5Fclose(file), 0);
  }

  TemporaryFolder folder;
};

template <typename T>
void overwrite(hid_t file, const char* path, hid_t type, hsize_t row, T value) {
  const hid_t dataset = H5Dopen2(file, path, H5P_DEFAULT);
  const hid_t space = H5Dget_space(dataset);
  std::vector<hsize_t> place(H5Sget_simple_extent_ndims(space), 0);
  place[0] = row;
  H5Sselect_elements(space, H5S_SELECT_SET, 1, place.data());
  const hid_t one = H5Screate(H5S_SCALAR);
  H5Dwrite(dataset, type, one, space, H5P_DEFAULT, &value);
  H5Sclose(one);
  H5Sclose(space);
  H5Dclose(dataset);
}

template <typename T>
void overwrite_first(hid_t file, const char* path, hid_t type, T value) {
  overwrite(file, path, type, 0, value);
}

}  // namespace flashrna
