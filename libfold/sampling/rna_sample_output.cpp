// Samples of RNA: molecules as designed, with the letters and bases that are asked for.
#include <fmt/ranges.h>

#include <optional>

#include "base/error.h"
#include "libfold/sampling/sample_measures.h"
#include "libfold/sampling/sample_output.h"
#include "libfold/sampling/sampled_molecule.h"
#include "rna/io/structure_reader.h"
#include "rna/io/structure_writer.h"

namespace flashrna {
namespace {

Chain read_reference(const std::string& path, const std::string& chain_id) {
  const Structure structure = read_structure(path);
  std::vector<std::string> ids;
  for (const Chain& chain : structure.chains) {
    if (chain_id.empty() || chain.id == chain_id) return chain;
    ids.push_back(chain.id);
  }
  fail("--reference {}: no RNA chain \"{}\" with a backbone in it; it has {}", path, chain_id,
       ids.empty() ? "none" : fmt::format("{}", fmt::join(ids, ", ")));
}

class FinishedRna final : public FinishedSamples {
 public:
  FinishedRna(const SampleConfig& config, const Chain* reference, const PlannedBatch& batch,
              const std::vector<SampledBackbone>& backbones)
      : config_(config), reference_(reference), batch_(batch) {
    for (std::size_t b = 0; b < backbones.size(); ++b) {
      const PlannedSample& sample = batch.samples[b];
      SampledMolecule molecule = make_molecule(backbones[b], sample.name, sample.index, *sample.design, config);
      structures_.push_back(std::move(molecule.structure));
      fasta_.push_back(molecule.designs.empty() ? "" : designs_as_fasta(sample.name, molecule.designs));
    }
  }

  std::string mmcif(std::size_t b) const override { return to_mmcif(structures_[b]); }
  std::string pdb(std::size_t b) const override { return to_pdb(structures_[b]); }
  std::string models_mmcif(const std::string& name, const std::vector<std::size_t>& places) const override {
    std::vector<Structure> models;
    for (const std::size_t b : places) {
      models.push_back(structures_[b]);
      models.back().entry = name;
      models.back().model = static_cast<int>(models.size());
    }
    return models_to_mmcif(models);
  }
  std::string fasta(std::size_t b) const override { return fasta_[b]; }
  SampleTable::Row measures(std::size_t b) const override {
    return measure_sample(structures_[b], *batch_.samples[b].design, config_, reference_);
  }

 private:
  const SampleConfig& config_;
  const Chain* reference_;
  const PlannedBatch& batch_;
  std::vector<Structure> structures_;
  std::vector<std::string> fasta_;
};

class RnaSampleOutput final : public SampleOutput {
 public:
  explicit RnaSampleOutput(const SampleConfig& config) : config_(config) {
    if (!config.reference.empty()) reference_ = read_reference(config.reference, config.reference_chain);
  }
  std::vector<std::string> measure_columns() const override { return flashrna::measure_columns(config_); }
  std::unique_ptr<FinishedSamples> finish(const PlannedBatch& batch,
                                          const std::vector<SampledBackbone>& backbones) const override {
    return std::make_unique<FinishedRna>(config_, reference_ ? &*reference_ : nullptr, batch, backbones);
  }

 private:
  SampleConfig config_;
  std::optional<Chain> reference_;
};

}  // namespace

std::unique_ptr<SampleOutput> rna_sample_output(const SampleConfig& config) {
  return std::make_unique<RnaSampleOutput>(config);
}

}  // namespace flashrna
