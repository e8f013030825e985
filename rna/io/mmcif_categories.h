// Restricts an mmCIF file to the categories in use. gemmi reads many more (bonds, helices, crystals, TLS groups); an
// error in one of them would make it reject the file or compute wrong values.
#pragma once

#include <string>
#include <string_view>

namespace gemmi::cif {
struct Block;
}

namespace flashrna {

// Whether this program or gemmi needs the category, e.g. "_atom_site.".
bool is_used_category(std::string_view prefix);

// Removes every category that neither this program nor gemmi needs. Code that reads another category must add it to the
// list. Throws Error naming `name` for an integer with more than nine digits in the remaining categories, which would
// overflow gemmi's int.
void keep_used_categories(gemmi::cif::Block& block, const std::string& name);

}  // namespace flashrna
