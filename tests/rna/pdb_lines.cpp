#include "tests/rna/pdb_lines.h"

#include <fmt/format.h>

#include "rna/io/structure_reader.h"
#include "tests/rna/synthetic_chain.h"

namespace flashrna {

std::string AtomLine::text() const {
  return fmt::format("{:6}{:5}  {:<3}{}{:>3} {:1}{:4}{}   {:8.3f}{:8.3f}{:8.3f}{:6.2f}{:6.2f}          {:>2}\n", record,
                     1, atom, alternate, residue, chain, seq_id, insertion_code, position.x(), position.y(),
                     position.z(), occupancy, 20.0, atom[0]);
}

std::vector<Lines> residues_of(const std::string& sequence) {
  std::vector<Lines> residues;
  for (const Nucleotide& nucleotide : synthetic_chain("A", sequence).nucleotides) {
    residues.push_back(lines_of(nucleotide));
  }
  return residues;
}

Lines lines_of(const Nucleotide& nucleotide) {
  Lines lines;
  for (int slot = 0; slot < kAtomSlots; ++slot) {
    if (!nucleotide.has(slot)) continue;
    AtomLine line;
    line.atom = atom_name(nucleotide, slot);
    line.residue = nucleotide.name;
    line.seq_id = nucleotide.seq_id;
    line.insertion_code = nucleotide.insertion_code;
    line.position = nucleotide.atoms[slot];
    lines.push_back(line);
  }
  return lines;
}

void change(Lines& lines, const std::function<void(AtomLine&)>& edit) {
  for (AtomLine& line : lines) edit(line);
}

std::string text_of(const Lines& lines) {
  std::string text;
  for (const AtomLine& line : lines) text += line.text();
  return text;
}

std::string text_of(const std::vector<Lines>& residues) {
  std::string text;
  for (const Lines& lines : residues) text += text_of(lines);
  return text;
}

Structure read_pdb(const std::string& text) { return read_structure_from_memory(text, "made.pdb"); }

}  // namespace flashrna
