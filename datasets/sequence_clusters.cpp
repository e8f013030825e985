#include "datasets/sequence_clusters.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <unordered_map>

#include "base/error.h"
#include "base/sha256.h"
#include "base/subprocess.h"
#include "base/thread_limits.h"
#include "datasets/kmer_clusters.h"

namespace flashrna {

namespace fs = std::filesystem;

namespace {

// A temporary folder; the destructor removes it with its content.
class WorkFolder {
 public:
  WorkFolder() {
    std::string name = (fs::temp_directory_path() / "flashrna-clusters-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) fail("{}: cannot make a temporary folder", name);
    path_ = name;
  }
  ~WorkFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;
  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  fs::path path_;
};

// The names are the indices. Both programs expect DNA letters.
void write_fasta(const std::string& path, const std::vector<std::string>& sequences) {
  std::ofstream fasta(path);
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    std::string letters = sequences[i];
    std::replace(letters.begin(), letters.end(), 'U', 'T');
    fasta << '>' << i << '\n' << letters << '\n';
  }
  if (!fasta.flush()) fail("{}: cannot be written; is the disk full?", path);
}

// Longest word length that still finds all pairs of this identity (CD-HIT user's guide).
int word_length(double identity) {
  if (identity >= 0.95) return 10;
  if (identity >= 0.9) return 8;
  if (identity >= 0.88) return 7;
  if (identity >= 0.85) return 6;
  return identity >= 0.8 ? 5 : 4;
}

// Maps each member to its representative, both as indices.
using Representatives = std::unordered_map<std::size_t, std::size_t>;

Representatives run_mmseqs(const WorkFolder& folder, const SequenceClustering& options, const std::string& threads) {
  run_program({"mmseqs", "easy-cluster", folder.file("all.fasta"), folder.file("out"), folder.file("tmp"),
               "--min-seq-id", fmt::format("{}", options.identity), "-c", fmt::format("{}", options.coverage),
               "--cov-mode", "0", "--dbtype", "2", "-k", "11", "--threads", threads},
              folder.file("log"));
  Representatives representatives;
  std::ifstream table(folder.file("out_cluster.tsv"));
  for (std::size_t representative, member; table >> representative >> member;) representatives[member] = representative;
  return representatives;
}

Representatives run_cd_hit(const WorkFolder& folder, const SequenceClustering& options, const std::string& threads) {
  // -r 0: a strand and its complement are different sequences. -g 1: assign to the best cluster, not to the first. -l:
  // minimum length.
  run_program({"cd-hit-est",
               "-i",
               folder.file("all.fasta"),
               "-o",
               folder.file("out"),
               "-c",
               fmt::format("{}", options.identity),
               "-n",
               std::to_string(word_length(options.identity)),
               "-aL",
               fmt::format("{}", options.coverage),
               "-aS",
               fmt::format("{}", options.coverage),
               "-r",
               "0",
               "-g",
               "1",
               "-l",
               std::to_string(word_length(options.identity)),
               "-d",
               "0",
               "-M",
               "0",
               "-T",
               threads},
              folder.file("log"));
  Representatives representatives;
  std::ifstream table(folder.file("out.clstr"));
  std::size_t first = 0;
  bool starts = false;
  for (std::string line; std::getline(table, line);) {  // "0  76nt, >12... *"
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

std::string installed_clustering() {
  for (const char* program : {"mmseqs", "cd-hit-est"})
    if (is_program(program)) return program;
  return kSharedWords;
}

void check_clustering(const SequenceClustering& options) {
  if (options.program == kSharedWords) return;
  const bool is_mmseqs = options.program == "mmseqs";
  if (!is_mmseqs && options.program != "cd-hit-est") {
    fail_usage("--cluster-with \"{}\" is not mmseqs, cd-hit-est or {}", options.program, kSharedWords);
  }
  const double lowest = is_mmseqs ? 0.0 : 0.75;
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
  if (options.program == kSharedWords) return cluster_by_words(sequences);
  std::vector<std::string> distinct;
  std::unordered_map<std::string, std::size_t> place;
  for (const std::string& sequence : sequences) {
    if (place.emplace(sequence, distinct.size()).second) distinct.push_back(sequence);
  }
  const WorkFolder folder;
  write_fasta(folder.file("all.fasta"), distinct);
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
