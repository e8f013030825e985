// Reads BinaryCIF (Sehnal et al. 2020, doi:10.1371/journal.pcbi.1008247): mmCIF as MessagePack with encoded columns, as
// distributed by the PDB and by RNA collections. The result is a CIF document, which is processed like mmCIF.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gemmi::cif {
struct Document;
}

namespace flashrna {

// Decodes only the categories that rna/io/mmcif_categories.h keeps. Values are quoted as in CIF text. Throws Error
// naming `name`, and the column if there is one, for input that is not BinaryCIF, truncated or damaged, and for columns
// that decode to more than `max_bytes`.
gemmi::cif::Document read_binary_cif(std::string_view bytes, const std::string& name, std::uint64_t max_bytes);

}  // namespace flashrna
