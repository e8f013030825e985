// Compares base pairs from two atoms per nucleotide with those of an annotator that uses whole bases
// (golden/base_pairs.csv: all classes of pairs; only the canonical ones count here, cis Watson-Crick of A-U, G-C and
// G-U), and those that `convert` stores, which it finds by whole bases.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <iostream>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "datasets/archive_reader.h"
#include "datasets/chain_pairs.h"
#include "datasets/chain_rows.h"
#include "datasets/conversion.h"
#include "datasets/dataset_reader.h"
#include "rna/io/structure_reader.h"
#include "rna/pairs/base_pairs.h"
#include "tests/datasets/example_structures.h"
#include "tests/support/csv_table.h"
#include "tests/support/golden_file.h"
#include "tests/support/shared_data.h"

namespace flashrna {
namespace {

using Residue = std::tuple<std::string, int, char>;  // author's chain, number, insertion code

struct AnnotatedPair {
  Residue first, second;
  std::string leontis_westhof;
};

Residue residue_of(const CsvRow& row, const std::string& which) {
  const std::string& code = row.text("icode" + which);
  return {row.text("chain" + which), static_cast<int>(row.number("number" + which)), code.empty() ? ' ' : code[0]};
}

// By file.
std::map<std::string, std::vector<AnnotatedPair>> annotated_pairs() {
  std::map<std::string, std::vector<AnnotatedPair>> files;
  for (const CsvRow& row : read_csv(golden_path("base_pairs.csv"))) {
    files[row.text("file")].push_back({residue_of(row, "1"), residue_of(row, "2"), row.text("leontis_westhof")});
  }
  return files;
}

bool canonical(Base a, Base b) {
  const std::set<Base> bases{a, b};
  return bases == std::set{Base::A, Base::U} || bases == std::set{Base::C, Base::G} ||
         bases == std::set{Base::G, Base::U};
}

struct Agreement {
  int annotated = 0, found = 0, both = 0;
  int unmatched = 0;  // annotated pairs with nucleotides that the reader does not keep

  double recall() const { return static_cast<double>(both) / annotated; }
  double precision() const { return static_cast<double>(both) / found; }
  std::string text() const {
    return fmt::format("{:5} {:5} {:5}   {:.3f}   {:.3f}", annotated, found, both, recall(), precision());
  }
};

// All nucleotides, chain after chain.
std::vector<Nucleotide> joined(const Structure& structure) {
  std::vector<Nucleotide> nucleotides;
  for (std::size_t c = 0; c < structure.chains.size(); ++c) {
    for (Nucleotide nucleotide : structure.chains[c].nucleotides) {
      nucleotide.chain_in_structure = static_cast<int>(c);
      nucleotides.push_back(std::move(nucleotide));
    }
  }
  return nucleotides;
}

// `partner`: by position among all nucleotides.
Agreement compare(const Structure& structure, const std::vector<AnnotatedPair>& annotated,
                  const std::vector<int>& partner) {
  const std::vector<Nucleotide> nucleotides = joined(structure);
  std::map<Residue, int> index;
  for (std::size_t i = 0; i < nucleotides.size(); ++i) {
    const Nucleotide& nucleotide = nucleotides[i];
    const std::string& chain = structure.chains[static_cast<std::size_t>(nucleotide.chain_in_structure)].id;
    index[{chain, nucleotide.seq_id, nucleotide.insertion_code}] = static_cast<int>(i);
  }
  Agreement agreement;
  std::set<std::pair<int, int>> theirs;
  for (const AnnotatedPair& pair : annotated) {
    const auto i = index.find(pair.first), j = index.find(pair.second);
    if (pair.leontis_westhof != "cWW") continue;
    if (i == index.end() || j == index.end()) {
      ++agreement.unmatched;
    } else if (canonical(nucleotides[i->second].base, nucleotides[j->second].base)) {
      theirs.insert(std::minmax({i->second, j->second}));
    }
  }
  agreement.annotated = static_cast<int>(theirs.size());
  for (int i = 0; i < static_cast<int>(partner.size()); ++i) {
    if (partner[i] < i) continue;
    ++agreement.found;
    agreement.both += theirs.contains({i, partner[i]});
  }
  return agreement;
}

std::string stem_of(const std::string& name) { return name.substr(name.rfind('/') + 1); }

// Calls `use` with each annotated file of the archive.
template <typename Use>
void for_each_file(const std::string& archive_path, const Use& use) {
  const auto annotated = annotated_pairs();
  ArchiveReader archive(archive_path, kMaxUnpackedBytes);
  while (const auto member = archive.next([&](const std::string& name) { return annotated.contains(stem_of(name)); })) {
    if (!annotated.contains(stem_of(member->name))) continue;
    ASSERT_TRUE(member->error.empty()) << member->name << ": " << member->error;
    use(stem_of(member->name), member->bytes);
  }
}

// Prints each file's result and returns their sum.
Agreement sum_of(const std::map<std::string, Agreement>& files) {
  Agreement all;
  std::cout << "  annotated, found, both, recall, precision\n";
  for (const auto& [file, pairs] : annotated_pairs()) {
    EXPECT_TRUE(files.contains(file)) << "not in the archive: " << file;
    if (!files.contains(file)) continue;
    const Agreement& agreement = files.at(file);
    std::cout << fmt::format("  {:20} {}\n", file, agreement.text());
    all.annotated += agreement.annotated;
    all.found += agreement.found;
    all.both += agreement.both;
    all.unmatched += agreement.unmatched;
  }
  std::cout << fmt::format("  {:20} {}\n", fmt::format("all {} files", files.size()), all.text());
  std::cout << fmt::format("  {} more are annotated of nucleotides that are not read\n", all.unmatched);
  return all;
}

TEST(BasePairsGolden, CanonicalPairsOfRealStructuresAreFoundAndFewOthers) {
  FLASHRNA_REQUIRE_SHARED(path, "structures/train.tar.xz");
  const auto annotated = annotated_pairs();
  std::map<std::string, Agreement> files;
  for_each_file(path, [&](const std::string& name, const std::string& bytes) {
    const Structure structure = read_structure_from_memory(bytes, name);
    files[name] = compare(structure, annotated.at(name), find_base_pairs(joined(structure)));
  });
  const Agreement all = sum_of(files);
  EXPECT_GE(all.recall(), 0.92);
  EXPECT_GE(all.precision(), 0.97);
}

TEST(BasePairsGolden, StoredPairsAreMoreOfThemAndFewerOthers) {
  FLASHRNA_REQUIRE_SHARED(path, "structures/train.tar.xz");
  const auto annotated = annotated_pairs();
  const TemporaryFolder folder;
  for_each_file(path,
                [&](const std::string& name, const std::string& bytes) { folder.write("structures/" + name, bytes); });
  ConversionOptions options;
  options.unit = EntryUnit::kAssembly;  // with the pairs between chains
  convert_structures({folder.path("structures")}, folder.path("assemblies.h5"), options);
  const DatasetReader reader(folder.path("assemblies.h5"));
  EXPECT_EQ(reader.pair_rule(), kWholeBasePairRule);
  std::map<std::string, Agreement> files;
  for (std::size_t i = 0; i < reader.chains().size(); ++i) {
    const ChainRows rows = reader.read_rows(i);
    const Structure structure = structure_of(reader.chains()[i], rows);
    const std::string name = stem_of(reader.chains()[i].source_file);
    files[name] = compare(structure, annotated.at(name), {rows.partner.begin(), rows.partner.end()});
  }
  const Agreement all = sum_of(files);
  EXPECT_GE(all.recall(), 0.98);
  EXPECT_GE(all.precision(), 0.98);
}

// By construction, nucleotide i of chain A, numbered from 1, is opposite nucleotide 19 - i of chain B.
TEST(BasePairsGolden, AllPairsOfAnIdealDuplexAreFoundAndStoredAndNoOthers) {
  std::vector<AnnotatedPair> annotated;
  for (int i = 1; i <= 8; ++i) annotated.push_back({{"A", i, ' '}, {"B", 19 - i, ' '}, "cWW"});
  const auto expect_all = [&](const Structure& structure, const std::vector<int>& partner) {
    const Agreement agreement = compare(structure, annotated, partner);
    EXPECT_EQ(agreement.annotated, 8);
    EXPECT_EQ(agreement.found, 8);
    EXPECT_EQ(agreement.both, 8);
  };
  const std::string path = small_structure("duplex.pdb");
  const Structure structure = read_structure(path);
  expect_all(structure, find_base_pairs(joined(structure)));
  const TemporaryFolder folder;
  ConversionOptions options;
  options.unit = EntryUnit::kAssembly;
  convert_structures({path}, folder.path("assembly.h5"), options);
  const DatasetReader reader(folder.path("assembly.h5"));
  EXPECT_EQ(reader.pair_rule(), kWholeBasePairRule);
  ASSERT_EQ(reader.chains().size(), 1u);
  const ChainRows rows = reader.read_rows(0);
  expect_all(structure_of(reader.chains()[0], rows), {rows.partner.begin(), rows.partner.end()});
}

}  // namespace
}  // namespace flashrna
