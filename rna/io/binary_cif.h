// BinaryCIF (Sehnal et al. 2020, doi:10.1371/journal.pcbi.1008247): mmCIF as MessagePack with encoded columns, as the
// PDB and RNA collections serve it. What is read becomes a CIF document, so that the rest is as for mmCIF.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gemmi::cif {
struct Document;
}

namespace flashrna {

// The categories that rna/io/mmcif_categories.h keeps; the others are not decoded. Values are quoted as in CIF text.
// Throws Error naming `name`, and the column where there is one: no BinaryCIF, cut off, damaged, or columns that decode
// to more than `max_bytes`.
gemmi::cif::Document read_binary_cif(std::string_view bytes, const std::string& name, std::uint64_t max_bytes);

}  // namespace flashrna
