// Names of samples, of their batches and of their files: made and taken apart here alone.
//   len_00120_sample_007          a sample of 120 residues; len_00040+00060_sample_007: of two molecules
//   hairpin_sample_007            of the secondary structure, sequence or design of that name
//   hairpin_samples_000-031       a batch
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace flashrna {

// "len_00120" or "len_00040+00060": the beginning of the names of samples with molecules of these lengths.
std::string length_stem(std::span<const int> molecule_lengths);

// The first word of `name`, with "_" for each character but letters, digits, "-" and ".". Empty for an empty name.
std::string name_stem(const std::string& name);

// Digits of an index among `samples` samples: at least 3, so that names sort as their indices do.
int index_digits(std::uint64_t samples);

std::string sample_name(const std::string& stem, std::uint64_t index, int digits);
std::string batch_name(const std::string& stem, std::uint64_t first, std::uint64_t last, int digits);

// The name without folder, model number or chain, and extension: "1ehz" for "folder/1ehz.cif.gz#2" and for "1ehz.dbn".
std::string sample_stem(const std::string& file);

// "hairpin" for "hairpin_sample_007"; another name is returned unchanged.
std::string stem_of_sample(const std::string& name);

// Whether a name is that of a sample or of a batch.
bool is_sample_name(const std::string& name);

}  // namespace flashrna
