// The command line of another program with placeholders: "design --in {backbone} --out '{fasta}'".
#pragma once

#include <map>
#include <string>
#include <vector>

namespace flashrna {

class CommandTemplate {
 public:
  // Splits `text` into words at blanks, except within quotes or after a backslash. No shell is involved. `option` names
  // the template in messages. Throws UsageError for an empty template, an unclosed quote, or if one of `placeholders`
  // ("{fasta}") is missing.
  CommandTemplate(const std::string& option, const std::string& text, const std::vector<std::string>& placeholders);

  // The words with every placeholder replaced by its value. Other text in braces is unchanged.
  std::vector<std::string> words(const std::map<std::string, std::string>& values) const;
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::vector<std::string> words_;
};

}  // namespace flashrna
