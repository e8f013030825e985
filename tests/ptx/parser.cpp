#include "tests/ptx/parser.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <sstream>

#include "tests/ptx/operations.h"

namespace flashrna::ptx {
namespace {

std::string trimmed(std::string_view s) {
  const auto space = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
  while (!s.empty() && space(s.front())) s.remove_prefix(1);
  while (!s.empty() && space(s.back())) s.remove_suffix(1);
  return std::string(s);
}

bool starts_with(std::string_view s, std::string_view prefix) { return s.substr(0, prefix.size()) == prefix; }

std::size_t round_up(std::size_t n, std::size_t multiple) { return (n + multiple - 1) / multiple * multiple; }

// Splits at commas outside of braces and brackets.
std::vector<std::string> split_operands(std::string_view text) {
  std::vector<std::string> operands;
  std::string current;
  int depth = 0;
  for (const char c : text) {
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (c == ',' && depth == 0) {
      operands.push_back(trimmed(current));
      current.clear();
    } else {
      current += c;
    }
  }
  if (!trimmed(current).empty()) operands.push_back(trimmed(current));
  return operands;
}

std::uint64_t literal(const std::string& s) {
  if (s.size() > 2 && s[0] == '0' && std::string_view("fFdD").find(s[1]) != std::string_view::npos)
    return std::stoull(s.substr(2), nullptr, 16);
  std::size_t end = 0;
  const bool negative = s[0] == '-';
  const std::uint64_t magnitude = std::stoull(s.substr(negative ? 1 : 0), &end, 0);
  if (end + (negative ? 1 : 0) < s.size() && s.back() != 'U') throw std::runtime_error("no number: " + s);
  return negative ? 0 - magnitude : magnitude;
}

std::size_t type_bytes(const std::string& type) {
  if (type == ".b8" || type == ".u8" || type == ".s8") return 1;
  if (type == ".b16" || type == ".u16" || type == ".s16") return 2;
  if (type == ".b64" || type == ".u64" || type == ".s64" || type == ".f64") return 8;
  return 4;
}

// "NAME[COUNT]" or "NAME"
std::pair<std::string, std::size_t> name_and_count(const std::string& declared) {
  const std::size_t bracket = declared.find('[');
  if (bracket == std::string::npos) return {declared, 1};
  return {declared.substr(0, bracket), std::stoul(declared.substr(bracket + 1))};
}

void parse_parameters(const std::string& text, Kernel& kernel) {
  for (const std::string& one : split_operands(text)) {
    std::istringstream words(one);
    std::string word, type, name;
    std::size_t align = 0;
    while (words >> word) {
      if (word == ".align") {
        words >> align;
      } else if (word != ".param") {
        (word[0] == '.' ? type : name) = word;
      }
    }
    const auto [base, count] = name_and_count(name);
    const std::size_t bytes = type_bytes(type);
    const std::size_t offset = round_up(kernel.parameter_bytes, align != 0 ? align : bytes);
    kernel.parameters.push_back({base, offset, bytes * count});
    kernel.parameter_bytes = offset + bytes * count;
  }
}

class BodyParser {
 public:
  BodyParser(Kernel& kernel, const std::vector<std::string>& dynamic_shared)
      : kernel_(kernel), dynamic_shared_(dynamic_shared.begin(), dynamic_shared.end()) {
    scopes_.push_back({-1, {}, {}});
  }

  void parse(std::string_view body) {
    while (!body.empty()) {
      const char c = body.front();
      if (std::isspace(static_cast<unsigned char>(c))) {
        body.remove_prefix(1);
      } else if (c == '{') {
        scopes_.push_back({scope_, {}, {}});
        scope_ = static_cast<int>(scopes_.size()) - 1;
        body.remove_prefix(1);
      } else if (c == '}') {
        scope_ = scopes_[scope_].parent;
        body.remove_prefix(1);
      } else if (starts_with(body, ".loc")) {
        const std::size_t end = std::min(body.find('\n'), body.size());
        parse_location(std::string(body.substr(0, end)));
        body.remove_prefix(end);
      } else {
        parse_statement(take_statement(body));
      }
    }
    resolve();
  }

 private:
  // Names are visible in the braces in which they are declared.
  struct Names {
    int parent;
    std::map<std::string, int> registers, labels;
  };
  struct Jump {
    std::size_t instruction;
    std::string label;
    int scope;
  };

  // Removes one statement with its semicolon, or a label with its colon.
  static std::string take_statement(std::string_view& body) {
    int depth = 0;
    std::size_t end = 0;
    bool name = true;  // only characters of a label so far
    for (; end < body.size(); ++end) {
      const char c = body[end];
      if (c == '{') ++depth;
      if (c == '}' && depth-- == 0) break;
      if (c == ';' || (c == ':' && name)) break;
      name = name && (std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '$');
    }
    const bool label = end < body.size() && body[end] == ':';
    std::string statement = trimmed(body.substr(0, end)) + (label ? ":" : "");
    body.remove_prefix(std::min(end + (end < body.size() && body[end] != '}' ? 1 : 0), body.size()));
    return statement;
  }

  void parse_location(const std::string& text) {
    std::istringstream words(text);
    std::string word;
    words >> word >> file_ >> line_;
  }

  void parse_statement(const std::string& text) {
    if (text.empty()) return;
    if (text.back() == ':') {
      scopes_[scope_].labels[text.substr(0, text.size() - 1)] = static_cast<int>(kernel_.code.size());
    } else if (starts_with(text, ".reg")) {
      declare_registers(text);
    } else if (starts_with(text, ".shared")) {
      declare_shared(text);
    } else if (starts_with(text, ".pragma")) {
      // Tells how much of the next load the kernel uses.
      const std::size_t mask = text.find("used_bytes_mask ");
      if (mask != std::string::npos) used_mask_ = static_cast<std::uint32_t>(literal_of_pragma(text, mask + 16));
    } else if (text[0] == '.') {
      throw std::runtime_error("a directive that is not known: " + text);
    } else {
      try {
        parse_instruction(text);
      } catch (const std::exception& error) {
        throw std::runtime_error(std::string(error.what()) + " in \"" + text.substr(0, 160) + "\"");
      }
    }
  }

  static std::uint64_t literal_of_pragma(const std::string& text, std::size_t at) {
    return std::stoull(text.substr(at), nullptr, 0);
  }

  // ".reg .b32 %r<10>" or ".reg .pred done, p"
  void declare_registers(const std::string& text) {
    std::istringstream words(text);
    std::string word, rest;
    words >> word >> word;
    std::getline(words, rest);
    for (const std::string& declared : split_operands(rest)) {
      const std::size_t bracket = declared.find('<');
      if (bracket == std::string::npos) {
        scopes_[scope_].registers[declared] = kernel_.registers++;
        continue;
      }
      const std::string base = declared.substr(0, bracket);
      const int count = std::stoi(declared.substr(bracket + 1));
      for (int i = 0; i < count; ++i) scopes_[scope_].registers[base + std::to_string(i)] = kernel_.registers++;
    }
  }

  // ".shared .align 16 .b8 NAME[64]"
  void declare_shared(const std::string& text) {
    std::istringstream words(text);
    std::string word;
    std::size_t align = 1, bytes = 1;
    while (words >> word) {
      if (word == ".align") {
        words >> align;
      } else if (word[0] != '.') {
        const auto [name, count] = name_and_count(word);
        shared_end_ = round_up(shared_end_, align);
        shared_symbols_[name] = kSharedBase + shared_end_;
        shared_end_ += bytes * count;
      } else if (word != ".shared") {
        bytes = type_bytes(word);
      }
    }
    kernel_.static_shared_bytes = round_up(shared_end_, 128);
  }

  int find_register(const std::string& name) const {
    for (int scope = scope_; scope >= 0; scope = scopes_[scope].parent) {
      const auto found = scopes_[scope].registers.find(name);
      if (found != scopes_[scope].registers.end()) return found->second;
    }
    return -1;
  }

  // Constants have negative numbers until the number of registers is known.
  int constant(std::uint64_t value, bool of_dynamic_shared = false) {
    const auto [found, is_new] =
        constants_.try_emplace({value, of_dynamic_shared}, static_cast<int>(kernel_.constants.size()));
    if (is_new) {
      kernel_.constants.push_back(value);
      if (of_dynamic_shared) of_dynamic_shared_.push_back(found->second);
    }
    return -2 - found->second;
  }

  int special(const std::string& name) {
    for (const SpecialRegister& known : kernel_.specials)
      if (known.name == name) return known.slot;
    kernel_.specials.push_back({name, kernel_.registers++});
    return kernel_.specials.back().slot;
  }

  // A register, a special register, the address of a symbol, or a number.
  int slot_of(const std::string& text) {
    if (const int found = find_register(text); found >= 0) return found;
    if (text[0] == '%') return special(text);
    if (dynamic_shared_.count(text) != 0) return constant(kSharedBase, true);
    if (const auto found = shared_symbols_.find(text); found != shared_symbols_.end()) return constant(found->second);
    for (const Parameter& parameter : kernel_.parameters)
      if (parameter.name == text) return constant(parameter.offset);
    return constant(literal(text));
  }

  Operand parse_operand(const std::string& text) {
    Operand operand;
    if (text == "_") return operand;
    if (text[0] == '[') {
      operand.kind = Operand::Kind::kAddress;
      const std::string inner = trimmed(std::string_view(text).substr(1, text.size() - 2));
      const std::size_t plus = inner.find('+');
      operand.slot = slot_of(trimmed(inner.substr(0, plus)));
      if (plus != std::string::npos)
        operand.offset = static_cast<std::int64_t>(literal(trimmed(inner.substr(plus + 1))));
    } else if (text[0] == '{') {
      operand.kind = Operand::Kind::kVector;
      for (const std::string& element : split_operands(std::string_view(text).substr(1, text.size() - 2)))
        operand.elements.push_back(slot_of(element));
    } else {
      operand.kind = Operand::Kind::kValue;
      operand.slot = slot_of(text);
    }
    return operand;
  }

  void parse_instruction(const std::string& text) {
    Instruction in;
    in.text = text;
    in.file = file_;
    in.line = line_;
    std::string rest = text;
    const auto take_word = [&] {
      const std::size_t end = std::min(rest.find_first_of(" \t"), rest.size());
      const std::string word = rest.substr(0, end);
      rest = trimmed(std::string_view(rest).substr(end));
      return word;
    };
    if (rest[0] == '@') {
      const std::string guard = take_word();
      in.guard_is_negated = guard[1] == '!';
      in.guard = find_register(guard.substr(in.guard_is_negated ? 2 : 1));
      if (in.guard < 0) throw std::runtime_error("the predicate is not declared");
    }
    in.opcode = take_word();
    std::vector<std::string> operands = split_operands(rest);
    if (starts_with(in.opcode, "bra")) {
      jumps_.push_back({kernel_.code.size(), operands.at(0), scope_});
      operands.clear();
    }
    if (starts_with(in.opcode, "shfl")) {  // "d|p" is two results
      const std::size_t bar = operands.at(0).find('|');
      operands.push_back(bar == std::string::npos ? "_" : operands[0].substr(bar + 1));
      operands[0] = operands[0].substr(0, bar);
    }
    if (operands.size() == 2 && operands[1] == "%clock64") in.opcode = "mov.clock64";
    for (const std::string& operand : operands) in.operands.push_back(parse_operand(operand));
    const KnownOperation known = find_operation(in.opcode);
    if (known.operation == nullptr) throw std::runtime_error("the interpreter does not know " + in.opcode);
    in.operation = known.operation;
    in.scope = known.scope;
    if (starts_with(in.opcode, "ld.")) {
      while (used_mask_ >> in.used_bytes != 0) ++in.used_bytes;
      used_mask_ = 0;
    }
    list_registers(in);
    kernel_.uses_async_proxy |= starts_with(in.opcode, "wgmma") || starts_with(in.opcode, "cp.async.bulk");
    kernel_.code.push_back(std::move(in));
  }

  static void list_registers(Instruction& in) {
    static constexpr std::string_view kWithoutResult[] = {"st.",    "bar.",       "cp.",  "fence.",    "wgmma.",
                                                          "setmax", "mbarrier.i", "red.", "mbarrier.a"};
    const bool has_result = std::none_of(std::begin(kWithoutResult), std::end(kWithoutResult),
                                         [&](std::string_view prefix) { return starts_with(in.opcode, prefix); });
    for (std::size_t i = 0; i < in.operands.size(); ++i) {
      const Operand& operand = in.operands[i];
      std::vector<int> slots = operand.elements;
      if (operand.slot >= 0) slots.push_back(operand.slot);
      for (const int slot : slots) {
        if (slot < 0) continue;
        in.touched.push_back(slot);
        if (has_result && i == 0) in.written.push_back(slot);
      }
    }
  }

  void resolve() {
    for (const int i : of_dynamic_shared_) kernel_.constants[i] += kernel_.static_shared_bytes;
    const auto resolve_slot = [&](int& slot) {
      if (slot <= -2) slot = kernel_.registers + (-2 - slot);
    };
    for (Instruction& in : kernel_.code) {
      for (Operand& operand : in.operands) {
        resolve_slot(operand.slot);
        for (int& element : operand.elements) resolve_slot(element);
      }
    }
    for (const Jump& jump : jumps_) {
      int target = -1;
      for (int scope = jump.scope; scope >= 0 && target < 0; scope = scopes_[scope].parent) {
        const auto found = scopes_[scope].labels.find(jump.label);
        if (found != scopes_[scope].labels.end()) target = found->second;
      }
      if (target < 0) throw std::runtime_error("a branch to a label that is not there: " + jump.label);
      kernel_.code[jump.instruction].target = target;
    }
  }

  Kernel& kernel_;
  std::set<std::string> dynamic_shared_;
  std::vector<Names> scopes_;
  int scope_ = 0;
  std::map<std::string, std::uint64_t> shared_symbols_;
  std::size_t shared_end_ = 0;
  std::map<std::pair<std::uint64_t, bool>, int> constants_;
  std::vector<int> of_dynamic_shared_;
  std::vector<Jump> jumps_;
  std::uint32_t used_mask_ = 0;
  int file_ = 0, line_ = 0;
};

}  // namespace

Kernel parse_kernel(const KernelText& text, const ModuleText& module) {
  Kernel kernel;
  kernel.name = text.name;
  kernel.module = module.name;
  parse_parameters(text.parameters, kernel);
  const std::size_t most = text.directives.find(".maxntid");
  if (most != std::string::npos) {
    int x = 1, y = 1, z = 1;
    char comma;
    std::istringstream(text.directives.substr(most + 8)) >> x >> comma >> y >> comma >> z;
    kernel.most_threads = x * y * z;
  }
  BodyParser(kernel, module.dynamic_shared).parse(text.body);
  if (!module.files.empty()) kernel.files.resize(module.files.rbegin()->first + 1);
  for (const auto& [number, name] : module.files) kernel.files[number] = name;
  return kernel;
}

}  // namespace flashrna::ptx
