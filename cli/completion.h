// Completion scripts for bash and zsh, and the manual page, from the tables of options.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/options.h"

namespace flashrna {

// A script for `shell`, "bash" or "zsh", that completes subcommands, options, and the values of options that take files
// or folders. A command of two words ("bench convert") is completed after both. Throws UsageError for another shell.
std::string completion_script(std::string_view shell, const std::vector<CommandDescription>& commands);

// The page flashrna(1) in the language of man(7).
std::string man_page(std::string_view version, const std::vector<CommandDescription>& commands);

}  // namespace flashrna
