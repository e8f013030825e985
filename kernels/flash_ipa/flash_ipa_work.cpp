#include "kernels/flash_ipa/flash_ipa_work.h"

#include <algorithm>

namespace flashrna {

FlashIpaWork flash_ipa_work(std::int64_t L, const FlashIpaSizes& s) {
  const auto n = static_cast<double>(L), H = static_cast<double>(s.H), C = static_cast<double>(s.C),
             P_q = static_cast<double>(s.P_q), P_v = static_cast<double>(s.P_v), R = static_cast<double>(s.R),
             c = static_cast<double>(s.c);
  const double logits = C + 3 * P_q + R, values = C + 3 * P_v + R * c;
  // Numbers per residue: q, k, v, points and bias factors of every head; frame and pair factors once.
  const double inputs = H * (3 * C + 3 * (2 * P_q + P_v) + 2 * R) + 12 + 2 * R * c;
  const double outputs = H * (C + 4 * P_v + (R > 0 ? c : 0));
  const double saved = H * (R * c + 1);
  return {.forward_flops = 2 * n * n * H * (logits + values),
          .backward_flops = 2 * n * n * H * (3 * logits + 2 * values),
          .forward_bytes = 4 * n * (inputs + outputs),
          .backward_bytes = 4 * n * (2 * inputs + 2 * outputs + saved)};
}

double h200_roofline_seconds(double flops, double bytes) { return std::max(flops / 790e12, bytes / 4.3e12); }

}  // namespace flashrna
