// Atoms that were never located: programs write them at the origin, or at 9999, so that a file is complete.
#pragma once

namespace gemmi {
struct Model;
}

namespace flashrna {

// Makes the positions of such atoms NaN, which is how an unknown one is read from mmCIF: those at the place of another
// atom of their residue, all at the origin where there are several in the model, and those with one value of 999 or
// more for x, y and z. Hydrogens are not looked at.
void unset_placeholders(gemmi::Model& model);

}  // namespace flashrna
