#include "datasets/sequence_clusters.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <unordered_map>

#include "base/error.h"
#include "base/sha256.h"
#include "base/subprocess.h"
#include "base/thread_limits.h"
#include "base/work_folder.h"
#include "datasets/kmer_clusters.h"
#include "datasets/polymer_name.h"

namespace flashrna {

namespace {

// The names are the indices. Of RNA, both programs expect DNA letters.
void write_fasta(const std::string& path, const std::vector<std::string>& sequences, Polymer polymer) {
  std::ofstream fasta(path);
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    std::string letters = sequences[i];
    if (polymer == Polymer::kRna) std::replace(letters.begin(), letters.end(), 'U', 'T');
    fasta << '>' << i << '\n' << letters << '\n';
  }
  if (!fasta.flush()) fail("{}: cannot be written; is the disk full?", path);
}

// Longest word length that still finds all pairs of this identity (CD-HIT user's guide).
int word_length(double identity, Polymer polymer) {
  if (polymer == Polymer::kProtein) return identity >= 0.7 ? 5 : identity >= 0.6 ? 4 : identity >= 0.5 ? 3 : 2;
  if (identity >= 0.95) return 10;
  if (identity >= 0.9) return 8;
  if (identity >= 0.88) return 7;
  if (identity >= 0.85) return 6;
  return identity >= 0.8 ? 5 : 4;
}

// Maps each member to its representative, both as indices.
using Representatives = std::unordered_map<std::size_t, std::size_t>;

Representatives run_mmseqs(const WorkFolder& folder, const SequenceClustering& options, const std::string& threads) {
  std::vector<std::string> words = {"mmseqs",
                                    "easy-cluster",
                                    folder.file("all.fasta"),
                                    folder.file("out"),
                                    folder.file("tmp"),
                                    "--min-seq-id",
                                    fmt::format("{}", options.identity),
                                    "-c",
                                    fmt::format("{}", options.coverage),
                                    "--cov-mode",
                                    "0",
                                    "--threads",
                                    threads};
  // Amino acids: the program's own word length, which depends on the size of the set.
  const std::vector<std::string> alphabet = options.polymer == Polymer::kRna
                                                ? std::vector<std::string>{"--dbtype", "2", "-k", "11"}
                                                : std::vector<std::string>{"--dbtype", "1"};
  words.insert(words.end(), alphabet.begin(), alphabet.end());
  run_program(words, folder.file("log"));
  Representatives representatives;
  std::ifstream table(folder.file("out_cluster.tsv"));
  for (std::size_t representative, member; table >> representative >> member;) representatives[member] = representative;
  return representatives;
}

Representatives run_cd_hit(const WorkFolder& folder, const SequenceClustering& options, const std::string& threads) {
  // -g 1: assign to the best cluster, not to the first. -l: minimum length.
  const std::string length = std::to_string(word_length(options.identity, options.polymer));
  const std::string identity = fmt::format("{}", options.identity), coverage = fmt::format("{}", options.coverage);
  std::vector<std::string> words = {cd_hit_program(options.polymer),
                                    "-i",
                                    folder.file("all.fasta"),
                                    "-o",
                                    folder.file("out"),
                                    "-c",
                                    identity,
                                    "-n",
                                    length,
                                    "-aL",
                                    coverage,
                                    "-aS",
                                    coverage,
                                    "-g",
                                    "1",
                                    "-l",
                                    length,
                                    "-d",
                                    "0",
                                    "-M",
                                    "0",
                                    "-T",
                                    threads};
  // A strand and its complement are different sequences.
  if (options.polymer == Polymer::kRna) words.insert(words.end(), {"-r", "0"});
  run_program(words, folder.file("log"));
  Representatives representatives;
  std::ifstream table(folder.file("out.clstr"));
  std::size_t first = 0;
  bool starts = false;
  for (std::string line; std::getline(table, line);) {  // "0  76nt, >12... *", of amino acids "76aa"
    if (line.starts_with('>')) {
      starts = true;
      continue;
    }
    const std::size_t name = line.find('>');
    if (name == std::string::npos) continue;
    const std::size_t member = std::stoul(line.substr(name + 1));
    if (starts) first = member;
    starts = false;
    representatives[member] = first;
  }
  return representatives;
}

}  // namespace

std::string installed_clustering(Polymer polymer) {
  for (const char* program : {"mmseqs", cd_hit_program(polymer)})
    if (is_program(program)) return program;
  return shared_words(polymer);
}

void check_clustering(const SequenceClustering& options) {
  const char* const words = shared_words(options.polymer);
  const char* const cd_hit = cd_hit_program(options.polymer);
  if (options.program == words) return;
  const bool is_mmseqs = options.program == "mmseqs";
  if (!is_mmseqs && options.program != cd_hit) {
    fail_usage("--cluster-with \"{}\" is not mmseqs, {} or {}, as a dataset of {} needs it", options.program, cd_hit,
               words, polymer_title(options.polymer));
  }
  const double lowest = is_mmseqs ? 0.0 : options.polymer == Polymer::kRna ? 0.75 : 0.4;
  if (!(options.identity >= lowest && options.identity <= 1.0)) {
    fail_usage("--identity \"{}\" is not from {} to 1 as {} needs it", options.identity, lowest, options.program);
  }
  if (!(options.coverage >= 0.0 && options.coverage <= 1.0)) {
    fail_usage("--coverage \"{}\" is not from 0 to 1", options.coverage);
  }
  if (!is_program(options.program)) {
    fail(
        "{} is not installed; on Debian and Ubuntu: sudo apt-get install {}. Or give a table of clusters with "
        "--clusters FILE",
        options.program, is_mmseqs ? "mmseqs2" : "cd-hit");
  }
}

std::vector<int> cluster_sequences(const std::vector<std::string>& sequences, const SequenceClustering& options) {
  check_clustering(options);
  if (options.program == shared_words(options.polymer)) return cluster_by_words(sequences, options.polymer);
  std::vector<std::string> distinct;
  std::unordered_map<std::string, std::size_t> place;
  for (const std::string& sequence : sequences) {
    if (place.emplace(sequence, distinct.size()).second) distinct.push_back(sequence);
  }
  const WorkFolder folder("clusters");
  write_fasta(folder.file("all.fasta"), distinct, options.polymer);
  const std::string threads = std::to_string(thread_count(options.threads));
  const Representatives representatives =
      options.program == "mmseqs" ? run_mmseqs(folder, options, threads) : run_cd_hit(folder, options, threads);
  std::vector<int> clusters;
  std::unordered_map<std::size_t, int> numbers;
  for (const std::string& sequence : sequences) {
    const std::size_t member = place.at(sequence);
    const auto found = representatives.find(member);
    const std::size_t representative = found != representatives.end() ? found->second : member;
    clusters.push_back(numbers.emplace(representative, static_cast<int>(numbers.size())).first->second);
  }
  return clusters;
}

std::string clustering_mark(const std::string& how, const std::vector<std::string>& ids,
                            const std::vector<int>& clusters) {
  std::string table;
  for (std::size_t i = 0; i < ids.size(); ++i) table += fmt::format("{},{}\n", ids[i], clusters[i]);
  return fmt::format("{}:{}", how, sha256_hex(table).substr(0, 16));
}

}  // namespace flashrna
