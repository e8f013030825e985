// Sources of structures for a conversion: files, folders, archives, lists.
#include "datasets/source_files.h"

#include <archive.h>
#include <archive_entry.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "datasets/conversion.h"
#include "datasets/dataset_reader.h"
#include "rna/io/structure_writer.h"
#include "tests/datasets/example_structures.h"

namespace flashrna {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Member {
  std::string name, text;
};

// Writes an archive; its name determines format and compression.
void write_archive(const std::string& path, const std::vector<Member>& members, const char* password = nullptr) {
  archive* out = archive_write_new();
  if (password != nullptr) {
    archive_write_set_format_zip(out);
    ASSERT_EQ(archive_write_set_options(out, "zip:encryption=traditional"), ARCHIVE_OK);
    ASSERT_EQ(archive_write_set_passphrase(out, password), ARCHIVE_OK);
  } else if (path.ends_with(".tar.zst")) {
    archive_write_set_format_pax_restricted(out);
    ASSERT_EQ(archive_write_add_filter_zstd(out), ARCHIVE_OK) << archive_error_string(out);
  } else {
    ASSERT_EQ(archive_write_set_format_filter_by_ext(out, path.c_str()), ARCHIVE_OK) << archive_error_string(out);
  }
  ASSERT_EQ(archive_write_open_filename(out, path.c_str()), ARCHIVE_OK) << archive_error_string(out);
  for (const Member& member : members) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, member.name.c_str());
    archive_entry_set_size(entry, static_cast<la_int64_t>(member.text.size()));
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    ASSERT_EQ(archive_write_header(out, entry), ARCHIVE_OK) << archive_error_string(out);
    ASSERT_EQ(archive_write_data(out, member.text.data(), member.text.size()),
              static_cast<la_ssize_t>(member.text.size()));
    archive_entry_free(entry);
  }
  ASSERT_EQ(archive_write_close(out), ARCHIVE_OK) << archive_error_string(out);
  archive_write_free(out);
}

std::string example_cif(const std::string& entry, int length) { return to_mmcif(example_structure(entry, {length})); }

std::vector<Member> example_members() {
  return {{"set/1abc.cif", example_cif("1ABC", 12)},
          {"set/README.md", "not a structure"},
          {"set/._1abc.cif", "what a Mac leaves in archives"},
          {"set/2abc.pdb", to_pdb(example_structure("2ABC", {21, 9}))},
          {"set/cut.cif", example_cif("3ABC", 12).substr(0, 100)}};
}

std::vector<std::string> names_of(SourceFiles& sources) {
  std::vector<std::string> names;
  while (const auto source = sources.next()) names.push_back(source->name);
  return names;
}

class SourceFilesTest : public ::testing::Test {
 protected:
  std::vector<std::string> names(const std::vector<std::string>& inputs, const std::string& list = "") const {
    std::istringstream stream(list);
    SourceFiles sources(inputs, kMaxUnpackedBytes, stream);
    return names_of(sources);
  }
  TemporaryFolder folder;
};

class ArchiveKinds : public SourceFilesTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(ArchiveKinds, GiveTheSameChainsAsTheUnpackedFolder) {
  for (const Member& member : example_members()) folder.write(member.name, member.text);
  const std::string archive_path = folder.path(GetParam());
  write_archive(archive_path, example_members());
  const ConversionResult unpacked = convert_structures({folder.path("set")}, folder.path("unpacked.h5"));
  const ConversionResult packed = convert_structures({archive_path}, folder.path("packed.h5"));
  EXPECT_EQ(packed.files, unpacked.files);
  EXPECT_EQ(packed.chains, 3u);
  EXPECT_EQ(packed.unreadable_files, 1u);
  EXPECT_EQ(packed.skipped_files, 1u);
  const DatasetReader expected(folder.path("unpacked.h5"));
  const DatasetReader got(folder.path("packed.h5"));
  ASSERT_EQ(got.chains().size(), expected.chains().size());
  for (std::size_t i = 0; i < expected.chains().size(); ++i) {
    EXPECT_EQ(got.chains()[i].id, expected.chains()[i].id);
    EXPECT_EQ(got.chains()[i].source_file, std::string(GetParam()) + "/" + expected.chains()[i].source_file);
    EXPECT_EQ(got.chains()[i].source_sha256, expected.chains()[i].source_sha256);
    EXPECT_EQ(got.read_chain(i).atom_positions, expected.read_chain(i).atom_positions);
  }
  EXPECT_EQ(got.read_rejected()[0].source, std::string(GetParam()) + "/set/cut.cif");
}

INSTANTIATE_TEST_SUITE_P(All, ArchiveKinds,
                         ::testing::Values("set.zip", "set.tar", "set.tar.gz", "set.tar.xz", "set.tar.zst"),
                         [](const auto& kind) {
                           std::string name = std::string(kind.param).substr(4);
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

TEST_F(SourceFilesTest, AListOnStandardInputIsReadLineByLine) {
  const std::string one = folder.write("b/1abc.cif", "x");
  const std::string two = folder.write("a/2abc.cif.gz", "x");
  folder.write("c/3abc.pdb", "x");
  EXPECT_THAT(names({"-"}, one + "\n\n" + two + "\r\n" + folder.path("c") + "\n" + one),
              ElementsAre("1abc.cif", "2abc.cif.gz", "c/3abc.pdb"));
  EXPECT_THAT(message_of([&] { names({"-"}, "\n"); }), HasSubstr("standard input names no file"));
  EXPECT_THAT(message_of([&] { names({"-", "-"}, one); }), HasSubstr("given twice"));
  EXPECT_THAT(message_of([&] { names({"-"}, one + "\nmissing.cif\n"); }), HasSubstr("missing.cif: no such file"));
}

TEST_F(SourceFilesTest, LinksInAFolderAreFollowedOnceOrNamed) {
  folder.write("elsewhere/deep/2abc.cif", "x");
  folder.write("set/1abc.cif", "x");
  fs::create_directory_symlink(folder.path("elsewhere"), folder.path("set/linked"));
  fs::create_directory_symlink(folder.path("set"), folder.path("elsewhere/deep/back"));
  fs::create_symlink(folder.path("set/1abc.cif"), folder.path("set/again.cif"));
  fs::create_symlink("nothing.cif", folder.path("set/lost.cif"));
  fs::create_symlink("nothing.txt", folder.path("set/notes.txt"));
  fs::create_symlink("gone", folder.path("set/latest"));
  fs::create_symlink("itself.cif", folder.path("set/itself.cif"));
  SourceFiles sources({folder.path("set")}, kMaxUnpackedBytes);
  std::vector<std::string> found, errors;
  while (const auto source = sources.next()) {
    if (source->error.empty()) found.push_back(source->name);
    if (!source->error.empty()) errors.push_back(source->error);
  }
  EXPECT_THAT(found, ElementsAre("set/1abc.cif", "set/linked/deep/2abc.cif"));
  EXPECT_THAT(
      errors,
      ElementsAre("set/itself.cif: is a link to itself.cif, which cannot be read: Too many levels of symbolic links",
                  "set/latest: is a link to gone, which cannot be read: No such file or directory",
                  "set/lost.cif: is a link to nothing.cif, which cannot be read: No such file or directory"));
  EXPECT_EQ(sources.skipped(), 1u);
  EXPECT_EQ(sources.first_skipped(), "set/notes.txt");
}

TEST_F(SourceFilesTest, AFileThatIsNamedIsToldFromOneInAFolder) {
  const std::string one = folder.write("set/1abc.cif", "x");
  SourceFiles named({one}, kMaxUnpackedBytes), in_folder({folder.path("set")}, kMaxUnpackedBytes);
  SourceFiles both({folder.path("set"), one}, kMaxUnpackedBytes);
  EXPECT_TRUE(both.next()->is_named);
  EXPECT_FALSE(both.next());
  EXPECT_TRUE(named.next()->is_named);
  EXPECT_FALSE(in_folder.next()->is_named);
}

TEST_F(SourceFilesTest, AListMayBeginWithAByteOrderMark) {
  EXPECT_THAT(names({"-"}, "\xEF\xBB\xBF" + folder.write("1abc.cif", "x") + "\r\n"), ElementsAre("1abc.cif"));
}

TEST_F(SourceFilesTest, AnArchiveInAFolderIsRead) {
  fs::create_directory(folder.path("download"));
  write_archive(folder.path("download/b.zip"), {{"1abc.cif", "x"}, {"./deep/2abc.pdb", "x"}});
  folder.write("download/a.cif", "x");
  folder.write("download/notes.txt", "x");
  SourceFiles sources({folder.path("download")}, kMaxUnpackedBytes);
  EXPECT_THAT(names_of(sources),
              ElementsAre("download/a.cif", "download/b.zip/1abc.cif", "download/b.zip/deep/2abc.pdb"));
  EXPECT_EQ(sources.skipped(), 1u);
  EXPECT_EQ(sources.first_skipped(), "download/notes.txt");
  EXPECT_EQ(sources.bytes_done(), sources.bytes());
}

TEST_F(SourceFilesTest, ACutArchiveGivesWhatIsWholeAndNamesTheLoss) {
  std::vector<Member> members;
  for (int i = 0; i < 40; ++i) {
    members.push_back({fmt::format("{}abc.cif", 100 + i), example_cif(fmt::format("E{}", i), 60 + i)});
  }
  for (const char* name : {"cut.tar.gz", "cut.tar"}) {
    write_archive(folder.path(name), members);
    fs::resize_file(folder.path(name), fs::file_size(folder.path(name)) / 2);
    const ConversionResult result = convert_structures({folder.path(name)}, folder.path("out.h5"), {.overwrite = true});
    EXPECT_GT(result.chains, 5u) << name;
    EXPECT_LT(result.chains, 40u) << name;
    EXPECT_GE(result.unreadable_files, 1u) << name;
    const std::vector<RejectedRecord> rejected = DatasetReader(folder.path("out.h5")).read_rejected();
    ASSERT_FALSE(rejected.empty());
    EXPECT_THAT(rejected.back().detail, ::testing::StartsWith(name)) << "by its own name, whatever folder it is in";
    EXPECT_EQ(rejected.back().detail.find(folder.path()), std::string::npos);
    EXPECT_THAT(message_of([&] {
                  convert_structures({folder.path(name)}, folder.path("out.h5"), {.strict = true, .overwrite = true});
                }),
                HasSubstr("--strict"));
  }
}

TEST_F(SourceFilesTest, WhatIsNoArchiveOrHoldsNoStructureIsSaid) {
  const std::string fake = folder.write("fake.zip", "this is no archive");
  EXPECT_THAT(message_of([&] { convert_structures({fake}, folder.path("out.h5")); }),
              AllOf(HasSubstr("no RNA chain found"), HasSubstr("fake.zip")));
  write_archive(folder.path("texts.zip"), {{"a.txt", "x"}});
  EXPECT_THAT(message_of([&] { convert_structures({folder.path("texts.zip")}, folder.path("out.h5")); }),
              HasSubstr("texts.zip: no structure file in this archive"));
  EXPECT_FALSE(fs::exists(folder.path("out.h5")));
}

TEST_F(SourceFilesTest, AnEncryptedMemberIsRejectedByName) {
  write_archive(folder.path("secret.zip"), {{"1abc.cif", example_cif("1ABC", 12)}}, "password");
  EXPECT_THAT(message_of([&] { convert_structures({folder.path("secret.zip")}, folder.path("out.h5")); }),
              AllOf(HasSubstr("secret.zip/1abc.cif"), HasSubstr("encrypted")));
}

TEST_F(SourceFilesTest, ADecompressionBombIsRefusedAndTheRestIsRead) {
  const std::string zeros(40 << 20, '\n');
  for (const char* name : {"bomb.zip", "bomb.tar.xz"}) {
    write_archive(folder.path(name), {{"bomb.cif", zeros}, {"1abc.cif", example_cif("1ABC", 12)}});
    ASSERT_LT(fs::file_size(folder.path(name)), 1u << 20);
    const ConversionResult result =
        convert_structures({folder.path(name)}, folder.path("out.h5"), {.max_bytes = 8 << 20, .overwrite = true});
    EXPECT_EQ(result.chains, 1u);
    const RejectedRecord rejected = DatasetReader(folder.path("out.h5")).read_rejected().at(0);
    EXPECT_THAT(rejected.detail, AllOf(HasSubstr("bomb.cif"), HasSubstr("8 MiB"), HasSubstr("--max-unpacked")));
  }
}

TEST(SourceNameTest, AnInputIsNamedByItsLastComponent) {
  EXPECT_EQ(input_name("data/pdbs"), "pdbs");
  EXPECT_EQ(input_name("data/pdbs//"), "pdbs");
  EXPECT_EQ(input_name("data/x/../pdbs"), "pdbs");
  EXPECT_EQ(input_name("."), fs::current_path().filename().string());
}

}  // namespace
}  // namespace flashrna
