#include "rna/measure/ribose_chirality.h"

#include <Eigen/Geometry>
#include <cmath>
#include <limits>

namespace flashrna {

double chiral_volume(const ChiralCenter& center, const Nucleotide& nucleotide) {
  std::array<Vec3, 3> bonds;
  for (std::size_t k = 0; k < 3; ++k) {
    const int neighbor = center.neighbors[k];
    if (!nucleotide.has(center.carbon) || !nucleotide.has(neighbor)) return std::numeric_limits<double>::quiet_NaN();
    bonds[k] = nucleotide.atoms[neighbor] - nucleotide.atoms[center.carbon];
  }
  return bonds[0].dot(bonds[1].cross(bonds[2]));
}

RiboseChirality ribose_chirality(std::span<const Nucleotide> nucleotides) {
  RiboseChirality chirality;
  for (const Nucleotide& nucleotide : nucleotides) {
    for (std::size_t k = 0; k < kRiboseCenters.size(); ++k) {
      const double volume = chiral_volume(kRiboseCenters[k], nucleotide);
      if (std::isnan(volume)) continue;
      ++chirality.centers[k];
      chirality.inverted[k] += volume < 0.0;
    }
  }
  return chirality;
}

}  // namespace flashrna
