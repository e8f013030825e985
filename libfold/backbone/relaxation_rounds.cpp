#include "libfold/backbone/relaxation_rounds.h"

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "kernels/cuda_backend.h"
#include "kernels/parallel_ranges.h"
#include "libfold/backbone/contact_limits.h"
#include "libfold/backbone/pair_energy.h"
#include "libfold/backbone/steric_overlap.h"
#include "libfold/device_constants.h"

namespace flashrna {

using at::Tensor;

namespace {

// Adam's, as torch::optim::AdamOptions has them.
constexpr double kFirstDecay = 0.9, kSecondDecay = 0.999, kEpsilon = 1e-8;

// ResidueGroups as tables for kernels.
struct GroupTables {
  Tensor parent, level, moved, group;  // i64
  Tensor to_parent, position;
  int64_t levels;
};

std::vector<double> numbers_of(const RigidTransform& pose) {
  std::vector<double> numbers;
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j) numbers.push_back(pose.rotation(i, j));
  numbers.insert(numbers.end(), pose.translation.begin(), pose.translation.end());
  return numbers;
}

GroupTables make_tables(const ResidueGroups& groups, const at::TensorOptions& options) {
  std::vector<int64_t> parent(groups.parent.begin(), groups.parent.end()), level(parent.size()), moved(parent.size());
  std::vector<double> to_parent, position;
  for (std::size_t g = 0; g < parent.size(); ++g) {
    if (g > 0) level[g] = level[static_cast<std::size_t>(parent[g])] + 1;
    const std::vector<double> pose = numbers_of(groups.to_parent[g]);
    to_parent.insert(to_parent.end(), pose.begin(), pose.end());
  }
  for (std::size_t a = 0; a < groups.group.size(); ++a) {
    for (int g = groups.group[a]; g >= 0; g = groups.parent[static_cast<std::size_t>(g)])
      moved[static_cast<std::size_t>(g)] |= int64_t{1} << a;
    position.insert(position.end(), groups.position[a].begin(), groups.position[a].end());
  }
  const auto indices = [&](const std::vector<int64_t>& values) {
    return at::tensor(values, at::kLong).to(options.device());
  };
  return {indices(parent),
          indices(level),
          indices(moved),
          indices({groups.group.begin(), groups.group.end()}),
          at::tensor(to_parent, at::kDouble).to(options),
          at::tensor(position, at::kDouble).to(options),
          *std::ranges::max_element(level) + 1};
}

template <typename T>
RigidGroups<T> groups_of(const PolymerBackbone& backbone, const Tensor& like) {
  static DeviceConstants<Polymer, GroupTables> constants;
  const GroupTables& tables = constants.get(backbone.polymer(), like, [&](const at::TensorOptions& options) {
    return make_tables(backbone.groups(), options);
  });
  RigidGroups<T> groups{.atoms = backbone.atoms(),
                        .groups = tables.parent.size(0),
                        .levels = tables.levels,
                        .parent = tables.parent.const_data_ptr<int64_t>(),
                        .level = tables.level.const_data_ptr<int64_t>(),
                        .moved = tables.moved.const_data_ptr<int64_t>(),
                        .group = tables.group.const_data_ptr<int64_t>(),
                        .to_parent = tables.to_parent.const_data_ptr<T>(),
                        .position = tables.position.const_data_ptr<T>(),
                        .apex = -1};
  if (const auto& apex = backbone.groups().apex) {
    groups.apex = apex->slot, groups.before = apex->before, groups.center = apex->center, groups.after = apex->after;
    groups.outward = static_cast<T>(apex->outward), groups.up = static_cast<T>(apex->up);
  }
  return groups;
}

template <typename T>
LinkTerm<T> link_term(const BackboneLink& link) {
  return {.b = link.slots[1],
          .c = link.slots[2],
          .d = link.slots[3],
          .e = link.slots[4],
          .length = static_cast<T>(link.length),
          .cosine_before = static_cast<T>(std::cos(link.angle_before)),
          .cosine_after = static_cast<T>(std::cos(link.angle_after)),
          .bond_weight = static_cast<T>(kBondWeight),
          .angle_weight = static_cast<T>(kAngleWeight)};
}

template <typename T>
PairTerm<T> pair_term(const PolymerBackbone& backbone) {
  const auto [c1, n] = backbone.pair_slots().value_or(std::array{-1, -1});
  return {.c1 = c1,
          .n = n,
          .c1_distance = static_cast<T>(kPairC1Distance),
          .n_distance = static_cast<T>(kPairNDistance),
          .cosine = static_cast<T>(kPairLambdaCosine),
          .torsion_cosine = static_cast<T>(std::cos(kPairTorsion)),
          .torsion_sine = static_cast<T>(std::sin(kPairTorsion)),
          .distance_weight = static_cast<T>(kPairDistanceWeight),
          .angle_weight = static_cast<T>(kPairAngleWeight),
          .torsion_weight = static_cast<T>(kPairTorsionWeight)};
}

template <typename T>
RingTerm<T> ring_term(const RingTensors& rings) {
  return {.count = rings.slots.size(0),
          .slots = rings.slots.const_data_ptr<int64_t>(),
          .other_slots = rings.other_slots.const_data_ptr<int64_t>(),
          .distances = rings.distances.const_data_ptr<T>(),
          .weight = static_cast<T>(kBondWeight)};
}

template <typename T>
AdamStep<T> adam_step(double size, int n) {
  return {.first_decay = static_cast<T>(kFirstDecay),
          .second_decay = static_cast<T>(kSecondDecay),
          .epsilon = static_cast<T>(kEpsilon),
          .step = static_cast<T>(size / (1 - std::pow(kFirstDecay, n))),
          .scale = static_cast<T>(std::sqrt(1 - std::pow(kSecondDecay, n)))};
}

template <typename T>
const T* pointer_or_null(const Tensor& tensor) {
  return tensor.defined() ? tensor.const_data_ptr<T>() : nullptr;
}

Tensor contiguous_or_undefined(const Tensor& tensor) { return tensor.defined() ? tensor.contiguous() : tensor; }

}  // namespace

RelaxationRounds::RelaxationRounds(const FlowModelOutput& backbone, const Tensor& lengths, const RelaxationScene& scene,
                                   const Tensor& fixed, const RelaxationMoves& start)
    : polymer_(scene.backbone),
      copies_(scene.copies == nullptr ? 1 : scene.copies->count()),
      rotations_(backbone.rotations.contiguous()),
      translations_(backbone.translations.contiguous()),
      torsions_(backbone.torsions.contiguous()),
      lengths_(lengths.contiguous()),
      fixed_(contiguous_or_undefined(fixed)),
      all_lengths_(scene.lengths),
      residue_index_(scene.residue_index.contiguous()),
      partner_(contiguous_or_undefined(scene.partner)) {
  const auto options = translations_.options().requires_grad(false);
  const int64_t B = translations_.size(0), L = translations_.size(1), N = copies_ * L, A = polymer_.atoms();
  copy_rotations_ = scene.copies == nullptr ? at::eye(3, options).unsqueeze(0)
                                            : scene.copies->group().to(options.dtype()).contiguous();
  moves_ = at::cat({start.shifts, start.turns, start.torsions}, 2);
  first_moment_ = at::zeros_like(moves_);
  second_moment_ = at::zeros_like(moves_);
  axes_ = at::zeros({B, L, 1 + polymer_.torsions(), kAxis}, options);
  arms_ = at::zeros({B, L, A, 3}, options);
  atoms_ = at::zeros({B, N, A, 3}, options);
  next_atoms_ = at::zeros({B, N, A, 3}, options);
  origins_ = at::zeros({B, N, 3}, options);
  const int64_t k = std::min<int64_t>(StericOptions{}.neighbors, N - 1);
  nearest_ = {at::full({B, N, k}, -1, lengths.options()), at::zeros({B, N, k}, options)};
  run(RelaxationRowKind::kPlace, 0.0);
}

template <typename T>
RelaxationRows<T> RelaxationRounds::rows(double size) const {
  const int64_t B = moves_.size(0), L = moves_.size(1);
  const ContactLimits& contacts = contact_limits(polymer_, kRelaxationMargin, moves_);
  return {.B = B,
          .L = L,
          .copies = copies_,
          .residue = groups_of<T>(polymer_, moves_),
          .overlap = {.B = B,
                      .L = origins_.size(1),
                      .A = polymer_.atoms(),
                      .k = nearest_.indices.size(2),
                      .atoms = atoms_.const_data_ptr<T>(),
                      .mask = nullptr,
                      .residue_index = residue_index_.const_data_ptr<int64_t>(),
                      .nearest = nearest_.indices.const_data_ptr<int64_t>(),
                      .limits = contacts.limits.const_data_ptr<T>(),
                      .longest = static_cast<T>(contacts.longest),
                      .center = polymer_.origin(),
                      .energy = nullptr,
                      .gradient = nullptr},
          .link = link_term<T>(polymer_.link()),
          .pair = pair_term<T>(polymer_),
          .rings = ring_term<T>(ring_tensors(polymer_, moves_)),
          .shift_weight = static_cast<T>(kShiftWeight),
          .turn_weight = static_cast<T>(kTurnWeight),
          .adam = adam_step<T>(size, std::max(1, steps_)),
          .lengths = lengths_.const_data_ptr<int64_t>(),
          .fixed = pointer_or_null<bool>(fixed_),
          .partner = pointer_or_null<int64_t>(partner_),
          .rotations = rotations_.const_data_ptr<T>(),
          .translations = translations_.const_data_ptr<T>(),
          .torsions = torsions_.const_data_ptr<T>(),
          .copy_rotations = copy_rotations_.const_data_ptr<T>(),
          .moves = moves_.mutable_data_ptr<T>(),
          .first_moment = first_moment_.mutable_data_ptr<T>(),
          .second_moment = second_moment_.mutable_data_ptr<T>(),
          .axes = axes_.mutable_data_ptr<T>(),
          .arms = arms_.mutable_data_ptr<T>(),
          .atoms = next_atoms_.mutable_data_ptr<T>(),
          .origins = origins_.mutable_data_ptr<T>(),
          .origin = polymer_.origin()};
}

void RelaxationRounds::run(RelaxationRowKind kind, double size) {
  AT_DISPATCH_FLOATING_TYPES(moves_.scalar_type(), "relaxation", [&] {
    const RelaxationRows<scalar_t> arguments = rows<scalar_t>(size);
    if (moves_.is_cuda()) {
      relaxation_rows_cuda(kind, arguments, current_cuda_stream(moves_.device()));
    } else {
      parallel_ranges(arguments.B * arguments.L, 8,
                      [&](int64_t begin, int64_t end) { relaxation_rows_cpu(kind, arguments, begin, end); });
    }
  });
  std::swap(atoms_, next_atoms_);
}

void RelaxationRounds::step(double size) {
  ++steps_;
  update_nearest_neighbors(nearest_, origins_, all_lengths_);
  run(RelaxationRowKind::kRound, size);
}

RelaxationMoves RelaxationRounds::moves() const {
  return {moves_.narrow(2, 0, 3), moves_.narrow(2, 3, 3), moves_.narrow(2, 6, moves_.size(2) - 6)};
}

}  // namespace flashrna
