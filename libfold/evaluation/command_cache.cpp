#include "libfold/evaluation/command_cache.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/sha256.h"
#include "base/subprocess.h"

namespace flashrna {

namespace fs = std::filesystem;

void check_program(const std::string& option, const CommandTemplate& command) {
  const std::string program = command.words({}).front();
  const bool exists = program.find('/') != std::string::npos ? access(program.c_str(), X_OK) == 0 : is_program(program);
  if (!exists) fail_usage("--{}: there is no program \"{}\"", option, program);
}

CommandCache::CommandCache(const std::string& folder, double time_limit, const std::function<bool()>& stop)
    : folder_(fs::absolute(folder).lexically_normal().string()), time_limit_(time_limit), stop_(stop) {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) fail("{}: cannot be made: {}", folder, error.message());
}

void CommandCache::run(const CommandCall& call, const std::function<void(const std::string&)>& use) {
  ++commands_;
  const auto named = [&](const std::string& placeholder) {
    return call.command.text().find(placeholder) != std::string::npos;
  };
  std::string key = fmt::format("{}\n{}", call.name, call.command.text());
  for (const auto& [placeholder, number] : call.numbers) key += "\n" + (named(placeholder) ? number : "");
  for (const CommandInput& input : call.inputs) {
    if (named(input.placeholder)) key += "\n" + input.text;
  }
  const std::string hash = sha256_hex(key);
  const std::string kept = folder_ + "/" + hash + ".result";  // must not look like a structure: samples may be near
  if (fs::exists(kept)) {
    ++kept_;
    return use(read_file(kept));
  }
  const std::string job = make_job_folder();
  const std::string log = fmt::format("{}/{}.log", folder_, hash);
  const std::string output_path = job + "/" + call.output_name;
  try {
    std::map<std::string, std::string> values = call.numbers;
    values[call.output] = output_path;
    for (const CommandInput& input : call.inputs) {
      if (!named(input.placeholder)) continue;
      values[input.placeholder] = job + "/" + input.file_name;
      write_file_atomically(values[input.placeholder], input.text);
    }
    run_program(call.command.words(values), log, ProgramLimits{time_limit_, stop_});
    if (!fs::exists(output_path)) fail("{} wrote no {}; what it said is in {}", call.name, call.output, log);
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

// Hidden, so that its files are not mistaken for samples. Unique to one job, even if several processes share the cache.
std::string CommandCache::make_job_folder() const {
  std::string path = folder_ + "/.job-XXXXXX";
  if (mkdtemp(path.data()) == nullptr) fail("{}: cannot be made: {}", path, std::strerror(errno));
  return path;
}

}  // namespace flashrna
