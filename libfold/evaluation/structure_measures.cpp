#include "libfold/evaluation/structure_measures.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.h"
#include "rna/cell_list.h"
#include "rna/measure/backbone_checks.h"
#include "rna/measure/sugar_pucker.h"

namespace flashrna {
namespace {

constexpr double kTurn = 2.0 * std::numbers::pi;

struct PairParameter {
  std::string_view name;
  double BasePairGeometry::*value;
  MeasureKind kind;
};

// Rotations are signed but lie far from half a turn, so that they are compared as numbers on a line.
constexpr PairParameter kPairParameters[] = {{"shear", &BasePairGeometry::shear, MeasureKind::kDistance},
                                             {"stretch", &BasePairGeometry::stretch, MeasureKind::kDistance},
                                             {"stagger", &BasePairGeometry::stagger, MeasureKind::kDistance},
                                             {"buckle", &BasePairGeometry::buckle, MeasureKind::kAngle},
                                             {"propeller", &BasePairGeometry::propeller, MeasureKind::kAngle},
                                             {"opening", &BasePairGeometry::opening, MeasureKind::kAngle}};

std::vector<DistributedMeasure> make_distributed_measures() {
  std::vector<DistributedMeasure> measures;
  for (const LocalMeasure& measure : local_measures()) measures.push_back({measure.name, measure.kind});
  measures.push_back({"pucker_phase", MeasureKind::kTorsion});
  measures.push_back({"pucker_amplitude", MeasureKind::kAngle});
  measures.push_back({kPairC1Distance, MeasureKind::kDistance});
  measures.push_back({kPairNitrogenDistance, MeasureKind::kDistance});
  for (const PairParameter& parameter : kPairParameters) measures.push_back({parameter.name, parameter.kind});
  return measures;
}

void check(std::span<const Nucleotide> nucleotides) {
  if (nucleotides.empty()) fail("a structure without a nucleotide cannot be measured");
  for (const Nucleotide& nucleotide : nucleotides) {
    if (!nucleotide.has(kC4)) fail("residue {} {} has no C4'", nucleotide.name, nucleotide.seq_id);
    for (int slot = 0; slot < kAtomSlots; ++slot) {
      if (!nucleotide.has(slot)) continue;
      const Vec3& atom = nucleotide.atoms[slot];
      if (!atom.allFinite() || atom.cwiseAbs().maxCoeff() > kFurthestCoordinate) {
        fail("residue {} {}: atom {} is at {} {} {} Å; coordinates up to {} Å are allowed", nucleotide.name,
             nucleotide.seq_id, atom_name(nucleotide, slot), atom.x(), atom.y(), atom.z(), kFurthestCoordinate);
      }
    }
  }
}

void count_links(std::span<const Nucleotide> nucleotides, StructureMeasures& measures) {
  for (std::size_t i = 1; i < nucleotides.size(); ++i) {
    const Nucleotide &previous = nucleotides[i - 1], &next = nucleotides[i];
    if (previous.chain_in_structure != next.chain_in_structure) continue;
    ++measures.links;
    measures.breaks += next.residue_index != previous.residue_index + 1;
    const double distance = (next.atoms[kC4] - previous.atoms[kC4]).norm();
    measures.c4_near += is_c4_neighbor(distance);
    measures.c4_close += distance >= 5.5 && distance <= 6.5;
    if (!previous.has(kO3) || !next.has(kP)) continue;
    const double bond = (next.atoms[kP] - previous.atoms[kO3]).norm();
    ++measures.o3_p_links;
    measures.bonded += is_bond_length(bond);
    measures.o3_p_near += bond >= 1.2 && bond <= 2.2;
  }
}

}  // namespace

long StructureMeasures::chiral_centers() const {
  long sum = 0;
  for (const long centers : chirality.centers) sum += centers;
  return sum;
}

long StructureMeasures::inverted_centers() const {
  long sum = 0;
  for (const long inverted : chirality.inverted) sum += inverted;
  return sum;
}

double StructureMeasures::defects_per_100_residues() const {
  return 100.0 * static_cast<double>(breaks + clashes.pairs + inverted_centers()) / residues;
}

StructureMeasures measure_structure(std::span<const Nucleotide> nucleotides) {
  check(nucleotides);
  StructureMeasures measures;
  measures.residues = static_cast<int>(nucleotides.size());
  count_links(nucleotides, measures);
  std::vector<Vec3> c4;
  for (const Nucleotide& nucleotide : nucleotides) c4.push_back(nucleotide.atoms[kC4]);
  measures.radius_of_gyration = radius_of_gyration(c4);
  measures.a_form = count_a_form(nucleotides);
  measures.clashes = find_clashes(nucleotides);
  constexpr std::uint32_t kBackbone = (1u << kBackboneAtoms) - 1u;
  if (std::ranges::any_of(nucleotides, [](const Nucleotide& n) { return (n.atom_mask & ~kBackbone) != 0; }))
    measures.all_atom_clashes = find_clashes(nucleotides, ClashAtoms::kAll);
  measures.chirality = ribose_chirality(nucleotides);
  for (const Nucleotide& nucleotide : nucleotides) {
    const double phase = altona_sundaralingam_pucker(ring_torsions(nucleotide)).phase;
    if (std::isnan(phase)) continue;
    ++measures.riboses;
    measures.c3_endo += phase < 0.1 * kTurn;
  }
  measures.published = published_c4_metrics(c4);
  return measures;
}

std::span<const DistributedMeasure> distributed_measures() {
  static const std::vector<DistributedMeasure> measures = make_distributed_measures();
  return measures;
}

std::size_t distributed_measure(std::string_view name) {
  const auto measures = distributed_measures();
  for (std::size_t k = 0; k < measures.size(); ++k) {
    if (measures[k].name == name) return k;
  }
  fail("no measure is called \"{}\"", name);
}

MeasuredValues no_values() { return MeasuredValues(distributed_measures().size()); }

void add_values(std::span<const Nucleotide> nucleotides, const PairMeasures& pairs, MeasuredValues& values) {
  const auto local = local_measures();
  for (std::size_t k = 0; k < local.size(); ++k) {
    for (std::size_t i = 0; i < nucleotides.size(); ++i) {
      const double value = measure(local[k], nucleotides, i);
      if (!std::isnan(value)) values[k].push_back(value);
    }
  }
  for (const Nucleotide& nucleotide : nucleotides) {
    const SugarPucker pucker = altona_sundaralingam_pucker(ring_torsions(nucleotide));
    if (std::isnan(pucker.phase)) continue;
    values[local.size()].push_back(std::remainder(pucker.phase, kTurn));
    values[local.size() + 1].push_back(pucker.amplitude);
  }
  for (const auto& [name, distances] :
       {std::pair(kPairC1Distance, &pairs.c1_distances), std::pair(kPairNitrogenDistance, &pairs.nitrogen_distances)}) {
    std::vector<double>& all = values[distributed_measure(name)];
    all.insert(all.end(), distances->begin(), distances->end());
  }
  for (const PairParameter& parameter : kPairParameters) {
    std::vector<double>& all = values[distributed_measure(parameter.name)];
    for (const BasePairGeometry& pair : pairs.geometry) all.push_back(pair.*parameter.value);
  }
}

std::vector<std::array<float, 2>> eta_theta_pairs(std::span<const Nucleotide> nucleotides) {
  const LocalMeasure &eta = local_measure("eta"), &theta = local_measure("theta");
  std::vector<std::array<float, 2>> pairs;
  for (std::size_t i = 0; i < nucleotides.size(); ++i) {
    const double eta_here = measure(eta, nucleotides, i), theta_here = measure(theta, nucleotides, i);
    if (std::isnan(eta_here) || std::isnan(theta_here)) continue;
    pairs.push_back({static_cast<float>(eta_here), static_cast<float>(theta_here)});
  }
  return pairs;
}

}  // namespace flashrna
