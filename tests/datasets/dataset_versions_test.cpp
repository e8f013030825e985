// The dataset file: columns that older versions lack are stored, and computed when such a file is read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>

#include <cmath>
#include <functional>

#include "datasets/chain_pairs.h"
#include "datasets/dataset_reader.h"
#include "datasets/hdf5/file.h"
#include "rna/all_atoms.h"
#include "rna/chi.h"
#include "rna/pairs/dot_bracket.h"
#include "tests/datasets/paired_structures.h"
#include "tests/datasets/stored_dataset.h"

namespace flashrna {
namespace {

using ::testing::HasSubstr;

TEST_F(DatasetTest, PartnersAreStoredAndThoseOfVersion1AreFound) {
  const Chain chain = paired_hairpin("hairpin").chains[0];
  const std::string path = folder.path("paired.h5");
  {
    DatasetWriter writer(path, {}, false);
    writer.append(make_record("1ABC_1_A", chain), chain_rows(chain));
    writer.finish();
  }
  const std::vector<int> expected = parse_dot_bracket(kPairedHairpin, "test").partner;
  EXPECT_EQ(DatasetReader(path).version(), 3);
  EXPECT_EQ(DatasetReader(path).read_chain(0).partner, expected);
  EXPECT_EQ(Hdf5File::open(path).root().open_group("residues").open_dataset("partner").text("rule"),
            kWholeBasePairRule);
  EXPECT_EQ(DatasetReader(path).pair_rule(), kWholeBasePairRule);
  const auto change = [&](const std::function<void(hid_t)>& how) {
    const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
    how(file);
    H5Fclose(file);
  };
  change([](hid_t file) { overwrite_first<int>(file, "/residues/partner", H5T_NATIVE_INT, 5); });
  EXPECT_THAT(message_of([&] { DatasetReader(path).read_rows(0); }),
              HasSubstr("chain 1ABC_1_A, residue 0: its partner has another or is none"));
  change([](hid_t file) {  // as version 1 has it
    H5Ldelete(file, "/residues/partner", H5P_DEFAULT);
    H5Ldelete(file, "/residues/chi_sin_cos", H5P_DEFAULT);
    const hid_t version = H5Aopen(file, "version", H5P_DEFAULT);
    const std::int64_t one = 1;
    H5Awrite(version, H5T_NATIVE_INT64, &one);
    H5Aclose(version);
  });
  EXPECT_EQ(DatasetReader(path).version(), 1);
  EXPECT_EQ(DatasetReader(path).read_rows(0).partner, expected);
}

TEST_F(DatasetTest, ChiIsStoredAndThatOfVersion2IsComputed) {
  Chain chain = example_structure("strand", {30}).chains[0];
  for (std::size_t i = 0; i < chain.nucleotides.size(); ++i) {
    Nucleotide& nucleotide = chain.nucleotides[i];
    auto atoms = nucleotide.atoms;
    place_base(nucleotide.base, {std::sin(0.2 * static_cast<double>(i)), std::cos(0.2 * static_cast<double>(i))},
               atoms);
    nucleotide.atoms = atoms;
  }
  chain.nucleotides[2].atom_mask &= ~(1u << kC1);
  const std::string path = folder.path("chi.h5");
  {
    DatasetWriter writer(path, {}, false);
    ChainRows rows = chain_rows(chain);
    rows.partner.clear();
    rows.chi_sin_cos.clear();  // the writer computes both
    writer.append(make_record("1ABC_1_A", chain), rows);
    writer.finish();
  }
  const std::vector<float> stored = DatasetReader(path).read_chain(0).chi_sin_cos;
  ASSERT_EQ(stored.size(), 2 * chain.nucleotides.size());
  for (std::size_t i = 0; i < chain.nucleotides.size(); ++i) {
    const auto expected = chi_of(chain.nucleotides[i]);
    EXPECT_EQ(expected.has_value(), i != 2) << i;
    // Coordinates of up to 400 Å as float32: 1.5e-5 Å each, with bonds of 1.4 Å.
    for (std::size_t part = 0; part < 2; ++part)
      EXPECT_NEAR(stored[2 * i + part], expected ? (*expected)[part] : 0.0, 1e-4) << i;
  }
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);  // as version 2 has it
  H5Ldelete(file, "/residues/chi_sin_cos", H5P_DEFAULT);
  const hid_t version = H5Aopen(file, "version", H5P_DEFAULT);
  const std::int64_t two = 2;
  H5Awrite(version, H5T_NATIVE_INT64, &two);
  H5Aclose(version);
  H5Fclose(file);
  EXPECT_EQ(DatasetReader(path).version(), 2);
  EXPECT_EQ(DatasetReader(path).read_chain(0).chi_sin_cos, stored);
}

}  // namespace
}  // namespace flashrna
