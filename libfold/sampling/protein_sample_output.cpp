// Samples of proteins: backbones of alanines, and checks of their geometry.
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "base/error.h"
#include "base/median.h"
#include "libfold/backbone/polymer_backbone.h"
#include "libfold/sampling/sample_output.h"
#include "protein/backbone.h"
#include "protein/io/structure_reader.h"
#include "protein/io/structure_writer.h"
#include "rna/cell_list.h"
#include "rna/superposition.h"

namespace flashrna {
namespace {

// Whether a distance CA-CA of neighbors is that of a trans peptide.
constexpr double kShortestCaStep = 3.6, kLongestCaStep = 4.0;  // Å

std::vector<Vec3> ca_positions(const ProteinChain& chain) {
  std::vector<Vec3> positions;
  for (const ProteinResidue& residue : chain.residues) positions.push_back(residue.atom(kCA));
  return positions;
}

ProteinChain read_protein_reference(const std::string& path, const std::string& chain_id) {
  const ProteinStructure structure = read_protein_structure(path);
  std::vector<std::string> ids;
  for (const ProteinChain& chain : structure.chains) {
    if (chain_id.empty() || chain.id == chain_id) return chain;
    ids.push_back(chain.id);
  }
  fail("--reference {}: no protein chain \"{}\" with a backbone in it; it has {}", path, chain_id,
       ids.empty() ? "none" : fmt::format("{}", fmt::join(ids, ", ")));
}

// Pairs of atoms of different residues at most r_a + r_b - 0.6 Å apart, of a chain without gaps.
long clashes_of(const std::vector<ProteinResidue>& residues) {
  const PolymerBackbone& backbone = protein_backbone();
  std::vector<Vec3> positions;
  for (const ProteinResidue& residue : residues)
    positions.insert(positions.end(), residue.atoms.begin(), residue.atoms.end());
  const CellList cells(positions, backbone.closest_without_clash(kCA, kCA));
  long pairs = 0;
  for (std::size_t i = 0; i < positions.size(); ++i) {
    cells.for_each_near(i, [&](std::size_t j, double square) {
      const std::size_t one = i / kProteinAtomSlots, other = j / kProteinAtomSlots;
      if (other <= one) return;
      const int slot = static_cast<int>(i % kProteinAtomSlots), other_slot = static_cast<int>(j % kProteinAtomSlots);
      const double closest = backbone.closest_without_clash(slot, other_slot);
      pairs += square <= closest * closest && !(other == one + 1 && backbone.near_by_bonds(slot, other_slot));
    });
  }
  return pairs;
}

double radius_of_gyration(const std::vector<Vec3>& positions) {
  Vec3 center = Vec3::Zero();
  for (const Vec3& x : positions) center += x;
  center /= static_cast<double>(positions.size());
  double sum = 0.0;
  for (const Vec3& x : positions) sum += (x - center).squaredNorm();
  return std::sqrt(sum / static_cast<double>(positions.size()));
}

// Median of `values` and the share that `counts` accepts, as text; empty without values.
template <typename Counts>
std::pair<std::string, std::string> median_and_share(const std::vector<double>& values, const Counts& counts) {
  if (values.empty()) return {"", ""};
  const auto accepted = static_cast<double>(std::ranges::count_if(values, counts));
  return {fmt::format("{:.3f}", median(values)), fmt::format("{:.4f}", accepted / static_cast<double>(values.size()))};
}

class FinishedProteins final : public FinishedSamples {
 public:
  FinishedProteins(const ProteinChain* reference, const PlannedBatch& batch,
                   const std::vector<SampledBackbone>& backbones)
      : reference_(reference) {
    for (std::size_t b = 0; b < backbones.size(); ++b)
      structures_.push_back(make_protein_structure(backbones[b], batch.samples[b].name));
  }

  std::string mmcif(std::size_t b) const override { return to_mmcif(structures_[b]); }
  std::string pdb(std::size_t b) const override { return to_pdb(structures_[b]); }
  std::string models_mmcif(const std::string&, const std::vector<std::size_t>&) const override {
    fail("--format models: not of proteins; leave it out");
  }
  std::string fasta(std::size_t) const override { return ""; }

  SampleTable::Row measures(std::size_t b) const override {
    const ProteinChain& chain = structures_[b].chains.front();
    const std::vector<Vec3> ca = ca_positions(chain);
    std::vector<double> steps, bonds;
    for (std::size_t i = 0; i + 1 < chain.residues.size(); ++i) {
      steps.push_back((ca[i + 1] - ca[i]).norm());
      bonds.push_back((chain.residues[i + 1].atom(kN) - chain.residues[i].atom(kC)).norm());
    }
    const auto [step, neighbors] =
        median_and_share(steps, [](double x) { return x >= kShortestCaStep && x <= kLongestCaStep; });
    const auto [bond, bonded] = median_and_share(bonds, [](double x) { return x <= kLongestPeptideBond; });
    const double atoms = static_cast<double>(chain.residues.size() * kProteinAtomSlots);
    SampleTable::Row row{{"ca_distance", step},
                         {"ca_neighbors", neighbors},
                         {"c_n_distance", bond},
                         {"bonded", bonded},
                         {"clashes_per_100_atoms",
                          fmt::format("{:.3f}", 100.0 * static_cast<double>(clashes_of(chain.residues)) / atoms)},
                         {"radius_of_gyration", fmt::format("{:.3f}", radius_of_gyration(ca))}};
    if (reference_ != nullptr) {
      const std::vector<Vec3> expected = ca_positions(*reference_);
      row["rmsd_to_reference"] =
          expected.size() == ca.size() ? fmt::format("{:.3f}", superpose(ca, expected).rmsd) : "";
    }
    return row;
  }

 private:
  const ProteinChain* reference_;
  std::vector<ProteinStructure> structures_;
};

class ProteinSampleOutput final : public SampleOutput {
 public:
  explicit ProteinSampleOutput(const SampleConfig& config) {
    if (!config.reference.empty()) reference_ = read_protein_reference(config.reference, config.reference_chain);
  }
  std::vector<std::string> measure_columns() const override {
    std::vector<std::string> columns{"ca_distance", "ca_neighbors",          "c_n_distance",
                                     "bonded",      "clashes_per_100_atoms", "radius_of_gyration"};
    if (reference_) columns.emplace_back("rmsd_to_reference");
    return columns;
  }
  std::unique_ptr<FinishedSamples> finish(const PlannedBatch& batch,
                                          const std::vector<SampledBackbone>& backbones) const override {
    return std::make_unique<FinishedProteins>(reference_ ? &*reference_ : nullptr, batch, backbones);
  }

 private:
  std::optional<ProteinChain> reference_;
};

}  // namespace

std::unique_ptr<SampleOutput> protein_sample_output(const SampleConfig& config) {
  return std::make_unique<ProteinSampleOutput>(config);
}

}  // namespace flashrna
