#include <vector>

#include "kernels/steric_overlap/steric_move_row.h"

namespace flashrna {

template <typename T>
void steric_rows_cpu(const StericRows<T>& a, std::int64_t begin, std::int64_t end) {
  std::vector<T> scratch(static_cast<std::size_t>(steric_scratch(a.A, a.k)));
  for (std::int64_t item = begin; item < end; ++item) steric_row(HostLanes{}, a, item, scratch.data());
}

template void steric_rows_cpu(const StericRows<float>&, std::int64_t, std::int64_t);
template void steric_rows_cpu(const StericRows<double>&, std::int64_t, std::int64_t);

template <typename T>
void steric_move_rows_cpu(const StericMoveRows<T>& a, std::int64_t begin, std::int64_t end) {
  std::vector<T> scratch(static_cast<std::size_t>(steric_move_scratch(a.overlap)));
  for (std::int64_t item = begin; item < end; ++item) steric_move_row(HostLanes{}, a, item, scratch.data());
}

template void steric_move_rows_cpu(const StericMoveRows<float>&, std::int64_t, std::int64_t);
template void steric_move_rows_cpu(const StericMoveRows<double>&, std::int64_t, std::int64_t);

}  // namespace flashrna
