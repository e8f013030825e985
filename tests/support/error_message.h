// Returns the message of an Error, for tests of its exact text.
#pragma once

#include <string>

#include "base/error.h"

namespace flashrna {

// The message of the Error that `call` throws; "no error" if none is thrown.
std::string message_of(const auto& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace flashrna
