#include "libfold/training/training_data.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/error.h"
#include "libfold/conditioning.h"
#include "rna/assembly.h"
#include "tests/libfold/tiny_run.h"

namespace flashrna {
namespace {

TEST(TrainingDataTest, ClustersAndEntriesStayOnOneSideOfTheSplit) {
  const TemporaryFolder folder;
  std::vector<TinyChain> chains;
  for (int i = 0; i < 40; ++i) chains.push_back({fmt::format("1X{:02d}", i), 5, i % 10});
  for (int i = 0; i < 10; ++i)
    for (const char* chain : {"A", "B"}) chains.push_back({fmt::format("2Y{:02d}", i), 5, -1, "", chain});
  write_tiny_dataset(folder / "d.h5", chains);
  DataConfig config;
  config.path = folder / "d.h5";
  config.validation_fraction = 0.25;
  const TrainingData data(config, 3), again(config, 3), other(config, 4);
  EXPECT_EQ(data.training().size() + data.validation().size(), chains.size());
  EXPECT_GE(data.validation().size(), 10u);
  EXPECT_LE(data.validation().size(), 15u);
  std::set<int> clusters;
  std::set<std::string> entries;
  for (std::size_t i : data.training()) {
    if (chains[i].sequence_cluster >= 0) clusters.insert(chains[i].sequence_cluster);
    entries.insert(chains[i].entry);
  }
  for (std::size_t i : data.validation()) {
    EXPECT_FALSE(clusters.count(chains[i].sequence_cluster)) << "cluster " << chains[i].sequence_cluster;
    EXPECT_FALSE(entries.count(chains[i].entry)) << chains[i].entry;
  }
  EXPECT_EQ(data.validation(), again.validation());
  EXPECT_NE(data.validation(), other.validation());
}

TEST(TrainingDataTest, TheSplitColumnDecidesWhereThereIsOne) {
  const TemporaryFolder folder;
  write_tiny_dataset(folder / "d.h5",
                     {{"1AAA", 5, -1, "train"}, {"1BBB", 5, -1, "test"}, {"1CCC", 5, -1, "validation"}});
  DataConfig config;
  config.path = folder / "d.h5";
  config.validation_fraction = 0.5;
  const TrainingData data(config, 0);
  EXPECT_EQ(data.training(), std::vector<std::size_t>{0});
  EXPECT_EQ(data.validation(), std::vector<std::size_t>{2});
}

TEST(TrainingDataTest, SampledByClusterEveryClusterGivesOneChainAnEpochAndAllInTurn) {
  const TemporaryFolder folder;
  std::vector<TinyChain> chains;
  for (int i = 0; i < 30; ++i) chains.push_back({fmt::format("1X{:02d}", i), 5, 0});  // one large family
  for (int i = 1; i < 6; ++i) chains.push_back({fmt::format("2Y{:02d}", i), 5, i});
  write_tiny_dataset(folder / "d.h5", chains);
  DataConfig config;
  config.path = folder / "d.h5";
  config.sampling = "cluster";
  config.repeat = 2;
  const TrainingData data(config, 3);
  std::set<std::size_t> seen;
  for (int epoch = 0; epoch < 200; ++epoch) {
    std::map<int, int> drawn;  // by cluster
    for (const auto& batch : data.plan_training(epoch)) {
      for (std::size_t item : batch) {
        const std::size_t chain = data.training()[item % data.training().size()];
        ++drawn[chains[chain].sequence_cluster];
        seen.insert(chain);
      }
    }
    ASSERT_EQ(drawn.size(), 6u);
    for (const auto& [cluster, count] : drawn) ASSERT_EQ(count, 2) << "cluster " << cluster << ", repeated twice";
  }
  EXPECT_EQ(seen.size(), chains.size());
  EXPECT_EQ(data.plan_training(7), TrainingData(config, 3).plan_training(7));
  config.sampling = "family";
  EXPECT_THROW(config.validate(), UsageError);
}

TEST(TrainingDataTest, LongChainsAreCroppedOnlyWhenAskedAndContiguously) {
  const TemporaryFolder folder;
  write_tiny_dataset(folder / "d.h5", {{"1AAA", 50}});
  DataConfig config;
  config.path = folder / "d.h5";
  config.max_residues = 20;
  const TrainingData whole(config, 0);
  const Batch uncut = whole.load_training(whole.plan_training(0)[0], 0);
  EXPECT_EQ(uncut.lengths[0].item<int64_t>(), 50);

  config.crop_length = "20";
  const TrainingData cropped(config, 0);
  std::set<int64_t> starts;
  for (std::int64_t epoch = 0; epoch < 20; ++epoch) {
    const Batch batch = cropped.load_training(cropped.plan_training(epoch)[0], epoch);
    ASSERT_EQ(batch.lengths[0].item<int64_t>(), 20);
    const int64_t first = batch.residue_index[0][0].item<int64_t>();
    starts.insert(first);
    EXPECT_TRUE(at::equal(batch.residue_index[0], uncut.residue_index[0].slice(0, first, first + 20)));
    EXPECT_TRUE(at::equal(batch.rotations[0], uncut.rotations[0].slice(0, first, first + 20)));
    EXPECT_LT(batch.translations[0].mean(0).abs().max().item<double>(), 1e-4) << "not centered, Å";
  }
  EXPECT_GT(starts.size(), 3u) << "stretches of 20 epochs";
}

TEST(TrainingDataTest, SpatialCropsAreTheResiduesNearestToOneInAscendingOrder) {
  const TemporaryFolder folder;
  write_tiny_dataset(folder / "d.h5", {{"1AAA", 60}});
  DataConfig config;
  config.path = folder / "d.h5";
  config.crop_length = "25";
  config.spatial_crops = 1.0;
  const TrainingData data(config, 0);
  for (std::int64_t epoch = 0; epoch < 10; ++epoch) {
    const Batch batch = data.load_training(data.plan_training(epoch)[0], epoch);
    ASSERT_EQ(batch.lengths[0].item<int64_t>(), 25);
    const at::Tensor index = batch.residue_index[0];
    EXPECT_TRUE((index.slice(0, 1) > index.slice(0, 0, 24)).all().item<bool>()) << "ascending, each residue once";
    // In a single helix, the nearest residues in space are the nearest along the chain: one segment.
    EXPECT_EQ((index[24] - index[0]).item<int64_t>(), 24);
    const Batch again = data.load_training(data.plan_training(epoch)[0], epoch);
    EXPECT_TRUE(at::equal(again.residue_index, batch.residue_index));
  }
}

TEST(TrainingDataTest, PairsThatLeaveACropAreNotKnown) {
  const TemporaryFolder folder;
  write_hairpin_dataset(folder / "d.h5", 30);
  DataConfig config;
  config.path = folder / "d.h5";
  const Batch whole = TrainingData(config, 0).load_training({0}, 0);
  const at::Tensor partner = whole.partner[0];
  ASSERT_GT((partner >= 0).sum().item<int64_t>(), 10) << "the hairpin has pairs";
  config.crop_length = "16";
  const TrainingData data(config, 0);
  for (std::int64_t epoch = 0; epoch < 10; ++epoch) {
    const Batch batch = data.load_training({0}, epoch);
    const int64_t first = batch.residue_index[0][0].item<int64_t>();
    for (int64_t i = 0; i < 16; ++i) {
      const int64_t j = partner[first + i].item<int64_t>(), got = batch.partner[0][i].item<int64_t>();
      EXPECT_EQ(got, j < 0                          ? j
                     : j >= first && j < first + 16 ? j - first
                                                    : kUnspecified)
          << "epoch " << epoch << ", " << i;
    }
  }
}

TEST(TrainingDataTest, CropsOfAssembliesKeepPairsAcrossMoleculesAndCrossJoinsInSpaceOnly) {
  const TemporaryFolder folder;
  constexpr int64_t kStrand = 24;
  write_duplex_dataset(folder / "d.h5", kStrand);
  DataConfig config;
  config.path = folder / "d.h5";
  const Batch whole = TrainingData(config, 0).load_training({0}, 0);
  EXPECT_TRUE(at::equal(whole.chain[0], at::arange(2 * kStrand).floor_divide(kStrand)));
  EXPECT_EQ((whole.residue_index[0][kStrand] - whole.residue_index[0][kStrand - 1]).item<int64_t>(), kChainJoin);
  EXPECT_EQ(whole.partner[0][0].item<int64_t>(), 2 * kStrand - 1);
  config.crop_length = "16";
  int of_one_strand = 0, of_both = 0;
  for (const double spatial : {0.0, 1.0}) {
    config.spatial_crops = spatial;
    const TrainingData data(config, 0);
    for (std::int64_t epoch = 0; epoch < 40; ++epoch) {
      const Batch batch = data.load_training({0}, epoch);
      const at::Tensor chain = batch.chain[0], index = batch.residue_index[0];
      const int64_t of_first = (chain == 0).sum().item<int64_t>();
      EXPECT_TRUE(at::equal(chain, (index >= kStrand).to(at::kLong)));
      const bool contiguous = (index[15] - index[0]).item<int64_t>() == 15;
      ++(of_first == 0 || of_first == 16 ? of_one_strand : of_both);
      if (of_first == 0 || of_first == 16) {
        EXPECT_TRUE(contiguous);
        continue;
      }
      // In a duplex the residues nearest to one are those opposite.
      EXPECT_NEAR(static_cast<double>(of_first), 8.0, 3.0);
      EXPECT_GE((batch.partner[0] >= 0).sum().item<int64_t>(), 8) << "pairs across molecules";
      for (int64_t i = 0; i < 16; ++i) {
        const int64_t j = batch.partner[0][i].item<int64_t>();
        if (j < 0) continue;
        EXPECT_NE(chain[i].item<int64_t>(), chain[j].item<int64_t>());
        EXPECT_EQ(batch.partner[0][j].item<int64_t>(), i);
      }
    }
  }
  EXPECT_GT(of_one_strand, 5);
  EXPECT_GT(of_both, 45) << "all of the spatial crops, and stretches that would cross the join";
}

TEST(TrainingDataTest, StagesDecideTheLengthOfCrops) {
  const TemporaryFolder folder;
  write_tiny_dataset(folder / "d.h5", {{"1AAA", 50}, {"1BBB", 8}});
  DataConfig config;
  config.path = folder / "d.h5";
  config.batch_size = 1;
  config.crop_length = "12:0.5,30:0.5";
  const TrainingData data(config, 0);
  EXPECT_EQ(data.trained_length(0, 0), 12);
  EXPECT_EQ(data.trained_length(0, 1), 30);
  EXPECT_EQ(data.trained_length(1, 1), 8);
  // Five batches of stage 0, then stage 1: the third epoch of two batches is cut short.
  BatchStream stream(data, 0, 0, {}, [](std::int64_t count) { return std::size_t{count >= 5}; });
  std::vector<BatchStream::Item> items;
  for (int i = 0; i < 8; ++i) items.push_back(stream.next());
  std::vector<std::pair<std::int64_t, std::int64_t>> places;
  for (const BatchStream::Item& item : items) {
    places.emplace_back(item.epoch, item.number);
    const int64_t length = item.batch.lengths[0].item<int64_t>();
    EXPECT_TRUE(length == 8 || length == (places.size() <= 5 ? 12 : 30)) << length;
  }
  EXPECT_EQ(places, (std::vector<std::pair<std::int64_t, std::int64_t>>{
                        {0, 0}, {0, 1}, {1, 0}, {1, 1}, {2, 0}, {3, 0}, {3, 1}, {4, 0}}));
  EXPECT_EQ(items[4].next_epoch, 3);
  EXPECT_EQ(items[4].next_batch, 0);
  BatchStream later(data, 3, 1, {}, [](std::int64_t) { return std::size_t{1}; });
  EXPECT_TRUE(at::equal(later.next().batch.residue_index, items[6].batch.residue_index));
}

TEST(CropStagesTest, FollowTheShareOfTheSteps) {
  const CropStages one("256"), two("256:0.9, 1024:0.1"), open("64:0.25,128:0.25,0:0.5");
  EXPECT_EQ(one.count(), 1u);
  EXPECT_EQ(one.length(0), 256);
  EXPECT_EQ(one.stage_of(1'000'000, 10), 0u);
  EXPECT_EQ(two.length(1), 1024);
  EXPECT_EQ(two.stage_of(0, 1000), 0u);
  EXPECT_EQ(two.stage_of(899, 1000), 0u);
  EXPECT_EQ(two.stage_of(900, 1000), 1u);
  EXPECT_EQ(two.stage_of(1000, 1000), 1u);
  EXPECT_EQ(open.length(open.stage_of(50, 100)), 0) << "whole chains";
  for (const auto& [text, expected] :
       std::map<std::string, std::string>{{"", "there is no length"},
                                          {"-1", "\"-1\" does not begin with a length"},
                                          {"many", "\"many\" does not begin with a length"},
                                          {"256:0.9", "the shares sum to 0.9, not to 1"},
                                          {"256,512", "the shares sum to 2, not to 1"},
                                          {"256:0.9,512:x", "the share of \"512:x\""},
                                          {"256:0,512:1", "the share of \"256:0\""},
                                          {"256:0.5:0.5", "the share of \"256:0.5:0.5\""}}) {
    DataConfig config;
    config.path = "d.h5";
    config.crop_length = text;
    const std::string message = message_of([&] { config.validate(); });
    EXPECT_NE(message.find("data.crop_length = " + text + ": " + expected), std::string::npos) << message;
  }
}

TEST(TrainingDataTest, NoChainLeftIsRefused) {
  const TemporaryFolder folder;
  write_tiny_dataset(folder / "d.h5", five_chains());
  DataConfig config;
  config.path = folder / "d.h5";
  config.min_length = 100;
  EXPECT_EQ(message_of([&] { TrainingData(config, 0); }),
            config.path + ": none of its 5 chains is left to train on with data.min_length = 100; widen them");
  config.min_length = 1;
  config.max_breaks = 0;
  config.methods = "nmr";
  EXPECT_EQ(message_of([&] { TrainingData(config, 0); }),
            config.path +
                ": none of its 5 chains is left to train on with data.methods = nmr, data.max_breaks = 0; widen them");
  write_tiny_dataset(folder / "test.h5", {{"1AAA", 5, -1, "test"}});
  DataConfig none;
  none.path = folder / "test.h5";
  EXPECT_EQ(message_of([&] { TrainingData(none, 0); }),
            none.path + ": none of its 1 chains is left to train on: none has the split \"train\"");
}

TEST(TrainingDataTest, TheStreamGoesOnWhereItIsTold) {
  const TemporaryFolder folder;
  write_tiny_dataset(folder / "d.h5", five_chains());
  DataConfig config;
  config.path = folder / "d.h5";
  config.batch_size = 2;
  const TrainingData data(config, 0);
  BatchStream stream(data, 0, 0);
  for (int i = 0; i < 4; ++i) stream.next();
  const BatchStream::Item fifth = stream.next();  // 3 batches per epoch: the second of epoch 1
  EXPECT_EQ(fifth.next_epoch, 1);
  EXPECT_EQ(fifth.next_batch, 2);
  BatchStream later(data, 1, 1);
  EXPECT_EQ(later.next().batch.chain_ids, fifth.batch.chain_ids);
}

TEST(TrainingDataTest, TheGrammarDescribesTheTrainingChains) {
  const TemporaryFolder folder;
  write_hairpin_dataset(folder / "d.h5", 30);  // 12 pairs around a loop of 6
  DataConfig config;
  config.path = folder / "d.h5";
  const TrainingData data(config, 3), again(config, 3);
  const StructureGrammar grammar = data.fit_structure_grammar();
  EXPECT_EQ(grammar.to_text(), again.fit_structure_grammar().to_text());
  EXPECT_DOUBLE_EQ(grammar.chance(ChanceOf::kPaired), 0.75);  // one of one, and half of another observation
  EXPECT_GT(grammar.length(LengthOf::kHairpin).weight(6), 0.5);
  EXPECT_GT(grammar.length(LengthOf::kStem).weight(12), 0.25);  // shares a bin with 11
  EXPECT_EQ(grammar.pseudoknots.rate, 0.0);
}

TEST(TrainingDataTest, SampledByClusterALargeFamilyCountsAsOneChainInTheGrammar) {
  const TemporaryFolder folder;
  std::vector<TinyChain> chains;
  for (int i = 0; i < 9; ++i) chains.push_back({fmt::format("1X{:02d}", i), 5, 0});  // unpaired, all of them
  chains.push_back({"2Y00", 9, 1});
  write_tiny_dataset(folder / "d.h5", chains);
  DataConfig config;
  config.path = folder / "d.h5";
  const auto weight_of_5 = [&](const std::string& sampling) {
    config.sampling = sampling;
    return TrainingData(config, 0).fit_structure_grammar().length(LengthOf::kUnpairedChain).weight(5);
  };
  EXPECT_NEAR(weight_of_5("uniform"), 9.0 / 11.0, 0.03);
  EXPECT_NEAR(weight_of_5("cluster"), 1.0 / 3.0, 0.06);
}

}  // namespace
}  // namespace flashrna
