// Ctrl-C (SIGINT) and SIGTERM as a flag: a command finishes the current file or step, says how to resume, and returns
// interrupted_status(). A second Ctrl-C ends the program at once.
#pragma once

namespace flashrna {

void catch_interruptions();
bool interrupted();
// The conventional status after a signal: 130 for SIGINT, 143 for SIGTERM.
int interrupted_status();

}  // namespace flashrna
