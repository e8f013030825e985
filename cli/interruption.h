// Ctrl-C (SIGINT) and SIGTERM as a flag: a command finishes the file or the step in hand, says how to go on, and
// returns interrupted_status(). A second Ctrl-C ends the program at once.
#pragma once

namespace flashrna {

void catch_interruptions();
bool interrupted();
// As of a program that the signal ended: 130 after SIGINT, 143 after SIGTERM.
int interrupted_status();

}  // namespace flashrna
