// Lengths to which long chains are cropped, by stage of training. Written as one length, "256", or as lengths with
// their shares of the steps, "256:0.9,1024:0.1". The stage follows from the number of the step alone, so that a resumed
// run goes through the same stages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace flashrna {

class CropStages {
 public:
  // Throws UsageError naming data.crop_length if the text has another form, for a length below 0, and for shares that
  // are not above 0 or do not sum to 1.
  explicit CropStages(const std::string& text);

  std::size_t count() const { return stages_.size(); }
  int length(std::size_t stage) const { return stages_.at(stage).length; }  // residues; 0 = chains are not cropped
  // The stage of step `step` (from 0) of a run of `steps` steps; the last one from the end of the run on.
  std::size_t stage_of(std::int64_t step, std::int64_t steps) const;

 private:
  struct Stage {
    int length;
    double end;  // share of the steps at which the stage ends
  };
  std::vector<Stage> stages_;
};

}  // namespace flashrna
