// flashrna: a table of subcommands. The only code that catches errors and converts them to an exit status: 0 done, 1
// bad data, 2 bad usage, 130 or 143 interrupted.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/benches.h"
#include "cli/commands.h"
#include "cli/completion.h"
#include "cli/design_help.h"
#include "cli/interruption.h"
#include "cli/options.h"
#include "cli/version.h"
#include "libfold/configuration.h"

namespace flashrna {
namespace {

struct Subcommand {
  const char* name;
  int (*run)(const std::vector<std::string>& arguments);
  const char* summary;
};

int completion_main(const std::vector<std::string>& arguments);

constexpr Subcommand kSubcommands[] = {
    {"convert", convert_main, "PDB and mmCIF files to one HDF5 dataset"},
    {"split", split_main, "train, validation and test by whole clusters"},
    {"merge", merge_main, "several datasets into one"},
    {"export", export_main, "chains of a dataset back to mmCIF or PDB files"},
    {"info", info_main, "what is in a dataset, a checkpoint or a structure file"},
    {"train", train_main, "train a backbone generator on a dataset"},
    {"sample", sample_main, "new backbones from the weights that ship, or from a checkpoint"},
    {"weights", weights_main, "what sampling needs of a checkpoint, as a small file"},
    {"evaluate", evaluate_main, "how good a set of backbones is, against a reference"},
    {"doctor", doctor_main, "versions, devices, and whether every operation computes what it should here"},
    {"bench", bench_main, "how fast this machine does it, beside a peer in the same run"},
    {"completion", completion_main, "completion of subcommands and options in bash and zsh"},
};

// Every command with a command line, those of bench one by one.
std::vector<CommandDescription> describe_commands() {
  std::vector<CommandDescription> commands;
  for (const Subcommand& subcommand : kSubcommands) {
    if (subcommand.run != bench_main) commands.push_back(describe_command(subcommand.run));
  }
  for (const std::string& name : bench_names()) commands.push_back(describe_command(bench_main, {name}));
  return commands;
}

int completion_main(const std::vector<std::string>& arguments) {
  std::vector<std::string> shells;
  CommandLine line("completion",
                   "Writes a script that completes subcommands and options: bash reads it with `source`, zsh finds it "
                   "as _flashrna in a folder of its fpath.",
                   "flashrna completion bash > flashrna.bash");
  line.positional("SHELL", shells, "bash or zsh");
  if (!line.parse(arguments)) return 0;
  std::fputs(completion_script(shells.at(0), describe_commands()).c_str(), stdout);
  return 0;
}

const Subcommand& find_subcommand(const std::string& name) {
  std::vector<std::string> names;
  for (const Subcommand& subcommand : kSubcommands) {
    if (name == subcommand.name) return subcommand;
    names.push_back(subcommand.name);
  }
  const std::string nearest = nearest_name(name, names);
  fail_usage("unknown subcommand \"{}\"; {}", name,
             nearest.empty() ? fmt::format("there are {}", fmt::join(names, ", "))
                             : fmt::format("did you mean \"{}\"?", nearest));
}

std::string overview() {
  std::string text = fmt::format(
      "flashrna {}: SE(3) flow matching for RNA backbones\n\nUsage: flashrna SUBCOMMAND ...\n\n", program_version());
  for (const Subcommand& subcommand : kSubcommands) {
    text += fmt::format("  {:<12}{}\n", subcommand.name, subcommand.summary);
  }
  return text +
         "\nflashrna help SUBCOMMAND says what it takes; flashrna help design says what samples can be asked for;\n"
         "flashrna help --man writes the manual page; flashrna --version names the libraries.\n";
}

int run(const std::vector<std::string>& words) {
  if (words.empty() || words == std::vector<std::string>{"--help"} || words == std::vector<std::string>{"-h"} ||
      words == std::vector<std::string>{"help"}) {
    std::fputs(overview().c_str(), stdout);
    return 0;
  }
  if (words[0] == "--version") {
    std::fputs(version_text().c_str(), stdout);
    return 0;
  }
  if (words == std::vector<std::string>{"help", "design"}) {
    std::fputs(design_help().c_str(), stdout);
    return 0;
  }
  if (words == std::vector<std::string>{"help", "--man"}) {
    std::fputs(man_page(program_version(), describe_commands()).c_str(), stdout);
    return 0;
  }
  if (words[0] == "help") {
    std::vector<std::string> rest(words.begin() + 2, words.end());  // without the two words of e.g. "bench convert"
    rest.emplace_back("--help");
    return find_subcommand(words[1]).run(rest);
  }
  return find_subcommand(words[0]).run({words.begin() + 1, words.end()});
}

// Flushes stdout: a full disk or a closed pipe shows only when the last output is written.
int finish_output(int status) {
  if (std::fflush(stdout) == 0 && !std::ferror(stdout)) return status;
  if (errno != EPIPE) fmt::print(stderr, "error: cannot write to standard output: {}\n", std::strerror(errno));
  return status == 0 ? 1 : status;
}

int report(const std::string& what, int status) {
  // LibTorch appends a backtrace to its messages, which does not help a user.
  fmt::print(stderr, "error: {}\n", what.substr(0, what.find("\nException raised from")));
  return status;
}

int run_and_report(const std::vector<std::string>& words) {
  try {
    return run(words);
  } catch (const UsageError& error) {
    return report(error.what(), 2);
  } catch (const std::bad_alloc&) {
    return report("out of memory", 1);
  } catch (const std::exception& error) {
    return report(error.what(), 1);
  }
}

}  // namespace
}  // namespace flashrna

int main(int argc, char** argv) {
  // A full disk or a closed pipe then fails the write, with a message, instead of ending the process by a signal.
  std::signal(SIGXFSZ, SIG_IGN);
  std::signal(SIGPIPE, SIG_IGN);
  flashrna::catch_interruptions();
  return flashrna::finish_output(flashrna::run_and_report({argv + 1, argv + argc}));
}
