#include "libfold/evaluation/sample_name.h"

namespace flashrna {

std::string sample_stem(const std::string& name) {
  std::string stem = name.substr(name.rfind('/') + 1);
  stem = stem.substr(0, stem.find('#'));
  for (const std::string ending :
       {".gz", ".cif", ".mmcif", ".pdb", ".ent", ".dbn", ".db", ".dot", ".dotbracket", ".bpseq", ".ct"}) {
    if (stem.ends_with(ending)) stem.resize(stem.size() - ending.size());
  }
  return stem;
}

}  // namespace flashrna
