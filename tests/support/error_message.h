// The whole message of the Error that a call throws, for tests that know it word for word.
#pragma once

#include <string>

#include "base/error.h"

namespace flashrna {

// "no error" if it throws none.
std::string message_of(const auto& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace flashrna
