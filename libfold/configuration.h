// Named settings bound to the fields of plain structs. One description serves the INI file, the command line, the help
// text and the copy stored in a checkpoint. Every component's struct has
//   void add_options(Configuration&)   binds its fields under "section.key" with a one-line description
//   void validate() const              throws UsageError naming the key, the value and the valid range
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/error.h"

namespace flashrna {

class Configuration {
 public:
  // Binds `key` ("section.name") to `field`: int, long, std::uint64_t, double, bool or std::string. The field's current
  // value is the default. The field must outlive this object.
  template <typename T>
  void bind(const std::string& key, T& field, const std::string& description);

  // Sets one key from text. Error messages begin with `where` ("configs/train.ini:14", "--model.blocks"). Throws
  // UsageError for an unknown key (suggesting the nearest one) and for text that is not of the field's type.
  void set(const std::string& key, const std::string& text, const std::string& where);

  // Reads an INI file: [section], key = value. A comment goes from a # or ; at the start of a line or after white space
  // to the end of the line. A value in double quotes is literal, with the escapes \" \\ \n. Throws Error if the file
  // cannot be read, and UsageError naming file and line for wrong content.
  void read_ini(const std::string& path);
  // The same from memory; error messages show `name` in place of the path.
  void read_ini_text(const std::string& text, const std::string& name);

  // The resolved configuration as INI text that can be read back, with each key's description as a comment.
  std::string to_ini() const;

  struct Entry {
    std::string key;
    std::string description;
    std::function<void(const std::string&)> set;  // throws std::invalid_argument that says what is expected
    std::function<std::string()> get;
    std::string source;  // where the value was set ("configs/train.ini:14", "--model.blocks"); "" = the default
  };
  const std::vector<Entry>& entries() const { return entries_; }
  // nullptr if the key is unknown.
  const Entry* find(const std::string& key) const;
  // The known key most similar to `key`, with or without its section; "" if none is similar.
  std::string nearest_key(const std::string& key) const;

 private:
  std::vector<Entry> entries_;
};

// Throws UsageError "section.name = value: must be at least minimum" if value < minimum or value is NaN.
template <typename T>
void check_at_least(const char* key, T value, std::type_identity_t<T> minimum) {
  if (!(value >= minimum)) fail_usage("{} = {}: must be at least {}", key, value, minimum);
}

// The candidate with the smallest edit distance to `name`, the first of equals. "" if every candidate differs in more
// than half of the longer name's characters.
std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace flashrna
