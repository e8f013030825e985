// Untrusted files: links to other files, filters that load code, and sizes beyond the file's content are rejected. The
// files are made with the HDF5 library, because the project's functions cannot make them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>

#include <fstream>
#include <functional>

#include "datasets/hdf5/file.h"
#include "tests/datasets/example_structures.h"

namespace flashrna {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class Hdf5TrustTest : public ::testing::Test {
 protected:
  // Creates a file with the group /inside, its dataset /inside/values, and what `fill` adds.
  std::string make(const std::string& name, const std::function<void(hid_t)>& fill) {
    const std::string path = folder.path(name);
    {
      Hdf5OutputFile file(path, true);
      file.root().create_group("inside").write<float>("values", {3}, std::vector<float>{1, 2, 3});
      file.commit();
    }
    const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
    fill(file);
    EXPECT_GE(H5Fclose(file), 0);
    return path;
  }
  std::string refusal(const std::string& path, const std::string& dataset) {
    return message_of([&] { Hdf5File::open(path).root().open_dataset(dataset); });
  }

  TemporaryFolder folder;
};

// Adds a dataset /name of floats with this creation property list.
void add_dataset(hid_t file, const char* name, const std::vector<hsize_t>& shape, hid_t creation) {
  const hid_t space = H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr);
  const hid_t dataset = H5Dcreate2(file, name, H5T_IEEE_F32LE, space, H5P_DEFAULT, creation, H5P_DEFAULT);
  EXPECT_GE(dataset, 0);
  H5Dclose(dataset);
  H5Sclose(space);
}

TEST_F(Hdf5TrustTest, PlugInsAreNotLoaded) {
  make("any.h5", [](hid_t) {});
  unsigned state = 1;
  ASSERT_GE(H5PLget_loading_state(&state), 0);
  EXPECT_EQ(state, 0u);
}

TEST_F(Hdf5TrustTest, ExternalLinksAreRefused) {
  const std::string other = make("other.h5", [](hid_t) {});
  const std::string path = make("links.h5", [&](hid_t file) {
    H5Lcreate_external("other.h5", "/inside/values", file, "values", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_external("other.h5", "/inside", file, "group", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_external("none.h5", "/inside", file, "nowhere", H5P_DEFAULT, H5P_DEFAULT);
  });
  const auto says = [](const std::string& object, const std::string& target) {
    return HasSubstr("links.h5:" + object + " leads out of the file, by an external link to " + target);
  };
  const Hdf5File file = Hdf5File::open(path);
  EXPECT_THAT(refusal(path, "values"), says("/values", "/inside/values in other.h5"));
  EXPECT_THAT(refusal(path, "group/values"), says("/group/values", "/inside in other.h5"));
  EXPECT_THAT(refusal(path, "nowhere/values"), says("/nowhere/values", "/inside in none.h5"));
  EXPECT_THAT(message_of([&] { file.root().open_group("group"); }), says("/group", "/inside in other.h5"));
  EXPECT_THAT(message_of([&] { file.root().has("group/values"); }), says("/group/values", "/inside in other.h5"));
  EXPECT_THAT(message_of([&] { file.root().is_dataset("values"); }), says("/values", "/inside/values in other.h5"));
}

TEST_F(Hdf5TrustTest, SoftLinksStayInTheFile) {
  make("other.h5", [](hid_t) {});
  const std::string path = make("links.h5", [&](hid_t file) {
    H5Lcreate_external("other.h5", "/inside", file, "out", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/out/values", file, "values", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/values", file, "twice", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/out", file, "group", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/inside/values", file, "fine", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/none", file, "dangling", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/circle", file, "circle", H5P_DEFAULT, H5P_DEFAULT);
  });
  const Hdf5Group root = Hdf5File::open(path).root();
  EXPECT_EQ(root.open_dataset("fine").read<float>(), (std::vector<float>{1, 2, 3}));
  for (const char* name : {"values", "twice", "group/values"}) {
    EXPECT_THAT(refusal(path, name), AllOf(HasSubstr(name), HasSubstr("leads out of the file"))) << name;
  }
  EXPECT_THAT(message_of([&] { root.open_group("group"); }), HasSubstr("leads out of the file"));
  EXPECT_THAT(refusal(path, "dangling"), HasSubstr("links.h5:/dangling: cannot open as a dataset"));
  EXPECT_THAT(refusal(path, "circle"), HasSubstr("links.h5:/circle: cannot open as a dataset"));
}

bool was_followed = false;

hid_t follow(const char*, hid_t, const void*, std::size_t, hid_t, hid_t) {
  was_followed = true;
  return -1;
}

TEST_F(Hdf5TrustTest, UserDefinedLinksAreNotFollowed) {
  const auto type = static_cast<H5L_type_t>(H5L_TYPE_UD_MIN + 30);
  H5L_class_t kind{};
  kind.version = H5L_LINK_CLASS_T_VERS;
  kind.id = type;
  kind.comment = "of a program";
  kind.trav_func = follow;
  ASSERT_GE(H5Lregister(&kind), 0);
  const std::string path =
      make("links.h5", [&](hid_t file) { H5Lcreate_ud(file, "values", type, "abc", 4, H5P_DEFAULT, H5P_DEFAULT); });
  EXPECT_THAT(refusal(path, "values"), HasSubstr("links.h5:/values is, or leads through, a user-defined link"));
  EXPECT_THAT(message_of([&] { Hdf5File::open(path).root().open_group("values"); }), HasSubstr("user-defined link"));
  EXPECT_FALSE(was_followed);
  H5Lunregister(type);
}

TEST_F(Hdf5TrustTest, ValuesInOtherFilesAreRefused) {
  folder.write("secret.txt", std::string(64, 'x'));
  const std::string path = make("external.h5", [&](hid_t file) {
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_external(creation, folder.path("secret.txt").c_str(), 0, 64);
    add_dataset(file, "values", {16}, creation);
    H5Pclose(creation);
  });
  EXPECT_THAT(refusal(path, "values"), HasSubstr("/values: its values lie in 1 other files (external storage)"));
}

TEST_F(Hdf5TrustTest, VirtualDatasetsAreRefused) {
  make("other.h5", [](hid_t) {});
  const std::string path = make("virtual.h5", [&](hid_t file) {
    const hsize_t three = 3;
    const hid_t space = H5Screate_simple(1, &three, nullptr);
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_virtual(creation, space, "other.h5", "/inside/values", space);
    add_dataset(file, "values", {3}, creation);
    H5Pclose(creation);
    H5Sclose(space);
  });
  EXPECT_THAT(refusal(path, "values"), HasSubstr("virtual.h5:/values is a virtual dataset"));
}

bool was_decoded = false;

std::size_t pass_on(unsigned flags, std::size_t, const unsigned*, std::size_t bytes, std::size_t*, void**) {
  if ((flags & H5Z_FLAG_REVERSE) != 0) was_decoded = true;
  return bytes;
}

TEST_F(Hdf5TrustTest, FiltersThatAreNotBuiltInAreRefusedByName) {
  H5Z_class2_t kind{};
  kind.version = H5Z_CLASS_T_VERS;
  kind.id = 32000;
  kind.encoder_present = kind.decoder_present = 1;
  kind.name = "squeezer";
  kind.filter = pass_on;
  ASSERT_GE(H5Zregister(&kind), 0);
  const std::string path = make("filtered.h5", [&](hid_t file) {
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    const hsize_t chunk = 4;
    H5Pset_chunk(creation, 1, &chunk);
    H5Pset_shuffle(creation);
    H5Pset_filter(creation, 32000, H5Z_FLAG_MANDATORY, 0, nullptr);
    add_dataset(file, "values", {4}, creation);
    H5Pclose(creation);
  });
  EXPECT_THAT(refusal(path, "values"), HasSubstr("it is packed with the filter \"squeezer\" (number 32000)"));
  EXPECT_FALSE(was_decoded);
  H5Zunregister(32000);
}

TEST_F(Hdf5TrustTest, ShapesThatTheFileCannotHoldAreRefusedWhenOpened) {
  struct Case {
    const char* name;
    std::vector<hsize_t> shape, chunk;
    const char* message;
  };
  const std::vector<Case> cases = {
      {"rows", {1'000'000'000'000}, {1024}, "/values: damaged: shape [1000000000000] cannot be in the 0 bytes"},
      {"product", {hsize_t{1} << 33, hsize_t{1} << 33}, {1, 1024}, "cannot be in the 0 bytes"},
      {"chunk",
       {1},
       {hsize_t{1} << 29},
       "/values: damaged: one of its chunks has [536870912] values, more than 64 MiB"},
  };
  for (const Case& one : cases) {
    const std::string path = make("shape.h5", [&](hid_t file) {
      const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
      H5Pset_chunk(creation, static_cast<int>(one.chunk.size()), one.chunk.data());
      std::vector<hsize_t> most(one.shape.size(), H5S_UNLIMITED);
      const hid_t space = H5Screate_simple(static_cast<int>(one.shape.size()), one.shape.data(), most.data());
      const hid_t dataset = H5Dcreate2(file, "values", H5T_IEEE_F32LE, space, H5P_DEFAULT, creation, H5P_DEFAULT);
      EXPECT_GE(dataset, 0) << one.name;
      H5Dclose(dataset);
      H5Sclose(space);
      H5Pclose(creation);
    });
    EXPECT_THAT(refusal(path, "values"), HasSubstr(one.message)) << one.name;
  }
}

TEST_F(Hdf5TrustTest, ADatasetWithoutValuesIsRefused) {
  const std::string path = make("null.h5", [](hid_t file) {
    const hid_t space = H5Screate(H5S_NULL);
    H5Dclose(H5Dcreate2(file, "values", H5T_IEEE_F32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Sclose(space);
  });
  EXPECT_THAT(refusal(path, "values"), HasSubstr("/values: damaged: it has no values and no shape"));
}

// Overwrites the first occurrence of `bytes` in the file with `other`, of the same length.
void patch(const std::string& path, const std::string& bytes, const std::string& other) {
  std::string whole = file_bytes(path);
  const std::size_t at = whole.find(bytes);
  ASSERT_NE(at, std::string::npos);
  std::ofstream(path, std::ios::binary) << whole.replace(at, other.size(), other);
}

std::string as_bytes(std::uint32_t value) { return {reinterpret_cast<const char*>(&value), sizeof value}; }

TEST_F(Hdf5TrustTest, TextsThatShareTheirBytesTakeNoMoreMemoryThanTheFileHas) {
  // One text of 64 kB, referenced by 4096 rows: 150 kB expand to 256 MB.
  constexpr hsize_t kRows = 4096;
  const std::string path = make("shared.h5", [&](hid_t file) {
    const std::string text(65'000, 'x');
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    const hid_t space = H5Screate_simple(1, &kRows, nullptr);
    const hid_t dataset = H5Dcreate2(file, "texts", type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    std::vector<const char*> pointers(kRows, "");
    pointers[0] = text.c_str();
    H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, pointers.data());
    H5Dclose(dataset);
    H5Sclose(space);
    H5Tclose(type);
  });
  // A row consists of a length (4 bytes), an address (8) and an index (4). Those of the first row are copied to all.
  std::string whole = file_bytes(path);
  const std::string key = as_bytes(65'000);
  std::size_t first = whole.find(key);
  while (first != std::string::npos && whole.substr(first + 16, 4) != as_bytes(0)) first = whole.find(key, first + 1);
  ASSERT_NE(first, std::string::npos);
  for (hsize_t row = 1; row < kRows; ++row) whole.replace(first + row * 16, 16, whole.substr(first, 16));
  folder.write("shared.h5", whole);
  const Hdf5Dataset texts = Hdf5File::open(path).root().open_dataset("texts");
  EXPECT_THAT(message_of([&] { texts.read_text(); }),
              HasSubstr("/texts: damaged: a text of 266240000 bytes cannot be in a file"));
  EXPECT_EQ(texts.read_text_rows(7, 1), std::vector<std::string>{std::string(65'000, 'x')});
}

// Creates a file in the oldest format, whose metadata has no checksums, with the text attribute "note".
void make_with_note(const std::string& path, std::size_t width, const std::string& text) {
  const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  const hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, width);
  const hid_t space = H5Screate(H5S_SCALAR);
  const hid_t attribute = H5Acreate2(file, "note", type, space, H5P_DEFAULT, H5P_DEFAULT);
  const char* pointer = text.c_str();
  H5Awrite(attribute, type, width == H5T_VARIABLE ? static_cast<const void*>(&pointer) : pointer);
  H5Aclose(attribute);
  H5Sclose(space);
  H5Tclose(type);
  EXPECT_GE(H5Fclose(file), 0);
}

TEST_F(Hdf5TrustTest, TextAttributesOfAbsurdSizeAreRefused) {
  const std::string fixed = folder.path("fixed.h5");
  make_with_note(fixed, 1234, std::string(1234, 'x'));
  EXPECT_EQ(Hdf5File::open(fixed).root().text("note"), std::string(1234, 'x'));
  // The size declared by the type, after its class and its kind of padding.
  patch(fixed, std::string("\x13\0\0\0", 4) + as_bytes(1234), std::string("\x13\0\0\0", 4) + as_bytes(2'000'000'000));
  EXPECT_THAT(message_of([&] { Hdf5File::open(fixed).root().text("note"); }), HasSubstr("fixed.h5:/: "));

  const std::string variable = folder.path("variable.h5");
  make_with_note(variable, H5T_VARIABLE, std::string(1234, 'x'));
  EXPECT_EQ(Hdf5File::open(variable).root().text("note"), std::string(1234, 'x'));
  patch(variable, as_bytes(1234) + std::string(1, '\0'), as_bytes(2'000'000'000) + std::string(1, '\0'));
  EXPECT_THAT(
      message_of([&] { Hdf5File::open(variable).root().text("note"); }),
      HasSubstr("variable.h5:/: attribute \"note\": damaged: a text of 2000000000 bytes cannot be in a file of"));
}

// libhdf5 1.10 writes behind its buffer where the heap has a longer text than the reference says.
TEST_F(Hdf5TrustTest, TextsShorterThanInTheirHeapAreCut) {
  const std::string path = folder.path("shorter.h5");
  make_with_note(path, H5T_VARIABLE, std::string(1234, 'x'));
  patch(path, as_bytes(1234) + std::string(1, '\0'), as_bytes(100) + std::string(1, '\0'));
  EXPECT_EQ(Hdf5File::open(path).root().text("note"), std::string(100, 'x'));
}

TEST_F(Hdf5TrustTest, DamagedHeapsOfTextsAreRefused) {
  const std::string path = folder.path("heap.h5");
  make_with_note(path, H5T_VARIABLE, std::string(1234, 'x'));
  patch(path, "GCOL", "GLOC");
  EXPECT_THAT(message_of([&] { Hdf5File::open(path).root().text("note"); }),
              HasSubstr("heap.h5:/: attribute \"note\": damaged: there is no heap of texts at byte "));
}

}  // namespace
}  // namespace flashrna
