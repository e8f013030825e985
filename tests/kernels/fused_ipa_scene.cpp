#include "tests/kernels/fused_ipa_scene.h"

#include <cmath>
#include <numbers>

namespace flashrna {
namespace {

// Random numbers that are the same with every library: SplitMix64 (Steele et al. 2014) and Box-Muller.
class Normal {
 public:
  explicit Normal(std::uint64_t seed) : state_(seed) {}

  double operator()() {
    const double u = uniform(), v = uniform();
    return std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * v);
  }

  std::vector<float> values(std::int64_t n, double deviation = 1.0) {
    std::vector<float> all(n);
    for (float& x : all) x = static_cast<float>(deviation * (*this)());
    return all;
  }

 private:
  double uniform() {  // in (0, 1)
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (static_cast<double>((z ^ z >> 31) >> 11) + 0.5) * 0x1p-53;
  }

  std::uint64_t state_;
};

// Uniformly distributed: from a normally distributed quaternion.
std::array<double, 9> random_rotation(Normal& normal) {
  double q[4], square = 0.0;
  for (double& x : q) {
    x = normal();
    square += x * x;
  }
  for (double& x : q) x /= std::sqrt(square);
  const auto [w, x, y, z] = q;
  return {1 - 2 * (y * y + z * z), 2 * (x * y - w * z),     2 * (x * z + w * y),
          2 * (x * y + w * z),     1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
          2 * (x * z - w * y),     2 * (y * z + w * x),     1 - 2 * (x * x + y * y)};
}

}  // namespace

FusedIpaScene::FusedIpaScene(fused_ipa::HeadSize size, int H, int L, double radius_of_gyration, std::uint64_t seed)
    : length_(L) {
  Normal normal(seed);
  const auto [C, P_q, P_v, R, c] = size;
  const std::int64_t N = L;
  q_ = normal.values(N * H * C);
  k_ = normal.values(N * H * C);
  v_ = normal.values(N * H * C);
  q_points_ = normal.values(N * H * P_q * 3);
  k_points_ = normal.values(N * H * P_q * 3);
  v_points_ = normal.values(N * H * P_v * 3);
  bias_q_ = normal.values(N * H * R, std::sqrt(1.0 / 3.0));
  bias_k_ = normal.values(N * H * R);
  pair_q_ = normal.values(N * R * c);
  pair_k_ = normal.values(N * R * c);
  weights_.assign(H, static_cast<float>(std::sqrt(1.0 / 3.0) * std::sqrt(2.0 / (9.0 * P_q))));

  // A random walk, centered and scaled to the radius of gyration.
  translations_.resize(3 * N);
  for (int axis = 0; axis < 3; ++axis) {
    double mean = 0.0;
    for (std::int64_t i = 0; i < N; ++i) {
      translations_[3 * i + axis] = (i > 0 ? translations_[3 * (i - 1) + axis] : 0.0) + normal();
      mean += translations_[3 * i + axis] / static_cast<double>(N);
    }
    for (std::int64_t i = 0; i < N; ++i) translations_[3 * i + axis] -= mean;
  }
  double square = 0.0;
  for (const double x : translations_) square += x * x / static_cast<double>(N);
  for (double& x : translations_) x *= radius_of_gyration / std::sqrt(square);
  for (std::int64_t i = 0; i < N; ++i) {
    const std::array<double, 9> rotation = random_rotation(normal);
    rotations_.insert(rotations_.end(), rotation.begin(), rotation.end());
  }
  moved_rotations_.resize(rotations_.size());
  moved_translations_.resize(translations_.size());

  arguments_.size = size;
  arguments_.H = H;
  arguments_.B = 1;
  arguments_.N = N;
  arguments_.first_row = &first_row_;
  arguments_.length = &length_;
  arguments_.q = q_.data();
  arguments_.k = k_.data();
  arguments_.v = v_.data();
  arguments_.q_points = q_points_.data();
  arguments_.k_points = k_points_.data();
  arguments_.v_points = v_points_.data();
  arguments_.rotations = moved_rotations_.data();
  arguments_.translations = moved_translations_.data();
  arguments_.point_weights = weights_.data();
  arguments_.bias_q = bias_q_.data();
  arguments_.bias_k = bias_k_.data();
  arguments_.pair_q = pair_q_.data();
  arguments_.pair_k = pair_k_.data();
}

const fused_ipa::Arguments& FusedIpaScene::moved(const Motion& motion) {
  for (std::int64_t i = 0; i < arguments_.N; ++i) {
    for (int row = 0; row < 3; ++row) {
      const double* m = motion.rotation.data() + 3 * row;
      const double *r = rotations_.data() + 9 * i, *t = translations_.data() + 3 * i;
      for (int column = 0; column < 3; ++column) {
        moved_rotations_[9 * i + 3 * row + column] =
            static_cast<float>(m[0] * r[column] + m[1] * r[3 + column] + m[2] * r[6 + column]);
      }
      moved_translations_[3 * i + row] =
          static_cast<float>(m[0] * t[0] + m[1] * t[1] + m[2] * t[2] + motion.shift[row]);
    }
  }
  return arguments_;
}

Motion random_motion(std::uint64_t index, double distance) {
  Normal normal(1000 + index);
  Motion motion;
  motion.rotation = random_rotation(normal);
  double square = 0.0;
  for (double& x : motion.shift) {
    x = normal();
    square += x * x;
  }
  for (double& x : motion.shift) x *= distance / std::sqrt(square);
  return motion;
}

FusedIpaResult::FusedIpaResult(const fused_ipa::Arguments& in) {
  const std::int64_t rows = in.N * in.H;
  const auto [C, P_q, P_v, R, c] = in.size;
  scalars.resize(rows * C);
  points.resize(rows * P_v * 3);
  point_norms.resize(rows * P_v);
  pairs.resize(in.pair_k != nullptr ? rows * c : 0);
  pair_sums.resize(in.pair_k != nullptr ? rows * R * c : 0);
  lse.resize(rows);
}

fused_ipa::Outputs FusedIpaResult::pointers() {
  fused_ipa::Outputs out;
  out.scalars = scalars.data();
  out.points = points.data();
  out.point_norms = point_norms.data();
  out.pairs = pairs.data();
  out.pair_sums = pair_sums.data();
  out.lse = lse.data();
  return out;
}

}  // namespace flashrna
