#include "rna/io/parsed_model.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <gemmi/cif.hpp>
#include <gemmi/mmcif.hpp>
#include <gemmi/numb.hpp>
#include <gemmi/pdb.hpp>
#include <vector>

#include "base/error.h"
#include "base/gzip.h"
#include "base/letter_case.h"
#include "base/utf8.h"
#include "rna/io/atom_site.h"
#include "rna/io/binary_cif.h"
#include "rna/io/mmcif_categories.h"
#include "rna/io/pdb_records.h"
#include "rna/io/pdb_used_records.h"
#include "rna/io/placeholder_atoms.h"
#include "rna/pdb_id.h"

namespace flashrna {
namespace {

enum class Format { kPdb, kMmcif, kBinaryCif, kNone };

std::string without_gz(const std::string& name) {
  return to_lower(name).ends_with(".gz") ? name.substr(0, name.size() - 3) : name;
}

Format format_of(const std::string& name) {
  const std::string ending = to_lower(std::filesystem::path(without_gz(name)).extension().string());
  if (ending == ".pdb" || ending == ".ent") return Format::kPdb;
  // Extensions of biological assemblies in the PDB: .pdb1, .pdb2, ...
  if (ending.starts_with(".pdb") && ending.find_first_not_of("0123456789", 4) == std::string::npos) return Format::kPdb;
  if (ending == ".cif" || ending == ".mmcif") return Format::kMmcif;
  if (ending == ".bcif") return Format::kBinaryCif;
  return Format::kNone;
}

std::string read_file(const std::string& path, std::uint64_t max_bytes) {
  std::error_code code;
  const auto status = std::filesystem::status(path, code);
  if (!std::filesystem::exists(status)) fail("{}: no such file", path);
  if (std::filesystem::is_directory(status)) fail("{}: is a directory, not a structure file", path);
  std::ifstream file(path, std::ios::binary);
  if (!file) fail("{}: cannot open: {}", path, std::strerror(errno));
  std::string bytes;
  std::vector<char> buffer(1 << 16);
  while (file.read(buffer.data(), static_cast<std::streamsize>(buffer.size())), file.gcount() > 0) {
    if (static_cast<std::uint64_t>(file.gcount()) > max_bytes - bytes.size()) fail_too_large(path, "has", max_bytes);
    bytes.append(buffer.data(), static_cast<std::size_t>(file.gcount()));
  }
  if (file.bad()) fail("{}: cannot read: {}", path, std::strerror(errno));
  return bytes;
}

// gemmi's CIF grammar accepts non-ASCII bytes only inside quotes, but some deposited files have them elsewhere. No
// value in use contains such bytes, so they are replaced with question marks.
void replace_non_ascii(std::string& text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  }
}

std::string info(const gemmi::Structure& parsed, const char* tag) {
  const auto entry = parsed.info.find(tag);
  return entry == parsed.info.end() ? std::string() : entry->second;
}

// The PDB id at the start of a file name, as in most collections: "1abc", "1ABC_rna", "1abc-assembly1", "1abcA" (with a
// chain); empty if there is none.
std::string_view leading_pdb_id(std::string_view stem) {
  if (to_lower(stem).starts_with("pdb_"))
    return is_pdb_id(stem.substr(0, 12)) ? stem.substr(0, 12) : std::string_view();
  // "pdb1abc.ent": file names in the PDB archive.
  if (to_lower(stem).starts_with("pdb") && is_pdb_id(stem.substr(3, 4))) stem.remove_prefix(3);
  const std::string_view id = stem.substr(0, 4);
  const auto is_letter = [](unsigned char c) { return std::isalpha(c) != 0; };
  if (!is_pdb_id(id) || std::none_of(id.begin(), id.end(), is_letter)) return {};  // excludes "2024_model"
  std::string_view rest = stem.substr(4);
  if (!rest.empty() && rest[0] >= 'A' && rest[0] <= 'Z') rest.remove_prefix(1);
  return rest.empty() || std::isalnum(static_cast<unsigned char>(rest[0])) == 0 ? id : std::string_view();
}

std::string entry_name(const gemmi::Structure& parsed, const std::string& name) {
  const std::string stem = std::filesystem::path(without_gz(name)).stem().string();
  std::string id = info(parsed, "_entry.id");
  if (!is_pdb_id(id)) id = leading_pdb_id(stem);
  return id.empty() ? stem : short_pdb_id(id);
}

std::vector<DeclaredResidue> declared_residues(gemmi::cif::Block& block) {
  std::vector<DeclaredResidue> declared;
  for (const auto row : block.find("_pdbx_struct_mod_residue.", {"label_comp_id", "parent_comp_id"})) {
    declared.push_back({row.str(0), row.str(1), ""});
  }
  for (const auto row : block.find("_chem_comp.", {"id", "?mon_nstd_parent_comp_id", "?type"})) {
    declared.push_back({row.str(0), row.has2(1) ? row.str(1) : "", row.has2(2) ? to_lower(row.str(2)) : ""});
  }
  return declared;
}

// Resolution where gemmi finds none: that of a reconstruction, else that of the diffraction data, else 0.
double other_resolution(const gemmi::cif::Block& block) {
  for (const char* tag : {"_refine.ls_d_res_high", "_em_3d_reconstruction.resolution", "_reflns.d_resolution_high"}) {
    const std::string* value = block.find_value(tag);
    const double resolution = value != nullptr ? gemmi::cif::as_number(*value, 0.0) : 0.0;
    if (resolution > 0.0) return resolution;
  }
  return 0.0;
}

// Date of the first revision. Before 2017 another category held it, in any order.
std::string release_date(gemmi::cif::Block& block) {
  for (const auto row : block.find("_pdbx_audit_revision_history.", {"revision_date"})) return row.str(0);
  for (const auto row : block.find("_database_PDB_rev.", {"num", "date"})) {
    if (row.str(0) == "1") return row.str(1);
  }
  return {};
}

constexpr std::array kFirstRecords = {"HEADER ", "TITLE  ", "REMARK ", "CRYST1",
                                      "MODEL  ", "ATOM  ",  "HETATM",  "COMPND"};

bool begins_as_pdb(const std::string& text) {
  return std::any_of(kFirstRecords.begin(), kFirstRecords.end(),
                     [&](const char* record) { return text.starts_with(record); });
}

ParsedModel parse_document(gemmi::cif::Document& document, const std::string& name) {
  ParsedModel parsed;
  if (document.blocks.empty()) fail("{}: no data block in it, only comments; expected data_", name);
  gemmi::cif::Block& block = block_of_atoms(document, name);
  keep_used_categories(block, name);
  complete_atom_site(block, name);
  parsed.structure = gemmi::make_structure_from_block(block);
  parsed.declared = declared_residues(block);
  if (parsed.structure.resolution == 0.0) parsed.structure.resolution = other_resolution(block);
  parsed.release_date = release_date(block);
  return parsed;
}

ParsedModel parse_mmcif(std::string& text, const std::string& name) {
  if (begins_as_pdb(text)) {
    fail("{}: holds PDB text under a name of the mmCIF format; rename it so that it ends in .pdb", name);
  }
  replace_non_ascii(text);
  gemmi::cif::Document document = gemmi::cif::read_memory(text.data(), text.size(), name.c_str());
  return parse_document(document, name);
}

// A lone carriage return was the line end on old Macintosh computers; some files still contain a few.
void end_lines_at_lone_returns(std::string& text) {
  for (std::size_t at = text.find('\r'); at != std::string::npos; at = text.find('\r', at + 1)) {
    if (at + 1 < text.size() && text[at + 1] != '\n') text[at] = '\n';
  }
}

ParsedModel parse_pdb(std::string& text, const std::string& name) {
  if (text.compare(text.find_first_not_of(" \t\r\n"), 5, "data_") == 0) {
    fail("{}: holds mmCIF text under a name of the PDB format; rename it so that it ends in .cif", name);
  }
  end_lines_at_lone_returns(text);
  ParsedModel parsed;
  const PdbRecords records = scan_pdb_records(text, name);
  parsed.release_date = records.release_date;
  for (const auto& [residue, parent] : records.modified_residues) {
    parsed.declared.push_back({residue, parent, ""});
  }
  const std::string used = keep_used_records(text, name);
  parsed.structure = gemmi::read_pdb_from_memory(used.data(), used.size(), name);
  return parsed;
}

const char* format_name(Format format) {
  return format == Format::kPdb ? "PDB" : format == Format::kMmcif ? "mmCIF" : "BinaryCIF";
}

ParsedModel parse(std::string& text, const std::string& name, std::uint64_t max_bytes) {
  const Format format = format_of(name);
  if (format == Format::kNone) {
    fail("{}: not the name of a structure file; it must end in .pdb, .ent, .cif, .mmcif or .bcif, each also with .gz",
         name);
  }
  if (format != Format::kBinaryCif) drop_byte_order_marks(text, name);
  if (std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isspace(c) != 0; })) {
    fail("{}: the file is empty", name);
  }
  try {
    if (format == Format::kBinaryCif) {
      gemmi::cif::Document document = read_binary_cif(text, name, max_bytes);
      return parse_document(document, name);
    }
    return format == Format::kMmcif ? parse_mmcif(text, name) : parse_pdb(text, name);
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {  // from gemmi
    std::string reason = error.what();     // "name:12:1: expected ..."
    if (reason.starts_with(name + ":")) reason = "line " + reason.substr(name.size() + 1);
    std::replace(reason.begin(), reason.end(), '\n', ' ');
    fail("{}: not a readable {} file: {}; correct it there or fetch it again", name, format_name(format), reason);
  }
}

}  // namespace

std::string read_structure_file(const std::string& path, const ReadOptions& options) {
  std::string bytes = read_file(path, options.max_bytes);
  if (to_lower(path).ends_with(".gz") && !bytes.empty() && !is_gzip(bytes)) fail("{}: not a gzip file", path);
  return bytes;
}

ParsedModel parse_model(std::string_view bytes, const std::string& name, const ReadOptions& options) {
  if (bytes.size() > options.max_bytes) fail_too_large(name, "has", options.max_bytes);
  std::string text = is_gzip(bytes) ? gunzip(bytes, name, options.max_bytes) : std::string(bytes);
  ParsedModel parsed = parse(text, name, options.max_bytes);
  const auto has_atoms = [](const gemmi::Model& model) { return !model.chains.empty(); };
  auto& models = parsed.structure.models;
  if (std::none_of(models.begin(), models.end(), has_atoms)) {
    fail("{}: no atoms in it; expected {}", name,
         format_of(name) == Format::kPdb ? "ATOM or HETATM records" : "an _atom_site loop");
  }
  if (options.model < 1 || options.model > static_cast<int>(models.size())) {
    fail("{}: no model {}; the file has {}, counted from 1", name, options.model, models.size());
  }
  unset_placeholders(models[static_cast<std::size_t>(options.model - 1)]);
  parsed.number = options.model;
  parsed.entry = entry_name(parsed.structure, name);
  parsed.method = info(parsed.structure, "_exptl.method");
  parsed.resolution = std::max(0.0, parsed.structure.resolution);
  if (parsed.release_date.empty()) {
    parsed.release_date = info(parsed.structure, "_pdbx_database_status.recvd_initial_deposition_date");
  }
  return parsed;
}

bool is_pdb_file_name(std::string_view name) { return format_of(std::string(name)) == Format::kPdb; }

bool is_structure_file_name(std::string_view name) { return format_of(std::string(name)) != Format::kNone; }

}  // namespace flashrna
