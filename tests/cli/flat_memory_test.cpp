// Slow (ctest -L slow): the memory of a conversion does not grow with the number of files.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <Eigen/Geometry>
#include <filesystem>
#include <iostream>
#include <random>
#include <sstream>

#include "base/error.h"
#include "base/gzip.h"
#include "datasets/archive_reader.h"
#include "datasets/dataset_reader.h"
#include "tests/datasets/example_structures.h"
#include "tests/support/shared_data.h"

namespace flashrna {
namespace {

namespace fs = std::filesystem;

// The PDB text with all atoms rotated.
std::string turned(const std::string& text, const Eigen::Quaterniond& rotation) {
  std::string result = text;
  for (std::size_t line = 0; line < result.size(); line = result.find('\n', line) + 1) {
    const bool is_atom = result.compare(line, 6, "ATOM  ") == 0 || result.compare(line, 6, "HETATM") == 0;
    if (is_atom) {
      const Eigen::Vector3d x(std::stod(result.substr(line + 30, 8)), std::stod(result.substr(line + 38, 8)),
                              std::stod(result.substr(line + 46, 8)));
      const Eigen::Vector3d y = rotation * x;
      result.replace(line + 30, 24, fmt::format("{:8.3f}{:8.3f}{:8.3f}", y[0], y[1], y[2]));
    }
    if (result.find('\n', line) == std::string::npos) break;
  }
  return result;
}

struct Conversion {
  double peak_megabytes;
  std::size_t files, chains;
};

Conversion convert(const TemporaryFolder& folder, const std::string& inputs, std::size_t files) {
  const std::string output = folder.path("out.h5");
  std::cout.flush();
  const pid_t child = fork();
  if (child == 0) {
    if (std::freopen(inputs.c_str(), "r", stdin) == nullptr || std::freopen("/dev/null", "w", stdout) == nullptr) {
      _exit(126);
    }
    execl(FLASHRNA_PROGRAM, "flashrna", "convert", "-", "--output", output.c_str(), "--overwrite", "--quiet", nullptr);
    _exit(127);
  }
  int status = 0;
  rusage usage{};
  wait4(child, &status, 0, &usage);
  EXPECT_EQ(status, 0);
  return {static_cast<double>(usage.ru_maxrss) / 1024, files, DatasetReader(output).chains().size()};
}

TEST(FlatMemory, AThousandAndFourteenThousandFilesNeedTheSame) {
  FLASHRNA_REQUIRE_SHARED(archive_path, "structures/train.tar.xz");
  // PDB files up to 300 kB, so that 14,000 fit on a disk. The larger ones are the same in both runs.
  std::vector<std::pair<std::string, std::string>> originals;
  ArchiveReader archive(archive_path, kMaxUnpackedBytes);
  while (const auto member = archive.next([](const std::string& name) { return name.ends_with(".pdb"); })) {
    if (!member->bytes.empty() && member->bytes.size() < 300'000) {
      originals.emplace_back(fs::path(member->name).stem().string(), member->bytes);
    }
  }
  ASSERT_GT(originals.size(), 300u);
  const TemporaryFolder folder;
  std::mt19937_64 engine(1);
  std::normal_distribution<double> normal;
  std::vector<Conversion> conversions;
  std::string list;
  std::size_t files = 0;
  for (const std::size_t wanted : {std::size_t{1'000}, std::size_t{14'000}}) {
    for (; files < wanted; ++files) {
      const auto& [name, text] = originals[files % originals.size()];
      Eigen::Quaterniond rotation(normal(engine), normal(engine), normal(engine), normal(engine));
      list += folder.write(fmt::format("in/{}_{}.pdb", name, files), turned(text, rotation.normalized())) + "\n";
    }
    conversions.push_back(convert(folder, folder.write("list", list), files));
    const Conversion& last = conversions.back();
    std::cout << fmt::format("  {} files, {} chains: peak memory {:.0f} MB\n", last.files, last.chains,
                             last.peak_megabytes);
  }
  EXPECT_LT(conversions[1].peak_megabytes, 1.1 * conversions[0].peak_megabytes);
  EXPECT_LT(conversions[1].peak_megabytes, 600);
  EXPECT_GT(conversions[1].chains, 13 * conversions[0].chains) << "no copy is taken for a duplicate";
}

}  // namespace
}  // namespace flashrna
