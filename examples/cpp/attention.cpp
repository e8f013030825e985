// Invariant point attention inside a module of LibTorch: the layer learns to move every residue to the centroid of its
// chain, which needs the geometry.
#include <kernels/flash_ipa/flash_ipa.h>
#include <torch/torch.h>

#include <cstdio>

// One head that attends by distance alone, with a learned width.
struct CentroidImpl : torch::nn::Module {
  CentroidImpl() { width = register_parameter("width", torch::full({1}, 0.5)); }

  // translations [B, L, 3] -> the attended point of every residue, in its own frame [B, L, 3].
  torch::Tensor forward(const torch::Tensor& translations) {
    const int64_t B = translations.size(0), L = translations.size(1);
    const auto options = translations.options();
    flashrna::FlashIpaInput in;
    in.q = in.k = in.v = torch::zeros({B, L, 1, 4}, options);
    in.q_points = in.k_points = in.v_points = torch::zeros({B, L, 1, 1, 3}, options);
    in.rotations = torch::eye(3, options).expand({B, L, 3, 3}).contiguous();
    in.translations = translations;
    in.point_weights = torch::softplus(width);
    in.lengths = torch::full({B}, L, torch::kLong);
    return flash_ipa(in, flashrna::AttentionBackend::kLifted).points.view({B, L, 3});
  }
  torch::Tensor width;
};
TORCH_MODULE(Centroid);

int main() {
  torch::manual_seed(1);
  const torch::Tensor x = torch::randn({4, 12, 3});
  const torch::Tensor wanted = x.mean(1, true) - x;  // a width of 0 gives it
  Centroid layer;
  torch::optim::Adam optimizer(layer->parameters(), torch::optim::AdamOptions(0.3));
  double first = 0, last = 0;
  for (int step = 0; step < 40; ++step) {
    const torch::Tensor loss = (layer(x) - wanted).square().mean();
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
    last = loss.item<double>();
    if (step == 0) first = last;
  }
  std::printf("loss fell to less than a tenth: %s\n", last < 0.1 * first ? "yes" : "no");
}
