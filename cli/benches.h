// The benchmarks of `flashrna bench`, one source file each: cli/bench_<name>.cpp. Conventions as in cli/commands.h.
#pragma once

#include <string>
#include <vector>

namespace flashrna {

int bench_attention_main(const std::vector<std::string>& arguments);
int bench_convert_main(const std::vector<std::string>& arguments);
int bench_model_main(const std::vector<std::string>& arguments);
int bench_pairs_main(const std::vector<std::string>& arguments);
int bench_sampling_main(const std::vector<std::string>& arguments);
int bench_sequences_main(const std::vector<std::string>& arguments);
int bench_training_main(const std::vector<std::string>& arguments);

// Names of the benchmarks, in the order of the overview.
std::vector<std::string> bench_names();

}  // namespace flashrna
