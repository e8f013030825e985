#include "datasets/filters.h"

#include <sstream>

#include "base/letter_case.h"

namespace flashrna {

namespace {

// Whether one of the comma-separated words satisfies `fits`; true if there are no words.
template <typename Fits>
bool any_word(const std::string& words, Fits&& fits) {
  std::istringstream stream(words);
  bool none = true;
  for (std::string word; std::getline(stream, word, ',');) {
    const std::size_t first = word.find_first_not_of(' ');
    if (first == std::string::npos) continue;
    none = false;
    if (fits(to_lower(word.substr(first, word.find_last_not_of(' ') - first + 1)))) return true;
  }
  return none;
}

}  // namespace

bool ChainFilter::passes(const ChainRecord& chain) const {
  if (chain.length < min_length || (max_length > 0 && chain.length > max_length)) return false;
  if (max_resolution > 0) {
    if (chain.resolution <= 0 ? !unknown_resolution : static_cast<double>(chain.resolution) > max_resolution + 1e-6) {
      return false;  // the table stores 3.3 as a float, which is slightly above 3.3
    }
  }
  if (max_breaks >= 0 && chain.n_breaks > max_breaks) return false;
  const std::string method = to_lower(chain.method), kind = to_lower(chain.molecule_kind);
  return any_word(methods, [&](const std::string& word) { return method.find(word) != std::string::npos; }) &&
         any_word(kinds, [&](const std::string& word) { return kind == word; });
}

}  // namespace flashrna
