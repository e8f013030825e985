#include "rna/io/structure_text.h"

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

void check_atoms(const WrittenStructure& structure) {
  for (const WrittenChain& chain : structure.chains) {
    for (const WrittenResidue& residue : chain.residues) {
      for (const WrittenAtom& atom : residue.atoms) {
        if (atom.position.allFinite()) continue;
        fail("{}: chain \"{}\", residue {}: atom {} is not at a finite position; not written", structure.entry,
             chain.id, residue.seq_id, atom.name);
      }
    }
  }
}

// All models of a file must have the same molecules.
void check_same_polymers(const WrittenStructure& model, const WrittenStructure& first) {
  const auto same_name = [](const WrittenResidue& a, const WrittenResidue& b) { return a.name == b.name; };
  const auto same_chain = [&](const WrittenChain& a, const WrittenChain& b) {
    return a.id == b.id && std::ranges::equal(a.residues, b.residues, same_name);
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
std::vector<std::string> label_asym_ids(const WrittenStructure& structure) {
  std::vector<std::string> ids;
  std::set<std::string> taken;
  for (const WrittenChain& chain : structure.chains) {
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
void append_sequence(const WrittenChain& chain, Buffer out) {
  if (chain.residues.empty() || chain.n_breaks > 0) {
    fmt::format_to(out, "? ?\n");
    return;
  }
  std::string sequence, parents;
  for (const WrittenResidue& residue : chain.residues) {
    sequence += residue.code;
    parents += residue.letter;
  }
  fmt::format_to(out, "\n{}{}", text_field(sequence), text_field(parents));
}

void append_polymers(const WrittenStructure& structure, const std::vector<std::string>& asym_ids, Buffer out) {
  fmt::format_to(out, "loop_\n_entity.id\n_entity.type\n_entity.pdbx_description\n");
  for (std::size_t i = 0; i < structure.chains.size(); ++i) {
    fmt::format_to(out, "{} polymer {}\n", i + 1, structure.words.description);
  }
  fmt::format_to(out,
                 "#\nloop_\n_entity_poly.entity_id\n_entity_poly.type\n_entity_poly.pdbx_strand_id\n"
                 "_entity_poly.pdbx_seq_one_letter_code\n_entity_poly.pdbx_seq_one_letter_code_can\n");
  for (std::size_t i = 0; i < structure.chains.size(); ++i) {
    fmt::format_to(out, "{} {} {} ", i + 1, structure.words.entity_type, cif_value(structure.chains[i].id));
    append_sequence(structure.chains[i], out);
  }
  fmt::format_to(out, "#\nloop_\n_struct_asym.id\n_struct_asym.entity_id\n");
  for (std::size_t i = 0; i < structure.chains.size(); ++i) {
    fmt::format_to(out, "{} {}\n", cif_value(asym_ids[i]), i + 1);
  }
  fmt::format_to(out, "#\n");
}

// The experimental method, if known.
void append_experiment(const WrittenStructure& structure, const std::string& entry, Buffer out) {
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

// Every residue type, with the parent of modified ones, which a reader might not know.
void append_residue_kinds(const WrittenStructure& structure, Buffer out) {
  fmt::format_to(out, "loop_\n_chem_comp.id\n_chem_comp.type\n_chem_comp.mon_nstd_parent_comp_id\n");
  std::set<std::string> known;
  for (const WrittenChain& chain : structure.chains) {
    for (const WrittenResidue& residue : chain.residues) {
      if (!known.insert(residue.name).second) continue;
      fmt::format_to(out, "{} {} {}\n", cif_value(residue.name), structure.words.link_type,
                     residue.parent.empty() ? "." : residue.parent);
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
void append_atoms(const WrittenStructure& structure, const std::vector<std::string>& asym_ids, int& serial,
                  Buffer out) {
  for (std::size_t i = 0; i < structure.chains.size(); ++i) {
    const WrittenChain& chain = structure.chains[i];
    const std::string asym_id = cif_value(asym_ids[i]);
    const std::string chain_id = chain.id.empty() ? "''" : cif_value(chain.id);  // "." would mean asym_id
    for (const WrittenResidue& residue : chain.residues) {
      const std::string comp = cif_value(residue.name);
      const std::string insertion_code =
          residue.insertion_code == ' ' ? "?" : cif_value(std::string(1, residue.insertion_code));
      const int label_seq = residue.residue_index - chain.residues.front().residue_index + 1;
      for (const auto& [atom, x] : residue.atoms) {
        const std::string quoted = atom.ends_with('\'') ? fmt::format("\"{}\"", atom) : std::string(atom);
        fmt::format_to(
            out,
            "{:6} {:<5} {} {:<5} . {:<3} {} {} {:<4} {} {:8.3f} {:8.3f} {:8.3f} 1.00 {:6.2f} {:<4} {:<3} {} {:<5} {}\n",
            residue.is_standard ? "ATOM" : "HETATM", ++serial, atom[0], quoted, comp, asym_id, i + 1, label_seq,
            insertion_code, x[0], x[1], x[2], residue.b_factor, residue.seq_id, comp, chain_id, quoted,
            structure.model);
      }
    }
  }
}

// Throws Error for content that does not fit the columns of the PDB format.
void check_fits_pdb(const WrittenStructure& structure) {
  int residues = 0;
  int atoms = 0;
  for (const WrittenChain& chain : structure.chains) {
    const auto refuse = [&](const std::string& what) {
      fail("{}: chain \"{}\": {}; write mmCIF instead", structure.entry, chain.id, what);
    };
    if (chain.id.size() > 1) refuse("the PDB format has one character for a chain identifier");
    for (const WrittenResidue& residue : chain.residues) {
      if (++residues > kMostPdbResidues) refuse("the PDB format ends at 9,999 residues");
      if (residue.name.size() > 3) {
        refuse(fmt::format("the PDB format has three characters for a residue name, not \"{}\"", residue.name));
      }
      if (residue.seq_id < -999 || residue.seq_id > 9'999) {
        refuse(fmt::format("the PDB format has four characters for a residue number, not {}", residue.seq_id));
      }
      for (const auto& [atom, x] : residue.atoms) {
        ++atoms;
        if (x.minCoeff() <= -999.9995 || x.maxCoeff() >= 9999.9995) {
          refuse(fmt::format("residue {}: the PDB format ends at -999.999 and 9999.999 Å", residue.seq_id));
        }
      }
    }
    if (++atoms > kMostPdbAtoms) refuse("the PDB format ends at 99,999 atoms");  // TER takes a serial number too
  }
}

void append_modres(const WrittenStructure& structure, Buffer out) {
  const std::string id = block_name(structure.entry).substr(0, 4);
  for (const WrittenChain& chain : structure.chains) {
    for (const WrittenResidue& residue : chain.residues) {
      if (residue.parent.empty()) continue;
      fmt::format_to(out, "MODRES {:<4} {:>3} {:1} {:4}{} {:>3}\n", id, residue.name, chain.id, residue.seq_id,
                     residue.insertion_code, residue.parent);
    }
  }
}

}  // namespace

std::string mmcif_text(std::span<const WrittenStructure> models) {
  if (models.empty()) fail("a structure file without a model; not written");
  const WrittenStructure& first = models.front();
  for (const WrittenStructure& model : models) {
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
  for (const WrittenStructure& model : models) append_atoms(model, asym_ids, serial, out);
  fmt::format_to(out, "#\n");
  return text;
}

std::string pdb_text(const WrittenStructure& structure) {
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
  for (const WrittenChain& chain : structure.chains) {
    for (const WrittenResidue& residue : chain.residues) {
      const double b_factor = std::clamp<double>(residue.b_factor, -99.99, kLargestBFactor);
      for (const auto& [atom, x] : residue.atoms) {
        // One-letter elements: the atom name starts in the second of its four columns.
        fmt::format_to(out, "{:6}{:5}  {:<3} {:>3} {:1}{:4}{}   {:8.3f}{:8.3f}{:8.3f}{:6.2f}{:6.2f}          {:>2}\n",
                       residue.is_standard ? "ATOM" : "HETATM", ++serial, atom, residue.name, chain.id, residue.seq_id,
                       residue.insertion_code, x[0], x[1], x[2], 1.0, b_factor, atom[0]);
      }
    }
    if (chain.residues.empty()) continue;
    const WrittenResidue& last = chain.residues.back();
    fmt::format_to(out, "TER   {:5}      {:>3} {:1}{:4}{}\n", ++serial, last.name, chain.id, last.seq_id,
                   last.insertion_code);
  }
  text += "END\n";
  return text;
}

}  // namespace flashrna
