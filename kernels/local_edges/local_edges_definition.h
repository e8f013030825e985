// The constants of the features and outputs of sparse edges. No torch.
#pragma once

#include <cstdint>

namespace flashrna {

// Features of the frame of j relative to that of i, in this order: the distance in radial basis functions, direction,
// direction times distance / (1 + distance), relative rotation by rows. Lengths are in the unit of the translations.
inline constexpr int kRadialFeatures = 16;
inline constexpr int kTurnFeatures = kRadialFeatures + 6;  // index of the first of the relative rotation
inline constexpr int kEdgeFrameFeatures = kTurnFeatures + 9;
inline constexpr double kFirstRadialCenter = 0.3, kLastRadialCenter = 2.2, kRadialWidth = 0.13;
inline constexpr double kDistanceFloor = 1e-6;  // of the squared distance

constexpr double radial_center(int k) {
  return kFirstRadialCenter + (kLastRadialCenter - kFirstRadialCenter) * k / (kRadialFeatures - 1);
}

inline constexpr int kEdgeHeads = 4;          // of the attention over messages
inline constexpr int kVoteOutputs = 8;        // two logits, displacement (3), (b, c, d) of a quaternion (1, b, c, d)
inline constexpr double kStayingLogit = 5.0;  // logit of keeping the current frame
inline constexpr int kMaxListFeatures = 64;   // one bit each

}  // namespace flashrna
