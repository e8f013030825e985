// What idle OpenMP threads do. Linking sleeping_threads.cpp into the program makes them sleep.
#pragma once

#include <string>

namespace flashrna {

// "sleep: OMP_WAIT_POLICY=PASSIVE, set by flashrna", or what the environment says.
std::string waiting_threads_text();

}  // namespace flashrna
