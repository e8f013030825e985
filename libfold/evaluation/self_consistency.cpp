#include "libfold/evaluation/self_consistency.h"

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>
#include <sstream>
#include <thread>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/sha256.h"
#include "base/subprocess.h"
#include "libfold/evaluation/command_template.h"
#include "rna/compare/tm_score.h"
#include "rna/io/structure_reader.h"
#include "rna/io/structure_writer.h"
#include "rna/superposition.h"

namespace flashrna {
namespace {

namespace fs = std::filesystem;

CommandTemplate inverse_folding_command(const SelfConsistencySettings& settings) {
  return CommandTemplate("inverse-folding", settings.inverse_folding, {"{backbone}", "{fasta}"});
}

CommandTemplate folding_command(const SelfConsistencySettings& settings) {
  return CommandTemplate("folding", settings.folding, {"{fasta}", "{structure}"});
}

// Throws UsageError if the program is not installed: the command would fail for every sample.
void check_program(const std::string& option, const CommandTemplate& command) {
  const std::string program = command.words({}).front();
  const bool there = program.find('/') != std::string::npos ? access(program.c_str(), X_OK) == 0 : is_program(program);
  if (!there) fail_usage("--{}: there is no program \"{}\"", option, program);
}

// Reads the sequences of a FASTA text as RNA. Each must have `length` letters A, C, G, U or T.
std::vector<std::string> read_sequences(const std::string& fasta, std::size_t length, std::size_t most) {
  std::vector<std::string> sequences;
  std::istringstream lines(fasta);
  bool in_record = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('>')) {
      if (sequences.size() == most) break;
      sequences.emplace_back();
      in_record = true;
      continue;
    }
    for (const char c : line) {
      if (std::isspace(static_cast<unsigned char>(c)) != 0) continue;
      if (!in_record) fail("the sequences do not begin with a \">\" line");
      const char letter = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      sequences.back() += letter == 'T' ? 'U' : letter;
    }
  }
  if (sequences.empty()) fail("no sequence was written");
  for (const std::string& sequence : sequences) {
    const std::size_t bad = sequence.find_first_not_of("ACGU");
    if (bad != std::string::npos) fail("a designed sequence holds \"{}\"; expected A, C, G, U", sequence[bad]);
    if (sequence.size() != length) fail("a designed sequence has {} letters for {} residues", sequence.size(), length);
  }
  return sequences;
}

// Caches results of commands by the SHA-256 of the command and of its input.
class CommandCache {
 public:
  CommandCache(const SelfConsistencySettings& settings, const SelfConsistencyCalls& calls)
      : folder_(fs::absolute(settings.folder).lexically_normal().string()), settings_(settings), calls_(calls) {
    std::error_code error;
    fs::create_directories(folder_, error);
    if (error) fail("{}: cannot be made: {}", settings.folder, error.message());
  }

  // Calls use() with the output of `command`, which reads `input_text` at placeholder `input` and writes to placeholder
  // `output`; `name` is for messages. Throws Error if the command fails or writes nothing. Caches the output only if
  // use() accepts it without an Error.
  template <typename Use>
  void run(const std::string& name, const CommandTemplate& command, const std::string& input,
           const std::string& input_name, const std::string& input_text, const std::string& output,
           const std::string& output_name, Use use) {
    ++commands_;
    const std::string count = std::to_string(settings_.sequences);
    const bool counts = command.text().find("{sequences}") != std::string::npos;
    const std::string key =
        sha256_hex(fmt::format("{}\n{}\n{}\n{}", name, command.text(), counts ? count : "", input_text));
    const std::string kept = folder_ + "/" + key + ".result";  // a name that is never read as a sample
    if (fs::exists(kept)) {
      ++kept_;
      return use(read_file(kept));
    }
    const std::string job = make_job_folder();
    const std::string log = fmt::format("{}/{}.log", folder_, key);
    const std::string output_path = job + "/" + output_name;
    try {
      write_file_atomically(job + "/" + input_name, input_text);
      const ProgramLimits limits{settings_.time_limit, calls_.stop};
      run_program(command.words({{input, job + "/" + input_name}, {output, output_path}, {"{sequences}", count}}), log,
                  limits);
      if (!fs::exists(output_path)) fail("{} wrote no {}; what it said is in {}", name, output, log);
      const std::string text = read_file(output_path);
      use(text);
      write_file_atomically(kept, text);
      fs::remove(log);
      fs::remove_all(job);
    } catch (...) {
      std::error_code ignored;
      fs::remove_all(job, ignored);
      throw;
    }
  }
  std::size_t commands() const { return commands_; }
  std::size_t kept() const { return kept_; }

 private:
  // Hidden, so that its content is not read as samples; unique, because several jobs may share the cache.
  std::string make_job_folder() const {
    std::string path = folder_ + "/.job-XXXXXX";
    if (mkdtemp(path.data()) == nullptr) fail("{}: cannot be made: {}", path, std::strerror(errno));
    return path;
  }

  std::string folder_;
  const SelfConsistencySettings& settings_;
  const SelfConsistencyCalls& calls_;
  std::atomic<std::size_t> commands_ = 0, kept_ = 0;
};

std::vector<Nucleotide> folded_nucleotides(const std::string& text) {
  // Detects the format that the program chose, because the reader decides by the file name.
  const bool mmcif = text.find("data_") < text.find('\n') || text.find("_atom_site.") != std::string::npos;
  const Structure structure = read_structure_from_memory(text, mmcif ? "folded.cif" : "folded.pdb");
  std::vector<Nucleotide> nucleotides;
  for (const Chain& chain : structure.chains) {
    nucleotides.insert(nucleotides.end(), chain.nucleotides.begin(), chain.nucleotides.end());
  }
  return nucleotides;
}

void compare(const MeasuredStructure& sample, const std::vector<Nucleotide>& folded, SampleConsistency& consistency) {
  if (folded.size() != sample.backbone.size()) {
    fail("the folded structure has {} nucleotides, the sample {}", folded.size(), sample.backbone.size());
  }
  std::vector<Vec3> c3, c4;
  for (const Nucleotide& nucleotide : folded) {
    c3.push_back(nucleotide.atoms[kC3]);
    c4.push_back(nucleotide.atoms[kC4]);
  }
  const double tm = tm_score(c3, sample.c3, static_cast<int>(c3.size())).value;
  const double rmsd = superpose(c4, sample.backbone.positions(kC4)).rmsd;
  consistency.tm = std::max(consistency.tm.value_or(0.0), tm);
  consistency.rmsd = std::min(consistency.rmsd.value_or(rmsd), rmsd);
  ++consistency.folded;
}

SampleConsistency check_sample(const MeasuredStructure& sample, const SelfConsistencySettings& settings,
                               const CommandTemplate& inverse_folding, const CommandTemplate& folding,
                               CommandCache& cache, const SelfConsistencyCalls& calls) {
  SampleConsistency consistency;
  const auto attempt = [&](const auto& step) {
    try {
      step();
    } catch (const Error& error) {
      ++consistency.failures;
      if (consistency.first_failure.empty()) consistency.first_failure = error.what();
    }
  };
  std::vector<std::string> sequences;
  attempt([&] {
    cache.run("inverse folding", inverse_folding, "{backbone}", "backbone.pdb", backbone_pdb(sample.backbone),
              "{fasta}", "sequences.fasta", [&](const std::string& fasta) {
                sequences = read_sequences(fasta, sample.backbone.size(), static_cast<std::size_t>(settings.sequences));
              });
  });
  for (std::size_t k = 0; k < sequences.size(); ++k) {
    if (calls.stop && calls.stop()) break;
    attempt([&] {
      cache.run("folding", folding, "{fasta}", "sequence.fasta", fmt::format(">sequence\n{}\n", sequences[k]),
                "{structure}", "structure.pdb",
                [&](const std::string& text) { compare(sample, folded_nucleotides(text), consistency); });
    });
  }
  return consistency;
}

}  // namespace

void SelfConsistencySettings::validate() const {
  check_program("inverse-folding", inverse_folding_command(*this));
  check_program("folding", folding_command(*this));
  if (sequences < 1) fail_usage("--sequences {}: at least one is needed", sequences);
  if (!(time_limit > 0.0)) fail_usage("--time-limit {}: it must be positive (seconds)", time_limit);
  if (jobs < 1) fail_usage("--jobs {}: at least one is needed", jobs);
}

SelfConsistency check_consistency(std::span<const MeasuredStructure> samples, const SelfConsistencySettings& settings,
                                  const SelfConsistencyCalls& calls) {
  settings.validate();
  const CommandTemplate inverse_folding = inverse_folding_command(settings), folding = folding_command(settings);
  CommandCache cache(settings, calls);
  SelfConsistency result;
  result.of.resize(samples.size());
  std::atomic<std::size_t> next = 0, done = 0;
  std::exception_ptr error;
  std::mutex error_mutex;
  const auto work = [&] {
    try {
      for (std::size_t i = next++; i < samples.size(); i = next++) {
        if (calls.stop && calls.stop()) return;
        result.of[i] = check_sample(samples[i], settings, inverse_folding, folding, cache, calls);
        if (calls.progress) calls.progress(++done);
      }
    } catch (...) {
      next = samples.size();  // stops the other threads, too
      const std::lock_guard lock(error_mutex);
      error = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> others;
    for (int t = 1; t < settings.jobs; ++t) others.emplace_back(work);
    work();
  }
  if (error) std::rethrow_exception(error);
  result.commands = cache.commands();
  result.kept = cache.kept();
  for (const SampleConsistency& consistency : result.of) {
    result.failures += static_cast<std::size_t>(consistency.failures);
  }
  return result;
}

std::string backbone_pdb(const StoredBackbone& backbone) {
  Chain chain;
  chain.id = "A";
  chain.nucleotides = backbone.nucleotides();
  for (Nucleotide& nucleotide : chain.nucleotides) {
    if (nucleotide.base != Base::N) continue;
    nucleotide.base = Base::A;
    nucleotide.name = base_letter(Base::A);
  }
  Structure structure;
  structure.entry = "backbone";
  structure.chains.push_back(std::move(chain));
  return to_pdb(structure);
}

Proportion wilson_proportion(std::size_t successes, std::size_t count) {
  Proportion proportion{successes, count, 0.0, 1.0};
  if (count == 0) return proportion;
  constexpr double kZ = 1.959963984540054;  // 97.5th percentile of the normal distribution
  const double n = static_cast<double>(count), p = static_cast<double>(successes) / n;
  const double center = p + kZ * kZ / (2.0 * n);
  const double half = kZ * std::sqrt(p * (1.0 - p) / n + kZ * kZ / (4.0 * n * n));
  const double divisor = 1.0 + kZ * kZ / n;
  // Exact at the ends, without rounding.
  proportion.low = successes == 0 ? 0.0 : (center - half) / divisor;
  proportion.high = successes == count ? 1.0 : (center + half) / divisor;
  return proportion;
}

std::vector<LengthValidity> validity_by_length(std::span<const int> lengths,
                                               std::span<const std::optional<double>> tm_scores, double least_tm) {
  constexpr std::size_t kMostLengths = 12;
  constexpr int kRange = 20;  // nt
  const bool ranges = std::set<int>(lengths.begin(), lengths.end()).size() > kMostLengths;
  std::map<int, LengthValidity> rows;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    if (!tm_scores[i]) continue;
    const int first = ranges ? lengths[i] / kRange * kRange : lengths[i];
    LengthValidity& row = rows[first];
    row.first = first;
    row.last = ranges ? first + kRange - 1 : first;
    ++row.valid.count;
    row.valid.successes += *tm_scores[i] >= least_tm;
  }
  std::vector<LengthValidity> result;
  for (auto& [first, row] : rows) {
    row.valid = wilson_proportion(row.valid.successes, row.valid.count);
    result.push_back(row);
  }
  return result;
}

}  // namespace flashrna
