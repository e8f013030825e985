// Van der Waals radii of the atoms of clashes.
#pragma once

namespace flashrna {

// Of an element by its letter, Å. Two atoms clash at a distance of at most r_a + r_b - kClashOverlap.
constexpr double clash_radius(char element) {
  switch (element) {
    case 'P':
      return 1.80;
    case 'O':
      return 1.52;
    case 'N':
      return 1.55;
    default:
      return 1.70;
  }
}

inline constexpr double kClashOverlap = 0.6;  // Å

}  // namespace flashrna
