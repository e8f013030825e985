#include <vector>

#include "kernels/relaxation/relaxation_rows.h"

namespace flashrna {

template <typename T>
void relaxation_rows_cpu(RelaxationRowKind kind, const RelaxationRows<T>& a, std::int64_t begin, std::int64_t end) {
  std::vector<T> scratch(static_cast<std::size_t>(relaxation_scratch(a)));
  for (std::int64_t item = begin; item < end; ++item) relaxation_row(HostLanes{}, kind, a, item, scratch.data());
}

template void relaxation_rows_cpu(RelaxationRowKind, const RelaxationRows<float>&, std::int64_t, std::int64_t);
template void relaxation_rows_cpu(RelaxationRowKind, const RelaxationRows<double>&, std::int64_t, std::int64_t);

}  // namespace flashrna
