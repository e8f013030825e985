// Aligns the first chains of two structure files by their C3' atoms: TM-score, RMSD of the aligned residues, their
// number.
//   align MOBILE TARGET
#include <rna/compare/structure_alignment.h>
#include <rna/io/structure_reader.h>

#include <cstdio>
#include <vector>

static std::vector<flashrna::Vec3> c3_atoms(const char* path) {
  const flashrna::Structure structure = flashrna::read_structure(path);
  std::vector<flashrna::Vec3> atoms;
  if (structure.chains.empty()) return atoms;
  for (const flashrna::Nucleotide& nucleotide : structure.chains[0].nucleotides)
    atoms.push_back(nucleotide.atoms[flashrna::kC3]);
  return atoms;
}

int main(int argc, char** argv) {
  if (argc != 3) return std::fprintf(stderr, "usage: align MOBILE TARGET\n"), 2;
  const std::vector<flashrna::Vec3> mobile = c3_atoms(argv[1]), target = c3_atoms(argv[2]);
  const flashrna::StructureAlignment best = flashrna::align_structures(mobile, target).by_target;
  std::printf("TM-score %.3f, %zu residues, RMSD %.2f\n", best.score.value, best.pairs.size(), best.score.rmsd);
}
