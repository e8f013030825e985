// The command line of a subcommand: named options bound to variables, positional arguments, the options common to all
// subcommands, and a Configuration whose keys become --section.key. Boost.Program_options splits the words; prefixes of
// names are not accepted.
//
//   std::vector<std::string> inputs;
//   std::string output;
//   CommonOptions common;
//   CommandLine line("convert", "Writes RNA structures to one dataset.", "flashrna convert pdbs --output rna.h5");
//   line.positional("INPUT...", inputs, "PDB or mmCIF files, or directories of them");
//   line.option("output", output, "FILE.h5", "the dataset to write", Need::kRequired);
//   line.common(common);
//   if (!line.parse(arguments)) return 0;  // --help was given and is printed
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "libfold/configuration.h"

namespace flashrna {

struct CommonOptions {
  std::uint64_t seed = 0;
  std::string device = "auto";  // auto, cpu, cuda, cuda:n
  int threads = 0;              // 0 = what base/thread_limits.h finds
  bool quiet = false;           // no progress and no messages on stderr
  bool json = false;            // results as JSON
};

enum class Need { kOptional, kRequired };

// What a help text says, for generated completions, the man page and the documentation.
struct CommandDescription {
  struct Option {
    std::string name, placeholder, description;  // name without dashes; empty placeholder: a flag
    std::string standard;                        // the default as text; "" without one
    bool required = false;
    bool setting = false;  // a key of the configuration, --section.key
  };
  std::string command, summary, example;
  std::string positional, positional_description;  // "" if it takes none
  std::vector<Option> options;                     // in the order of the help text, without --help
};

class CommandLine {
 public:
  // `example`: one or more commands, one per line, that can be run unchanged.
  CommandLine(std::string command, std::string summary, std::string example);

  // --name VALUE. T as in Configuration::bind; the field's current value is the default.
  template <typename T>
  void option(const std::string& name, T& field, const std::string& placeholder, const std::string& description,
              Need need = Need::kOptional) {
    bound_.bind(name, field, description);
    add({name, placeholder, description, need, nullptr});
  }
  // --name VALUE VALUE ...
  void list(const std::string& name, std::vector<std::string>& field, const std::string& placeholder,
            const std::string& description, Need need = Need::kOptional);
  // --name without a value: sets `field` to true.
  void flag(const std::string& name, bool& field, const std::string& description);
  // Positional arguments: at least one if the placeholder ends in "...", otherwise exactly one.
  void positional(const std::string& placeholder, std::vector<std::string>& field, const std::string& description);
  // Adds --seed, --device, --threads, --quiet and --json.
  void common(CommonOptions& common);
  // Adds --config FILE and --section.key for each key bound so far. The command line takes precedence over the file.
  void configuration(Configuration& configuration);

  // Parses the words into the fields. Returns false if --help was given, after printing the help to stdout. Throws
  // UsageError for an unknown, repeated, missing or ill-typed option, naming the nearest known one.
  bool parse(const std::vector<std::string>& arguments);

  // --name alone is complete: with it, positional arguments and required options may be missing.
  void complete_with(const std::string& name) { complete_with_ = name; }

  // After parse: whether --name was on the command line.
  bool given(const std::string& name) const;
  std::string help() const;
  CommandDescription describe() const;

 private:
  struct Option {
    std::string name, placeholder, description;  // empty placeholder: a flag
    Need need;
    std::vector<std::string>* list;  // the values of a list; nullptr: a single value, bound in bound_
  };
  struct Word {
    std::string name;  // "" for a positional argument
    std::vector<std::string> values;
  };
  void add(Option option) { options_.push_back(std::move(option)); }
  std::vector<Word> split(const std::vector<std::string>& arguments) const;
  void take(const Word& word);
  void check_complete() const;
  void check_common() const;
  [[noreturn]] void fail_unknown(const std::string& word) const;
  std::string default_of(const Option& option) const;

  std::string command_, summary_, example_;
  std::vector<Option> options_;  // in the order of the help text
  Configuration bound_;          // the fields of flags and of options with a single value
  std::string positional_placeholder_, positional_description_;
  std::vector<std::string>* positional_ = nullptr;
  Configuration* configuration_ = nullptr;
  std::string configuration_file_;
  CommonOptions* common_ = nullptr;
  std::string complete_with_;
  std::vector<std::string> given_;
};

// The description of the command line that `run`, a subcommand's main function, parses: parse() then hands it over and
// returns false, as for --help, instead of parsing.
CommandDescription describe_command(int (*run)(const std::vector<std::string>&),
                                    const std::vector<std::string>& arguments = {});

}  // namespace flashrna
