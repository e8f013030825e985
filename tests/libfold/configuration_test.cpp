#include "libfold/configuration.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/error.h"

namespace flashrna {
namespace {

struct Settings {
  int blocks = 6;
  long steps = 100000;
  std::uint64_t seed = 7;
  double learning_rate = 1e-4;
  bool coupling = true;
  std::string dataset = "rna.h5";
};

class ConfigurationTest : public ::testing::Test {
 protected:
  ConfigurationTest() {
    configuration.bind("model.blocks", settings.blocks, "number of blocks");
    configuration.bind("optimizer.learning_rate", settings.learning_rate, "step size");
    configuration.bind("run.steps", settings.steps, "steps of the optimizer");
    configuration.bind("run.seed", settings.seed, "seed");
    configuration.bind("flow.coupling", settings.coupling, "optimal transport");
    configuration.bind("data.dataset", settings.dataset, "the file to learn from");
  }

  // The message of the UsageError thrown on reading `text`, "" if none is thrown.
  std::string error_of(const std::string& text) {
    try {
      configuration.read_ini_text(text, "configs/train.ini");
    } catch (const UsageError& error) {
      return error.what();
    }
    return "";
  }

  Settings settings;
  Configuration configuration;
};

TEST_F(ConfigurationTest, IniSetsEveryTypeAndSkipsCommentsBlanksAndCarriageReturns) {
  configuration.read_ini_text(
      "\xEF\xBB\xBF# a comment\r\n[model]\r\nblocks = 4 ; fewer\r\n\r\n[ optimizer ]\nlearning_rate=2.5e-3\n"
      "[run]\n steps =  12 # short\nseed = 18446744073709551615\n[flow]\ncoupling = off\n"
      "[data]\n; another\ndataset = set#1;b.h5\n",
      "x.ini");
  EXPECT_EQ(settings.blocks, 4);
  EXPECT_EQ(settings.learning_rate, 2.5e-3);
  EXPECT_EQ(settings.steps, 12);
  EXPECT_EQ(settings.seed, 18446744073709551615u);
  EXPECT_FALSE(settings.coupling);
  EXPECT_EQ(settings.dataset, "set#1;b.h5");
  EXPECT_EQ(configuration.find("run.seed")->source, "x.ini:9");
}

TEST_F(ConfigurationTest, KeysNotInTheFileKeepTheirDefaultsAndNoSource) {
  configuration.read_ini_text("[model]\nblocks = 4\n", "x.ini");
  EXPECT_EQ(settings.learning_rate, 1e-4);
  EXPECT_EQ(configuration.find("optimizer.learning_rate")->source, "");
}

TEST_F(ConfigurationTest, BadIniNamesFileLineKeyValueAndWhatIsExpected) {
  const std::pair<const char*, const char*> cases[] = {
      {"[optimizer]\n\n# rate\nlearning_rat = 1\n",
       "configs/train.ini:4: unknown key \"optimizer.learning_rat\"; did you mean \"optimizer.learning_rate\"?"},
      {"learning_rate = 1\n",
       "configs/train.ini:1: unknown key \"learning_rate\"; did you mean \"optimizer.learning_rate\"?"},
      {"[training]\nblocks = 1\n",
       "configs/train.ini:2: unknown key \"training.blocks\"; did you mean \"model.blocks\"?"},
      {"[zzzz]\nqqqqqqqqqqqqqq = 1\n", "configs/train.ini:2: unknown key \"zzzz.qqqqqqqqqqqqqq\""},
      {"[model]\nblocks = six\n",
       "configs/train.ini:2: model.blocks = \"six\" is not a whole number from -2147483648 to 2147483647"},
      {"[model]\nblocks = 6.5\n",
       "configs/train.ini:2: model.blocks = \"6.5\" is not a whole number from -2147483648 to 2147483647"},
      {"[model]\nblocks = 99999999999\n",
       "configs/train.ini:2: model.blocks = \"99999999999\" is not a whole number from -2147483648 to 2147483647"},
      {"[run]\nseed = -1\n",
       "configs/train.ini:2: run.seed = \"-1\" is not a whole number from 0 to "
       "18446744073709551615"},
      {"[optimizer]\nlearning_rate = 1e-3x\n",
       "configs/train.ini:2: optimizer.learning_rate = \"1e-3x\" is not a finite number"},
      {"[optimizer]\nlearning_rate = nan\n",
       "configs/train.ini:2: optimizer.learning_rate = \"nan\" is not a finite number"},
      {"[optimizer]\nlearning_rate =\n", "configs/train.ini:2: optimizer.learning_rate = \"\" is not a finite number"},
      {"[flow]\ncoupling = maybe\n", "configs/train.ini:2: flow.coupling = \"maybe\" is not true or false"},
      {"[model]\nblocks = 6\n\nblocks = 7\n", "configs/train.ini:4: key \"model.blocks\" is already set on line 2"},
      {"[model\nblocks = 6\n", "configs/train.ini:1: section \"[model\" is not closed by ]"},
      {"[model]\nblocks 6\n", "configs/train.ini:2: \"blocks 6\" is neither [section] nor key = value"},
      {"[model]\nblocks # = 6\n", "configs/train.ini:2: \"blocks\" is neither [section] nor key = value"},
      {"[data]\ndataset = \"a.h5\n", "configs/train.ini:2: the value's closing quote is missing"},
      {"[data]\ndataset = \"a.h5\" b\n", "configs/train.ini:2: \"b\" follows the value's closing quote"},
  };
  for (const auto& [text, message] : cases) EXPECT_EQ(error_of(text), message) << "from:\n" << text;
}

TEST_F(ConfigurationTest, CommandLineErrorsDoNotRepeatTheKey) {
  try {
    configuration.set("model.blocks", "six", "--model.blocks");
    FAIL() << "accepted";
  } catch (const UsageError& error) {
    EXPECT_STREQ(error.what(), "--model.blocks \"six\" is not a whole number from -2147483648 to 2147483647");
  }
}

TEST_F(ConfigurationTest, ResolvedTextReadsBackToTheSameValues) {
  settings = {3, -5, 12345678901234567890u, 0.1 + 0.2, false, " a \"quoted\"\nname; with # and \\ "};
  const std::string text = configuration.to_ini();
  const Settings written = settings;
  settings = {};
  configuration.read_ini_text(text, "resolved");
  EXPECT_EQ(settings.blocks, written.blocks);
  EXPECT_EQ(settings.steps, written.steps);
  EXPECT_EQ(settings.seed, written.seed);
  EXPECT_EQ(settings.learning_rate, written.learning_rate);
  EXPECT_EQ(settings.coupling, written.coupling);
  EXPECT_EQ(settings.dataset, written.dataset);
  EXPECT_EQ(configuration.to_ini(), text);
}

TEST(Configuration, SectionsAreWrittenOnceHoweverKeysWereBound) {
  int a = 1, b = 2, c = 3;
  Configuration configuration;
  configuration.bind("x.a", a, "first");
  configuration.bind("y.b", b, "second");
  configuration.bind("x.c", c, "third");
  EXPECT_EQ(configuration.to_ini(), "[x]\n# first\na = 1\n# third\nc = 3\n\n[y]\n# second\nb = 2\n");
}

TEST(Configuration, FileThatCannotBeReadIsDataNotUsage) {
  Configuration configuration;
  for (const char* path : {"no/such/file.ini", "/"}) {
    try {
      configuration.read_ini(path);
      FAIL() << path << " was read";
    } catch (const UsageError& error) {
      FAIL() << "usage error: " << error.what();
    } catch (const Error& error) {
      EXPECT_EQ(std::string(error.what()).find(std::string(path) + ": cannot read the configuration: "), 0u)
          << error.what();
    }
  }
}

TEST(Configuration, EmptyFileChangesNothing) {
  const std::string path = testing::TempDir() + "flashrna_empty.ini";
  std::ofstream(path).close();
  int a = 1;
  Configuration configuration;
  configuration.bind("x.a", a, "first");
  configuration.read_ini(path);
  EXPECT_EQ(a, 1);
  std::filesystem::remove(path);
}

TEST(Configuration, NearestNameIsTheSmallestEditAndNothingIfAllAreFar) {
  const std::vector<std::string> names{"convert", "info", "train", "sample"};
  EXPECT_EQ(nearest_name("trian", names), "train");
  EXPECT_EQ(nearest_name("conver", names), "convert");
  EXPECT_EQ(nearest_name("smaple", names), "sample");
  EXPECT_EQ(nearest_name("xyzzy", names), "");
}

}  // namespace
}  // namespace flashrna
