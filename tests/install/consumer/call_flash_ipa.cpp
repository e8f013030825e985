// Two residues and one head with equal features everywhere: attention is the mean of the values.
#include <ATen/ATen.h>
#include <kernels/flash_ipa/flash_ipa.h>

#include <cstdio>

int main() {
  flashrna::FlashIpaInput in;
  in.q = in.k = at::ones({1, 2, 1, 4});
  in.v = at::arange(8, at::kFloat).view({1, 2, 1, 4});
  in.q_points = in.k_points = in.v_points = at::zeros({1, 2, 1, 1, 3});
  in.rotations = at::eye(3).expand({1, 2, 3, 3}).contiguous();
  in.translations = at::zeros({1, 2, 3});
  in.point_weights = at::ones({1});
  in.lengths = at::tensor({2}, at::kLong);
  std::printf("%.3f\n", flash_ipa(in).scalars[0][0][0][1].item<float>());
}
