// The text of `flashrna help design`: what a sample can be asked to be. docs/design.md explains it at length.
#pragma once

#include <string>

namespace flashrna {

std::string design_help();

}  // namespace flashrna
