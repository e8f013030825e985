#include "libfold/batch.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "libfold/flow/igso3.h"
#include "rna/torsion.h"
#include "tests/support/golden_tensor.h"

namespace flashrna {
namespace {

using at::Tensor;

template <typename T>
std::vector<T> values_of(const Tensor& tensor) {
  const Tensor flat = tensor.contiguous().flatten();
  return std::vector<T>(flat.const_data_ptr<T>(), flat.const_data_ptr<T>() + flat.numel());
}

ChainFeatures random_chain(int length, std::uint64_t index) {
  RandomStream stream(1, "chain", {index});
  ChainFeatures chain;
  chain.length = length;
  chain.frame_rotation = values_of<float>(sample_uniform_rotations(length, stream).to(at::kFloat));
  chain.frame_translation = values_of<float>((stream.normal({length, 3}) * 10 + 500).to(at::kFloat));
  chain.torsion_sin_cos = values_of<float>(stream.normal({length, kTorsions, 2}).to(at::kFloat));
  for (int i = 0; i < length; ++i) {
    chain.residue_index.push_back(i < length / 2 ? i : i + 3);
    chain.torsion_mask.push_back(static_cast<std::uint8_t>(stream.below(256)));
  }
  return chain;
}

TEST(Batch, HoldsEveryChainAndPadsTheTail) {
  const std::vector<ChainFeatures> chains = {random_chain(5, 0), random_chain(9, 1), random_chain(1, 2)};
  const Batch batch = make_batch(chains, {"a", "b", "c"});
  EXPECT_EQ(values_of<int64_t>(batch.lengths), (std::vector<int64_t>{5, 9, 1}));
  EXPECT_EQ(batch.chain_ids, (std::vector<std::string>{"a", "b", "c"}));
  ASSERT_EQ(batch.translations.sizes(), (at::IntArrayRef{3, 9, 3}));
  for (int64_t b = 0; b < 3; ++b) {
    const ChainFeatures& chain = chains[b];
    double mean[3] = {0, 0, 0};
    for (int i = 0; i < chain.length; ++i)
      for (int d = 0; d < 3; ++d) mean[d] += double(chain.frame_translation[3 * i + d]) / chain.length;
    for (int64_t i = 0; i < 9; ++i) {
      const bool real = i < chain.length;
      EXPECT_EQ(batch.mask()[b][i].item<bool>(), real);
      EXPECT_EQ(batch.residue_index[b][i].item<int64_t>(), real ? chain.residue_index[i] : 0);
      for (int64_t d = 0; d < 3; ++d) {
        EXPECT_NEAR(batch.translations[b][i][d].item<double>(),
                    real ? chain.frame_translation[3 * i + d] - mean[d] : 0.0, 1e-5);
        for (int64_t e = 0; e < 3; ++e)
          EXPECT_EQ(batch.rotations[b][i][d][e].item<float>(),
                    real ? chain.frame_rotation[9 * i + 3 * d + e] : (d == e ? 1.0f : 0.0f));
      }
      for (int64_t k = 0; k < kTorsions; ++k) {
        const bool defined = real && (chain.torsion_mask[i] >> k & 1) != 0;
        EXPECT_EQ(batch.torsion_mask[b][i][k].item<bool>(), defined);
        EXPECT_EQ(batch.torsions[b][i][k][0].item<float>(), defined ? chain.torsion_sin_cos[16 * i + 2 * k] : 0.0f);
        EXPECT_EQ(batch.torsions[b][i][k][1].item<float>(), defined ? chain.torsion_sin_cos[16 * i + 2 * k + 1] : 1.0f);
      }
    }
  }
}

TEST(Batch, NumbersTheMoleculesOfAssemblies) {
  std::vector<ChainFeatures> chains = {random_chain(3, 0), random_chain(5, 1)};
  chains[1].chain_in_structure = {0, 0, 2, 2, 7};
  const Batch batch = make_batch(chains, {"a", "b"});
  EXPECT_EQ(values_of<int64_t>(batch.chain), (std::vector<int64_t>{0, 0, 0, 0, 0, 0, 0, 2, 2, 7}));
}

TEST(Batch, RefusesEmptyChainsAndMissingIdsByName) {
  try {
    make_batch({random_chain(3, 0), ChainFeatures{}}, {"whole", "hollow"});
    ADD_FAILURE() << "an empty chain was accepted";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("hollow"), std::string::npos) << error.what();
  }
  EXPECT_THROW(make_batch({random_chain(3, 0)}, {}), Error);
  EXPECT_EQ(make_batch({}, {}).translations.sizes(), (at::IntArrayRef{0, 0, 3}));
}

}  // namespace
}  // namespace flashrna
