// numpy functions over rna/ and datasets/: reading structures and datasets, frames, torsions, backbones, base pairs,
// TM-score. python/flashrna/__init__.py lists them. Lengths in Å, angles as (sin, cos).
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "base/error.h"
#include "datasets/chain_rows.h"
#include "datasets/dataset_reader.h"
#include "rna/backbone.h"
#include "rna/compare/structure_alignment.h"
#include "rna/compare/tm_score.h"
#include "rna/frame.h"
#include "rna/io/structure_reader.h"
#include "rna/pairs/base_pairs.h"
#include "rna/torsion.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace flashrna {
namespace {

template <typename T>
using Array = nb::ndarray<nb::numpy, T>;
template <typename T, typename... Shape>
using Input = nb::ndarray<const T, nb::c_contig, nb::device::cpu, Shape...>;
using Points = Input<double, nb::shape<-1, 3>>;
using Atoms = Input<double, nb::ndim<3>>;   // [L, 13 or 23, 3]
using AtomMask = Input<bool, nb::ndim<2>>;  // [L, 13 or 23]

// A new numpy array that owns `values`.
template <typename T>
Array<T> array_of(std::vector<T> values, std::initializer_list<std::size_t> shape) {
  auto* kept = new std::vector<T>(std::move(values));
  nb::capsule owner(kept, [](void* pointer) noexcept { delete static_cast<std::vector<T>*>(pointer); });
  return Array<T>(kept->data(), shape, owner);
}

// bool has no contiguous std::vector.
Array<bool> flags_of(const std::vector<std::uint8_t>& values, std::initializer_list<std::size_t> shape) {
  auto kept = std::make_unique<bool[]>(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) kept[i] = values[i] != 0;
  bool* data = kept.release();
  nb::capsule owner(data, [](void* pointer) noexcept { delete[] static_cast<bool*>(pointer); });
  return Array<bool>(data, shape, owner);
}

// Bit k of masks[i] at [i, k].
template <typename Mask>
Array<bool> unpacked(const std::vector<Mask>& masks, std::size_t bits) {
  std::vector<std::uint8_t> flags;
  for (const Mask mask : masks)
    for (std::size_t bit = 0; bit < bits; ++bit) flags.push_back(mask >> bit & 1u);
  return flags_of(flags, {masks.size(), bits});
}

Vec3 point_at(const double* data, std::size_t index) {
  return Vec3(data[3 * index], data[3 * index + 1], data[3 * index + 2]);
}

std::vector<Vec3> points_of(const Points& points) {
  std::vector<Vec3> result;
  for (std::size_t i = 0; i < points.shape(0); ++i) result.push_back(point_at(points.data(), i));
  return result;
}

void append(std::vector<double>& values, const Vec3& point) {
  values.insert(values.end(), {point.x(), point.y(), point.z()});
}

void append(std::vector<double>& values, const Mat3& rotation) {
  for (int row = 0; row < 3; ++row)
    for (int column = 0; column < 3; ++column) values.push_back(rotation(row, column));
}

// Nucleotides with the given atoms. Without a mask an atom is present if its coordinates are finite.
std::vector<Nucleotide> nucleotides_of(const Atoms& atoms, const std::optional<AtomMask>& mask) {
  const std::size_t length = atoms.shape(0), slots = atoms.shape(1);
  if (atoms.shape(2) != 3 || (slots != kBackboneAtoms && slots != kAtomSlots))
    fail("atoms have shape ({}, {}, {}), expected (L, 13, 3) or (L, 23, 3)", length, slots, atoms.shape(2));
  if (mask && (mask->shape(0) != length || mask->shape(1) != slots))
    fail("mask has shape ({}, {}), expected ({}, {})", mask->shape(0), mask->shape(1), length, slots);
  std::vector<Nucleotide> nucleotides(length);
  for (std::size_t i = 0; i < length; ++i) {
    for (std::size_t slot = 0; slot < slots; ++slot) {
      const std::size_t index = i * slots + slot;
      const Vec3 point = point_at(atoms.data(), index);
      if (mask ? mask->data()[index] : point.allFinite()) nucleotides[i].set(static_cast<int>(slot), point);
    }
  }
  return nucleotides;
}

// ---- structures

nb::dict chain_arrays(const Chain& chain) {
  std::vector<double> atoms;
  std::vector<std::uint32_t> masks;
  std::vector<std::int32_t> residue_index, seq_id;
  for (const Nucleotide& nucleotide : chain.nucleotides) {
    for (const Vec3& atom : nucleotide.atoms) append(atoms, atom);
    masks.push_back(nucleotide.atom_mask);
    residue_index.push_back(nucleotide.residue_index);
    seq_id.push_back(nucleotide.seq_id);
  }
  const std::size_t length = masks.size();
  nb::dict result;
  result["id"] = chain.id;
  result["sequence"] = chain.sequence();
  result["atoms"] = array_of(std::move(atoms), {length, kAtomSlots, 3});
  result["atom_mask"] = unpacked(masks, kAtomSlots);
  result["residue_index"] = array_of(std::move(residue_index), {length});
  result["seq_id"] = array_of(std::move(seq_id), {length});
  return result;
}

nb::list read_structure_arrays(const std::string& path, int model) {
  nb::list chains;
  for (const Chain& chain : read_structure(path, {.model = model}).chains) chains.append(chain_arrays(chain));
  return chains;
}

// ---- datasets

std::string letters_of(const ChainFeatures& chain) {
  std::string letters;
  for (const std::uint8_t one : chain.nucleotide) letters += parent_letter(chain.polymer, one);
  return letters;
}

nb::dict dataset_chain(const DatasetReader& reader, std::int64_t index) {
  const std::int64_t count = static_cast<std::int64_t>(reader.chains().size());
  if (index < -count || index >= count) throw nb::index_error("chain index out of range");
  const std::size_t at = static_cast<std::size_t>(index < 0 ? index + count : index);
  const ChainRecord& record = reader.chains()[at];
  ChainFeatures chain = reader.read_chain(at);
  const std::size_t length = static_cast<std::size_t>(chain.length);
  const std::size_t torsions = static_cast<std::size_t>(traits_of(chain.polymer).torsions);
  const std::size_t slots = static_cast<std::size_t>(traits_of(chain.polymer).atom_slots);
  nb::dict result;
  result["id"] = record.id;
  result["entry"] = record.entry;
  result["split"] = record.split;
  result["resolution"] = record.resolution;
  result["sequence_cluster"] = record.sequence_cluster;
  result["structure_cluster"] = record.structure_cluster;
  result["sequence"] = letters_of(chain);
  result["residue_index"] = array_of(std::move(chain.residue_index), {length});
  result["rotations"] = array_of(std::move(chain.frame_rotation), {length, 3, 3});
  result["translations"] = array_of(std::move(chain.frame_translation), {length, 3});
  result["torsions"] = array_of(std::move(chain.torsion_sin_cos), {length, torsions, 2});
  result["torsion_mask"] = unpacked(chain.torsion_mask, torsions);
  result["atoms"] = array_of(std::move(chain.atom_positions), {length, slots, 3});
  result["atom_mask"] = unpacked(chain.atom_mask, slots);
  if (chain.polymer == Polymer::kRna) result["partner"] = array_of(std::move(chain.partner), {length});
  return result;
}

// ---- geometry

nb::tuple frames(const Atoms& atoms, const std::optional<AtomMask>& mask) {
  std::vector<double> rotations, translations;
  for (const Nucleotide& nucleotide : nucleotides_of(atoms, mask)) {
    RigidTransform frame;
    if (nucleotide.has_frame()) {
      frame = frame_of(nucleotide);
    } else {
      frame.rotation.setConstant(std::numeric_limits<double>::quiet_NaN());
      frame.translation.setConstant(std::numeric_limits<double>::quiet_NaN());
    }
    append(rotations, frame.rotation);
    append(translations, frame.translation);
  }
  const std::size_t length = atoms.shape(0);
  return nb::make_tuple(array_of(std::move(rotations), {length, 3, 3}), array_of(std::move(translations), {length, 3}));
}

nb::tuple torsions(const Atoms& atoms, const std::optional<AtomMask>& mask) {
  std::vector<double> sin_cos;
  std::vector<std::uint8_t> defined;
  for (const Nucleotide& nucleotide : nucleotides_of(atoms, mask)) {
    const Torsions torsions = torsions_of(nucleotide);
    for (const auto& pair : torsions.sin_cos) sin_cos.insert(sin_cos.end(), pair.begin(), pair.end());
    defined.push_back(torsions.mask);
  }
  const std::size_t length = atoms.shape(0);
  return nb::make_tuple(array_of(std::move(sin_cos), {length, kTorsions, 2}), unpacked(defined, kTorsions));
}

Array<double> rebuild(const Input<double, nb::shape<-1, 3, 3>>& rotations, const Points& translations,
                      const Input<double, nb::shape<-1, kTorsions, 2>>& torsions) {
  const std::size_t length = rotations.shape(0);
  if (translations.shape(0) != length || torsions.shape(0) != length)
    fail("rotations, translations and torsions are of {}, {} and {} residues", length, translations.shape(0),
         torsions.shape(0));
  std::vector<double> atoms;
  for (std::size_t i = 0; i < length; ++i) {
    RigidTransform frame;
    for (int row = 0; row < 3; ++row)
      for (int column = 0; column < 3; ++column)
        frame.rotation(row, column) = rotations.data()[9 * i + static_cast<std::size_t>(3 * row + column)];
    frame.translation = point_at(translations.data(), i);
    std::array<std::array<double, 2>, kTorsions> sin_cos;
    for (std::size_t k = 0; k < kTorsions; ++k)
      for (std::size_t part = 0; part < 2; ++part) sin_cos[k][part] = torsions.data()[(i * kTorsions + k) * 2 + part];
    for (const Vec3& atom : rebuild_backbone(frame, sin_cos)) append(atoms, atom);
  }
  return array_of(std::move(atoms), {length, kBackboneAtoms, 3});
}

Array<std::int32_t> pairs(const Atoms& atoms, const std::optional<AtomMask>& mask) {
  const std::vector<int> partners = find_base_pairs(nucleotides_of(atoms, mask));
  return array_of(std::vector<std::int32_t>(partners.begin(), partners.end()), {partners.size()});
}

// ---- comparison

nb::dict score_of(const TmScore& score) {
  nb::dict result;
  std::vector<double> rotation, translation;
  append(rotation, score.motion.rotation);
  append(translation, score.motion.translation);
  result["tm_score"] = score.value;
  result["rmsd"] = score.rmsd;
  result["rotation"] = array_of(std::move(rotation), {3, 3});
  result["translation"] = array_of(std::move(translation), {3});
  return result;
}

nb::dict tm_score_of(const Points& mobile, const Points& target, std::optional<int> length) {
  return score_of(tm_score(points_of(mobile), points_of(target), length.value_or(static_cast<int>(target.shape(0)))));
}

nb::dict align(const Points& mobile, const Points& target, std::optional<int> length) {
  const StructureAlignment best =
      align_structures(points_of(mobile), points_of(target), length.value_or(static_cast<int>(target.shape(0))));
  nb::dict result = score_of(best.score);
  std::vector<std::int32_t> aligned;
  for (const auto& [in_mobile, in_target] : best.pairs)
    aligned.insert(aligned.end(), {static_cast<std::int32_t>(in_mobile), static_cast<std::int32_t>(in_target)});
  const std::size_t count = aligned.size() / 2;
  result["pairs"] = array_of(std::move(aligned), {count, 2});
  return result;
}

}  // namespace
}  // namespace flashrna

NB_MODULE(_arrays, module) {
  using namespace flashrna;
  nb::register_exception_translator([](const std::exception_ptr& pointer, void*) {
    try {
      std::rethrow_exception(pointer);
    } catch (const Error& error) {
      PyErr_SetString(PyExc_ValueError, error.what());
    }
  });
  module.def("read_structure", read_structure_arrays, "path"_a, "model"_a = 1,
             "Chains of model `model` (from 1) of a PDB, mmCIF or BinaryCIF file (also .gz), as a list of dicts:\n\n"
             "  id, sequence         str; letters A, C, G, U, and N for others\n"
             "  atoms                (L, 23, 3) float64, Å: flashrna.BACKBONE_ATOMS, then base atoms; 0 where absent\n"
             "  atom_mask            (L, 23) bool\n"
             "  residue_index        (L,) int32, rises by 1 to a bonded neighbor, by more across a gap\n"
             "  seq_id               (L,) int32, the author's numbers\n\n"
             "Raises ValueError with the reason.");
  nb::class_<DatasetReader>(module, "Dataset", "A dataset of `flashrna convert`; a sequence of chains as dicts.")
      .def(nb::init<const std::string&>(), "path"_a)
      .def("__len__", [](const DatasetReader& reader) { return reader.chains().size(); })
      .def("__getitem__", dataset_chain, "index"_a,
           "A chain as a dict:\n\n"
           "  id, entry, sequence  str; split: train, validation, test or empty\n"
           "  resolution           Å, 0 = unknown; sequence_cluster, structure_cluster: -1 = none\n"
           "  residue_index        (L,) int32\n"
           "  rotations            (L, 3, 3) float32, columns are the axes; translations (L, 3) float32, Å\n"
           "  torsions             (L, 8, 2) float32, sin and cos; torsion_mask (L, 8) bool\n"
           "  atoms                (L, 23, 3) float32, Å; atom_mask (L, 23) bool\n"
           "  partner              (L,) int32, position of the base-pair partner; -1 = unpaired, -2 = unknown\n\n"
           "Of a dataset of proteins torsions (L, 1, 2), atoms (L, 5, 3), and no partner")
      .def_prop_ro("ids", [](const DatasetReader& reader) {
        std::vector<std::string> ids;
        for (const ChainRecord& record : reader.chains()) ids.push_back(record.id);
        return ids;
      });
  module.def(
      "frames", frames, "atoms"_a, "mask"_a = nb::none(),
      "Frames of nucleotides from C3', C4' and O4': rotations (L, 3, 3), whose columns are the axes, and translations "
      "(L, 3), Å; NaN where an atom is missing.\n\n"
      "atoms: (L, 13, 3) or (L, 23, 3), Å, in the order of read_structure; mask: (L, 13) or (L, 23), which atoms are "
      "there; without it those with finite coordinates. Raises ValueError for other shapes.");
  module.def(
      "torsions", torsions, "atoms"_a, "mask"_a = nb::none(),
      "(sin, cos) of the eight torsions (L, 8, 2) that place the backbone relative to the frame, and whether each "
      "is defined (L, 8); (0, 1) where not. Arguments as of frames.");
  module.def("rebuild", rebuild, "rotations"_a, "translations"_a, "torsions"_a,
             "The 13 backbone atoms (L, 13, 3), Å, from rotations (L, 3, 3), translations (L, 3), Å, and torsions "
             "(L, 8, 2): the inverse of frames and torsions, with ideal bond lengths and angles.");
  module.def("pairs", pairs, "atoms"_a, "mask"_a = nb::none(),
             "Position of each nucleotide's base-pair partner (L,) int32, -1 if unpaired, from C1' and the ring atom "
             "bonded to it. Arguments as of frames.");
  module.def(
      "tm_score", tm_score_of, "mobile"_a, "target"_a, "length"_a = nb::none(),
      "Highest TM-score of residues that correspond, by their C3' atoms mobile and target (N, 3), Å, as a dict: "
      "tm_score in (0, 1]; rmsd, Å, of all residues after their own superposition; rotation (3, 3) and translation "
      "(3,) that move mobile onto target, x -> rotation x + translation. length: residues that the score is "
      "divided by; default: those of target. Raises ValueError if the numbers differ.");
  module.def(
      "align", align, "mobile"_a, "target"_a, "length"_a = nb::none(),
      "The same for chains of any lengths, (M, 3) and (N, 3), whose correspondence is searched: also pairs (K, 2) "
      "int32, positions in mobile and target.");
}
