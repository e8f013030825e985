#include "rna/measure/backbone_checks.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/median.h"
#include "rna/geometry.h"
#include "rna/measure/clashes.h"
#include "rna/measure/local_geometry.h"

namespace flashrna {
namespace {

// Medians over the training chains of 20 nt or more, Å (tests/datasets/native_measures_test.cpp).
constexpr std::array<std::pair<std::string_view, double>, 13> kNativeBonds{{{"P-OP1", 1.485},
                                                                            {"P-OP2", 1.485},
                                                                            {"P-O5'", 1.593},
                                                                            {"O5'-C5'", 1.422},
                                                                            {"C5'-C4'", 1.509},
                                                                            {"C4'-O4'", 1.451},
                                                                            {"C4'-C3'", 1.520},
                                                                            {"C3'-O3'", 1.418},
                                                                            {"C3'-C2'", 1.523},
                                                                            {"C2'-O2'", 1.415},
                                                                            {"C2'-C1'", 1.528},
                                                                            {"O4'-C1'", 1.415},
                                                                            {"C1'-N", 1.471}}};

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

template <typename Condition>
double share(const std::vector<double>& values, const Condition& condition) {
  if (values.empty()) return kUndefined;
  return static_cast<double>(std::ranges::count_if(values, condition)) / static_cast<double>(values.size());
}

double bond_deviation(const LocalGeometry& geometry) {
  double squares = 0.0;
  std::size_t count = 0;
  for (const auto& [name, native] : kNativeBonds) {
    for (const double length : geometry.of(name)) squares += (length - native) * (length - native);
    count += geometry.of(name).size();
  }
  return count == 0 ? kUndefined : std::sqrt(squares / static_cast<double>(count));
}

}  // namespace

BackboneChecks check_backbone(std::span<const Nucleotide> nucleotides) {
  LocalGeometry geometry;
  geometry.add(nucleotides);
  const std::vector<double>& steps = geometry.of("C4'-C4'");
  const std::vector<double>& links = geometry.of("O3'-P");
  std::vector<Vec3> c4;
  for (const Nucleotide& nucleotide : nucleotides)
    if (nucleotide.has(kC4)) c4.push_back(nucleotide.atoms[kC4]);

  BackboneChecks checks;
  checks.c4_distance = median(steps);
  checks.c4_neighbors = share(steps, is_c4_neighbor);
  checks.o3_p_distance = median(links);
  checks.bonded = share(links, is_bond_length);
  checks.bond_deviation = bond_deviation(geometry);
  checks.clashes = find_clashes(nucleotides).per_100_atoms();
  checks.radius_of_gyration = radius_of_gyration(c4);
  return checks;
}

double native_bond_length(std::string_view name) {
  const auto* bond = std::ranges::find(kNativeBonds, name, &std::pair<std::string_view, double>::first);
  if (bond == kNativeBonds.end()) fail("\"{}\" is no bond of the backbone within a residue", name);
  return bond->second;
}

}  // namespace flashrna
