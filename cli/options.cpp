#include "cli/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <cstdio>

#include "base/error.h"

namespace flashrna {
namespace {

namespace po = boost::program_options;

// Without `allow_guessing` prefixes of options are refused; without `allow_short` "-1" is a value.
constexpr int kStyle = po::command_line_style::allow_long | po::command_line_style::long_allow_adjacent |
                       po::command_line_style::long_allow_next;

bool is_device_name(const std::string& name) {
  if (name == "auto" || name == "cpu" || name == "cuda") return true;
  constexpr std::string_view kPrefix = "cuda:";
  return name.starts_with(kPrefix) && name.size() > kPrefix.size() && name.size() <= kPrefix.size() + 3 &&
         std::all_of(name.begin() + kPrefix.size(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string help_row(const std::string& left, const std::string& right) {
  constexpr std::size_t kColumn = 30;
  if (left.size() < kColumn) return fmt::format("  {:<{}}{}\n", left, kColumn, right);
  return fmt::format("  {}\n{:{}}{}\n", left, "", kColumn + 2, right);
}

std::string default_text(const std::string& value) { return value.empty() ? "" : fmt::format(" [{}]", value); }

// Set while describe_command() runs a main function.
CommandDescription* requested_description = nullptr;

}  // namespace

CommandLine::CommandLine(std::string command, std::string summary, std::string example)
    : command_(std::move(command)), summary_(std::move(summary)), example_(std::move(example)) {}

void CommandLine::list(const std::string& name, std::vector<std::string>& field, const std::string& placeholder,
                       const std::string& description, Need need) {
  add({name, placeholder, description, need, &field});
}

void CommandLine::flag(const std::string& name, bool& field, const std::string& description) {
  bound_.bind(name, field, description);
  add({name, "", description, Need::kOptional, nullptr});
}

void CommandLine::positional(const std::string& placeholder, std::vector<std::string>& field,
                             const std::string& description) {
  positional_placeholder_ = placeholder;
  positional_description_ = description;
  positional_ = &field;
}

void CommandLine::common(CommonOptions& common) {
  common_ = &common;
  option("seed", common.seed, "N", "seed of every random stream");
  option("device", common.device, "NAME", "auto, cpu, cuda or cuda:n");
  option("threads", common.threads, "N",
         "CPU threads; 0 = what OMP_NUM_THREADS, affinity and quota allow; flashrna doctor shows it");
  flag("quiet", common.quiet, "no progress and no log on stderr");
  flag("json", common.json, "results as JSON instead of a table");
}

void CommandLine::configuration(Configuration& configuration) {
  configuration_ = &configuration;
  option("config", configuration_file_, "FILE.ini", "settings by section; options below win over the file");
}

bool CommandLine::parse(const std::vector<std::string>& arguments) {
  if (requested_description) {
    *requested_description = describe();
    return false;
  }
  const auto end = std::find(arguments.begin(), arguments.end(), "--");  // later arguments are positional
  if (std::find(arguments.begin(), end, "--help") != end || std::find(arguments.begin(), end, "-h") != end) {
    std::fputs(help().c_str(), stdout);
    return false;
  }
  const std::vector<Word> words = split({arguments.begin(), end});
  for (const Word& word : words) take(word);
  for (auto word = end; word != arguments.end(); ++word) {
    if (word == end) continue;
    if (!positional_) fail_usage("unexpected argument \"{}\"; see flashrna help {}", *word, command_);
    positional_->push_back(*word);
  }
  if (configuration_) {
    if (!configuration_file_.empty()) configuration_->read_ini(configuration_file_);
    for (const Word& word : words) {
      if (configuration_->find(word.name)) configuration_->set(word.name, word.values.at(0), "--" + word.name);
    }
  }
  check_complete();
  check_common();
  return true;
}

// Splits the command line into known options and their values, without parsing the values.
std::vector<CommandLine::Word> CommandLine::split(const std::vector<std::string>& arguments) const {
  po::options_description known;
  for (const Option& option : options_) {
    auto* value = po::value<std::vector<std::string>>();
    if (option.placeholder.empty()) value->zero_tokens();
    if (option.list) value->multitoken();
    known.add_options()(option.name.c_str(), value);
  }
  if (configuration_) {
    for (const auto& entry : configuration_->entries()) {
      known.add_options()(entry.key.c_str(), po::value<std::vector<std::string>>());
    }
  }
  po::positional_options_description by_position;
  by_position.add("", -1);
  std::vector<Word> words;
  try {
    const auto parsed = po::command_line_parser(arguments).options(known).style(kStyle).allow_unregistered().run();
    for (const auto& option : parsed.options) {
      if (option.unregistered) fail_unknown(option.original_tokens.at(0));
      words.push_back({option.string_key, option.value});
    }
  } catch (const po::invalid_command_line_syntax& error) {
    const std::string name = error.get_option_name();  // including its leading dashes
    const bool surplus = error.kind() == po::invalid_syntax::extra_parameter;
    fail_usage("{} {}; see flashrna help {}", name, surplus ? "takes no value" : "needs a value", command_);
  }
  return words;
}

void CommandLine::take(const Word& word) {
  if (word.name.empty()) {
    const std::string& text = word.values.at(0);
    if (text.starts_with("-") && text.size() > 1) fail_unknown(text);
    if (!positional_) fail_usage("unexpected argument \"{}\"; see flashrna help {}", text, command_);
    positional_->push_back(text);
    return;
  }
  if (given(word.name)) fail_usage("--{} is given twice", word.name);
  given_.push_back(word.name);
  const auto option =
      std::find_if(options_.begin(), options_.end(), [&](const Option& o) { return o.name == word.name; });
  if (option == options_.end()) return;  // a configuration key, which is set after the file is read
  if (option->list) {
    *option->list = word.values;
  } else {
    bound_.set(word.name, option->placeholder.empty() ? "true" : word.values.at(0), "--" + word.name);
  }
}

void CommandLine::check_complete() const {
  if (!complete_with_.empty() && given(complete_with_)) return;
  if (positional_) {
    const bool many = positional_placeholder_.ends_with("...");
    if (positional_->empty()) {
      fail_usage("{} is missing; see flashrna help {}", positional_placeholder_, command_);
    }
    if (!many && positional_->size() > 1) {
      fail_usage("unexpected argument \"{}\": one {} is allowed", positional_->at(1), positional_placeholder_);
    }
  }
  for (const Option& option : options_) {
    if (option.need == Need::kRequired && !given(option.name)) {
      fail_usage("--{} {} is missing; see flashrna help {}", option.name, option.placeholder, command_);
    }
  }
}

void CommandLine::check_common() const {
  if (!common_) return;
  if (!is_device_name(common_->device)) {
    fail_usage("--device \"{}\" is not auto, cpu, cuda or cuda:n with n from 0 to 999", common_->device);
  }
  constexpr int kMostThreads = 4096;
  if (common_->threads < 0 || common_->threads > kMostThreads) {
    fail_usage("--threads \"{}\" is not a whole number from 0 (as many as the process may use) to {}", common_->threads,
               kMostThreads);
  }
}

void CommandLine::fail_unknown(const std::string& word) const {
  const std::string name = word.substr(0, word.find('='));
  const std::string bare = name.substr(std::min(name.find_first_not_of('-'), name.size()));
  std::vector<std::string> names{"help"};
  for (const Option& option : options_) names.push_back(option.name);
  std::string nearest = nearest_name(bare, names);
  if (configuration_ && (nearest.empty() || bare.find('.') != std::string::npos)) {
    nearest = configuration_->nearest_key(bare);
  }
  fail_usage("unknown option \"{}\"{}", name,
             nearest.empty() ? fmt::format("; flashrna help {} lists them", command_)
                             : fmt::format("; did you mean \"--{}\"?", nearest));
}

bool CommandLine::given(const std::string& name) const {
  return std::find(given_.begin(), given_.end(), name) != given_.end();
}

std::string CommandLine::default_of(const Option& option) const {
  if (option.placeholder.empty() || option.list) return "";
  return bound_.find(option.name)->get();
}

std::string CommandLine::help() const {
  std::string text = fmt::format("{}\n\nUsage: flashrna {}", summary_, command_);
  if (positional_) text += " " + positional_placeholder_;
  for (const Option& option : options_) {
    if (option.need == Need::kRequired) text += fmt::format(" --{} {}", option.name, option.placeholder);
  }
  text += " [options]\n\n";
  if (positional_) text += help_row(positional_placeholder_, positional_description_) + "\n";
  for (const Option& option : options_) {
    std::string left = "--" + option.name;
    if (!option.placeholder.empty()) left += " " + option.placeholder;
    text += help_row(left, option.description + default_text(default_of(option)));
  }
  text += help_row("--help", "this text");
  if (configuration_) {
    text += "\nSettings, as --section.key VALUE or in the file of --config:\n";
    for (const auto& entry : configuration_->entries()) {
      text += help_row("--" + entry.key, entry.description + default_text(entry.get()));
    }
  }
  text += "\nExample:\n";
  std::size_t start = 0;
  while (start < example_.size()) {
    const std::size_t end = std::min(example_.find('\n', start), example_.size());
    text += fmt::format("  {}\n", example_.substr(start, end - start));
    start = end + 1;
  }
  return text;
}

CommandDescription CommandLine::describe() const {
  CommandDescription about{.command = command_,
                           .summary = summary_,
                           .example = example_,
                           .positional = positional_placeholder_,
                           .positional_description = positional_description_,
                           .options = {}};
  for (const Option& option : options_) {
    about.options.push_back({.name = option.name,
                             .placeholder = option.placeholder,
                             .description = option.description,
                             .standard = default_of(option),
                             .required = option.need == Need::kRequired});
  }
  if (!configuration_) return about;
  for (const auto& entry : configuration_->entries()) {
    about.options.push_back({.name = entry.key,
                             .placeholder = "VALUE",
                             .description = entry.description,
                             .standard = entry.get(),
                             .setting = true});
  }
  return about;
}

CommandDescription describe_command(int (*run)(const std::vector<std::string>&),
                                    const std::vector<std::string>& arguments) {
  CommandDescription about;
  requested_description = &about;
  try {
    run(arguments);
  } catch (...) {
    requested_description = nullptr;
    throw;
  }
  requested_description = nullptr;
  return about;
}

}  // namespace flashrna
