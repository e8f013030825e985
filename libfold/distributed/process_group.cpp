#include "libfold/distributed/process_group.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <sstream>

#include "base/error.h"
#include "kernels/torch_headers.h"
#include "libfold/distributed/communicator.h"

namespace flashrna {
namespace {

std::string error_text(const std::exception& error) {
  const std::string text = error.what();  // LibTorch appends a backtrace
  return text.substr(0, text.find("\nException raised from"));
}

// "learning_rate = 1e-3, that of rank 0 learning_rate = 1e-4": the first line that differs.
std::string first_difference(const std::string& other, const std::string& first) {
  std::istringstream others(other), firsts(first);
  for (std::string a, b;;) {
    const bool has_a = static_cast<bool>(std::getline(others, a)), has_b = static_cast<bool>(std::getline(firsts, b));
    if (!has_a) a.clear();
    if (!has_b) b.clear();
    if (a != b || (!has_a && !has_b)) return fmt::format("\"{}\", that of rank 0 \"{}\"", a, b);
  }
}

}  // namespace

ProcessGroup::ProcessGroup(const Launch& launch, std::chrono::seconds timeout)
    : rank_(launch.rank), size_(launch.size) {
  if (size_ > 1) communicator_ = connect_processes(launch, timeout);
}

std::function<void()> ProcessGroup::start_sum(at::Tensor values) const {
  return communicator_ ? communicator_->sum(std::move(values)) : [] {};
}

void ProcessGroup::sum(at::Tensor values) const { start_sum(std::move(values))(); }

void ProcessGroup::broadcast(at::Tensor values, int from) const {
  if (communicator_) communicator_->broadcast(std::move(values), from);
}

bool ProcessGroup::any(bool flag) const { return largest(flag ? 1 : 0) != 0; }

int ProcessGroup::largest(int value) const {
  if (!communicator_) return value;
  const at::Tensor values = at::zeros({size_}, at::kLong);
  values[rank_] = value;
  sum(values);
  return static_cast<int>(values.max().item<std::int64_t>());
}

std::vector<std::string> ProcessGroup::gather(const std::string& text) const {
  if (!communicator_) return {text};
  const at::Tensor lengths = at::zeros({size_}, at::kLong);
  lengths[rank_] = static_cast<std::int64_t>(text.size());
  sum(lengths);
  const at::Tensor ends = lengths.cumsum(0);
  const std::int64_t total = ends[size_ - 1].item<std::int64_t>();
  at::Tensor bytes = at::zeros({total}, at::kByte);
  const auto begin_of = [&](int rank) { return (ends[rank] - lengths[rank]).item<std::int64_t>(); };
  auto* data = bytes.mutable_data_ptr<std::uint8_t>();
  if (!text.empty()) std::memcpy(data + begin_of(rank_), text.data(), text.size());
  if (total > 0) sum(bytes);
  std::vector<std::string> texts;
  for (int rank = 0; rank < size_; ++rank)
    texts.emplace_back(reinterpret_cast<const char*>(data) + begin_of(rank),
                       static_cast<std::size_t>(lengths[rank].item<std::int64_t>()));
  return texts;
}

void ProcessGroup::barrier() const { sum(at::zeros({1}, at::kLong)); }

void ProcessGroup::require_equal(const std::string& what, const std::string& text) const {
  const std::vector<std::string> texts = gather(text);
  for (std::size_t other = 1; other < texts.size(); ++other)
    if (texts[other] != texts[0])
      fail("rank {} has another {} than rank 0: {}; start all processes with the same", other, what,
           first_difference(texts[other], texts[0]));
}

void ProcessGroup::together(const std::function<void()>& work) const {
  if (!communicator_) return work();
  std::exception_ptr own;
  std::string message;
  try {
    work();
  } catch (const std::exception& error) {
    own = std::current_exception();
    message = "rank " + std::to_string(rank_) + ": " + error_text(error);
  }
  const std::vector<std::string> messages = gather(message);
  if (own) std::rethrow_exception(own);
  const auto failed = std::ranges::find_if(messages, [](const std::string& text) { return !text.empty(); });
  if (failed != messages.end()) fail("{}", *failed);
}

}  // namespace flashrna
