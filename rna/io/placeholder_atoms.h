// Detects atoms that were never located: programs write them at the origin, or at 9999, to complete a file.
#pragma once

namespace gemmi {
struct Model;
}

namespace flashrna {

// Sets the positions of such atoms to NaN, the value of unknown positions read from mmCIF. These are atoms at the
// position of another atom of their residue, all atoms at the origin if the model has several there, and atoms with x =
// y = z of 999 or more. Ignores hydrogens.
void unset_placeholders(gemmi::Model& model);

}  // namespace flashrna
