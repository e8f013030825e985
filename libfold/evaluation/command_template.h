// The command line of another program with places to fill in: "design --in {backbone} --out '{fasta}'".
#pragma once

#include <map>
#include <string>
#include <vector>

namespace flashrna {

class CommandTemplate {
 public:
  // Words are separated by blanks, but for what stands in single or double quotes or after a backslash; there is no
  // shell. `option` names the template in messages. Throws UsageError for an empty template, a quote without its end,
  // and where one of `placeholders` ("{fasta}") does not occur.
  CommandTemplate(const std::string& option, const std::string& text, const std::vector<std::string>& placeholders);

  // The program's words with every placeholder replaced by its value; braces around other names stay.
  std::vector<std::string> words(const std::map<std::string, std::string>& values) const;
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::vector<std::string> words_;
};

}  // namespace flashrna
