// Names of samples, of their batches and of their files: made and taken apart here alone.
//   len_00120_sample_007          a sample of 120 residues; len_00040+00060_sample_007: of two molecules
//   hairpin_sample_007            of the secondary structure, sequence or design of that name
//   hairpin_samples_000-031       a batch
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace flashrna {

// "len_00120" or "len_00040+00060": the beginning of the names of samples with molecules of these lengths.
std::string length_stem(std::span<const int> molecule_lengths);

// The first word of `name`, with "_" for each character but letters, digits, "-" and ".". Empty for an empty name.
std::string name_stem(const std::string& name);

// Indices have three digits, or more from 1,000 on, so that a name does not depend on the number of samples.
std::string sample_name(const std::string& stem, std::uint64_t index);
std::string batch_name(const std::string& stem, std::uint64_t first, std::uint64_t last);
// Of the batch from one sample to another, by their names.
std::string batch_name(const std::string& first_sample, const std::string& last_sample);

// Order of names: as text, except that runs of digits compare as numbers: x_sample_999 before x_sample_1000.
struct SampleNameOrder {
  bool operator()(std::string_view a, std::string_view b) const;
};

// The name without folder, model number or chain, and extension: "1ehz" for "folder/1ehz.cif.gz#2" and for "1ehz.dbn".
std::string sample_stem(const std::string& file);

// "hairpin" for "hairpin_sample_007"; another name is returned unchanged.
std::string stem_of_sample(const std::string& name);

// Whether a name is that of a sample or of a batch.
bool is_sample_name(const std::string& name);

}  // namespace flashrna
