// libFuzzer target: secondary structures (dot-bracket, BPSEQ, CT) with arbitrary content. The first byte selects the
// format. What is read is written in every format, and must be read back from it unchanged. Run by scripts/fuzz.sh.
#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/error.h"
#include "rna/pairs/secondary_structure_file.h"

namespace flashrna {
namespace {

using Format = SecondaryStructureFormat;

constexpr std::array<Format, 3> kFormats = {Format::kDotBracket, Format::kBpseq, Format::kCt};

void require(bool holds, const char* promise) {
  if (!holds) throw std::logic_error(promise);
}

void check_written(const SecondaryStructureRecord& record, Format format) {
  std::string text;
  try {
    text = secondary_structure_text(record, format);
  } catch (const Error&) {  // the format cannot represent it
    return;
  }
  try {
    const auto records = parse_secondary_structures(text, "written", format);
    require(records.size() == 1, "one structure is written");
    require(records[0].partner == record.partner, "pairs are kept");
    require(records[0].molecule == record.molecule, "molecules are kept");
    require(format != Format::kDotBracket || records[0].name == record.name, "the name is kept");
    if (!record.sequence.empty()) require(records[0].sequence == record.sequence, "letters are kept");
  } catch (const Error& error) {
    throw std::logic_error(std::string("what is written can be read: ") + error.what());
  }
}

void read_and_write(std::string_view input) {
  if (input.empty()) return;
  const Format format = kFormats[static_cast<unsigned char>(input[0]) % kFormats.size()];
  for (const SecondaryStructureRecord& record : parse_secondary_structures(input.substr(1), "input", format)) {
    check_partners(record.partner, record.molecule);
    require(record.molecule.size() == record.partner.size(), "every nucleotide has a molecule");
    for (const Format written : kFormats) check_written(record, written);
  }
}

}  // namespace
}  // namespace flashrna

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    flashrna::read_and_write({reinterpret_cast<const char*>(data), size});
  } catch (const flashrna::Error&) {  // rejected, as expected
  }
  return 0;
}
