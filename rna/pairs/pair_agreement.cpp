#include "rna/pairs/pair_agreement.h"

#include "base/error.h"
#include "rna/pairs/secondary_structure.h"

namespace flashrna {
namespace {

double share(long part, long all) { return static_cast<double>(part) / static_cast<double>(all); }

void check_lengths(std::span<const int> asked, std::span<const int> found) {
  if (asked.size() != found.size())
    fail("pairs of {} nucleotides compared with {} asked for", found.size(), asked.size());
}

}  // namespace

void Agreement::add(const Agreement& other) {
  asked += other.asked;
  found += other.found;
  both += other.both;
}

double Agreement::precision() const { return share(both, found); }
double Agreement::recall() const { return share(both, asked); }
double Agreement::f1() const { return share(2 * both, asked + found); }

Agreement compare_pairs(std::span<const int> asked, std::span<const int> found) {
  check_lengths(asked, found);
  Agreement agreement;
  for (int i = 0; i < static_cast<int>(asked.size()); ++i) {
    const bool is_asked = asked[i] > i;  // each pair once, at its first position
    const bool is_found = found[i] > i;
    const bool unspecified = is_found && asked[i] == kUnspecified && asked[found[i]] == kUnspecified;
    agreement.asked += is_asked;
    agreement.found += is_found && !unspecified;
    agreement.both += is_asked && asked[i] == found[i];
  }
  return agreement;
}

Agreement compare_loop_positions(std::span<const int> asked, std::span<const int> found) {
  check_lengths(asked, found);
  Agreement agreement;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    if (asked[i] == kUnspecified) continue;
    agreement.asked += asked[i] < 0;
    agreement.found += found[i] < 0;
    agreement.both += asked[i] < 0 && found[i] < 0;
  }
  return agreement;
}

}  // namespace flashrna
