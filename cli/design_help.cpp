#include "cli/design_help.h"

namespace flashrna {

std::string design_help() {
  return R"(What `flashrna sample` can be asked for, alone or together. docs/design.md has more examples.

Lengths: --lengths 40,60-120:20,40+60
  40                  one molecule of 40 residues
  60-120:20           60, 80, 100 and 120
  40+60               two molecules, written as chains A and B

Base pairs: --secondary-structure STRING|FILE.dbn|FILE.bpseq|FILE.ct
  ( ) [ ] { } < > Aa  a pair; a second kind of bracket for a pseudoknot
  .                   unpaired
  ?                   unspecified
  &                   the next molecule begins; pairs may cross it
  *                   with --symmetry: the next copy begins; pairs may cross it
  Two paired residues of one molecule are at least 4 apart. Each structure of a file makes --samples samples.

Letters: --sequence STRING|FILE.fasta
  A C G U             the nucleotide (T = U)
  N or ?              unspecified
  &                   the next molecule begins
  A record of a FASTA file is for the structure of its title, else for all samples of its length.
  A model that was trained with letters takes them as a condition; others only name the residues by them.

Motifs: --contig ITEMS --motif FILE
  12, 10-20           new residues; each sample draws a number from the range
  A23-41, A23         residues of the file: chain and author's numbers, with insertion codes: A20A-21
  B-2:3-9             a chain whose identifier has other characters than letters
  /0                  the next molecule begins
  Items are separated by commas or spaces. Residues of an item must be bonded, and may be in one item only.
  --length 62-80      bounds of the total
  --motif-groups      fixed: the items keep their places; free: each item alone keeps its shape
  Base pairs of these residues with each other are asked for, as the file has them (--secondary-structure motif, the
  default); none leaves them to the network.
  Only RNA is read from the file, without ligands, ions and proteins.

From a structure: --partial T --start FILE [--start-chain A,B]
  Starts from the structure noised to time T: near 0 little of it is left, near 1 little is changed.

Symmetry: --symmetry C2 ... C12, D2 ... D6, T, O, I
  What is asked for is one copy; the sample is all of them. Pairs between copies: '((((..*..))))' is two copies of 6
  residues, each paired with the other. Two or more copies are written; the pairs are made between all.

One file for all of it: --spec FILE.ini|FILE.json
  Keys of section [sample], named as the options with _ for -. Each run writes its own, config.ini beside the
  samples; `flashrna sample --spec samples/config.ini --output again` makes the same samples.

Example:
  flashrna sample --checkpoint runs/rna --secondary-structure '((((((....))))))' --samples 2 --output hairpins
  flashrna sample --checkpoint runs/rna --contig '4-8,A5-12,6,A18-22,4-8' --motif structures/1ehz.cif --output scaffolds
  flashrna sample --spec scaffolds/config.ini --output again
)";
}

}  // namespace flashrna
