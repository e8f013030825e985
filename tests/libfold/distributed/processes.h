// Processes of a group as threads of the test: the groups meet through a file and talk through sockets, as processes
// do. (What concerns processes themselves, signals and ends, is in tests/cli/processes_test.cpp.)
#pragma once

#include <exception>
#include <functional>
#include <string>
#include <vector>

#include "libfold/distributed/process_group.h"

namespace flashrna {

// Calls work(group) as each of `size` processes at once, and returns what each threw: "" where nothing.
std::vector<std::string> run_processes(int size, const std::function<void(const ProcessGroup&)>& work);

// The same, and fails the test if one throws.
void run_processes_well(int size, const std::function<void(const ProcessGroup&)>& work);

}  // namespace flashrna
