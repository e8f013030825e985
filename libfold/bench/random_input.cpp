#include "libfold/bench/random_input.h"

#include <cmath>

#include "libfold/conditioning.h"
#include "libfold/flow/igso3.h"
#include "libfold/model_input.h"
#include "libfold/random_streams.h"

namespace flashrna {

Batch random_batch(int length, Polymer polymer) {
  const int64_t L = length;
  const int64_t T = traits_of(polymer).torsions;
  Batch batch;
  batch.polymer = polymer;
  batch.chain_ids = {"random"};
  batch.lengths = at::tensor({L}, at::kLong);
  batch.residue_index = at::arange(L, at::kLong).unsqueeze(0);
  RandomStream stream(0, "random_batch", {static_cast<std::uint64_t>(length)});
  const double width = polymer_model(polymer).size.radius_of_gyration(length) / std::sqrt(3.0);
  batch.translations = (stream.normal({1, L, 3}) * width).to(at::kFloat);
  batch.rotations = sample_uniform_rotations(L, stream).view({1, L, 3, 3}).to(at::kFloat);
  const at::Tensor torsions = stream.normal({1, L, T, 2});
  batch.torsions = (torsions / torsions.norm(2, -1, true)).to(at::kFloat);
  batch.torsion_mask = at::ones({1, L, T}, at::kBool);
  batch.chi = batch.torsions.select(2, 0).clone();
  batch.chi_mask = at::ones({1, L}, at::kBool);
  // Half of the residues pair, as in natives; every nucleotide is known.
  const at::Tensor place = at::arange(L, at::kLong);
  batch.partner = at::where((place < L / 4) | (place >= L - L / 4), L - 1 - place, kUnpaired).unsqueeze(0);
  batch.nucleotide = place.remainder(4).unsqueeze(0);
  return batch;
}

FlowModelInput random_network_input(int length, int copies, at::Device device, Polymer polymer) {
  Batch batch = random_batch(length, polymer);
  const auto repeated = [&](const at::Tensor& one) {
    std::vector<int64_t> times(static_cast<std::size_t>(one.dim()), 1);
    times[0] = copies;
    return one.repeat(times).to(device);
  };
  batch.lengths = repeated(batch.lengths);
  batch.residue_index = repeated(batch.residue_index);
  FlowModelInput in = model_input(batch, {at::full({copies}, 0.5, at::TensorOptions().device(device)),
                                          repeated(batch.translations),
                                          repeated(batch.rotations),
                                          {}});
  in.self_condition = in.translations;
  return in;
}

}  // namespace flashrna
