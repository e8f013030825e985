// Prints the chains of a structure file.
#include <rna/io/structure_reader.h>

#include <cstdio>

int main(int, char** argv) {
  for (const flashrna::Chain& chain : flashrna::read_structure(argv[1]).chains)
    std::printf("%s %s\n", chain.id.c_str(), chain.sequence().c_str());
}
