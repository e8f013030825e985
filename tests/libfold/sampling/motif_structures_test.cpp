// Base pairs that samples around a motif are asked for.
#include <gtest/gtest.h>

#include "libfold/checkpoint.h"
#include "libfold/configuration.h"
#include "libfold/run_config.h"
#include "libfold/sampling/drawn_structures.h"
#include "rna/io/structure_writer.h"
#include "rna/pairs/dot_bracket.h"
#include "tests/datasets/paired_structures.h"

namespace flashrna {
namespace {

// Of a model that takes base pairs or not.
Checkpoint checkpoint_of_model(bool takes_pairs) {
  RunConfig config;
  Configuration configuration;
  config.add_options(configuration);
  config.data.path = "d.h5";
  config.model.local_edges = 4;
  config.model.condition_pairs = takes_pairs;
  Checkpoint checkpoint;
  checkpoint.path = "some.h5";
  checkpoint.configuration = configuration.to_ini();
  return checkpoint;
}

TEST(MotifStructures, AreAskedForWhereTheModelTakesPairs) {
  const TemporaryFolder folder;
  SampleConfig config;
  config.contig = "2-5,A3-28,3";
  config.motif = folder.write("hairpin.cif", to_mmcif(paired_hairpin("motif")));
  const auto partners = [&](bool takes_pairs) {
    SampleConfig asked = config;
    std::vector<PlannedBatch> batches = plan_batches(asked);
    const bool any = set_motif_structures(batches, asked, checkpoint_of_model(takes_pairs));
    EXPECT_EQ(any, asked.secondary_structure == kFromMotif);
    const Design& design = *batches.front().samples.front().design;
    return design.partner.empty() ? std::string() : to_dot_bracket(design.partner, design.molecule);
  };
  const std::string found = partners(true);
  EXPECT_EQ(found, std::string(found.find('('), '?') + std::string(kPairedHairpin).substr(2, 26) + "\?\?\?");
  EXPECT_EQ(partners(false), "");
  config.secondary_structure = kNoStructures;
  EXPECT_NO_THROW(config.validate());
  EXPECT_EQ(partners(true), "");
  config.secondary_structure = kFromMotif;
  EXPECT_NO_THROW(config.validate());
  config.contig = config.motif = "", config.lengths = "40";
  EXPECT_EQ(message_of([&] { config.validate(); }),
            "--secondary-structure motif: needs a --contig with residues of a --motif");
}

}  // namespace
}  // namespace flashrna
