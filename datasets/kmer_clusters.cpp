#include "datasets/kmer_clusters.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <string_view>
#include <unordered_map>

#include "base/disjoint_sets.h"

namespace flashrna {

namespace {

// The different words of a sequence as numbers, sorted.
std::vector<std::uint32_t> words_of(std::string_view sequence) {
  constexpr std::string_view kLetters = "ACGU";
  constexpr std::uint32_t kMask = (1u << 2 * kWordLength) - 1;
  std::vector<std::uint32_t> words;
  std::uint32_t word = 0;
  int length = 0;  // letters since the last one that is not A, C, G or U
  for (const char c : sequence) {
    const std::size_t letter = kLetters.find(c);
    length = letter == std::string_view::npos ? 0 : length + 1;
    word = (word << 2 | static_cast<std::uint32_t>(letter & 3)) & kMask;
    if (length >= kWordLength) words.push_back(word);
  }
  std::ranges::sort(words);
  words.erase(std::unique(words.begin(), words.end()), words.end());
  return words;
}

}  // namespace

std::vector<int> cluster_by_words(const std::vector<std::string>& sequences) {
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
    const std::vector<std::uint32_t> words = words_of(sequences[i]);
    std::unordered_map<std::size_t, std::size_t> shared;
    for (const std::uint32_t word : words)
      if (const auto found = firsts_with.find(word); found != firsts_with.end())
        for (const std::size_t first : found->second) ++shared[first];
    bool joined = false;
    for (const auto& [first, count] : shared) {
      const bool contained = static_cast<double>(count) >= kLeastContainment * static_cast<double>(words.size());
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
