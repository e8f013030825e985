// The subcommands, one source file each: cli/<name>.cpp parses its arguments, calls the library and prints. Each
// function returns the exit status. Errors are thrown; only cli/main.cpp catches them. `arguments` excludes the
// subcommand's own name; {"--help"} prints its help.
#pragma once

#include <string>
#include <vector>

namespace flashrna {

int convert_main(const std::vector<std::string>& arguments);
int split_main(const std::vector<std::string>& arguments);
int merge_main(const std::vector<std::string>& arguments);
int export_main(const std::vector<std::string>& arguments);
int info_main(const std::vector<std::string>& arguments);
int train_main(const std::vector<std::string>& arguments);
int sample_main(const std::vector<std::string>& arguments);
int weights_main(const std::vector<std::string>& arguments);
int evaluate_main(const std::vector<std::string>& arguments);
int doctor_main(const std::vector<std::string>& arguments);
int bench_main(const std::vector<std::string>& arguments);

}  // namespace flashrna
