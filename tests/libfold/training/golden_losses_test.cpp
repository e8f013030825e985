// Compares the losses with tests/data/golden/losses.h5 and the rebuilt atoms with tests/data/golden/geometry.h5.
#include <gtest/gtest.h>

#include <map>

#include "libfold/backbone/backbone_atoms.h"
#include "libfold/training/losses.h"
#include "tests/support/golden_tensor.h"

namespace flashrna {
namespace {

using at::Tensor;

constexpr double kF64 = 1e-9, kF32 = 2e-6, kF32Losses = 1e-4;

LossConfig read_loss_config(const GoldenFile& file, const std::string& path) {
  const auto attribute = [&](const char* name) { return file.attribute(path, name); };
  LossConfig config;
  config.translation_weight = attribute("translation_loss_weight");
  config.rotation_weight = attribute("rotation_loss_weights");
  config.auxiliary_weight = attribute("aux_loss_weight");
  config.auxiliary_min_t = attribute("aux_loss_t_pass");
  config.torsion_weight = attribute("tors_loss_scale");
  config.atom_scale = attribute("bb_atom_scale");
  config.translation_scale = attribute("trans_scale");
  config.t_clip = attribute("t_normalize_clip");
  config.atoms = 3 + static_cast<int>(attribute("num_non_frame_atoms"));
  return config;
}

// One case at one precision: every loss and every gradient.
void expect_losses(const GoldenFile& file, const std::string& path, at::ScalarType type, double allowed) {
  const auto input = [&](const char* name) { return golden_tensor(file, path + "/inputs/" + name).to(type); };
  Batch truth;
  truth.lengths = input("res_mask").sum(1).to(at::kLong);
  truth.translations = input("trans_1");
  truth.rotations = input("rotmats_1");
  truth.torsions = input("torsion_angles_sin_cos").narrow(2, 0, kTorsions);
  truth.torsion_mask = at::ones(truth.torsions.sizes().slice(0, 3), at::kBool);
  const Corrupted noisy = {input("t").flatten(), at::zeros_like(truth.translations), input("rotmats_t")};
  const FlowModelOutput prediction = {input("pred_trans").requires_grad_(), input("pred_rotmats").requires_grad_(),
                                      input("pred_torsions").requires_grad_()};
  const Losses losses =
      compute_losses(truth, noisy, prediction, read_loss_config(file, path), PublishedConventions::all());
  losses.total.backward();

  const std::string suffix = type == at::kFloat ? " f32" : "";
  const auto expect = [&](const std::string& name, const Tensor& got) {
    EXPECT_EQ(got.scalar_type(), type) << name;
    expect_close(path + "/" + name + suffix, got, golden_tensor(file, path + "/" + name), allowed);
  };
  expect("outputs/trans_loss", losses.translation);
  expect("outputs/rots_vf_loss", losses.rotation);
  expect("outputs/se3_vf_loss", losses.se3);
  expect("outputs/bb_atom_loss", losses.atoms);
  expect("outputs/dist_mat_loss", losses.distances);
  expect("outputs/torsion_loss", losses.torsions);
  expect("outputs/auxiliary_loss", losses.auxiliary);
  expect("outputs/total", losses.total.view({1}));
  expect("grads/pred_trans", prediction.translations.grad());
  expect("grads/pred_rotmats_tangent", tangent_gradient(prediction.rotations, prediction.rotations.grad()));
  expect("grads/pred_torsions", prediction.torsions.grad());
}

TEST(GoldenLosses, LossesAndGradientsAreReproduced) {
  const GoldenFile file(golden_path("losses.h5"));
  for (const std::string& name : file.children("cases")) {
    expect_losses(file, "cases/" + name, at::kDouble, kF64);
    expect_losses(file, "cases/" + name, at::kFloat, kF32Losses);
  }
}

// Pairs of slots, here and in the golden file, of the atoms that both rebuild.
std::vector<std::pair<int, int64_t>> shared_slots(const GoldenFile& file, const std::string& mask_path) {
  const Tensor rebuilt = golden_tensor(file, mask_path).flatten(0, -2).amax(0);  // [19]
  const std::vector<std::string> names = file.read_strings("constants/atom27_names");
  std::vector<std::pair<int, int64_t>> slots;
  for (int slot = 0; slot < kBackboneAtoms; ++slot) {
    const auto found = std::find(names.begin(), names.end(), atom_name(Base::A, slot)) - names.begin();
    if (found < rebuilt.size(0) && rebuilt[found].item<double>() > 0) slots.emplace_back(slot, found);
  }
  return slots;
}

TEST(GoldenLosses, RebuiltAtomsAndGradientsAreReproduced) {
  const GoldenFile file(golden_path("geometry.h5"));
  const auto slots = shared_slots(file, "random/outputs/atom37_mask");
  ASSERT_EQ(slots.size(), 12u);  // all 13 except O2'
  std::vector<int> ours;
  std::vector<int64_t> golden;
  for (const auto& [slot, column] : slots) {
    ours.push_back(slot);
    golden.push_back(column);
  }
  const auto columns = [&](const std::string& path) {
    return golden_tensor(file, path).index_select(-2, at::tensor(golden, at::kLong));
  };
  for (const auto& [type, allowed, allowed_gradient] :
       {std::tuple(at::kDouble, kF64, kF64), std::tuple(at::kFloat, kF32, kF32Losses)}) {
    const auto input = [&, type = type](const char* name) {
      return golden_tensor(file, std::string("random/inputs/") + name).to(type).requires_grad_();
    };
    const std::string suffix = type == at::kFloat ? " f32" : "";
    const Tensor rotations = input("rotmats"), translations = input("trans"), torsions = input("torsions");
    const Tensor atoms = backbone_atoms(rotations, translations, torsions, ours, deoxyadenosine_geometry());
    expect_close("random/outputs/atom37" + suffix, atoms, columns("random/outputs/atom37"), allowed);
    (atoms * columns("random/cotangents/atom37").to(type)).sum().backward();
    const auto expect = [&, allowed_gradient = allowed_gradient](const std::string& name, const Tensor& got) {
      expect_close(name + suffix, got, golden_tensor(file, "random/grads/" + name), allowed_gradient);
    };
    expect("rotmats", rotations.grad());
    expect("rotmats_tangent", tangent_gradient(rotations, rotations.grad()));
    expect("trans", translations.grad());
    expect("torsions", torsions.grad());
  }
}

}  // namespace
}  // namespace flashrna
