#include "rna/measure/sugar_pucker.h"

#include <cmath>
#include <numbers>

#include "rna/geometry.h"

namespace flashrna {
namespace {

constexpr double kTurn = 2.0 * std::numbers::pi;

// Maps a phase of -1e-17 to 0, not to the full turn.
double in_one_turn(double phase) {
  const double positive = phase < 0.0 ? phase + kTurn : phase;
  return positive >= kTurn ? 0.0 : positive;
}

}  // namespace

std::array<double, 5> ring_torsions(const Nucleotide& nucleotide) {
  std::array<double, 5> nu;
  nu.fill(std::nan(""));
  constexpr std::array kRing = {kC4, kO4, kC1, kC2, kC3};
  for (const int slot : kRing) {
    if (!nucleotide.has(slot)) return nu;
  }
  for (std::size_t k = 0; k < 5; ++k) {
    const auto atom = [&](std::size_t step) { return nucleotide.atoms[kRing[(k + step) % 5]]; };
    nu[k] = dihedral(atom(0), atom(1), atom(2), atom(3));
  }
  return nu;
}

SugarPucker altona_sundaralingam_pucker(const std::array<double, 5>& nu) {
  const double sum_of_sines = std::sin(0.1 * kTurn) + std::sin(0.2 * kTurn);
  const double out_of_phase = ((nu[4] + nu[1]) - (nu[3] + nu[0])) / (2.0 * sum_of_sines);
  return {in_one_turn(std::atan2(out_of_phase, nu[2])), std::hypot(out_of_phase, nu[2])};
}

SugarPucker rao_pucker(const std::array<double, 5>& nu) {
  double in_phase = 0.0, out_of_phase = 0.0;
  for (int k = 0; k < 5; ++k) {
    const double angle = 0.4 * kTurn * (k - 2);
    in_phase += 0.4 * nu[static_cast<std::size_t>(k)] * std::cos(angle);
    out_of_phase -= 0.4 * nu[static_cast<std::size_t>(k)] * std::sin(angle);
  }
  return {in_one_turn(std::atan2(out_of_phase, in_phase)), std::hypot(in_phase, out_of_phase)};
}

std::string_view pucker_name(double phase) {
  constexpr std::array<std::string_view, 10> kNames = {"C3'-endo", "C4'-exo",  "O4'-endo", "C1'-exo",  "C2'-endo",
                                                       "C3'-exo",  "C4'-endo", "O4'-exo",  "C1'-endo", "C2'-exo"};
  if (!std::isfinite(phase)) return {};
  const double turns = phase / kTurn;
  const int tenth = static_cast<int>(10.0 * (turns - std::floor(turns)));
  return kNames[static_cast<std::size_t>(tenth % 10)];
}

}  // namespace flashrna
