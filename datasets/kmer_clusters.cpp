#include "datasets/kmer_clusters.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <string_view>
#include <unordered_map>

#include "base/disjoint_sets.h"
#include "protein/amino_acid.h"

namespace flashrna {

namespace {

struct Words {
  std::string_view letters;
  int bits;    // of a letter
  int length;  // letters of a word; a word has at most 32 bits
  double least_containment;
};

constexpr Words kRnaWords = {"ACGU", 2, kWordLength, kLeastContainment};
constexpr Words kProteinWords = {kAminoAcidLetters.substr(0, 20), 5, kProteinWordLength, kLeastProteinContainment};

// The different words of a sequence as numbers, sorted.
std::vector<std::uint32_t> words_of(std::string_view sequence, const Words& kind) {
  const std::uint32_t mask = (1u << kind.bits * kind.length) - 1;
  std::vector<std::uint32_t> words;
  std::uint32_t word = 0;
  int length = 0;  // letters since the last one that is not in the alphabet
  for (const char c : sequence) {
    const std::size_t letter = kind.letters.find(c);
    const bool known = letter != std::string_view::npos;
    length = known ? length + 1 : 0;
    word = (word << kind.bits | (known ? static_cast<std::uint32_t>(letter) : 0u)) & mask;
    if (length >= kind.length) words.push_back(word);
  }
  std::ranges::sort(words);
  words.erase(std::unique(words.begin(), words.end()), words.end());
  return words;
}

}  // namespace

std::vector<int> cluster_by_words(const std::vector<std::string>& sequences, Polymer polymer) {
  const Words& kind = polymer == Polymer::kRna ? kRnaWords : kProteinWords;
  std::vector<std::size_t> order(sequences.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::ranges::greater(), [&](std::size_t i) { return sequences[i].size(); });

  DisjointSets sets(sequences.size());
  std::unordered_map<std::string_view, std::size_t> first_of_sequence;
  std::unordered_map<std::uint32_t, std::vector<std::size_t>> firsts_with;  // first members of clusters, by word
  for (const std::size_t i : order) {
    const auto [equal, is_new] = first_of_sequence.emplace(sequences[i], i);
    if (!is_new) {
      sets.join(equal->second, i);
      continue;
    }
    const std::vector<std::uint32_t> words = words_of(sequences[i], kind);
    std::unordered_map<std::size_t, std::size_t> shared;
    for (const std::uint32_t word : words)
      if (const auto found = firsts_with.find(word); found != firsts_with.end())
        for (const std::size_t first : found->second) ++shared[first];
    bool joined = false;
    for (const auto& [first, count] : shared) {
      const bool contained = static_cast<double>(count) >= kind.least_containment * static_cast<double>(words.size());
      const bool as_long =
          static_cast<double>(sequences[i].size()) >= kLeastLengthRatio * static_cast<double>(sequences[first].size());
      if (!contained || !as_long) continue;
      sets.join(first, i);
      joined = true;
    }
    if (joined) continue;
    for (const std::uint32_t word : words) firsts_with[word].push_back(i);
  }

  std::vector<int> clusters;
  std::unordered_map<std::size_t, int> numbers;
  for (std::size_t i = 0; i < sequences.size(); ++i)
    clusters.push_back(numbers.emplace(sets.find(i), static_cast<int>(numbers.size())).first->second);
  return clusters;
}

}  // namespace flashrna
