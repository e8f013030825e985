#include "libfold/training/crop_stages.h"

#include <charconv>
#include <cmath>
#include <sstream>

#include "base/error.h"

namespace flashrna {

namespace {

template <typename T>
bool parse_number(const std::string& text, T& value) {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  return code == std::errc() && end == text.data() + text.size();
}

}  // namespace

CropStages::CropStages(const std::string& text) {
  constexpr double kRounding = 1e-6;
  const auto refuse = [&text](const std::string& what) {
    fail_usage(
        "data.crop_length = {}: {}; give one length (256), or lengths with shares of the steps (256:0.9,1024:0.1)",
        text, what);
  };
  double end = 0.0;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ',');) {
    part.erase(0, part.find_first_not_of(' '));
    part.erase(part.find_last_not_of(' ') + 1);
    const std::size_t colon = part.find(':');
    int length = 0;
    double share = 1.0;
    if (!parse_number(part.substr(0, colon), length) || length < 0)
      refuse(fmt::format("\"{}\" does not begin with a length of 0 (not cropped) or more", part));
    if (colon != std::string::npos && !(parse_number(part.substr(colon + 1), share) && share > 0 && share <= 1))
      refuse(fmt::format("the share of \"{}\" must be above 0 and at most 1", part));
    end += share;
    stages_.push_back({length, end});
  }
  if (stages_.empty()) refuse("there is no length");
  if (std::abs(end - 1.0) > kRounding) refuse(fmt::format("the shares sum to {:.6g}, not to 1", end));
}

std::size_t CropStages::stage_of(std::int64_t step, std::int64_t steps) const {
  for (std::size_t stage = 0; stage + 1 < stages_.size(); ++stage)
    if (step < std::llround(stages_[stage].end * static_cast<double>(steps))) return stage;
  return stages_.size() - 1;
}

}  // namespace flashrna
