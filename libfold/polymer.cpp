#include "libfold/polymer.h"

#include <array>
#include <cmath>
#include <optional>

#include "base/error.h"
#include "datasets/polymer_name.h"

namespace flashrna {

double SizeLaw::radius_of_gyration(std::int64_t length) const {
  return factor * std::pow(static_cast<double>(length), exponent);
}

const PolymerModel& polymer_model(Polymer polymer) {
  // RNA: of the natives of the Protein Data Bank from 30 residues on; a Gaussian of width s has the radius sqrt(3) s.
  // Proteins: 2.3 L^0.4 Å, the fit to 192 chains of complexes with RNA (docs/evaluation.md; compact proteins
  // alone: 2.0). Their step is that of RNA times the ratio of the distances of neighbors, 3.80 Å (CA-CA) to 6.1 Å
  // (C4'-C4').
  static constexpr std::array models = {
      PolymerModel{
          9, true, [](int n) { return n == 3 || n == 6 || n == 10 || n == 13; }, {4.9, 5.66, 0.321, 3.2}, "C4'"},
      PolymerModel{1, false, [](int n) { return n == 3 || n == 5; }, {3.05, 2.3, 0.4, 1.6}, "CA"}};
  return models.at(static_cast<std::size_t>(polymer));
}

Polymer parse_polymer(const std::string& name, const char* key) {
  const std::optional<Polymer> polymer = polymer_named(name);
  if (!polymer) fail_usage("{} = {}: must be rna or protein", key, name);
  return *polymer;
}

}  // namespace flashrna
