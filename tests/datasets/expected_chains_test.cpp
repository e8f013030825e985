// Compares every chain of the real structures with expected_chains.csv, which an independent script produced with
// another parser. tests/data/expected_chain_differences.csv lists each difference, which value is correct, and why.
// Every difference must be listed, and every listed difference must occur.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>

#include "base/error.h"
#include "rna/io/structure_reader.h"
#include "tests/datasets/example_structures.h"
#include "tests/datasets/real_files.h"
#include "tests/rna/modified_names.h"
#include "tests/support/shared_data.h"

namespace flashrna {
namespace {

struct ExpectedChain {
  int models, rna_nt, dna_nt, with_frame, modified, breaks;
  std::string modified_names, sequence;
};

using ExpectedChains = std::map<std::string, ExpectedChain>;  // by chain

std::vector<std::string> cells_of(std::string line, std::size_t n_cells) {
  if (line.ends_with('\r')) line.pop_back();
  std::vector<std::string> cells;
  std::stringstream stream(line);
  std::string cell;
  while (cells.size() + 1 < n_cells && std::getline(stream, cell, ',')) cells.push_back(cell);
  cells.resize(n_cells);
  std::getline(stream, cells.back());  // the last cell may contain commas
  return cells;
}

std::map<std::string, ExpectedChains> read_expected(const std::string& path) {
  std::map<std::string, ExpectedChains> files;
  std::ifstream csv(path);
  std::string line;
  std::getline(csv, line);
  EXPECT_EQ(line.substr(0, line.find('\r')),
            "file,models,chain,rna_nt,dna_nt,with_frame,modified,modified_names,breaks,sequence");
  while (std::getline(csv, line)) {
    const std::vector<std::string> c = cells_of(line, 10);
    files[c[0]][c[2]] = {std::stoi(c[1]),
                         std::stoi(c[3]),
                         std::stoi(c[4]),
                         std::stoi(c[5]),
                         std::stoi(c[6]),
                         std::stoi(c[8]),
                         c[7],
                         c[9]};
  }
  return files;
}

// One cell with different values. A chain found by only one parser differs in the column "chain".
struct Difference {
  std::string file, chain, column, ours, theirs;

  auto operator<=>(const Difference&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Difference& d) {
  return out << d.file << "," << d.chain << "," << d.column << "," << d.ours << "," << d.theirs;
}

using Differences = std::map<Difference, std::string>;  // difference -> reason

Differences read_listed(const std::string& path) {
  Differences listed;
  std::ifstream csv(path);
  std::string line;
  std::getline(csv, line);
  EXPECT_EQ(line, "file,chain,column,ours,theirs,reason");
  while (std::getline(csv, line)) {
    const std::vector<std::string> c = cells_of(line, 6);
    const bool is_new = listed.emplace(Difference{c[0], c[1], c[2], c[3], c[4]}, c[5]).second;
    EXPECT_TRUE(is_new && !c[5].empty()) << "listed twice or without a reason: " << line;
  }
  return listed;
}

std::string without_dna(const std::string& sequence) {
  std::string rna;
  std::copy_if(sequence.begin(), sequence.end(), std::back_inserter(rna), [](char letter) { return letter < 'a'; });
  return rna;
}

// Whether `ours`, which lacks residues without a frame, is a subsequence of `theirs`. N matches any letter.
bool is_subsequence(const std::string& ours, const std::string& theirs) {
  std::size_t next = 0;
  for (const char letter : theirs) {
    if (next < ours.size() && (letter == 'N' || letter == ours[next])) ++next;
  }
  return next == ours.size();
}

class ChainComparison {
 public:
  ChainComparison(const std::string& file, const Chain& ours, const ExpectedChain& theirs, std::set<Difference>& found)
      : file_(file), ours_(ours), found_(found) {
    const int with_frame = static_cast<int>(ours.nucleotides.size());
    compare("rna_nt", with_frame + ours.n_without_frame, theirs.rna_nt);
    compare("dna", ours.molecule_kind == "DNA/RNA hybrid", theirs.dna_nt > 0);
    compare("with_frame", with_frame, theirs.with_frame);
    compare("modified", ours.n_modified, theirs.modified);
    compare("modified_names", modified_names(ours), theirs.modified_names);
    compare("breaks", ours.n_breaks(), theirs.breaks);
    const std::string rna = without_dna(theirs.sequence);
    if (with_frame + ours.n_without_frame != static_cast<int>(rna.size()) || !is_subsequence(ours.sequence(), rna)) {
      compare("sequence", ours.sequence(), rna);
    }
  }

 private:
  void compare(const char* column, int ours, int theirs) {
    compare(column, std::to_string(ours), std::to_string(theirs));
  }
  void compare(const char* column, const std::string& ours, const std::string& theirs) {
    if (ours != theirs) found_.insert({file_, ours_.id, column, ours, theirs});
  }

  const std::string& file_;
  const Chain& ours_;
  std::set<Difference>& found_;
};

void compare_file(const std::string& file, const Structure& structure, ExpectedChains expected,
                  std::set<Difference>& found) {
  for (const Chain& chain : structure.chains) {
    const auto theirs = expected.find(chain.id);
    if (theirs == expected.end()) {
      found.insert({file, chain.id, "chain", std::to_string(chain.nucleotides.size()) + " nt", "none"});
    } else {
      ChainComparison(file, chain, theirs->second, found);
      expected.erase(theirs);
    }
  }
  for (const auto& [id, theirs] : expected) {
    found.insert({file, id, "chain", "none", std::to_string(theirs.with_frame) + " nt"});
  }
}

bool has_model(const std::string& file, const std::string& bytes, int model) {
  try {
    return !read_structure_from_memory(bytes, file, {.model = model}).chains.empty();
  } catch (const Error&) {
    return false;
  }
}

TEST(ExpectedChains, EveryChainAgreesWithTheIndependentTableButForTheListedDifferences) {
  FLASHRNA_REQUIRE_SHARED(folder, "structures");
  const auto expected = read_expected(folder + "/expected_chains.csv");
  std::set<Difference> found;
  std::set<std::string> seen;
  int n_chains = 0;
  for_each_real_file(folder, [&](const std::string& file, const std::string& bytes) {
    SCOPED_TRACE(file);
    const Structure structure = read_structure_from_memory(bytes, file);
    n_chains += static_cast<int>(structure.chains.size());
    const auto chains = expected.find(file);
    compare_file(file, structure, chains == expected.end() ? ExpectedChains() : chains->second, found);
    const int models = chains == expected.end() ? 1 : chains->second.begin()->second.models;
    if (models > 1) {
      EXPECT_TRUE(has_model(file, bytes, models));
      EXPECT_FALSE(has_model(file, bytes, models + 1));
    }
    seen.insert(file);
  });
  for (const auto& [file, chains] : expected) EXPECT_TRUE(seen.contains(file)) << file << " is in the table only";

  const Differences listed = read_listed(FLASHRNA_TEST_DATA "/expected_chain_differences.csv");
  for (const Difference& difference : found) {
    EXPECT_TRUE(listed.contains(difference)) << "not listed: " << difference;
  }
  for (const auto& [difference, reason] : listed) {
    EXPECT_TRUE(found.contains(difference)) << "listed, but it does not occur: " << difference;
  }
  std::cout << "  " << n_chains << " chains in " << seen.size() << " files, " << found.size()
            << " differences, all explained\n";
}

// The same columns of the small structures, counted in make_structures.py: a deoxynucleotide is a lower-case letter and
// no break, which is therefore the only difference.
TEST(ExpectedChains, OfTheSmallStructuresTheDeoxynucleotideIsTheOnlyDifference) {
  struct SmallChain {
    const char *file, *chain;
    ExpectedChain expected;
  };
  const SmallChain kSmallChains[] = {
      {"duplex.pdb", "A", {1, 8, 0, 8, 0, 0, "", "GACUAGCU"}},
      {"duplex.pdb", "B", {1, 8, 0, 8, 0, 0, "", "AGCUAGUC"}},
      {"strand.cif.gz", "A", {1, 25, 0, 25, 0, 0, "", "GGACUUCGGUCCAGCUUGGACUUCG"}},
      {"modified.cif", "A", {1, 8, 0, 8, 5, 0, "1MA 2MG 5MC 5MU GTP", "GUGCAUGC"}},
      {"insertion_codes.pdb", "A", {1, 8, 0, 8, 0, 0, "", "GACUUGCA"}},
      {"alternate_locations.pdb", "A", {1, 7, 0, 7, 0, 0, "", "GACUAGC"}},
      {"models.pdb.gz", "A", {3, 6, 0, 6, 0, 0, "", "GACUAG"}},
      {"hybrid.pdb", "A", {1, 6, 1, 6, 0, 0, "", "GACuAGC"}},
      {"gap.cif", "A", {1, 8, 0, 8, 0, 1, "", "GACUCUAG"}},
      {"damaged.pdb", "A", {1, 7, 0, 7, 0, 0, "", "GACUAGC"}},
      {"complex.cif", "A", {1, 7, 0, 7, 0, 0, "", "GACUAGC"}},
  };
  std::map<std::string, ExpectedChains> files;
  for (const SmallChain& chain : kSmallChains) files[chain.file][chain.chain] = chain.expected;
  std::set<Difference> found;
  for (const auto& [file, chains] : files) {
    const std::string bytes = file_bytes(small_structure(file));
    compare_file(file, read_structure_from_memory(bytes, file), chains, found);
    const int models = chains.begin()->second.models;
    EXPECT_TRUE(has_model(file, bytes, models)) << file;
    EXPECT_FALSE(has_model(file, bytes, models + 1)) << file;
  }
  EXPECT_EQ(found, (std::set<Difference>{Difference{"hybrid.pdb", "A", "breaks", "1", "0"}}));
}

}  // namespace
}  // namespace flashrna
