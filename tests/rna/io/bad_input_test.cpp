// Invalid input that a user may give, each with its message.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <zlib.h>

#include "base/error.h"
#include "base/gzip.h"
#include "rna/io/structure_reader.h"
#include "rna/io/structure_writer.h"
#include "tests/rna/synthetic_chain.h"
#include "tests/support/error_message.h"
#include "tests/support/temporary_folder.h"

namespace flashrna {
namespace {

std::string message_of_reading(const std::string& path, const ReadOptions& options = {}) {
  return message_of([&] { read_structure(path, options); });
}

Structure example() {
  Structure structure;
  structure.entry = "example";
  structure.chains = {synthetic_chain("A", "GACUGGCA")};
  return structure;
}

std::string gzipped(const std::string& text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string bytes(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_out = static_cast<uInt>(bytes.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  bytes.resize(stream.total_out);
  deflateEnd(&stream);
  return bytes;
}

// `megabytes` MiB of one letter, gzipped block by block.
std::string bomb(int megabytes) {
  const std::string block(1 << 20, 'A');
  std::string bytes(1 << 20, '\0');
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_out = static_cast<uInt>(bytes.size());
  for (int i = 0; i < megabytes; ++i) {
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(block.data()));
    stream.avail_in = static_cast<uInt>(block.size());
    const bool is_last = i + 1 == megabytes;
    EXPECT_EQ(deflate(&stream, is_last ? Z_FINISH : Z_NO_FLUSH), is_last ? Z_STREAM_END : Z_OK);
  }
  bytes.resize(stream.total_out);
  deflateEnd(&stream);
  return bytes;
}

long peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

class BadInput : public testing::Test {
 protected:
  TemporaryFolder folder_;

  void expect_message(const std::string& file, const std::string& bytes, const std::string& expected) {
    const std::string path = folder_.write(file, bytes);
    EXPECT_EQ(message_of_reading(path), path + expected);
  }
};

TEST_F(BadInput, MissingFile) {
  const std::string path = folder_.path("absent.cif");
  EXPECT_EQ(message_of_reading(path), path + ": no such file");
}

TEST_F(BadInput, FolderInPlaceOfAFile) {
  const std::string path = folder_.path("folder.cif");
  std::filesystem::create_directory(path);
  EXPECT_EQ(message_of_reading(path), path + ": is a directory, not a structure file");
}

TEST_F(BadInput, EmptyFile) {
  for (const char* file : {"empty.pdb", "empty.cif", "empty.cif.gz"}) expect_message(file, "", ": the file is empty");
  expect_message("blank.pdb", "\n \n", ": the file is empty");
  for (const char* file : {"mark.pdb", "mark.cif"}) expect_message(file, "\xef\xbb\xbf\n", ": the file is empty");
}

TEST_F(BadInput, UnknownEnding) {
  expect_message(
      "structure.txt", to_pdb(example()),
      ": not the name of a structure file; it must end in .pdb, .ent, .cif, .mmcif or .bcif, each also with .gz");
}

TEST_F(BadInput, TextNamedCif) {
  const std::string path = folder_.write("notes.cif", "Dear colleague,\nplease find attached\n");
  EXPECT_EQ(
      message_of_reading(path),
      path +
          ": not a readable mmCIF file: line 1:1: expected block header (data_); correct it there or fetch it again");
}

TEST_F(BadInput, TextNamedPdb) {
  expect_message("notes.pdb", "Dear colleague,\nplease find attached\n",
                 ": no atoms in it; expected ATOM or HETATM records");
}

TEST_F(BadInput, FormatsInterchanged) {
  expect_message("mmcif.pdb", to_mmcif(example()),
                 ": holds mmCIF text under a name of the PDB format; rename it so that it ends in .cif");
  expect_message("pdb.cif", to_pdb(example()),
                 ": holds PDB text under a name of the mmCIF format; rename it so that it ends in .pdb");
}

TEST_F(BadInput, MmcifOfCommentsOnly) {
  expect_message("comments.cif", "# nothing else\n", ": no data block in it, only comments; expected data_");
}

TEST_F(BadInput, MmcifWithoutAtoms) {
  expect_message("dictionary.cif", "data_x\n_cell.length_a 1\n", ": no atoms in it; expected an _atom_site loop");
}

TEST_F(BadInput, MmcifWithoutANeededColumnNamesIt) {
  expect_message(
      "narrow.cif",
      "data_x\nloop_\n_atom_site.id\n_atom_site.Cartn_x\n_atom_site.Cartn_y\n_atom_site.Cartn_z\n1 1.0 2.0 3.0\n",
      ": its _atom_site loop has neither label_comp_id nor auth_comp_id; add one of them");
}

TEST_F(BadInput, WholeNumbersThatNoIntHoldsAreNamed) {
  std::string text = to_mmcif(example());
  text.replace(text.find("ATOM   1 "), 9, "ATOM 2999999999 ");
  expect_message("serial.cif", text, ": _atom_site.id is 2999999999; a whole number has at most 9 digits there");
}

TEST_F(BadInput, AFaultInACategoryThatIsNotUsedDoesNotMatter) {
  const std::string text = to_mmcif(example()) +
                           "_struct_conf.conf_type_id HELX_P\n_struct_conf.beg_auth_asym_id A\n"
                           "_struct_conf.beg_label_comp_id G\n_struct_conf.beg_auth_seq_id one\n"
                           "_struct_conf.end_auth_asym_id A\n_struct_conf.end_label_comp_id G\n"
                           "_struct_conf.end_auth_seq_id 99999999999\n";
  EXPECT_EQ(read_structure(folder_.write("helix.cif", text)).chains.at(0).sequence(), "GACUGGCA");
}

TEST_F(BadInput, ZeroBytesInAPdbAreNamed) {
  std::string text = to_pdb(example());
  text.insert(text.find("ATOM"), 1, '\0');
  expect_message("zeros.pdb", text, ": damaged: a zero byte in line 2; fetch the file again");
}

TEST_F(BadInput, AFaultInAPdbRecordThatIsNotUsedDoesNotMatter) {
  const std::string distance = "LINK         O3'   G A   1                 P     A A   2     1555   1555  ";
  const std::string text = distance + "inf\nANISOU\nCRYST1\nSSBOND\nHELIX\nREMARK 350\n" + to_pdb(example());
  EXPECT_EQ(read_structure(folder_.write("link.pdb", text)).chains.at(0).sequence(), "GACUGGCA");
}

TEST_F(BadInput, ModelsNeedNoNumbersOfTheirOwn) {
  const std::string atoms = to_pdb(example()).substr(0, to_pdb(example()).rfind("END"));
  const std::string path = folder_.write("models.pdb", "MODEL 1\n" + atoms + "ENDMDL\nMODEL 1\n" + atoms + "ENDMDL\n");
  EXPECT_EQ(read_structure(path, {.model = 2}).chains.at(0).sequence(), "GACUGGCA");
  EXPECT_EQ(message_of_reading(path, {.model = 3}), path + ": no model 3; the file has 2, counted from 1");
}

TEST_F(BadInput, ModelThatIsNotThere) {
  const std::string path = folder_.write("one.cif", to_mmcif(example()));
  EXPECT_EQ(message_of_reading(path, {.model = 2}), path + ": no model 2; the file has 1, counted from 1");
  EXPECT_EQ(message_of_reading(path, {.model = 0}), path + ": no model 0; the file has 1, counted from 1");
}

TEST_F(BadInput, GzipCutAnywhereIsNoticed) {
  const std::string bytes = gzipped(to_mmcif(example()));
  for (std::size_t length : {std::size_t{2}, std::size_t{10}, bytes.size() / 2, bytes.size() - 8, bytes.size() - 1}) {
    const std::string path = folder_.write("cut.cif.gz", bytes.substr(0, length));
    EXPECT_EQ(message_of_reading(path), path + ": the gzip stream is cut off after " + std::to_string(length) +
                                            " of its bytes; fetch the file again");
  }
}

TEST_F(BadInput, GzipWithAChangedByteIsNoticed) {
  std::string bytes = gzipped(to_mmcif(example()));
  bytes[bytes.size() - 6] = static_cast<char>(bytes[bytes.size() - 6] ^ 0x40);  // a byte of the checksum
  const std::string path = folder_.write("changed.cif.gz", bytes);
  EXPECT_EQ(message_of_reading(path), path + ": damaged gzip stream (incorrect data check); fetch the file again");
}

TEST_F(BadInput, PlainTextNamedGzip) {
  const std::string path = folder_.write("plain.cif.gz", to_mmcif(example()));
  EXPECT_EQ(message_of_reading(path), path + ": not a gzip file");
}

TEST_F(BadInput, WholeGzipIsRead) {
  const std::string text = to_mmcif(example());
  const std::string path = folder_.write("whole.cif.gz", gzipped(text));
  EXPECT_EQ(read_structure(path).chains.at(0).sequence(), "GACUGGCA");
  // Members may be concatenated, as by pigz or cat.
  EXPECT_EQ(gunzip(gzipped(text.substr(0, 500)) + gzipped(text.substr(500)), "members"), text);
}

TEST_F(BadInput, ADecompressionBombIsRefusedWithoutUnpackingIt) {
  const std::string path = folder_.write("bomb.cif.gz", bomb(160));
  ASSERT_LT(std::filesystem::file_size(path), 1u << 20);
  const long before = peak_megabytes();
  const std::string advice =
      ", the limit for one file; if it is no decompression bomb, raise it with --max-unpacked MIB";
  EXPECT_EQ(message_of_reading(path, {.max_bytes = 8 << 20}), path + ": unpacks to more than 8 MiB" + advice);
  EXPECT_EQ(message_of_reading(path, {.max_bytes = 5'000'000}), path + ": unpacks to more than 5000000 bytes" + advice);
  EXPECT_LT(peak_megabytes() - before, 80);
}

TEST_F(BadInput, TheLimitOfUnpackedBytesIsExact) {
  const std::string text = to_mmcif(example());
  const std::string packed = gzipped(text);
  const std::string two = gzipped(text.substr(0, 70)) + gzipped(text.substr(70));
  EXPECT_EQ(gunzip(packed, "whole", text.size()), text);
  EXPECT_EQ(gunzip(two, "two members", text.size()), text);
  EXPECT_THROW(gunzip(packed, "whole", text.size() - 1), Error);
  EXPECT_THROW(gunzip(two, "two members", text.size() - 1), Error);
  EXPECT_THROW(gunzip(packed, "nothing", 0), Error);
  EXPECT_EQ(gunzip(gzipped(""), "empty", 0), "");
  EXPECT_THROW(gunzip(packed.substr(0, packed.size() - 9), "cut at the limit", text.size()), Error);
  EXPECT_EQ(ReadOptions().max_bytes, std::uint64_t{1} << 30);
}

TEST_F(BadInput, APlainFileBeyondTheLimitIsRefused) {
  const std::string text = to_mmcif(example());
  const std::string path = folder_.write("large.cif", text);
  EXPECT_EQ(read_structure(path, {.max_bytes = text.size()}).chains.size(), 1u);
  const std::string expected =
      ": has more than 1000 bytes, the limit for one file; if it is no decompression bomb, "
      "raise it with --max-unpacked MIB";
  EXPECT_EQ(message_of_reading(path, {.max_bytes = 1000}), path + expected);
  EXPECT_EQ(message_of([&] { read_structure_from_memory(text, "memory.cif", {.max_bytes = 1000}); }),
            "memory.cif" + expected);
}

TEST_F(BadInput, PdbCutInMidLineIsNoticedWhereverItIsCut) {
  const std::string text = to_pdb(example());
  const std::size_t last_atom = text.rfind("ATOM");
  const std::size_t line =
      static_cast<std::size_t>(std::count(text.begin(), text.begin() + static_cast<long>(last_atom), '\n')) + 1;
  for (std::size_t columns = 1; columns < 66; ++columns) {
    const std::string path = folder_.write("cut.pdb", text.substr(0, last_atom + columns));
    EXPECT_EQ(message_of_reading(path), path + ": the file is cut off at line " + std::to_string(line) + ": \"" +
                                            text.substr(last_atom, columns) + "\"; fetch it again");
  }
}

TEST_F(BadInput, ShortAtomRecordInsideAPdbIsNamed) {
  const std::string path = folder_.write("short.pdb", "ATOM      1  P     G A   1      10.0\nEND\n");
  EXPECT_EQ(message_of_reading(path),
            path + ": the ATOM   record is cut off at line 1: 36 columns, its coordinates end in column 54");
}

TEST_F(BadInput, MmcifCutInsideAnAtomIsNoticed) {
  const std::string text = to_mmcif(example());
  const std::string path = folder_.write("cut.cif", text.substr(0, text.size() - 40));
  const std::string message = message_of_reading(path);
  EXPECT_TRUE(message.starts_with(path + ": not a readable mmCIF file: line ")) << message;
  // The words of gemmi up to 0.6, and of 0.7.
  EXPECT_TRUE(message.find("Wrong number of values in the loop") != std::string::npos ||
              message.find("Wrong number of values in loop _atom_site.") != std::string::npos)
      << message;
}

}  // namespace
}  // namespace flashrna
