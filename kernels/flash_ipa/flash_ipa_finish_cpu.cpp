// Computes the outputs from rows of sums on a CPU, in one pass over the residues forward and one backward. The result
// is that of finish_by_operations().
#include <ATen/ATen.h>
#include <ATen/Dispatch.h>

#include <algorithm>

#include "kernels/flash_ipa/flash_ipa_backends.h"
#include "kernels/flash_ipa/flash_ipa_frame_steps.h"
#include "kernels/flash_ipa/flash_ipa_residues.h"
#include "kernels/torch_headers.h"

namespace flashrna::flash_ipa_backends {

using at::Tensor;

namespace {

struct FinishSizes {
  int64_t B, L, H, C, P, R, c, columns;  // columns of a row of sums
};

// The last dimension of `sums` is contiguous, the others have any strides. All other tensors are contiguous.
template <typename T>
struct FinishInputs {
  const T* sums;
  int64_t stride_b, stride_l, stride_h;
  const T *rotations, *translations, *pair_q;  // pair_q [B, L, R, c]
  const int64_t* lengths;

  const T* row(const FinishSizes& n, int64_t residue, int64_t h) const {
    return sums + residue / n.L * stride_b + residue % n.L * stride_l + h * stride_h;
  }
  ResidueFrame<T> frame(int64_t residue) const {
    const T* t = translations + 3 * residue;
    return {rotations + 9 * residue, {t[0], t[1], t[2]}};
  }
};

// Outputs, or the gradients with respect to them: [B, L, H, C], [B, L, H, P, 3], [B, L, H, P], [B, L, H, c].
template <typename T, typename Pointer = T*>
struct FinishOutputs {
  Pointer scalars, points, norms, pairs;
};

// Computes x - t and R^T (x - t) for point `p` of a row.
template <typename T>
void local_point(const FinishSizes& n, const ResidueFrame<T>& frame, const T* row, int64_t p, T* apart, T* local) {
  for (int i = 0; i < 3; ++i) apart[i] = row[n.C + 3 * p + i] - frame.t[i];
  frame.to_local(apart, local);
}

template <typename T>
void finish_residue(const FinishSizes& n, const FinishInputs<T>& in, int64_t residue, const FinishOutputs<T>& out) {
  if (residue % n.L >= in.lengths[residue / n.L]) return;  // padding is already zero
  const ResidueFrame<T> frame = in.frame(residue);
  const T* factors = in.pair_q + residue * n.R * n.c;
  for (int64_t h = 0; h < n.H; ++h) {
    const int64_t head = residue * n.H + h;
    const T* row = in.row(n, residue, h);
    std::copy_n(row, n.C, out.scalars + head * n.C);
    for (int64_t p = 0; p < n.P; ++p) {
      T apart[3], *local = out.points + 3 * (head * n.P + p);
      local_point(n, frame, row, p, apart, local);
      out.norms[head * n.P + p] = point_norm(local);
    }
    const T* by_rank = row + n.C + 3 * n.P;
    T* pairs = out.pairs + head * n.c;
    for (int64_t r = 0; r < n.R; ++r)
      for (int64_t d = 0; d < n.c; ++d) pairs[d] += factors[r * n.c + d] * by_rank[r * n.c + d];
  }
}

// Gradients of the inputs, initialized to zero. `sums` is contiguous here.
template <typename T>
struct FinishGradients {
  T *sums, *rotations, *translations, *pair_q;
};

template <typename T>
void unfinish_residue(const FinishSizes& n, const FinishInputs<T>& in, int64_t residue,
                      const FinishOutputs<T, const T*>& by, const FinishGradients<T>& out) {
  if (residue % n.L >= in.lengths[residue / n.L]) return;
  const ResidueFrame<T> frame = in.frame(residue);
  ResidueFrameGradient<T> by_frame;
  const T* factors = in.pair_q + residue * n.R * n.c;
  T* by_factors = out.pair_q + residue * n.R * n.c;
  for (int64_t h = 0; h < n.H; ++h) {
    const int64_t head = residue * n.H + h;
    const T* row = in.row(n, residue, h);
    T* by_row = out.sums + head * n.columns;
    std::copy_n(by.scalars + head * n.C, n.C, by_row);
    for (int64_t p = 0; p < n.P; ++p) {
      T apart[3], local[3], by_local[3];
      local_point(n, frame, row, p, apart, local);
      const T by_norm = by.norms[head * n.P + p] / point_norm(local);
      for (int i = 0; i < 3; ++i) by_local[i] = by.points[3 * (head * n.P + p) + i] + by_norm * local[i];
      by_frame.of_local(frame, apart, by_local, by_row + n.C + 3 * p);
    }
    const T *by_rank = row + n.C + 3 * n.P, *by_pairs = by.pairs + head * n.c;
    for (int64_t r = 0; r < n.R; ++r) {
      for (int64_t d = 0; d < n.c; ++d) {
        by_row[n.C + 3 * n.P + r * n.c + d] = by_pairs[d] * factors[r * n.c + d];
        by_factors[r * n.c + d] += by_pairs[d] * by_rank[r * n.c + d];
      }
    }
  }
  std::copy_n(by_frame.r, 9, out.rotations + 9 * residue);
  std::copy_n(by_frame.t, 3, out.translations + 3 * residue);
}

template <typename T>
FinishInputs<T> pointers_of(const Tensor& sums, const Tensor& rotations, const Tensor& translations,
                            const Tensor& pair_q, const Tensor& lengths) {
  return {sums.const_data_ptr<T>(),
          sums.stride(0),
          sums.stride(1),
          sums.stride(2),
          rotations.const_data_ptr<T>(),
          translations.const_data_ptr<T>(),
          pair_q.const_data_ptr<T>(),
          lengths.const_data_ptr<int64_t>()};
}

// (sums, rotations, translations, pair_q, lengths, C, P) -> scalars, points, norms, pairs.
class Finish : public torch::autograd::Function<Finish> {
 public:
  static torch::autograd::variable_list forward(torch::autograd::AutogradContext* context, const Tensor& sums,
                                                const Tensor& rotations, const Tensor& translations,
                                                const Tensor& pair_q, const Tensor& lengths, int64_t C, int64_t P) {
    const FinishSizes n{sums.size(0), sums.size(1), sums.size(2), C, P, pair_q.size(2), pair_q.size(3), sums.size(3)};
    torch::autograd::variable_list out = {
        at::zeros({n.B, n.L, n.H, n.C}, sums.options()), at::zeros({n.B, n.L, n.H, n.P, 3}, sums.options()),
        at::zeros({n.B, n.L, n.H, n.P}, sums.options()), at::zeros({n.B, n.L, n.H, n.c}, sums.options())};
    AT_DISPATCH_FLOATING_TYPES(sums.scalar_type(), "flash_ipa finish", [&] {
      const auto write = [&](int i) { return out[i].mutable_data_ptr<scalar_t>(); };
      const FinishOutputs<scalar_t> outputs{write(0), write(1), write(2), write(3)};
      const auto inputs = pointers_of<scalar_t>(sums, rotations, translations, pair_q, lengths);
      for_each_residue(n.B * n.L, [&](int64_t i) { finish_residue(n, inputs, i, outputs); });
    });
    context->save_for_backward({sums, rotations, translations, pair_q, lengths});
    context->saved_data["C"] = C;
    context->saved_data["P"] = P;
    return out;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const torch::autograd::variable_list in = context->get_saved_variables();
    const Tensor &sums = in[0], &pair_q = in[3];
    const FinishSizes n{sums.size(0),
                        sums.size(1),
                        sums.size(2),
                        context->saved_data["C"].toInt(),
                        context->saved_data["P"].toInt(),
                        pair_q.size(2),
                        pair_q.size(3),
                        sums.size(3)};
    const std::vector<int64_t> shapes[] = {
        {n.B, n.L, n.H, n.C}, {n.B, n.L, n.H, n.P, 3}, {n.B, n.L, n.H, n.P}, {n.B, n.L, n.H, n.c}};
    torch::autograd::variable_list by(4), out(7);
    for (int i = 0; i < 4; ++i)
      by[i] = gradients[i].defined() ? gradients[i].contiguous() : at::zeros(shapes[i], sums.options());
    out[0] = at::zeros(sums.sizes(), sums.options());
    for (int i = 1; i < 4; ++i) out[i] = at::zeros_like(in[i]);
    AT_DISPATCH_FLOATING_TYPES(sums.scalar_type(), "flash_ipa finish backward", [&] {
      const auto read = [&](int i) { return by[i].const_data_ptr<scalar_t>(); };
      const auto write = [&](int i) { return out[i].mutable_data_ptr<scalar_t>(); };
      const FinishOutputs<scalar_t, const scalar_t*> by_outputs{read(0), read(1), read(2), read(3)};
      const FinishGradients<scalar_t> by_inputs{write(0), write(1), write(2), write(3)};
      const auto inputs = pointers_of<scalar_t>(sums, in[1], in[2], pair_q, in[4]);
      for_each_residue(n.B * n.L, [&](int64_t i) { unfinish_residue(n, inputs, i, by_outputs, by_inputs); });
    });
    return out;
  }
};

}  // namespace

FlashIpaOutput finish_on_cpu(const FlashIpaInput& in, const Tensor& sums) {
  const Tensor pair_q = in.pair_q.defined() ? in.pair_q : at::empty({sums.size(0), sums.size(1), 0, 0}, sums.options());
  const torch::autograd::variable_list out = Finish::apply(
      sums.stride(3) == 1 ? sums : sums.contiguous(), in.rotations.contiguous(), in.translations.contiguous(),
      pair_q.contiguous(), in.lengths.contiguous(), in.v.size(3), in.v_points.size(3));
  return {out[0], out[1], out[2], in.pair_q.defined() ? out[3] : Tensor()};
}

}  // namespace flashrna::flash_ipa_backends
