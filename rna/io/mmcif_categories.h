// What of an mmCIF file gemmi gets to see: the categories we use. It reads many more (bonds, helices, crystals, TLS
// groups), and would refuse the file, or compute with nonsense, for a fault in one that does not matter here.
#pragma once

#include <string>
#include <string_view>

namespace gemmi::cif {
struct Block;
}

namespace flashrna {

// Whether the category, "_atom_site.", is one that we or gemmi on our behalf need.
bool is_used_category(std::string_view prefix);

// Removes every category that neither we nor gemmi on our behalf need. Whoever reads another one adds it to the list.
// Throws Error naming `name` for a whole number with more than nine digits in what remains: gemmi's int would overflow.
void keep_used_categories(gemmi::cif::Block& block, const std::string& name);

}  // namespace flashrna
