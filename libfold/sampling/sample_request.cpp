#include "libfold/sampling/sample_request.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "base/error.h"
#include "libfold/batch.h"
#include "rna/assembly.h"
#include "rna/superposition.h"
#include "rna/torsion.h"

namespace flashrna {

using at::Tensor;

namespace {

constexpr int64_t kNoGroup = -1;

void require_shape(const char* name, const Tensor& tensor, std::vector<int64_t> shape) {
  if (tensor.sizes() == at::IntArrayRef(shape)) return;
  fail("sample request: {} has the shape [{}], expected [{}]", name, fmt::join(tensor.sizes(), ", "),
       fmt::join(shape, ", "));
}

void require_frames(const char* name, const FlowModelOutput& structure, int64_t B, int64_t L) {
  if (!structure.translations.defined() || !structure.rotations.defined())
    fail("sample request: {} needs translations and rotations", name);
  require_shape(name, structure.translations, {B, L, 3});
  require_shape(name, structure.rotations, {B, L, 3, 3});
}

// 0, 1, 2, ... in each molecule, rising by kChainJoin between molecules.
Tensor index_of(const Tensor& chain, int64_t B, int64_t L) {
  const Tensor place = at::arange(L, at::kLong).expand({B, L});
  if (!chain.defined() || L < 2) return place.clone();
  const Tensor joins = (chain.narrow(1, 1, L - 1) != chain.narrow(1, 0, L - 1)).to(at::kLong).cumsum(1);
  return place + at::constant_pad_nd(joins, {1, 0}) * (kChainJoin - 1);
}

void check_chains(const Tensor& index, const Tensor& chain, const std::vector<int>& lengths) {
  for (std::size_t b = 0; b < lengths.size(); ++b) {
    const auto row = static_cast<int64_t>(b);
    const Tensor positions = index[row].contiguous(), molecules = chain.defined() ? chain[row].contiguous() : Tensor();
    const int64_t* place = positions.const_data_ptr<int64_t>();
    const int64_t* molecule = chain.defined() ? molecules.const_data_ptr<int64_t>() : nullptr;
    for (int i = 1; i < lengths[b]; ++i) {
      if (place[i] <= place[i - 1])
        fail("sample request: residue_index of sample {} goes from {} to {} at residue {}; it must rise", b,
             place[i - 1], place[i], i);
      if (molecule != nullptr && molecule[i] != molecule[i - 1] && place[i] == place[i - 1] + 1)
        fail(
            "sample request: sample {} changes its molecule at residue {}, where residue_index rises by 1 as in a "
            "bond; "
            "let it rise by {}",
            b, i, kChainJoin);
    }
  }
}

// The number of groups of sample `b`; numbers its groups 0, 1, ... in `group` [n].
int renumber_groups(const Tensor& fixed, const Tensor& group, int n, std::size_t b) {
  std::map<int64_t, int64_t> numbers;
  const bool* is_fixed = fixed.const_data_ptr<bool>();
  int64_t* number = group.mutable_data_ptr<int64_t>();
  for (int i = 0; i < n; ++i) {
    if (is_fixed[i] != (number[i] >= 0))
      fail(
          "sample request: residue {} of sample {}: fixed is {} and fixed_group is {}; groups have numbers from 0 "
          "where "
          "fixed is true, and -1 elsewhere",
          i, b, is_fixed[i], number[i]);
    if (is_fixed[i]) number[i] = numbers.emplace(number[i], static_cast<int64_t>(numbers.size())).first->second;
  }
  return static_cast<int>(numbers.size());
}

// Clears `given` outside of `fixed` and checks it there.
FlowModelOutput given_rows(const SampleRequest& request, const Tensor& fixed, int64_t B, int64_t L) {
  require_frames("given", request.given, B, L);
  if (!request.given.torsions.defined()) fail("sample request: given needs torsions");
  require_shape("given.torsions", request.given.torsions, {B, L, kTorsions, 2});
  const auto f32 = [](const Tensor& x) { return x.to(at::kCPU, at::kFloat); };
  const Tensor unset = at::tensor({0.0f, 1.0f}).expand({B, L, kTorsions, 2});
  FlowModelOutput given =
      with_given({at::zeros({B, L, 3}), at::eye(3).expand({B, L, 3, 3}), unset},
                 {f32(request.given.translations), f32(request.given.rotations), f32(request.given.torsions)}, fixed);
  const Tensor finite = given.translations.isfinite().all(-1) & given.rotations.flatten(2).isfinite().all(-1) &
                        given.torsions.flatten(2).isfinite().all(-1);
  if (request.given.chi.defined()) {
    require_shape("given.chi", request.given.chi, {B, L, 2});
    given.chi = at::where(fixed.unsqueeze(2), f32(request.given.chi), at::tensor({0.0f, 1.0f}));
  }
  const Tensor bad = finite.logical_not().nonzero();
  if (bad.size(0) > 0)
    fail("sample request: the given structure of residue {} of sample {} is not finite", bad[0][1].item<int64_t>(),
         bad[0][0].item<int64_t>());
  return given;
}

Vec3 to_vec3(const Tensor& x) {
  const Tensor values = x.to(at::kDouble).contiguous();
  const double* v = values.const_data_ptr<double>();
  return {v[0], v[1], v[2]};
}

Tensor to_tensor(const Vec3& v) { return at::tensor({v.x(), v.y(), v.z()}, at::kDouble); }

// Sets fixed, fixed_group and given of `prepared`.
void prepare_motif(const SampleRequest& request, int64_t B, int64_t L, PreparedRequest& prepared) {
  Conditioning& conditioning = prepared.conditioning;
  if (!conditioning.fixed.defined()) {
    if (conditioning.fixed_group.defined()) fail("sample request: fixed_group is set without fixed");
    return;
  }
  require_shape("fixed", conditioning.fixed, {B, L});
  if (conditioning.fixed_group.defined()) require_shape("fixed_group", conditioning.fixed_group, {B, L});
  const Tensor real =
      mask_from_lengths(at::tensor(std::vector<int64_t>(request.lengths.begin(), request.lengths.end())), L);
  conditioning.fixed = conditioning.fixed.to(at::kBool) & real;
  conditioning.fixed_group =
      conditioning.fixed_group.defined()
          ? conditioning.fixed_group.to(at::kLong).masked_fill(real.logical_not(), kNoGroup).contiguous()
          : conditioning.fixed.to(at::kLong) - 1;
  prepared.given = given_rows(request, conditioning.fixed, B, L);
  conditioning.given = {prepared.given.rotations, prepared.given.translations.clone()};
  for (int64_t b = 0; b < B; ++b) {
    const auto sample = static_cast<std::size_t>(b);
    const int groups = renumber_groups(conditioning.fixed[b].contiguous(), conditioning.fixed_group[b],
                                       request.lengths[sample], sample);
    // Only geometry within a group is used: centers keep coordinates small.
    for (int64_t g = 0; g < groups; ++g) {
      const Tensor rows = (conditioning.fixed_group[b] == g).nonzero().squeeze(1);
      const Tensor x = prepared.given.translations[b].index_select(0, rows).to(at::kDouble);
      conditioning.given.translations[b].index_copy_(0, rows, (x - x.mean(0)).to(at::kFloat));
      if (groups == 1) prepared.centers[sample] = to_vec3(x.mean(0));
    }
    if (groups > 1) {
      prepared.moves_groups = true;
      conditioning.fixed[b].zero_();
    }
    const Tensor mine = conditioning.fixed[b].unsqueeze(1);
    prepared.given.translations[b].copy_(at::where(mine, conditioning.given.translations[b], 0));
  }
}

// Three points that span the frame of each residue: [n] -> 3 n.
std::vector<Vec3> points_of(const Tensor& translations, const Tensor& rotations) {
  std::vector<Vec3> points;
  for (int64_t i = 0; i < translations.size(0); ++i) {
    const Vec3 origin = to_vec3(translations[i]);
    points.push_back(origin);
    for (int64_t axis : {0, 1}) points.push_back(origin + to_vec3(rotations[i].select(1, axis)));
  }
  return points;
}

// The start, centered on its mean, or moved so that its fixed residues lie on the given ones.
void prepare_start(const SampleRequest& request, int64_t B, int64_t L, PreparedRequest& prepared) {
  if (!request.start.translations.defined()) {
    if (request.start_time != 0) fail_usage("start time {}: needs a structure to start from", request.start_time);
    return;
  }
  if (!(request.start_time > 0 && request.start_time < 1))
    fail_usage("start time {}: must be above 0, which is noise, and below 1, the structure itself", request.start_time);
  require_frames("start", request.start, B, L);
  prepared.start.translations = at::zeros({B, L, 3});
  prepared.start.rotations = at::eye(3).expand({B, L, 3, 3}).clone();
  for (int64_t b = 0; b < B; ++b) {
    const int64_t n = request.lengths[static_cast<std::size_t>(b)];
    const Tensor x = request.start.translations[b].narrow(0, 0, n).to(at::kCPU, at::kDouble);
    const Tensor r = request.start.rotations[b].narrow(0, 0, n).to(at::kCPU, at::kDouble);
    if (!x.isfinite().all().item<bool>() || !r.isfinite().all().item<bool>())
      fail("sample request: the start structure of sample {} is not finite", b);
    RigidTransform motion{Mat3::Identity(), -to_vec3(x.mean(0))};
    if (prepared.conditioning.fixed.defined() && prepared.conditioning.fixed[b].any().item<bool>()) {
      const Tensor rows = prepared.conditioning.fixed[b].nonzero().squeeze(1);
      const auto of = [&](const Tensor& t, const Tensor& q) {
        return points_of(t.index_select(0, rows), q.index_select(0, rows));
      };
      motion = superpose(of(x, r), of(prepared.given.translations[b], prepared.given.rotations[b])).motion;
    }
    Tensor turn = at::empty({3, 3}, at::kDouble);
    for (int row = 0; row < 3; ++row)
      for (int column = 0; column < 3; ++column) turn[row][column] = motion.rotation(row, column);
    prepared.start.translations[b].narrow(0, 0, n).copy_(at::matmul(x, turn.t()) + to_tensor(motion.translation));
    prepared.start.rotations[b].narrow(0, 0, n).copy_(at::matmul(turn, r));
  }
}

std::optional<RotationGroup> symmetry_of(const SampleRequest& request) {
  if (request.symmetry.empty()) return std::nullopt;
  if (request.conditioning.fixed.defined())
    fail_usage("symmetry {}: a motif has no place relative to its axes yet; leave one of the two out",
               request.symmetry);
  if (request.start.translations.defined())
    fail_usage("symmetry {}: cannot start from a structure yet; leave one of the two out", request.symmetry);
  return rotation_group(request.symmetry);
}

// Each partner must be a residue whose partner is this residue; in a symmetric assembly as seen from its copy.
void check_partners(const Tensor& partner, const std::vector<int>& lengths, const std::optional<RotationGroup>& group) {
  for (std::size_t b = 0; b < lengths.size(); ++b) {
    const Tensor row = partner[static_cast<int64_t>(b)].contiguous();
    const int64_t* of = row.const_data_ptr<int64_t>();
    const int64_t n = lengths[b], copies = group ? group->order() : 1;
    for (int64_t i = 0; i < n; ++i) {
      if (of[i] < 0) continue;
      if (of[i] >= n * copies)
        fail("sample request: partner {} of residue {} of sample {}: must be below {}", of[i], i, b, n * copies);
      const auto copy = static_cast<int>(of[i] / n);
      const int64_t back = (copy > 0 ? group->inverse(copy) : 0) * n + i;
      if (of[of[i] % n] != back)
        fail("sample request: residue {} of sample {} has the partner {}, whose own partner is {}, not {}", i, b, of[i],
             of[of[i] % n], back);
    }
  }
}

}  // namespace

PreparedRequest prepare(const SampleRequest& request) {
  if (request.steps < 2) fail_usage("--steps {}: must be at least 2", request.steps);
  if (request.lengths.empty() || request.lengths.size() != request.indices.size())
    fail("sample request: {} lengths and {} indices; give as many of both, at least one", request.lengths.size(),
         request.indices.size());
  if (std::ranges::min(request.lengths) < 1)
    fail("sample of length {}: must be at least 1", std::ranges::min(request.lengths));
  const auto B = static_cast<int64_t>(request.lengths.size());
  const int64_t L = std::ranges::max(request.lengths);
  PreparedRequest prepared;
  prepared.symmetry = symmetry_of(request);
  prepared.conditioning = request.conditioning.to(at::kCPU);
  prepared.centers.assign(request.lengths.size(), Vec3::Zero());
  Conditioning& conditioning = prepared.conditioning;
  if (conditioning.partner.defined()) {
    require_shape("partner", conditioning.partner, {B, L});
    check_partners(conditioning.partner, request.lengths, prepared.symmetry);
  }
  if (conditioning.nucleotide.defined()) require_shape("nucleotide", conditioning.nucleotide, {B, L});
  if (conditioning.chain.defined()) require_shape("chain", conditioning.chain, {B, L});
  if (request.residue_index.defined()) require_shape("residue_index", request.residue_index, {B, L});
  prepared.residue_index = request.residue_index.defined() ? request.residue_index.to(at::kCPU).contiguous()
                                                           : index_of(conditioning.chain, B, L);
  check_chains(prepared.residue_index, conditioning.chain, request.lengths);
  for (int64_t b = 0; b < B; ++b)
    prepared.layouts.push_back(ChainLayout::of_rows(prepared.residue_index[b],
                                                    conditioning.chain.defined() ? conditioning.chain[b] : Tensor(),
                                                    request.lengths[static_cast<std::size_t>(b)]));
  prepare_motif(request, B, L, prepared);
  prepare_start(request, B, L, prepared);
  return prepared;
}

}  // namespace flashrna
