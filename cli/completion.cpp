#include "cli/completion.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

#include "base/error.h"
#include "cli/shipped_weights.h"

namespace flashrna {
namespace {

using Option = CommandDescription::Option;

enum class Value { kNone, kFile, kFolder, kDevice, kWeights, kText };

Value value_of(const Option& option) {
  const std::string& placeholder = option.placeholder;
  if (placeholder.empty()) return Value::kNone;
  if (option.name == "device") return Value::kDevice;
  if (option.name == "checkpoint") return Value::kWeights;
  if (placeholder == "DIR") return Value::kFolder;
  if (placeholder.find("FILE") != std::string::npos || placeholder.find("DIR") != std::string::npos)
    return Value::kFile;
  return Value::kText;
}

// Names of commands of one word, and the first words of longer ones, each once and in order.
std::vector<std::string> first_words(const std::vector<CommandDescription>& commands) {
  std::vector<std::string> words;
  std::set<std::string> seen;
  for (const CommandDescription& command : commands) {
    const std::string word = command.command.substr(0, command.command.find(' '));
    if (seen.insert(word).second) words.push_back(word);
  }
  return words;
}

// The second words of commands that begin with `first`; empty for a command of one word.
std::vector<std::string> second_words(const std::vector<CommandDescription>& commands, const std::string& first) {
  std::vector<std::string> words;
  for (const CommandDescription& command : commands)
    if (command.command.starts_with(first + " ")) words.push_back(command.command.substr(first.size() + 1));
  return words;
}

// A single-quoted word of a shell.
std::string shell_word(const std::string& text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

// ---- bash

constexpr const char* kBashHead = R"(# Completion of flashrna for bash, written by `flashrna completion bash`.
_flashrna() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]}
  local options='' files='' folders='' texts='' first=2
  COMPREPLY=()
)";

constexpr const char* kBashTail = R"(  if [[ $previous == --device ]]; then
    mapfile -t COMPREPLY < <(compgen -W 'auto cpu cuda' -- "$current"); return
  fi
  if [[ $previous == --checkpoint ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$weights" -- "$current"; compgen -f -- "$current"); return
  fi
  if [[ " $folders " == *" $previous "* ]]; then
    mapfile -t COMPREPLY < <(compgen -d -- "$current")
  elif [[ " $texts " == *" $previous "* ]]; then
    COMPREPLY=()
  elif [[ $current == -* && " $files " != *" $previous "* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
  else
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  fi
}
complete -o filenames -F _flashrna flashrna
)";

// Names that --checkpoint takes beside files.
std::string weights_names() {
  std::vector<std::string> names;
  for (const PublishedWeights& one : published_weights()) names.push_back(one.name);
  return fmt::format("{}", fmt::join(names, " "));
}

std::string bash_case(const CommandDescription& command) {
  std::vector<std::string> all, files, folders, texts;
  for (const Option& option : command.options) {
    const std::string name = "--" + option.name;
    all.push_back(name);
    const Value value = value_of(option);
    if (value == Value::kFile) files.push_back(name);
    if (value == Value::kFolder) folders.push_back(name);
    if (value == Value::kText) texts.push_back(name);
  }
  all.emplace_back("--help");
  return fmt::format("    '{}')\n      options='{}'\n      files='{}'\n      folders='{}'\n      texts='{}' ;;\n",
                     command.command, fmt::join(all, " "), fmt::join(files, " "), fmt::join(folders, " "),
                     fmt::join(texts, " "));
}

std::string bash_script(const std::vector<CommandDescription>& commands) {
  const std::vector<std::string> words = first_words(commands);
  std::string text = kBashHead;
  text += fmt::format("  local weights='{}'\n", weights_names());
  text += fmt::format(
      "  if ((COMP_CWORD == 1)); then\n"
      "    mapfile -t COMPREPLY < <(compgen -W '{0} help --help --version' -- \"$current\"); return\n"
      "  fi\n"
      "  if [[ $command == help ]]; then\n"
      "    mapfile -t COMPREPLY < <(compgen -W '{0} --man' -- \"$current\"); return\n"
      "  fi\n",
      fmt::join(words, " "));
  for (const std::string& word : words) {
    const std::vector<std::string> second = second_words(commands, word);
    if (second.empty()) continue;
    text += fmt::format(
        "  if [[ $command == {0} ]]; then\n"
        "    if ((COMP_CWORD == 2)); then\n"
        "      mapfile -t COMPREPLY < <(compgen -W '{1} --help' -- \"$current\"); return\n"
        "    fi\n"
        "    command=\"{0} ${{COMP_WORDS[2]}}\"\n"
        "    first=3\n"
        "  fi\n",
        word, fmt::join(second, " "));
  }
  text += "  case $command in\n";
  for (const CommandDescription& command : commands) text += bash_case(command);
  text += "  esac\n  if ((COMP_CWORD == first)); then previous='(none)'; fi\n";
  return text + kBashTail;
}

// ---- zsh

// Text inside the brackets of a specification of _arguments.
std::string zsh_text(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') result += '\\';
    result += c;
  }
  return result;
}

std::string zsh_action(Value value) {
  switch (value) {
    case Value::kFile:
      return "_files";
    case Value::kFolder:
      return "_files -/";
    case Value::kDevice:
      return "(auto cpu cuda)";
    case Value::kWeights:
      return fmt::format("_alternative \"names:weights:({})\" \"files:file:_files\"", weights_names());
    default:
      return " ";
  }
}

std::string zsh_case(const CommandDescription& command) {
  std::string text = fmt::format("    {})\n      _arguments \\\n", shell_word(command.command));
  for (const Option& option : command.options) {
    std::string specification = fmt::format("--{}[{}]", option.name, zsh_text(option.description));
    if (!option.placeholder.empty())
      specification += fmt::format(":{}:{}", zsh_text(option.placeholder), zsh_action(value_of(option)));
    text += fmt::format("        {} \\\n", shell_word(specification));
  }
  text += "        '--help[this text]'";
  if (!command.positional.empty()) text += " \\\n        '*:file:_files'";
  return text + " ;;\n";
}

std::string zsh_script(const std::vector<CommandDescription>& commands) {
  std::string text =
      "#compdef flashrna\n"
      "# Completion of flashrna for zsh, written by `flashrna completion zsh`.\n"
      "_flashrna() {\n"
      "  local -a subcommands\n"
      "  subcommands=(\n";
  const std::vector<std::string> words = first_words(commands);
  for (const std::string& word : words) {
    std::string summary = "one of " + fmt::format("{}", fmt::join(second_words(commands, word), ", "));
    for (const CommandDescription& command : commands)
      if (command.command == word) summary = command.summary.substr(0, command.summary.find_first_of(".;\n"));
    text += fmt::format("    {}\n", shell_word(word + ":" + summary));
  }
  text +=
      "    'help:what a subcommand takes'\n  )\n"
      "  if (( CURRENT == 2 )); then _describe subcommand subcommands; return; fi\n"
      "  if [[ $words[2] == help ]]; then _describe subcommand subcommands; return; fi\n"
      "  local command=$words[2]\n";
  for (const std::string& word : words) {
    const std::vector<std::string> second = second_words(commands, word);
    if (second.empty()) continue;
    text += fmt::format(
        "  if [[ $command == {0} ]]; then\n"
        "    if (( CURRENT == 3 )); then compadd {1}; return; fi\n"
        "    command=\"{0} $words[3]\"\n"
        "    shift words; (( CURRENT-- ))\n"
        "  fi\n",
        word, fmt::join(second, " "));
  }
  text += "  shift words; (( CURRENT-- ))\n  case $command in\n";
  for (const CommandDescription& command : commands) text += zsh_case(command);
  // Run as a function of fpath it completes at once; read by `source` it registers itself.
  return text +
         "  esac\n}\n"
         "if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _flashrna \"$@\"; else compdef _flashrna flashrna; fi\n";
}

// ---- man

// A line of running text: backslashes, and a control character at its start, are not instructions; characters beyond
// ASCII are named by their code points.
std::string roff(const std::string& text) {
  std::string result;
  if (text.starts_with('.') || text.starts_with('\'')) result += "\\&";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0xC0) {
      const int following = byte >= 0xF0 ? 3 : byte >= 0xE0 ? 2 : 1;
      unsigned code = byte & (0x3Fu >> following);
      for (int k = 0; k < following && i + 1 < text.size(); ++k)
        code = code << 6 | (static_cast<unsigned char>(text[++i]) & 0x3Fu);
      result += fmt::format("\\[u{:04X}]", code);
    } else if (byte == '\\') {
      result += "\\e";
    } else if (byte == '-') {
      result += "\\-";
    } else {
      result += text[i];
    }
    if (byte == '\n') result += "\\&";
  }
  return result;
}

std::string man_option(const Option& option) {
  std::string text = fmt::format(".TP\n\\fB{}\\fR", roff("--" + option.name));
  if (!option.placeholder.empty()) text += fmt::format(" \\fI{}\\fR", roff(option.placeholder));
  text += fmt::format("\n{}", roff(option.description));
  if (option.required) text += " (required)";
  if (!option.standard.empty() && !option.placeholder.empty()) text += fmt::format(" [{}]", roff(option.standard));
  return text + "\n";
}

std::string man_section(const CommandDescription& command) {
  std::string text = fmt::format(".SS flashrna {}\n{}\n", roff(command.command), roff(command.summary));
  if (!command.positional.empty())
    text += fmt::format(".TP\n\\fI{}\\fR\n{}\n", roff(command.positional), roff(command.positional_description));
  bool settings = false;
  for (const Option& option : command.options) {
    if (option.setting && !settings) text += ".PP\nSettings, also keys of the file of --config:\n";
    settings = option.setting;
    text += man_option(option);
  }
  return text + fmt::format(".PP\nExample:\n.PP\n.nf\n.RS\n{}\n.RE\n.fi\n", roff(command.example));
}

}  // namespace

std::string completion_script(std::string_view shell, const std::vector<CommandDescription>& commands) {
  if (shell == "bash") return bash_script(commands);
  if (shell == "zsh") return zsh_script(commands);
  fail_usage("completion \"{}\": there are bash and zsh", shell);
}

std::string man_page(std::string_view version, const std::vector<CommandDescription>& commands) {
  std::string text = fmt::format(
      ".TH FLASHRNA 1 \"\" \"flashrna {}\" \"User Commands\"\n"
      ".SH NAME\nflashrna \\- SE(3) flow matching for RNA backbones\n"
      ".SH SYNOPSIS\n.B flashrna\n\\fISUBCOMMAND\\fR [\\fIoptions\\fR]\n"
      ".SH DESCRIPTION\nTurns RNA structures into a training set, trains generators of RNA backbones, samples "
      "backbones and measures them. Results go to standard output, progress and messages to standard error.\n"
      ".SH SUBCOMMANDS\n",
      version);
  for (const CommandDescription& command : commands) text += man_section(command);
  return text +
         ".SH EXIT STATUS\n0: success. 1: bad data, or a missed threshold. 2: bad usage. 130, 143: interrupted.\n";
}

}  // namespace flashrna
