#include "rna/io/mmcif_categories.h"

#include <algorithm>
#include <array>
#include <gemmi/cifdoc.hpp>
#include <string_view>

#include "base/error.h"
#include "base/letter_case.h"

namespace flashrna {
namespace {

constexpr std::array kUsed = {
    "_atom_site.",
    "_chem_comp.",
    "_em_3d_reconstruction.",
    "_entity.",
    "_entity_poly.",
    "_entity_poly_seq.",
    "_entry.",
    "_exptl.",
    "_database_pdb_rev.",
    "_pdbx_audit_revision_history.",
    "_pdbx_database_status.",
    "_pdbx_struct_mod_residue.",
    "_refine.",
    "_reflns.",
    "_struct_asym.",
};

// Columns of these categories that gemmi reads as int.
constexpr std::array kWholeNumbers = {
    "_atom_site.id",
    "_atom_site.label_seq_id",
    "_atom_site.auth_seq_id",
    "_atom_site.pdbx_formal_charge",
    "_atom_site.pdbx_tls_group_id",
    "_entity_poly_seq.num",
    "_exptl.crystals_number",
    "_refine.ls_number_reflns_obs",
    "_reflns.number_obs",
};
constexpr std::size_t kMostDigits = 9;

bool is_too_long(std::string_view text) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto first = std::find_if(text.begin(), text.end(), is_digit);
  return std::find_if_not(first, text.end(), is_digit) - first > static_cast<std::ptrdiff_t>(kMostDigits);
}

}  // namespace

bool is_used_category(std::string_view prefix) {
  const std::string lower = to_lower(prefix);
  return std::find(kUsed.begin(), kUsed.end(), lower) != kUsed.end();
}

void keep_used_categories(gemmi::cif::Block& block, const std::string& name) {
  std::erase_if(block.items, [](const gemmi::cif::Item& item) {
    return std::none_of(kUsed.begin(), kUsed.end(), [&](const char* prefix) { return item.has_prefix(prefix); });
  });
  for (const char* tag : kWholeNumbers) {
    for (const std::string& value : block.find_values(tag)) {
      if (is_too_long(value)) {
        fail("{}: {} is {}; a whole number has at most {} digits there", name, tag, value.substr(0, 40), kMostDigits);
      }
    }
  }
}

}  // namespace flashrna
