#include "libfold/backbone/base_relaxation.h"

#include <ATen/ATen.h>
#include <torch/optim/adam.h>

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "kernels/torch_headers.h"
#include "libfold/backbone/base_atoms.h"
#include "libfold/backbone/relaxation_energy.h"
#include "rna/cell_list.h"
#include "rna/measure/clash_radius.h"
#include "rna/pairs/refined_base_pairs.h"
#include "rna/torsion.h"

namespace flashrna {

using at::Tensor;

namespace {

constexpr double kStep = 0.02;  // of Adam: Å and radians
constexpr double kSlack = 1.2;  // Å; how much nearer two atoms can come between two lists of contacts
constexpr int kRoundsPerList = 10;
constexpr double kHydrogenBondWeight = 4.0;

// Pairs of an atom of the unit and any atom, by their index in [L of all copies, kAtomSlots].
struct AtomPairs {
  std::vector<int64_t> atoms, other_atoms;
  std::vector<double> distances;  // Å
  std::vector<double> weights;    // 0.5 for a pair that is listed twice, from both sides

  void add(int64_t atom, int64_t other, double distance, double weight) {
    atoms.push_back(atom);
    other_atoms.push_back(other);
    distances.push_back(distance);
    weights.push_back(weight);
  }
};

struct PairTensors {
  Tensor atoms, other_atoms, distances, weights;

  explicit PairTensors(const AtomPairs& pairs)
      : atoms(at::tensor(pairs.atoms, at::kLong)),
        other_atoms(at::tensor(pairs.other_atoms, at::kLong)),
        distances(at::tensor(pairs.distances, at::kDouble)),
        weights(at::tensor(pairs.weights, at::kDouble)) {}

  // Distance in `positions` [atoms, 3] minus that of each pair.
  Tensor errors(const Tensor& positions) const {
    const Tensor apart = positions.index_select(0, atoms) - positions.index_select(0, other_atoms);
    return (apart.square().sum(1) + 1e-6).sqrt() - distances;
  }
};

AtomPairs hydrogen_bonds_of(std::span<const Base> bases, std::span<const int> partner) {
  AtomPairs bonds;
  for (std::size_t i = 0; i < partner.size(); ++i) {
    if (partner[i] < 0) continue;
    const Base other = bases[static_cast<std::size_t>(partner[i]) % bases.size()];
    for (const HydrogenBond& bond : hydrogen_bonds(bases[i], other))
      bonds.add(static_cast<int64_t>(i) * kAtomSlots + atom_slot(bases[i], bond.atom),
                static_cast<int64_t>(partner[i]) * kAtomSlots + atom_slot(other, bond.other_atom), bond.length, 0.5);
  }
  return bonds;
}

// All pairs of a base atom and an atom of another residue that may overlap within kRoundsPerList rounds. `positions`
// are those of all copies. No base atom is within two bonds of another residue.
AtomPairs contacts(const Tensor& positions, std::span<const Base> bases) {
  std::vector<Vec3> points;
  std::vector<int64_t> atoms;
  std::size_t of_unit = 0;
  const auto x = positions.accessor<double, 2>();
  const auto base_of = [&](int64_t residue) { return bases[static_cast<std::size_t>(residue) % bases.size()]; };
  for (int64_t residue = 0; residue < positions.size(0) / kAtomSlots; ++residue) {
    for (int slot = 0; slot < kAtomSlots && !atom_name(base_of(residue), slot).empty(); ++slot) {
      const int64_t atom = residue * kAtomSlots + slot;
      points.push_back({x[atom][0], x[atom][1], x[atom][2]});
      atoms.push_back(atom);
    }
    if (residue < static_cast<int64_t>(bases.size())) of_unit = atoms.size();
  }
  const auto radius = [&](int64_t atom) {
    return clash_radius(atom_name(base_of(atom / kAtomSlots), static_cast<int>(atom % kAtomSlots))[0]);
  };
  const auto of_base = [](int64_t atom) { return atom % kAtomSlots >= kBackboneAtoms; };
  AtomPairs pairs;
  const CellList cells(points, 2.0 * clash_radius('P') - kClashOverlap + kRelaxationMargin + kSlack);
  for (std::size_t a = 0; a < of_unit; ++a) {
    cells.for_each_near(a, [&](std::size_t b, double square) {
      const int64_t atom = atoms[a], other = atoms[b];
      if (other / kAtomSlots <= atom / kAtomSlots || !(of_base(atom) || of_base(other))) return;
      const double closest = radius(atom) + radius(other) - kClashOverlap + kRelaxationMargin;
      if (square < (closest + kSlack) * (closest + kSlack)) pairs.add(atom, other, closest, b < of_unit ? 1.0 : 0.5);
    });
  }
  return pairs;
}

// A batch of one.
FlowModelOutput as_tensors(const SampledBackbone& backbone) {
  const auto L = static_cast<int64_t>(backbone.frames.size());
  FlowModelOutput output{at::empty({1, L, 3}, at::kDouble), at::empty({1, L, 3, 3}, at::kDouble),
                         at::empty({1, L, kTorsions, 2}, at::kDouble), Tensor(), at::empty({1, L, 2}, at::kDouble)};
  for (int64_t i = 0; i < L; ++i) {
    const auto residue = static_cast<std::size_t>(i);
    const RigidTransform& frame = backbone.frames[residue];
    for (int row = 0; row < 3; ++row) {
      output.translations.mutable_data_ptr<double>()[3 * i + row] = frame.translation[row];
      for (int column = 0; column < 3; ++column)
        output.rotations.mutable_data_ptr<double>()[9 * i + 3 * row + column] = frame.rotation(row, column);
    }
    std::ranges::copy(backbone.chi[residue], output.chi.mutable_data_ptr<double>() + 2 * i);
    for (int t = 0; t < kTorsions; ++t)
      std::ranges::copy(backbone.torsions[residue * kTorsions + static_cast<std::size_t>(t)],
                        output.torsions.mutable_data_ptr<double>() + 2 * (i * kTorsions + t));
  }
  const Tensor length = output.chi.norm(2, -1, true);  // below 1 where several predictions were averaged
  output.chi = output.chi / length.clamp_min(1e-6);
  return output;
}

void copy_back(const FlowModelOutput& output, SampledBackbone& backbone) {
  const Tensor translations = output.translations.contiguous(), rotations = output.rotations.contiguous(),
               torsions = output.torsions.contiguous(), chi = output.chi.contiguous();
  for (std::size_t i = 0; i < backbone.frames.size(); ++i) {
    for (int row = 0; row < 3; ++row) {
      backbone.frames[i].translation[row] = translations.const_data_ptr<double>()[3 * i + row];
      for (int column = 0; column < 3; ++column)
        backbone.frames[i].rotation(row, column) = rotations.const_data_ptr<double>()[9 * i + 3 * row + column];
    }
    std::copy_n(chi.const_data_ptr<double>() + 2 * i, 2, backbone.chi[i].begin());
    for (std::size_t t = i * kTorsions; t < (i + 1) * kTorsions; ++t)
      std::copy_n(torsions.const_data_ptr<double>() + 2 * t, 2, backbone.torsions[t].begin());
  }
}

template <typename Value>
Tensor row_of(std::span<const Value> values, at::ScalarType dtype = at::kLong) {
  std::vector<int64_t> row;
  for (const Value value : values) row.push_back(static_cast<int64_t>(value));
  return at::tensor(row, at::kLong).to(dtype).unsqueeze(0);
}

void check(const SampledBackbone& backbone, const BaseRelaxation& relaxation) {
  const std::size_t L = backbone.frames.size();
  if (backbone.chi.size() != L) fail("the backbone has no chi, which places its bases; model.torsions = 9 predicts it");
  const auto wrong = [&](std::size_t n) { return n != 0 && n != L; };
  if (relaxation.bases.size() != L || relaxation.residue_index.size() != L || wrong(relaxation.partner.size()) ||
      wrong(relaxation.fixed.size()))
    fail("a backbone of {} residues has {} bases, {} residue indices, {} partners and {} fixed residues", L,
         relaxation.bases.size(), relaxation.residue_index.size(), relaxation.partner.size(), relaxation.fixed.size());
}

// The variables, the energy and its constants during one relaxation.
class Relaxation {
 public:
  Relaxation(const SampledBackbone& backbone, const BaseRelaxation& relaxation)
      : relaxation_(relaxation),
        start_(as_tensors(backbone)),
        letters_(row_of(relaxation.bases)),
        scene_(make_scene(relaxation)),
        bonds_(hydrogen_bonds_of(relaxation.bases, relaxation.partner)),
        moves_(RelaxationMoves::none(start_)),
        turns_of_chi_(at::zeros_like(start_.chi.select(-1, 0))) {}

  FlowModelOutput run() {
    std::vector<Tensor> variables = {moves_.shifts, moves_.turns, moves_.torsions, turns_of_chi_};
    for (Tensor& variable : variables) variable.requires_grad_();
    torch::optim::Adam adam(variables, torch::optim::AdamOptions(kStep));
    const Tensor fixed = relaxation_.fixed.empty() ? Tensor() : row_of(relaxation_.fixed, at::kBool);
    for (int round = 0; round < relaxation_.rounds; ++round) {
      adam.zero_grad();
      energy(round % kRoundsPerList == 0).backward();
      for (Tensor& variable : variables)
        if (fixed.defined()) variable.mutable_grad().masked_fill_(variable.dim() == 3 ? fixed.unsqueeze(-1) : fixed, 0);
      adam.step();
    }
    const at::NoGradGuard no_grad;
    return moved();
  }

 private:
  static RelaxationScene make_scene(const BaseRelaxation& relaxation) {
    const auto L = static_cast<int64_t>(relaxation.bases.size());
    RelaxationOptions options;
    options.residue_index = row_of(relaxation.residue_index);
    if (!relaxation.partner.empty()) options.partner = row_of(relaxation.partner);
    options.copies = relaxation.copies;
    return make_relaxation_scene(at::tensor({L}, at::kLong), L, options);
  }

  FlowModelOutput moved() const {
    FlowModelOutput output = moves_.of(start_);
    const Tensor sine = turns_of_chi_.sin(), cosine = turns_of_chi_.cos();
    const Tensor s = start_.chi.select(-1, 0), c = start_.chi.select(-1, 1);
    output.chi = at::stack({s * cosine + c * sine, c * cosine - s * sine}, -1);
    return output;
  }

  Tensor energy(bool find_contacts) {
    const FlowModelOutput backbone = moved();
    const PolymerBackbone& polymer = scene_.backbone;
    const Tensor atoms =
        polymer.place(backbone.rotations, backbone.translations, backbone.torsions, polymer.all_slots());
    const Tensor unit = at::cat({atoms, place_bases(atoms, backbone.chi, letters_)}, 2);
    const Tensor positions = (relaxation_.copies ? relaxation_.copies->points(unit) : unit).view({-1, 3});
    if (find_contacts) contacts_ = PairTensors(contacts(positions.detach(), relaxation_.bases));
    const Tensor overlaps = (contacts_.errors(positions).clamp_max(0).square() * contacts_.weights).sum();
    const Tensor bonds = (((1.0 + bonds_.errors(positions).square()).sqrt() - 1.0) * bonds_.weights).sum();
    return relaxation_energy(backbone, moves_, scene_) + overlaps + kHydrogenBondWeight * bonds +
           kTurnWeight * turns_of_chi_.square().sum();
  }

  const BaseRelaxation& relaxation_;
  FlowModelOutput start_;
  Tensor letters_;  // [1, L]
  RelaxationScene scene_;
  PairTensors bonds_, contacts_{AtomPairs()};
  RelaxationMoves moves_;
  Tensor turns_of_chi_;  // [1, L] radians
};

}  // namespace

SampledBackbone relaxed_with_bases(const SampledBackbone& backbone, const BaseRelaxation& relaxation) {
  check(backbone, relaxation);
  const bool named = std::ranges::any_of(relaxation.bases, [](Base base) { return base != Base::N; });
  if (!named || backbone.frames.size() < 2 || relaxation.rounds < 1) return backbone;
  const at::AutoGradMode with_gradients(true);
  SampledBackbone relaxed = backbone;
  copy_back(Relaxation(backbone, relaxation).run(), relaxed);
  return relaxed;
}

}  // namespace flashrna
