// Makes a backbone with given base pairs from weights or a checkpoint, writes it as mmCIF, and counts the pairs made.
//   sample WEIGHTS.h5 '((((....))))' OUTPUT.cif
#include <base/atomic_file.h>
#include <libfold/backbone/sampled_backbone.h>
#include <libfold/sampling/sampler.h>
#include <rna/io/structure_writer.h>
#include <rna/pairs/base_pairs.h>
#include <rna/pairs/dot_bracket.h>

#include <cstdio>
#include <exception>

static int run(const char* weights, const char* structure, const char* output) {
  const std::vector<int> partner = flashrna::parse_dot_bracket(structure, "STRUCTURE").partner;
  const int length = static_cast<int>(partner.size());

  flashrna::SamplingControl control;
  control.steric_rounds = 20;
  control.relax_rounds = 300;
  control.pair_rounds = 10;
  flashrna::Sampler sampler(flashrna::read_checkpoint(weights), "ema", at::kCPU, control);

  flashrna::SampleRequest request;
  request.lengths = {length};
  request.indices = {0};
  request.seed = 1;
  request.steps = 20;
  request.conditioning.partner = at::tensor(partner, at::kLong).unsqueeze(0);
  const flashrna::SampledBackbone backbone = sampler.sample(request).at(0);

  const flashrna::Structure made = flashrna::make_structure(backbone, "sample", flashrna::Base::N);
  flashrna::write_file_atomically(output, flashrna::to_mmcif(made));
  const std::vector<int> found = flashrna::find_base_pairs(made.chains[0].nucleotides);
  std::printf("%s\n%s\n", structure, flashrna::to_dot_bracket(found).c_str());
  return 0;
}

int main(int argc, char** argv) {
  if (argc != 4) return std::fprintf(stderr, "usage: sample WEIGHTS.h5 STRUCTURE OUTPUT.cif\n"), 2;
  try {
    return run(argv[1], argv[2], argv[3]);
  } catch (const std::exception& error) {
    return std::fprintf(stderr, "error: %s\n", error.what()), 1;
  }
}
