// Ctrl-C (SIGINT) and SIGTERM as a flag: a command finishes the file or the step in hand, says how to go on, and
// returns kInterruptedStatus. A second Ctrl-C ends the program at once.
#pragma once

namespace flashrna {

constexpr int kInterruptedStatus = 130;

void catch_interruptions();
bool interrupted();

}  // namespace flashrna
