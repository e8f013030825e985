#include "libfold/evaluation/pair_measures.h"

#include "base/median.h"
#include "libfold/evaluation/summary_numbers.h"
#include "rna/pairs/refined_base_pairs.h"

namespace flashrna {
namespace {

Maybe median_of(const std::vector<int>& values) {
  return values.empty() ? Maybe() : median(std::vector<double>(values.begin(), values.end()));
}

template <typename T>
void append(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

}  // namespace

void PairMeasures::add(const PairMeasures& other) {
  nucleotides += other.nucleotides;
  in_helices += other.in_helices;
  paired += other.paired;
  pseudoknotted += other.pseudoknotted;
  append(helices, other.helices);
  for (std::size_t kind = 0; kind < loops.size(); ++kind) append(loops[kind], other.loops[kind]);
  append(c1_distances, other.c1_distances);
  append(nitrogen_distances, other.nitrogen_distances);
  canonical += other.canonical;
  hydrogen_bonded += other.hydrogen_bonded;
  append(geometry, other.geometry);
  suites.complete += other.suites.complete;
  suites.outliers += other.suites.outliers;
  suites.incomplete += other.suites.incomplete;
  suites.sum_of_suiteness += other.suites.sum_of_suiteness;
  for (const auto& [name, count] : other.suites.of_name) suites.of_name[name] += count;
}

Maybe PairMeasures::helix_share() const { return share(in_helices, nucleotides); }
Maybe PairMeasures::median_helix() const { return median_of(helices); }
Maybe PairMeasures::helices_per_100_nucleotides() const {
  return ratio(100.0 * static_cast<double>(helices.size()), static_cast<double>(nucleotides));
}
Maybe PairMeasures::pseudoknotted_share() const { return share(pseudoknotted, paired); }
Maybe PairMeasures::median_loop(LoopKind kind) const { return median_of(loops_of(kind)); }
Maybe PairMeasures::loops_per_100_nucleotides(LoopKind kind) const {
  return ratio(100.0 * static_cast<double>(loops_of(kind).size()), static_cast<double>(nucleotides));
}
Maybe PairMeasures::exterior_share() const {
  long sum = 0;
  for (const int size : loops_of(LoopKind::kExterior)) sum += size;
  return share(sum, nucleotides);
}
Maybe PairMeasures::hydrogen_bonded_share() const { return share(hydrogen_bonded, canonical); }
Maybe PairMeasures::outlier_share() const { return share(suites.outliers, suites.complete); }
Maybe PairMeasures::mean_suiteness() const {
  return ratio(suites.sum_of_suiteness, static_cast<double>(suites.complete));
}
Maybe PairMeasures::a_form_suite_share() const {
  const auto found = suites.of_name.find("1a");
  return share(found == suites.of_name.end() ? 0 : found->second, suites.complete);
}

PairMeasures measure_pairs(std::span<const Nucleotide> nucleotides, std::span<const int> partner) {
  PairMeasures measures;
  std::vector<int> molecule;
  for (const Nucleotide& nucleotide : nucleotides) molecule.push_back(nucleotide.chain_in_structure);
  const SecondaryStructure structure = describe_secondary_structure(partner, molecule);
  measures.nucleotides = static_cast<long>(nucleotides.size());
  for (const Stem& stem : structure.stems) {
    measures.paired += 2 * stem.n_pairs;
    if (stem.order > 0) measures.pseudoknotted += 2 * stem.n_pairs;
    if (!stem.is_helix()) continue;
    measures.in_helices += 2 * stem.n_pairs;
    measures.helices.push_back(stem.n_pairs);
  }
  for (const Loop& loop : structure.loops) {
    measures.loops[static_cast<std::size_t>(loop.kind)].push_back(loop.n_unpaired());
  }
  for (std::size_t i = 0; i < partner.size(); ++i) {
    if (partner[i] < static_cast<int>(i)) continue;
    const Nucleotide &one = nucleotides[i], &other = nucleotides[static_cast<std::size_t>(partner[i])];
    measures.c1_distances.push_back((one.atoms[kC1] - other.atoms[kC1]).norm());
    measures.nitrogen_distances.push_back((one.atoms[kGlycosidicNitrogen] - other.atoms[kGlycosidicNitrogen]).norm());
    const EdgeBonds bonds = watson_crick_bonds(one, other);
    measures.canonical += bonds.possible > 0;
    measures.hydrogen_bonded += bonds.formed >= 2;
  }
  measures.geometry = base_pair_geometries(nucleotides, partner);
  measures.suites.add(find_suites(nucleotides));
  return measures;
}

}  // namespace flashrna
