// Compares frames, torsions and rebuilt atoms with the published implementation (tests/data/golden/geometry.h5).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iostream>

#include "rna/backbone.h"
#include "rna/frame.h"
#include "tests/support/golden_file.h"

namespace flashrna {
namespace {

constexpr char kFile[] = "geometry.h5";

// 1e-6 Å as published in float64; 1e-5 Å if the file holds float32.
double tolerance_of(const GoldenFile& file, const std::string& path) {
  return file.stored_as_float32(path) ? 1e-5 : 1e-6;
}

// Records the largest error of a run and prints it at the end.
struct WorstError {
  std::string what;
  double value = 0.0;
  std::size_t n = 0;

  void add(double got, double expected, double tolerance, const std::string& where) {
    const double error = std::abs(got - expected);
    value = std::max(value, error);
    ++n;
    EXPECT_LE(error, tolerance) << what << " " << where << ": got " << got << ", expected " << expected;
  }
  ~WorstError() { std::cout << "  " << what << ": " << n << " numbers, largest error " << value << "\n"; }
};

// The ring atom is N9 in purines and N1 in all others, including pseudouridine, as in the published numbers.
std::string ring_atom(char base) { return base == 'A' || base == 'G' ? "N9" : "N1"; }

std::vector<Nucleotide> read_nucleotides(const GoldenFile& file, const std::string& chain) {
  const std::vector<std::string> names = file.read_strings("constants/atom27_names");
  const std::vector<std::string> bases = file.read_strings(chain + "/inputs/base");
  const std::vector<double> atoms = file.read(chain + "/inputs/atom27");
  const std::vector<double> mask = file.read(chain + "/inputs/atom27_mask");
  std::vector<Nucleotide> nucleotides(bases.size());
  for (std::size_t i = 0; i < bases.size(); ++i) {
    for (std::size_t a = 0; a < names.size(); ++a) {
      const int slot =
          names[a] == ring_atom(bases[i][0]) ? static_cast<int>(kGlycosidicNitrogen) : atom_slot(Base::N, names[a]);
      const std::size_t at = i * names.size() + a;
      if (mask[at] == 0.0 || slot < 0 || (slot == kGlycosidicNitrogen && names[a] != ring_atom(bases[i][0]))) continue;
      nucleotides[i].set(slot, 0.001 * Vec3(atoms[3 * at], atoms[3 * at + 1], atoms[3 * at + 2]));
    }
  }
  return nucleotides;
}

// The published constants of one residue type, as stored.
BackboneGeometry published_geometry(const GoldenFile& file, std::size_t type) {
  BackboneGeometry geometry;
  geometry.parent = ideal_backbone_geometry().parent;
  const std::vector<double> frames = file.read("constants/default_frames");
  const std::size_t n_groups = static_cast<std::size_t>(file.shape("constants/default_frames")[1]);
  for (std::size_t g = 0; g < kRigidGroups; ++g) {
    const double* m = &frames[(type * n_groups + g) * 16];
    geometry.to_parent[g].rotation << m[0], m[1], m[2], m[4], m[5], m[6], m[8], m[9], m[10];
    geometry.to_parent[g].translation = Vec3(m[3], m[7], m[11]);
  }
  const std::vector<std::string> names = file.read_strings("constants/atom23_names");
  const std::vector<double> positions = file.read("constants/atom23_positions");
  const std::vector<double> groups = file.read("constants/atom23_group");
  geometry.group.fill(-1);
  for (std::size_t a = 0; a < 23; ++a) {
    const std::size_t at = type * 23 + a;
    const int slot = atom_slot(Base::N, names[at]);
    if (slot < 0 || slot == kO2) continue;
    geometry.group[slot] = static_cast<int>(groups[at]);
    geometry.position[slot] = Vec3(positions[3 * at], positions[3 * at + 1], positions[3 * at + 2]);
  }
  return geometry;
}

// Slots of the published 37-atom layout (truncated to 19 in the file) that a rebuild writes.
constexpr std::array<std::pair<int, int>, 12> kAtom37Slots = {{{0, kC1},
                                                               {1, kC2},
                                                               {2, kC3},
                                                               {3, kC4},
                                                               {4, kC5},
                                                               {5, kO5},
                                                               {6, kO4},
                                                               {7, kO3},
                                                               {9, kP},
                                                               {10, kOP1},
                                                               {11, kOP2},
                                                               {18, kGlycosidicNitrogen}}};

RigidTransform frame_at(const std::vector<double>& rotations, const std::vector<double>& translations, std::size_t i) {
  RigidTransform frame;
  const double* r = &rotations[9 * i];
  frame.rotation << r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8];
  frame.translation = Vec3(translations[3 * i], translations[3 * i + 1], translations[3 * i + 2]);
  return frame;
}

// Rebuilds every residue with the published deoxyadenosine constants and compares with a 37-atom array truncated to 19.
void compare_rebuilt(const GoldenFile& file, const std::vector<double>& rotations,
                     const std::vector<double>& translations, const std::vector<double>& torsions,
                     std::size_t torsions_stored, const std::string& expected_path, WorstError& worst) {
  const BackboneGeometry geometry = published_geometry(file, 0);
  const std::vector<double> expected = file.read(expected_path);
  const std::size_t stored = *(file.shape(expected_path).rbegin() + 1);
  for (std::size_t i = 0; i < rotations.size() / 9; ++i) {
    std::array<std::array<double, 2>, kTorsions> sin_cos;
    for (std::size_t k = 0; k < kTorsions; ++k) {
      const double* pair = &torsions[(i * torsions_stored + k) * 2];
      sin_cos[k] = {pair[0], pair[1]};
    }
    const auto atoms = rebuild_backbone(frame_at(rotations, translations, i), sin_cos, geometry);
    for (const auto& [atom37, slot] : kAtom37Slots) {
      for (int axis = 0; axis < 3; ++axis) {
        const double want =
            expected[(i * stored + static_cast<std::size_t>(atom37)) * 3 + static_cast<std::size_t>(axis)];
        worst.add(atoms[slot][axis], want, tolerance_of(file, expected_path),
                  expected_path + " residue " + std::to_string(i) + " slot " + std::to_string(slot));
      }
    }
  }
}

class GeometryGolden : public testing::Test {
 protected:
  void SetUp() override {
    const GoldenFile file(golden_path(kFile));
    if (file.has("chains")) chains_ = file.children("chains");
  }

  std::vector<std::string> chains_;
};

TEST_F(GeometryGolden, FramesAreReproduced) {
  const GoldenFile file(golden_path(kFile));
  ASSERT_FALSE(chains_.empty()) << golden_path(kFile) << " has no chains";
  WorstError rotation{"rotation"};
  WorstError translation{"translation (Å)"};
  for (const std::string& chain : chains_) {
    const std::string outputs = "chains/" + chain + "/outputs/";
    const std::vector<double> rotations = file.read(outputs + "rotmats");
    const std::vector<double> translations = file.read(outputs + "trans");
    const std::vector<Nucleotide> nucleotides = read_nucleotides(file, "chains/" + chain);
    for (std::size_t i = 0; i < nucleotides.size(); ++i) {
      if (!nucleotides[i].has_frame()) continue;
      const RigidTransform frame = frame_of(nucleotides[i]);
      for (int row = 0; row < 3; ++row) {
        const std::string where = chain + " residue " + std::to_string(i);
        const std::size_t at = 3 * i + static_cast<std::size_t>(row);
        translation.add(frame.translation[row], translations[at], tolerance_of(file, outputs + "trans"), where);
        for (int column = 0; column < 3; ++column) {
          rotation.add(frame.rotation(row, column), rotations[3 * at + static_cast<std::size_t>(column)],
                       tolerance_of(file, outputs + "rotmats"), where);
        }
      }
    }
  }
}

TEST_F(GeometryGolden, TorsionsAndTheirMasksAreReproduced) {
  const GoldenFile file(golden_path(kFile));
  WorstError torsion{"sine and cosine"};
  for (const std::string& chain : chains_) {
    const std::string outputs = "chains/" + chain + "/outputs/";
    const std::vector<double> sin_cos = file.read(outputs + "torsions_sin_cos");
    const std::vector<double> mask = file.read(outputs + "torsion_mask");
    const std::size_t stored = static_cast<std::size_t>(file.shape(outputs + "torsion_mask")[1]);
    const std::vector<Nucleotide> nucleotides = read_nucleotides(file, "chains/" + chain);
    for (std::size_t i = 0; i < nucleotides.size(); ++i) {
      const Torsions torsions = torsions_of(nucleotides[i]);
      for (std::size_t k = 0; k < kTorsions; ++k) {
        const std::string where = chain + " residue " + std::to_string(i) + " torsion " + std::to_string(k);
        const bool defined = (torsions.mask >> k & 1) != 0;
        ASSERT_EQ(defined, mask[i * stored + k] != 0.0) << where;
        if (!defined) continue;
        for (std::size_t part = 0; part < 2; ++part) {
          torsion.add(torsions.sin_cos[k][part], sin_cos[(i * stored + k) * 2 + part],
                      tolerance_of(file, outputs + "torsions_sin_cos"), where);
        }
      }
    }
  }
}

TEST_F(GeometryGolden, PublishedConstantsRebuildThePublishedAtomsOfRealChains) {
  const GoldenFile file(golden_path(kFile));
  WorstError worst{"rebuilt atoms of real chains (Å)"};
  for (const std::string& chain : chains_) {
    const std::string outputs = "chains/" + chain + "/outputs/";
    const std::size_t stored = static_cast<std::size_t>(file.shape(outputs + "torsions_sin_cos")[1]);
    compare_rebuilt(file, file.read(outputs + "rotmats"), file.read(outputs + "trans"),
                    file.read(outputs + "torsions_sin_cos"), stored, outputs + "rebuilt_atom37", worst);
  }
}

TEST_F(GeometryGolden, PublishedConstantsRebuildThePublishedAtomsOfRandomFrames) {
  const GoldenFile file(golden_path(kFile));
  ASSERT_TRUE(file.has("random")) << golden_path(kFile) << " has no group /random";
  WorstError worst{"rebuilt atoms of random frames (Å)"};
  compare_rebuilt(file, file.read("random/inputs/rotmats"), file.read("random/inputs/trans"),
                  file.read("random/inputs/torsions"), kTorsions, "random/outputs/atom37", worst);
}

// Ring closure and O2' are not part of the parametrization. Measures their deviations in a real chain with the default
// constants. The limits are those of real RNA, so the test always reads the repository's copy of the file, whatever
// FLASHRNA_GOLDEN_DIR is.
TEST(Backbone, OurConstantsRebuildRealChainsClosely) {
  const GoldenFile file(std::string(FLASHRNA_TEST_DATA) + "/golden/" + kFile);
  for (const std::string& chain : file.children("chains")) {
    std::vector<double> closure;
    std::vector<double> backbone_error;
    std::vector<double> o2_error;
    for (const Nucleotide& nucleotide : read_nucleotides(file, "chains/" + chain)) {
      const Torsions torsions = torsions_of(nucleotide);
      if (!nucleotide.has_frame() || torsions.mask != 0xff) continue;
      const auto atoms = rebuild_backbone(frame_of(nucleotide), torsions.sin_cos);
      closure.push_back((atoms[kC1] - atoms[kC2]).norm());
      for (int slot = 0; slot < kBackboneAtoms; ++slot) {
        if (slot != kO2) backbone_error.push_back((atoms[slot] - nucleotide.atoms[slot]).norm());
      }
      if (!nucleotide.has(kO2)) continue;
      const Vec3 placed = place_o2(nucleotide.atoms[kC1], nucleotide.atoms[kC2], nucleotide.atoms[kC3]);
      o2_error.push_back((placed - nucleotide.atoms[kO2]).norm());
    }
    if (o2_error.empty()) continue;
    const auto median = [](std::vector<double>& values) {
      std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
      return values[values.size() / 2];
    };
    const double closure_median = median(closure);
    const double backbone_median = median(backbone_error);
    const double o2_median = median(o2_error);
    std::cout << "  " << chain << ": C1'-C2' median " << closure_median << " Å (ideal 1.53), backbone error median "
              << backbone_median << " Å, O2' error median " << o2_median << " Å\n";
    EXPECT_NEAR(closure_median, 1.62, 0.1) << chain;  // docs/architecture.md, "Torsions"
    EXPECT_LT(backbone_median, 0.15) << chain;
    EXPECT_LT(o2_median, 0.2) << chain;  // with the wrong chirality: 2.3 Å
  }
}

}  // namespace
}  // namespace flashrna
