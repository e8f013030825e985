#include "rna/io/atom_site.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <gemmi/cifdoc.hpp>
#include <gemmi/elem.hpp>
#include <gemmi/numb.hpp>
#include <limits>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/error.h"
#include "rna/parent_nucleotide.h"

namespace flashrna {
namespace {

using gemmi::cif::is_null;

// "MG" of "MG", "C" of "C4'", "H" of "1H5'". Two letters only if the residue is that ion or the name is unambiguous.
std::string element_of(const std::string& atom, const std::string& residue) {
  std::string letters;
  for (const char c : atom) {
    if (std::isalpha(static_cast<unsigned char>(c)) != 0) letters += c;
    if (!letters.empty() && std::isalpha(static_cast<unsigned char>(c)) == 0) break;
  }
  if (letters.empty()) return "X";
  const bool is_two = letters == "BR" || letters == "SE" || letters == "CL" || atom == residue;
  if (letters.size() > 1 && is_two && gemmi::find_element(letters.c_str()) != gemmi::El::X) return letters;
  return letters.substr(0, 1);
}

// One row of the loop is one atom.
class AtomSite {
 public:
  AtomSite(gemmi::cif::Loop& loop, const std::string& name) : loop_(loop), name_(name) {}

  void complete() {
    for (const char* column : {"Cartn_y", "Cartn_z"}) {
      if (find(column) < 0) fail("{}: its _atom_site loop has no column {}; add it", name_, column);
    }
    for (const char* pair : {"comp_id", "atom_id"}) require_one(pair);
    add_columns();
    number_atoms();
    for (const char* pair : {"asym_id", "comp_id", "atom_id"}) complete_pair(pair);
    complete_residue_numbers();
    complete_models();
    separate_chains();
    complete_elements();
    for (const char* column : {"Cartn_x", "Cartn_y", "Cartn_z"}) check_coordinates(column);
    make_ids_increase();
  }

 private:
  // -1 if the column is absent.
  int find(const std::string& column) const { return loop_.find_tag("_atom_site." + column); }

  std::size_t rows() const { return loop_.length(); }
  std::string& value(std::size_t row, int column) {
    return loop_.values[row * loop_.width() + static_cast<std::size_t>(column)];
  }

  void require_one(const std::string& pair) const {
    if (find("label_" + pair) >= 0 || find("auth_" + pair) >= 0) return;
    fail("{}: its _atom_site loop has neither label_{} nor auth_{}; add one of them", name_, pair, pair);
  }

  // gemmi reads no atoms if one of these is missing.
  void add_columns() {
    std::vector<std::string> added;
    for (const char* column :
         {"id", "type_symbol", "label_alt_id", "label_asym_id", "occupancy", "B_iso_or_equiv", "auth_seq_id"}) {
      if (find(column) < 0) added.push_back(std::string("_atom_site.") + column);
    }
    if (added.empty()) return;
    const std::size_t old_width = loop_.width(), n_rows = rows();
    std::vector<std::string> values;
    values.reserve(n_rows * (old_width + added.size()));
    for (std::size_t row = 0; row < n_rows; ++row) {
      for (std::size_t k = 0; k < old_width; ++k) values.push_back(std::move(loop_.values[row * old_width + k]));
      values.insert(values.end(), added.size(), ".");
    }
    loop_.tags.insert(loop_.tags.end(), added.begin(), added.end());
    loop_.values = std::move(values);
  }

  void number_row(std::size_t row, int id) { value(row, id) = std::to_string((row + 1) % 1'000'000'000); }

  void number_atoms() {
    const int id = find("id");
    for (std::size_t row = 0; row < rows(); ++row) {
      if (is_null(value(row, id))) number_row(row, id);
    }
  }

  void complete_pair(const std::string& pair) {
    const int label = find("label_" + pair), auth = find("auth_" + pair);
    if (label < 0 || auth < 0) return;
    for (std::size_t row = 0; row < rows(); ++row) {
      if (is_null(value(row, auth))) value(row, auth) = value(row, label);
      if (is_null(value(row, label))) value(row, label) = value(row, auth);
    }
  }

  // If neither number is known (ligands, water), each new residue gets the chain's last number plus one. A new residue
  // starts with another name or with an atom that the current one already has.
  void complete_residue_numbers() {
    const int auth = find("auth_seq_id"), label = find("label_seq_id");
    const int asym = either("asym_id"), comp = either("comp_id"), atom = either("atom_id"), alt = find("label_alt_id");
    std::unordered_map<std::string, int> last;  // by chain
    std::unordered_set<std::string> atoms;      // of the current residue
    std::string numbered, chain;
    bool some_unknown = false;
    for (std::size_t row = 0; row < rows(); ++row) {
      std::string& number = value(row, auth);
      if (is_null(number) && label >= 0) number = value(row, label);
      some_unknown = some_unknown || is_null(number);
    }
    if (!some_unknown) return;
    for (std::size_t row = 0; row < rows(); ++row) {
      std::string& number = value(row, auth);
      if (row == 0 || value(row, asym) != chain) chain = value(row, asym);
      if (!is_null(number)) {
        last[chain] = gemmi::string_to_int(number, false);
        numbered.clear();
        continue;
      }
      const std::string residue = chain + '\n' + value(row, comp);
      if (residue != numbered || !atoms.insert(value(row, atom) + '\n' + value(row, alt)).second) {
        numbered = residue;
        atoms = {value(row, atom) + '\n' + value(row, alt)};
        ++last[chain];
      }
      number = std::to_string(last[chain]);
    }
  }

  // The column of the pair that gemmi reads.
  int either(const std::string& pair) const {
    const int auth = find("auth_" + pair);
    return auth >= 0 ? auth : find("label_" + pair);
  }

  void complete_models() {
    const int model = find("pdbx_PDB_model_num");
    for (std::size_t row = 0; row < rows() && model >= 0; ++row) {
      if (is_null(value(row, model))) value(row, model) = "1";
    }
  }

  // gemmi finds residues by auth_asym_id, number and name, so that those of two label_asym_id that share all three
  // would become one. The later label_asym_id gets an auth_asym_id of its own: "A-2".
  void separate_chains() {
    const int auth = find("auth_asym_id"), label = find("label_asym_id");
    if (auth < 0) return;
    const int columns[] = {find("pdbx_PDB_model_num"), auth, find("auth_seq_id"), find("pdbx_PDB_ins_code"),
                           either("comp_id"),          label};
    const auto same_as_before = [&](std::size_t row) {
      return row > 0 &&
             std::ranges::all_of(columns, [&](int c) { return c < 0 || value(row, c) == value(row - 1, c); });
    };
    const auto chain_of = [&](std::size_t row) { return value(row, auth) + '\n' + value(row, label); };
    std::unordered_map<std::string, std::string> owner;    // label_asym_id by residue
    std::unordered_map<std::string, std::string> renamed;  // new auth_asym_id by both old identifiers
    for (std::size_t row = 0; row < rows(); ++row) {
      if (same_as_before(row)) continue;
      std::string residue;
      for (const int column : columns)
        if (column != label) residue += (column < 0 ? "" : value(row, column)) + '\n';
      if (owner.emplace(residue, value(row, label)).first->second != value(row, label)) renamed[chain_of(row)];
    }
    if (renamed.empty()) return;
    std::unordered_set<std::string> taken;
    for (std::size_t row = 0; row < rows(); ++row) taken.insert(value(row, auth));
    for (std::size_t row = 0; row < rows(); ++row) {
      const auto found = renamed.find(chain_of(row));
      if (found == renamed.end()) continue;
      std::string& name = found->second;
      for (int k = 2; name.empty(); ++k) {
        const std::string next = value(row, auth) + "-" + std::to_string(k);
        if (taken.insert(next).second) name = next;
      }
      value(row, auth) = name;
    }
  }

  void complete_elements() {
    const int symbol = find("type_symbol"), atom = either("atom_id"), comp = either("comp_id");
    for (std::size_t row = 0; row < rows(); ++row) {
      if (!is_null(value(row, symbol))) continue;
      value(row, symbol) = element_of(gemmi::cif::as_string(value(row, atom)), gemmi::cif::as_string(value(row, comp)));
    }
  }

  void check_coordinates(const char* column) {
    const int at = find(column);
    for (std::size_t row = 0; row < rows(); ++row) {
      const std::string& text = value(row, at);
      if (is_null(text) || std::isfinite(gemmi::cif::as_number(text))) continue;
      fail("{}: _atom_site.{} of atom {} is \"{}\", not a number; correct it, or write ? where it is unknown", name_,
           column, value(row, find("id")), text.substr(0, 40));
    }
  }

  // gemmi merges residues of one chain, number and name; the ids then tell in which order the atoms stood in the file
  // (rna/io/chain_parts.h). In files put together from others they begin again.
  void make_ids_increase() {
    const int id = find("id");
    int last = std::numeric_limits<int>::min();
    for (std::size_t row = 0; row < rows(); ++row) {
      const std::string& text = value(row, id);
      int number = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      if (error != std::errc() || end != text.data() + text.size() || number <= last) return number_all();
      last = number;
    }
  }

  void number_all() {
    const int id = find("id");
    for (std::size_t row = 0; row < rows(); ++row) number_row(row, id);
  }

  gemmi::cif::Loop& loop_;
  const std::string& name_;
};

}  // namespace

gemmi::cif::Block& block_of_atoms(gemmi::cif::Document& document, const std::string& name) {
  std::vector<gemmi::cif::Block*> with_atoms;
  for (gemmi::cif::Block& block : document.blocks) {
    if (block.has_tag("_atom_site.Cartn_x")) with_atoms.push_back(&block);
  }
  if (with_atoms.size() > 1) {
    std::string names;
    for (const gemmi::cif::Block* block : with_atoms) names += (names.empty() ? "data_" : ", data_") + block->name;
    fail("{}: {} of its data blocks hold atoms ({}); put each into a file of its own", name, with_atoms.size(), names);
  }
  return with_atoms.empty() ? document.blocks.front() : *with_atoms.front();
}

void complete_atom_site(gemmi::cif::Block& block, const std::string& name) {
  gemmi::cif::Loop* loop = block.find_loop("_atom_site.Cartn_x").get_loop();
  if (loop != nullptr) AtomSite(*loop, name).complete();
}

}  // namespace flashrna
