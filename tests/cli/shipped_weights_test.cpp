#include "cli/shipped_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/sha256.h"
#include "tests/support/error_message.h"
#include "tests/support/temporary_folder.h"

namespace flashrna {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class WeightsByName : public ::testing::Test {
 protected:
  // weights/ of a package, then of a cache.
  std::vector<WeightsFolder> folders() const {
    return {{folder_.path("package"), "package"}, {folder_.path("cache"), "cache"}};
  }
  void SetUp() override {
    for (const char* name : {"package", "cache"}) std::filesystem::create_directories(folder_.path(name));
  }
  TemporaryFolder folder_;
};

TEST_F(WeightsByName, PackageComesBeforeCache) {
  folder_.write("cache/mine.h5", "cached");
  EXPECT_EQ(find_checkpoint("mine", folders()), folder_.path("cache/mine.h5"));
  folder_.write("package/mine.h5", "packaged");
  EXPECT_EQ(find_checkpoint("mine", folders()), folder_.path("package/mine.h5"));
  const std::vector<FoundWeights> found = find_weights_files(folders());
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].place, "package");
}

TEST_F(WeightsByName, NoNameIsThePublishedDefault) {
  folder_.write("package/flashrna-small.h5", "own");
  EXPECT_EQ(find_checkpoint("", folders()), folder_.path("package/flashrna-small.h5"));
}

TEST_F(WeightsByName, PathsAreLeftAlone) {
  folder_.write("package/run.h5", "");
  for (const char* path : {"no/such.h5", "such.h5", "./run", "runs/demo"})
    EXPECT_EQ(find_checkpoint(path, folders()), path);
  EXPECT_EQ(find_checkpoint(folder_.path("package"), folders()), folder_.path("package"));
}

TEST_F(WeightsByName, MissingOnesAreRefusedWithPlacesAndSha256) {
  EXPECT_THAT(
      message_of([&] { find_checkpoint("flashrna-small", folders()); }),
      AllOf(HasSubstr("--checkpoint flashrna-small: there are no weights at " +
                      folder_.path("package/flashrna-small.h5") + " or " + folder_.path("cache/flashrna-small.h5")),
            HasSubstr(published_weights().at(0).sha256)));
  folder_.write("cache/ribosome.h5", "");
  EXPECT_THAT(message_of([&] { find_checkpoint("ribosom", folders()); }), HasSubstr("did you mean ribosome?"));
}

TEST_F(WeightsByName, ADamagedCopyInTheCacheIsRefused) {
  folder_.write("cache/flashrna-small.h5", "cut off");
  EXPECT_THAT(message_of([&] { find_checkpoint("flashrna-small", folders()); }),
              AllOf(HasSubstr("cache/flashrna-small.h5: its SHA-256 is not "), HasSubstr("copy it again")));
}

TEST(PublishedWeights, AreThoseOfTheSourceTree) {
  for (const PublishedWeights& one : published_weights()) {
    const std::string path = FLASHRNA_SOURCE_DIR "/weights/" + one.name + ".h5";
    if (!std::filesystem::exists(path)) GTEST_SKIP() << "the checkout lacks " << path;
    const std::string bytes = read_file(path);
    EXPECT_EQ(sha256_hex(bytes), one.sha256) << "enter it in cli/shipped_weights.cpp";
    EXPECT_EQ(static_cast<std::int64_t>(bytes.size()), one.bytes);
  }
}

TEST(WeightsFolders, OfABuildFolderIncludeTheSourceTree) {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder.path("build/cpu"));
  EXPECT_EQ(weights_folders(folder.path("build/cpu"), "/cache").size(), 2u);
  folder.write("build/cpu/CMakeCache.txt", "");
  const std::vector<WeightsFolder> found = weights_folders(folder.path("build/cpu"), "/cache");
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[1].path, folder.path("weights"));
  EXPECT_EQ(found[2].path, "/cache/flashrna/weights");
  EXPECT_EQ(weights_folders("/opt/bin", "")[0].path, "/opt/share/flashrna/weights");
}

}  // namespace
}  // namespace flashrna
