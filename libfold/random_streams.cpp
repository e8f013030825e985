#include "libfold/random_streams.h"

#include <ATen/ATen.h>
#include <Random123/philox.h>

#include <cmath>
#include <numbers>
#include <utility>

namespace flashrna {
namespace {

// The finalizer of splitmix64 (Steele et al. 2014, doi:10.1145/2714064.2660195): each input bit affects every output
// bit.
std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash;
}

// Two independent standard normals from two uniforms.
std::pair<double, double> box_muller(double u, double v) {
  const double radius = std::sqrt(-2.0 * std::log(u)), angle = 2.0 * std::numbers::pi * v;
  return {radius * std::cos(angle), radius * std::sin(angle)};
}

}  // namespace

std::uint64_t stream_key(std::uint64_t seed, std::string_view purpose, std::initializer_list<std::uint64_t> indices) {
  std::uint64_t key = mix(mix(seed) ^ fnv1a(purpose));
  for (const std::uint64_t index : indices) key = mix(key ^ mix(index));
  return key;
}

RandomStream::RandomStream(std::uint64_t seed, std::string_view purpose, std::initializer_list<std::uint64_t> indices)
    : key_(stream_key(seed, purpose, indices)) {}

RandomStream RandomStream::with_key(std::uint64_t key) {
  RandomStream stream;
  stream.key_ = key;
  return stream;
}

std::uint32_t RandomStream::next_u32() {
  const std::uint64_t block = position_ / 4;
  if (block != block_index_) {
    const r123::Philox4x32::ctr_type counter = {
        {static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32), 0, 0}};
    const r123::Philox4x32::key_type key = {{static_cast<std::uint32_t>(key_), static_cast<std::uint32_t>(key_ >> 32)}};
    const r123::Philox4x32::ctr_type words = r123::Philox4x32()(counter, key);
    for (int i = 0; i < 4; ++i) block_[i] = words[i];
    block_index_ = block;
  }
  return block_[position_++ % 4];
}

std::uint64_t RandomStream::next_u64() {
  const std::uint64_t low = next_u32();
  return low | static_cast<std::uint64_t>(next_u32()) << 32;
}

double RandomStream::uniform() {
  // 52 random bits plus one half: exact, and never 0 or 1.
  return (static_cast<double>(next_u64() >> 12) + 0.5) * 0x1p-52;
}

double RandomStream::normal() {
  const double u = uniform(), v = uniform();
  return box_muller(u, v).first;
}

std::uint64_t RandomStream::below(std::uint64_t n) {
  TORCH_CHECK(n > 0, "RandomStream::below: n = 0, must be positive");
  // Values below 2^64 mod n would favor small results and are redrawn.
  const std::uint64_t unfair = (0 - n) % n;
  std::uint64_t value = next_u64();
  while (value < unfair) value = next_u64();
  return value % n;
}

at::Tensor RandomStream::uniform(at::IntArrayRef shape) {
  at::Tensor values = at::empty(shape, at::kDouble);
  double* data = values.mutable_data_ptr<double>();
  for (int64_t i = 0; i < values.numel(); ++i) data[i] = uniform();
  return values;
}

at::Tensor RandomStream::normal(at::IntArrayRef shape) {
  at::Tensor values = at::empty(shape, at::kDouble);
  double* data = values.mutable_data_ptr<double>();
  const int64_t n = values.numel();
  for (int64_t i = 0; i < n; i += 2) {
    const double u = uniform(), v = uniform();
    const auto [first, second] = box_muller(u, v);
    data[i] = first;
    if (i + 1 < n) data[i + 1] = second;
  }
  return values;
}

}  // namespace flashrna
