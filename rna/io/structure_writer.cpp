#include "rna/io/structure_writer.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <iterator>
#include <set>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace flashrna {
namespace {

constexpr int kMostPdbResidues = 9'999;
constexpr int kMostPdbAtoms = 99'999;
constexpr double kLargestBFactor = 999.99;  // limit of six columns; larger values are meaningless

bool is_standard(const std::string& name) {
  return name == "A" || name == "C" || name == "G" || name == "U" || name == "N";
}

std::string residue_name(const Nucleotide& nucleotide) {
  return nucleotide.name.empty() ? std::string(1, base_letter(nucleotide.base)) : nucleotide.name;
}

void check_atoms(const Structure& structure) {
  for (const Chain& chain : structure.chains) {
    for (const Nucleotide& nucleotide : chain.nucleotides) {
      for (int slot = 0; slot < kAtomSlots; ++slot) {
        if (!nucleotide.has(slot)) continue;
        if (atom_name(nucleotide, slot).empty()) {
          fail("{}: chain \"{}\", residue {}: base {} has no atom in slot {}; not written", structure.entry, chain.id,
               nucleotide.seq_id, base_letter(nucleotide.base), slot);
        }
        if (!nucleotide.atoms[slot].allFinite()) {
          fail("{}: chain \"{}\", residue {}: atom {} is not at a finite position; not written", structure.entry,
               chain.id, nucleotide.seq_id, atom_name(nucleotide, slot));
        }
      }
    }
  }
}

// All models of a file must have the same molecules.
void check_same_polymers(const Structure& model, const Structure& first) {
  const auto same_name = [](const Nucleotide& a, const Nucleotide& b) { return residue_name(a) == residue_name(b); };
  const auto same_chain = [&](const Chain& a, const Chain& b) {
    return a.id == b.id && std::ranges::equal(a.nucleotides, b.nucleotides, same_name);
  };
  if (!std::ranges::equal(model.chains, first.chains, same_chain)) {
    fail("{}: model {} has other chains or residues than model {}; write a file each", first.entry, model.model,
         first.model);
  }
}

// A CIF value: unquoted if the grammar allows it, else quoted.
std::string cif_value(const std::string& text) {
  if (text.empty()) return ".";
  const auto is_plain = [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '+' || c == '.' || c == '_'; };
  if (std::isalnum(static_cast<unsigned char>(text[0])) && std::all_of(text.begin(), text.end(), is_plain)) {
    const std::string_view view = text;
    const bool is_keyword = view.starts_with("data_") || view.starts_with("loop_") || view.starts_with("save_") ||
                            view.starts_with("stop_") || view.starts_with("global_");
    if (!is_keyword) return text;
  }
  // An inner quote ends the value only if a blank follows.
  return text.find("' ") == std::string::npos && text.back() != '\'' ? "'" + text + "'" : "\"" + text + "\"";
}

// Identifier for a data block or an _entry.id: no blanks or control characters.
std::string block_name(const std::string& entry) {
  std::string name = entry.empty() ? "flashrna" : entry;
  for (char& c : name) {
    if (c <= ' ' || c > '~') c = '_';
  }
  return name;
}

// One label_asym_id per chain: its own id if that is present and unique.
std::vector<std::string> label_asym_ids(const Structure& structure) {
  std::vector<std::string> ids;
  std::set<std::string> taken;
  for (const Chain& chain : structure.chains) {
    std::string id = chain.id.empty() ? "A" : chain.id;
    for (int copy = 2; !taken.insert(id).second; ++copy) id = fmt::format("{}_{}", chain.id, copy);
    ids.push_back(id);
  }
  return ids;
}

using Buffer = std::back_insert_iterator<std::string>;

// Text of any length as a field between semicolons, in lines of 80 characters.
std::string text_field(const std::string& text) {
  std::string field = ";";
  for (std::size_t i = 0; i < text.size(); i += 80) field += text.substr(i, 80) + "\n";
  return field + ";\n";
}

// The sequence of the polymer for _entity_poly: modified residues first by name, "(PSU)", then by the letter of the
// parent. Not written for chains with breaks, whose missing residues are unknown.
void append_sequence(const Chain& chain, Buffer out) {
  if (chain.nucleotides.empty() || chain.n_breaks() > 0) {
    fmt::format_to(out, "? ?\n");
    return;
  }
  std::string sequence;
  for (const Nucleotide& nucleotide : chain.nucleotides) {
    const std::string name = residue_name(nucleotide);
    sequence += is_standard(name) ? name : "(" + name + ")";
  }
  fmt::format_to(out, "\n{}{}", text_field(sequence), text_field(chain.sequence()));
}

void append_polymers(const Structure& structure, const std::vector<std::string>& asym_ids, Buffer out) {
  fmt::format_to(out, "loop_\n_entity.id\n_entity.type\n_entity.pdbx_description\n");
  for (std::size_t i = 0; i < structure.chains.size(); ++i) fmt::format_to(out, "{} polymer RNA\n", i + 1);
  fmt::format_to(out,
                 "#\nloop_\n_entity_poly.entity_id\n_entity_poly.type\n_entity_poly.pdbx_strand_id\n"
                 "_entity_poly.pdbx_seq_one_letter_code\n_entity_poly.pdbx_seq_one_letter_code_can\n");
  for (std::size_t i = 0; i < structure.chains.size(); ++i) {
    fmt::format_to(out, "{} polyribonucleotide {} ", i + 1, cif_value(structure.chains[i].id));
    append_sequence(structure.chains[i], out);
  }
  fmt::format_to(out, "#\nloop_\n_struct_asym.id\n_struct_asym.entity_id\n");
  for (std::size_t i = 0; i < structure.chains.size(); ++i) {
    fmt::format_to(out, "{} {}\n", cif_value(asym_ids[i]), i + 1);
  }
  fmt::format_to(out, "#\n");
}

// The experimental method, if known.
void append_experiment(const Structure& structure, const std::string& entry, Buffer out) {
  if (structure.method.empty()) return;
  fmt::format_to(out, "_exptl.entry_id {}\n_exptl.method {}\n#\n", entry, cif_value(structure.method));
  if (structure.resolution <= 0) return;
  if (structure.method.find("MICROSCOPY") != std::string::npos) {
    fmt::format_to(out, "_em_3d_reconstruction.entry_id {}\n_em_3d_reconstruction.resolution {:.2f}\n#\n", entry,
                   structure.resolution);
  } else {
    fmt::format_to(out, "_refine.entry_id {}\n_refine.pdbx_refine_id {}\n_refine.ls_d_res_high {:.2f}\n#\n", entry,
                   cif_value(structure.method), structure.resolution);
  }
}

// Every residue type, with the parent of modified ones, which a reader might not know. A residue with unknown base is
// written as N, "any nucleotide" in the dictionary.
void append_residue_kinds(const Structure& structure, Buffer out) {
  fmt::format_to(out, "loop_\n_chem_comp.id\n_chem_comp.type\n_chem_comp.mon_nstd_parent_comp_id\n");
  std::set<std::string> known;
  for (const Chain& chain : structure.chains) {
    for (const Nucleotide& nucleotide : chain.nucleotides) {
      const std::string name = residue_name(nucleotide);
      if (!known.insert(name).second) continue;
      const bool has_parent = !is_standard(name) && nucleotide.base != Base::N;
      fmt::format_to(out, "{} 'RNA linking' {}\n", cif_value(name), has_parent ? base_letter(nucleotide.base) : '.');
    }
  }
  fmt::format_to(out, "#\n");
}

void append_atom_columns(Buffer out) {
  fmt::format_to(out,
                 "loop_\n_atom_site.group_PDB\n_atom_site.id\n_atom_site.type_symbol\n_atom_site.label_atom_id\n"
                 "_atom_site.label_alt_id\n_atom_site.label_comp_id\n_atom_site.label_asym_id\n"
                 "_atom_site.label_entity_id\n_atom_site.label_seq_id\n_atom_site.pdbx_PDB_ins_code\n"
                 "_atom_site.Cartn_x\n_atom_site.Cartn_y\n_atom_site.Cartn_z\n_atom_site.occupancy\n"
                 "_atom_site.B_iso_or_equiv\n_atom_site.auth_seq_id\n_atom_site.auth_comp_id\n"
                 "_atom_site.auth_asym_id\n_atom_site.auth_atom_id\n_atom_site.pdbx_PDB_model_num\n");
}

// `serial`: in, the number of the preceding atom; out, that of the last atom.
void append_atoms(const Structure& structure, const std::vector<std::string>& asym_ids, int& serial, Buffer out) {
  for (std::size_t i = 0; i < structure.chains.size(); ++i) {
    const Chain& chain = structure.chains[i];
    const std::string asym_id = cif_value(asym_ids[i]);
    const std::string chain_id = chain.id.empty() ? "''" : cif_value(chain.id);  // "." would mean asym_id
    for (const Nucleotide& nucleotide : chain.nucleotides) {
      const std::string name = residue_name(nucleotide);
      const std::string comp = cif_value(name);
      const std::string insertion_code =
          nucleotide.insertion_code == ' ' ? "?" : cif_value(std::string(1, nucleotide.insertion_code));
      const int label_seq = nucleotide.residue_index - chain.nucleotides.front().residue_index + 1;
      for (int slot = 0; slot < kAtomSlots; ++slot) {
        if (!nucleotide.has(slot)) continue;
        const std::string_view atom = atom_name(nucleotide, slot);
        const std::string quoted = atom.ends_with('\'') ? fmt::format("\"{}\"", atom) : std::string(atom);
        const Vec3& x = nucleotide.atoms[slot];
        fmt::format_to(
            out,
            "{:6} {:<5} {} {:<5} . {:<3} {} {} {:<4} {} {:8.3f} {:8.3f} {:8.3f} 1.00 {:6.2f} {:<4} {:<3} {} {:<5} {}\n",
            is_standard(name) ? "ATOM" : "HETATM", ++serial, atom[0], quoted, comp, asym_id, i + 1, label_seq,
            insertion_code, x[0], x[1], x[2], nucleotide.b_factor, nucleotide.seq_id, comp, chain_id, quoted,
            structure.model);
      }
    }
  }
}

// Throws Error for content that does not fit the columns of the PDB format.
void check_fits_pdb(const Structure& structure) {
  int residues = 0;
  int atoms = 0;
  for (const Chain& chain : structure.chains) {
    const auto refuse = [&](const std::string& what) {
      fail("{}: chain \"{}\": {}; write mmCIF instead", structure.entry, chain.id, what);
    };
    if (chain.id.size() > 1) refuse("the PDB format has one character for a chain identifier");
    for (const Nucleotide& nucleotide : chain.nucleotides) {
      if (++residues > kMostPdbResidues) refuse("the PDB format ends at 9,999 residues");
      if (nucleotide.name.size() > 3) {
        refuse(fmt::format("the PDB format has three characters for a residue name, not \"{}\"", nucleotide.name));
      }
      if (nucleotide.seq_id < -999 || nucleotide.seq_id > 9'999) {
        refuse(fmt::format("the PDB format has four characters for a residue number, not {}", nucleotide.seq_id));
      }
      for (int slot = 0; slot < kAtomSlots; ++slot) {
        if (!nucleotide.has(slot)) continue;
        ++atoms;
        const Vec3& x = nucleotide.atoms[slot];
        if (x.minCoeff() <= -999.9995 || x.maxCoeff() >= 9999.9995) {
          refuse(fmt::format("residue {}: the PDB format ends at -999.999 and 9999.999 Å", nucleotide.seq_id));
        }
      }
    }
    if (++atoms > kMostPdbAtoms) refuse("the PDB format ends at 99,999 atoms");  // TER takes a serial number too
  }
}

void append_modres(const Structure& structure, Buffer out) {
  const std::string id = block_name(structure.entry).substr(0, 4);
  for (const Chain& chain : structure.chains) {
    for (const Nucleotide& nucleotide : chain.nucleotides) {
      const std::string name = residue_name(nucleotide);
      if (is_standard(name) || nucleotide.base == Base::N) continue;
      fmt::format_to(out, "MODRES {:<4} {:>3} {:1} {:4}{}   {}\n", id, name, chain.id, nucleotide.seq_id,
                     nucleotide.insertion_code, base_letter(nucleotide.base));
    }
  }
}

}  // namespace

std::string to_mmcif(const Structure& structure) { return models_to_mmcif({&structure, 1}); }

std::string models_to_mmcif(std::span<const Structure> models) {
  if (models.empty()) fail("a structure file without a model; not written");
  const Structure& first = models.front();
  for (const Structure& model : models) {
    check_atoms(model);
    check_same_polymers(model, first);
  }
  const std::vector<std::string> asym_ids = label_asym_ids(first);
  const std::string name = block_name(first.entry);
  std::string text;
  const auto out = std::back_inserter(text);
  fmt::format_to(out, "data_{}\n#\n_entry.id {}\n#\n", name, cif_value(name));
  fmt::format_to(out,
                 "_software.pdbx_ordinal 1\n_software.name flashrna\n_software.version {}\n"
                 "_software.classification '{}'\n#\n",
                 FLASHRNA_VERSION, first.method == "THEORETICAL MODEL" ? "model building" : "data extraction");
  append_experiment(first, cif_value(name), out);
  if (first.chains.empty()) return text;
  append_polymers(first, asym_ids, out);
  append_residue_kinds(first, out);
  append_atom_columns(out);
  int serial = 0;
  for (const Structure& model : models) append_atoms(model, asym_ids, serial, out);
  fmt::format_to(out, "#\n");
  return text;
}

std::string to_pdb(const Structure& structure) {
  check_atoms(structure);
  check_fits_pdb(structure);
  std::string text;
  const auto out = std::back_inserter(text);
  if (!structure.method.empty()) fmt::format_to(out, "EXPDTA    {}\n", structure.method);
  fmt::format_to(out, "REMARK   1 WRITTEN BY FLASHRNA {}\n", FLASHRNA_VERSION);
  if (structure.resolution > 0) {
    fmt::format_to(out, "REMARK   2\nREMARK   2 RESOLUTION.    {:.2f} ANGSTROMS.\n", structure.resolution);
  }
  append_modres(structure, out);
  int serial = 0;
  for (const Chain& chain : structure.chains) {
    for (const Nucleotide& nucleotide : chain.nucleotides) {
      const std::string name = residue_name(nucleotide);
      const double b_factor = std::clamp<double>(nucleotide.b_factor, -99.99, kLargestBFactor);
      for (int slot = 0; slot < kAtomSlots; ++slot) {
        if (!nucleotide.has(slot)) continue;
        const std::string_view atom = atom_name(nucleotide, slot);
        const Vec3& x = nucleotide.atoms[slot];
        // One-letter elements: the atom name starts in the second of its four columns.
        fmt::format_to(out, "{:6}{:5}  {:<3} {:>3} {:1}{:4}{}   {:8.3f}{:8.3f}{:8.3f}{:6.2f}{:6.2f}          {:>2}\n",
                       is_standard(name) ? "ATOM" : "HETATM", ++serial, atom, name, chain.id, nucleotide.seq_id,
                       nucleotide.insertion_code, x[0], x[1], x[2], 1.0, b_factor, atom[0]);
      }
    }
    if (chain.nucleotides.empty()) continue;
    const Nucleotide& last = chain.nucleotides.back();
    fmt::format_to(out, "TER   {:5}      {:>3} {:1}{:4}{}\n", ++serial, residue_name(last), chain.id, last.seq_id,
                   last.insertion_code);
  }
  text += "END\n";
  return text;
}

}  // namespace flashrna
