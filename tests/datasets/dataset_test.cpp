// The dataset file: written data is read back, is self-describing, and invalid files are rejected.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>

#include <cmath>
#include <functional>
#include <limits>

#include "base/utf8.h"
#include "datasets/chain_pairs.h"
#include "datasets/chain_rows.h"
#include "datasets/dataset_reader.h"
#include "datasets/dataset_summary.h"
#include "datasets/dataset_writer.h"
#include "datasets/hdf5/file.h"
#include "datasets/schema.h"
#include "rna/all_atoms.h"
#include "rna/chi.h"
#include "rna/frame.h"
#include "rna/pairs/dot_bracket.h"
#include "rna/torsion.h"
#include "tests/datasets/example_structures.h"
#include "tests/datasets/paired_structures.h"

namespace flashrna {
namespace {

using ::testing::HasSubstr;

ChainRecord make_record(const std::string& id, const Chain& chain) {
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

TEST_F(DatasetTest, ChainRecordsComeBackExactly) {
  const DatasetReader reader(make({5, 30, 1}));
  ASSERT_EQ(reader.chains().size(), 3u);
  const ChainRecord& record = reader.chains()[1];
  EXPECT_EQ(record.id, "1ABC_2_1");
  EXPECT_EQ(record.entry, "1ABC");
  EXPECT_EQ(record.model, 2);
  EXPECT_EQ(record.chain_ids, "A");
  EXPECT_EQ(record.molecule_kind, "RNA");
  EXPECT_EQ(record.length, 30);
  EXPECT_EQ(record.n_without_frame, 3);
  EXPECT_EQ(record.n_breaks, 1);
  EXPECT_EQ(record.n_modified, 1);
  EXPECT_EQ(record.resolution, 1.93f);
  EXPECT_EQ(record.method, "X-RAY DIFFRACTION");
  EXPECT_EQ(record.release_date, "2000-02-23");
  EXPECT_EQ(record.sequence_cluster, 7);
  EXPECT_EQ(record.structure_cluster, -1);
  EXPECT_EQ(record.split, "train");
  EXPECT_EQ(record.source_file, "pdbs/1abc.cif");
  EXPECT_EQ(record.source_sha256, std::string(64, 'a'));
  EXPECT_EQ(reader.residue_count(), 36u);
  EXPECT_EQ(reader.source(), "pdbs");
  EXPECT_EQ(reader.options(), "model=2");
  const std::vector<RejectedRecord> rejected = reader.read_rejected();
  ASSERT_EQ(rejected.size(), 1u);
  EXPECT_EQ(rejected[0].source, "pdbs/1xyz.pdb");
  EXPECT_EQ(rejected[0].chain, "B");
  EXPECT_EQ(rejected[0].reason, "protein");
  EXPECT_EQ(rejected[0].detail, "129 amino acids");
}

TEST_F(DatasetTest, NucleotidesComeBackToTheRoundingOfFloat) {
  // More residues than two chunks hold, so that chains cross chunk boundaries.
  const std::vector<int> lengths = {700, 900, 1, 1100};
  const DatasetReader reader(make(lengths));
  double worst = 0, largest = 0;
  for (std::size_t c = 0; c < lengths.size(); ++c) {
    const Chain chain = make_chain(lengths[c], static_cast<int>(c));
    const std::vector<Nucleotide> back = nucleotides_of(reader.read_rows(c));
    ASSERT_EQ(back.size(), chain.nucleotides.size());
    for (std::size_t i = 0; i < back.size(); ++i) {
      const Nucleotide& expected = chain.nucleotides[i];
      EXPECT_EQ(back[i].base, expected.base);
      EXPECT_EQ(back[i].name, expected.name);
      EXPECT_EQ(back[i].seq_id, expected.seq_id);
      EXPECT_EQ(back[i].insertion_code, expected.insertion_code);
      EXPECT_EQ(back[i].residue_index, expected.residue_index);
      EXPECT_EQ(back[i].chain_in_structure, expected.chain_in_structure);
      EXPECT_EQ(back[i].b_factor, expected.b_factor);
      EXPECT_EQ(back[i].atom_mask, expected.atom_mask);
      for (int s = 0; s < kAtomSlots; ++s) {
        worst = std::max(worst, (back[i].atoms[s] - expected.atoms[s]).cwiseAbs().maxCoeff());
        largest = std::max(largest, expected.atoms[s].cwiseAbs().maxCoeff());
      }
    }
  }
  // Rounding to float: 24 bits.
  EXPECT_LE(worst, largest / (1 << 24));
  std::printf("largest coordinate error: %.2e A of %.0f A\n", worst, largest);
}

TEST_F(DatasetTest, FeaturesAreThoseOfTheStructure) {
  const DatasetReader reader(make({40}));
  const Chain chain = make_chain(40, 0);
  const ChainFeatures features = reader.read_chain(0);
  double worst = 0;
  for (int i = 0; i < features.length; ++i) {
    const RigidTransform frame = frame_of(chain.nucleotides[i]);
    const Torsions torsions = torsions_of(chain.nucleotides[i]);
    EXPECT_EQ(features.torsion_mask[i], torsions.mask);
    for (int row = 0; row < 3; ++row) {
      const double scale = std::max(1.0, 2 * std::abs(frame.translation[row]));
      worst = std::max(worst, std::abs(features.frame_translation[i * 3 + row] - frame.translation[row]) / scale);
      for (int axis = 0; axis < 3; ++axis) {
        worst = std::max(worst, std::abs(features.frame_rotation[i * 9 + row * 3 + axis] - frame.rotation(row, axis)));
      }
    }
    for (int k = 0; k < kTorsions; ++k) {
      for (int part = 0; part < 2; ++part) {
        worst = std::max(
            worst, std::abs(features.torsion_sin_cos[(i * kTorsions + k) * 2 + part] - torsions.sin_cos[k][part]));
      }
    }
  }
  EXPECT_LE(worst, 6e-8);  // half a unit in the last place of a float in [0.5, 1)
  EXPECT_NE(features.torsion_mask[0], features.torsion_mask[39]) << "the last nucleotide has no phosphorus";
}

TEST_F(DatasetTest, EveryColumnStatesItsUnitAndMeaningAndHasTheTypeOfTheSchema) {
  const Hdf5File file = Hdf5File::open(make({5}));
  const Hdf5Group root = file.root();
  EXPECT_EQ(root.text("format"), "flashrna-dataset");
  EXPECT_EQ(root.integer("version"), 3);
  std::size_t columns = 0;
  for (const SchemaGroup& group : dataset_groups()) {
    EXPECT_EQ(root.open_group(group.name).text("description"), group.description);
    columns += root.open_group(group.name).names().size();
  }
  EXPECT_EQ(columns, dataset_columns().size());
  for (const SchemaColumn& column : dataset_columns()) {
    const Hdf5Dataset dataset = root.open_group(column.group).open_dataset(column.name);
    EXPECT_EQ(dataset.text("unit"), column.unit) << column.path();
    EXPECT_EQ(dataset.text("description"), column.description) << column.path();
    EXPECT_EQ(dataset.type(), column.type) << column.path();
  }
}

TEST_F(DatasetTest, ANucleotideThatCannotBeStoredIsNamed) {
  Chain chain = example_chain("Aa", 3);
  chain.nucleotides[1].insertion_code = 'B';
  chain.nucleotides[1].atoms[kO3].x() = std::nan("");
  EXPECT_THAT(error_of([&] { chain_rows(chain); }), HasSubstr("chain \"Aa\", residue A 2B: atom O3' has a coordinate"));
  chain = example_chain("Aa", 3);
  chain.nucleotides[2].name = std::string(17, 'X');
  EXPECT_THAT(error_of([&] { chain_rows(chain); }), HasSubstr("longer than 16 bytes"));
  chain = example_chain("Aa", 3);
  chain.nucleotides[0].atom_mask &= ~(1u << kO4);
  EXPECT_THAT(error_of([&] { chain_rows(chain); }), HasSubstr("C3', C4' or O4' is missing"));
}

TEST_F(DatasetTest, AChainLongerThanAnyRnaIsNotStored) {
  DatasetWriter writer(folder.path("long.h5"), {}, false);
  ChainRecord record;
  ChainRows rows;
  record.id = "long";
  record.length = rows.length = kLongestChain + 1;
  EXPECT_THAT(error_of([&] { writer.append(record, rows); }),
              HasSubstr("chain long: 1000001 residues, a dataset takes at most 1000000 in one chain"));
}

TEST_F(DatasetTest, AnIdIsStoredOnlyOnce) {
  const Chain chain = example_chain("A", 3);
  DatasetWriter writer(folder.path("twice.h5"), {}, false);
  writer.append(make_record("1ABC_1_A", chain), chain_rows(chain));
  EXPECT_THAT(error_of([&] { writer.append(make_record("1ABC_1_A", chain), chain_rows(chain)); }),
              HasSubstr("1ABC_1_A is there twice"));
}

TEST_F(DatasetTest, AWriterThatDoesNotFinishLeavesNothing) {
  {
    DatasetWriter writer(folder.path("set.h5"), {}, false);
    const Chain chain = example_chain("A", 3);
    writer.append(make_record("1ABC_1_A", chain), chain_rows(chain));
    EXPECT_EQ(folder.count(), 1);
  }
  EXPECT_EQ(folder.count(), 0);
}

TEST_F(DatasetTest, FilesThatAreNotOursAreRefused) {
  const auto refusal = [&](const std::string& path) { return error_of([&] { DatasetReader reader(path); }); };
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
  EXPECT_THAT(refusal(later), HasSubstr("of version 4, this program reads up to 3; update flashrna"));
}

struct Damage {
  const char* name;
  std::function<void(hid_t)> change;
  const char* message;
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

TEST_F(DatasetTest, DamageIsFoundBeforeItIsUsed) {
  constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kHighest = std::numeric_limits<std::int64_t>::max();
  const std::vector<Damage> damages = {
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
  for (const Damage& one : damages) {
    const std::string path = make({10, 20});
    damage(path, one.change);
    EXPECT_THAT(error_of([&] { DatasetReader reader(path); }), HasSubstr(one.message)) << one.name;
  }
}

TEST_F(DatasetTest, DamagedResiduesAreFoundWhenTheyAreRead) {
  const auto refusal = [&](const std::function<void(hid_t)>& change) {
    const std::string path = make({10, 20});
    damage(path, change);
    return error_of([&] { DatasetReader(path).read_chain(0); });
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
  EXPECT_THAT(error_of([&] { reader.read_chain(2); }), HasSubstr("chain 2 is out of range, it has 2"));
}

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
  EXPECT_THAT(error_of([&] { DatasetReader(path).read_rows(0); }),
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

TEST_F(DatasetTest, AFlippedOrMissingByteNeverGivesOtherCoordinates) {
  const std::string whole = file_bytes(make({200, 300}));
  const ChainFeatures expected = DatasetReader(folder.path("set.h5")).read_chain(1);
  int refused = 0, unchanged = 0;
  for (std::size_t at = 0; at < whole.size(); at += whole.size() / 150 + 1) {
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x5a);
    const std::string path = folder.write("flipped.h5", bytes);
    const std::string message = error_of([&] {
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
    EXPECT_THAT(error_of([&] { DatasetReader reader(path); }), HasSubstr("cut.h5"));
  }
}

TEST(DatasetSummaryTest, HistogramCoversAllLengthsOnce) {
  EXPECT_TRUE(length_histogram({}).empty());
  int total = 0;
  const std::vector<LengthBin> bins = length_histogram({20, 31, 32, 76, 1504});
  EXPECT_EQ(bins.front().first, 16);
  EXPECT_EQ(bins.front().count, 2);
  EXPECT_EQ(bins.back().last, 2047);
  for (const LengthBin& bin : bins) total += bin.count;
  EXPECT_EQ(total, 5);
  const Spread spread = spread_of({3.0, 1.0, 2.0, 10.0});
  EXPECT_EQ(spread.lowest, 1.0);
  EXPECT_EQ(spread.median, 2.0);
  EXPECT_EQ(spread.highest, 10.0);
}

TEST(Utf8Test, BytesThatAreNotUtf8AreReplaced) {
  const std::string replacement = "\xEF\xBF\xBD";
  EXPECT_EQ(to_valid_utf8("C4′ in Å, 𝛼"), "C4′ in Å, 𝛼");
  EXPECT_EQ(to_valid_utf8("K\xF6ln"), "K" + replacement + "ln");
  EXPECT_EQ(to_valid_utf8(std::string("a\0b", 3)), "a" + replacement + "b");
  EXPECT_EQ(to_valid_utf8("\xC0\x80"), replacement + replacement) << "overlong zero";
  EXPECT_EQ(to_valid_utf8("\xED\xA0\x80"), replacement + replacement + replacement) << "surrogate";
  EXPECT_EQ(to_valid_utf8("x\xE2\x80"), "x" + replacement + replacement) << "cut short";
}

}  // namespace
}  // namespace flashrna
