// The error type of the project. Only cli/main.cpp catches it.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace flashrna {

// Bad data. The program prints "error: <what>" and exits with status 1.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Bad usage on the command line or in a configuration file. The program exits with status 2.
class UsageError : public Error {
 public:
  using Error::Error;
};

// Throws Error. The message states what is wrong, the offending value, where, what is allowed, and what to do next.
template <typename... Args>
[[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) {
  throw Error(fmt::format(format, std::forward<Args>(args)...));
}

// Throws UsageError.
template <typename... Args>
[[noreturn]] void fail_usage(fmt::format_string<Args...> format, Args&&... args) {
  throw UsageError(fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace flashrna
