#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <cmath>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/error.h"
#include "base/thread_limits.h"
#include "cli/commands.h"
#include "cli/device.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/sleeping_threads.h"
#include "cli/table.h"
#include "cli/version.h"
#include "kernels/cuda_backend.h"
#include "kernels/cuda_probe.h"
#include "kernels/cuda_support.h"
#include "kernels/device_checks.h"
#include "kernels/flash_ipa/flash_ipa.h"
#include "kernels/torch_headers.h"
#include "libfold/distributed/communicator.h"
#include "libfold/distributed/launch.h"

namespace flashrna {
namespace {

using Json = nlohmann::ordered_json;

struct Fact {
  std::string item, value;
};

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name")) return line.substr(line.find(": ") + 2);
  return "unknown";
}

// The text, or the message of the error, so that a faulty device does not hide the others.
std::string text_or_failure(const std::function<std::string()>& text) {
  try {
    return text();
  } catch (const c10::Error& failure) {
    return fmt::format("failed: {}", failure.what_without_backtrace());
  } catch (const std::exception& failure) {
    return fmt::format("failed: {}", failure.what());
  }
}

std::string cuda_device_text(at::Device where) {
  const CudaDevice device = describe_cuda_device(where.index());
  const std::string text = fmt::format(
      "{}, capability {}.{}, {} multiprocessors, {:.1f} GB, {} kB of shared memory a block; driver for CUDA {}, "
      "runtime {}; ",
      device.name, device.capability / 10, device.capability % 10, device.multiprocessors,
      static_cast<double>(device.memory_bytes) / 1e9, device.shared_bytes_per_block / 1024,
      cuda_version_text(device.driver_version), cuda_version_text(device.runtime_version));
  if (const std::string problem = device_problem(where.index()); !problem.empty()) return text + "not used: " + problem;
  const int architecture = probe_cuda_architecture(current_cuda_stream(where));
  return fmt::format("{}our kernels run as compiled for {}.{}", text, architecture / 10, architecture % 10);
}

// False only if the device is known to be unsupported. A device whose properties cannot be queried is checked and
// fails.
bool is_supported(at::Device device) { return !device.is_cuda() || device_problem(device.index()).empty(); }

// The CPU and every CUDA device, or the device given by --device.
std::vector<at::Device> devices_of(const CommonOptions& common) {
  CommonOptions silent = common;
  silent.quiet = true;  // the table says why no CUDA device is used
  const std::string selected = select_device(silent);
  if (common.device != "auto") return {at::Device(selected)};
  std::vector<at::Device> devices = {at::kCPU};
  for (int i = 0; i < count_cuda_devices(); ++i) devices.emplace_back(at::kCUDA, static_cast<c10::DeviceIndex>(i));
  return devices;
}

std::vector<Fact> facts_of(const std::vector<at::Device>& devices) {
  std::vector<Fact> facts;
  std::istringstream versions(version_text());
  for (std::string line; std::getline(versions, line);) {
    const std::size_t gap = line.find(' ');
    facts.push_back({line.substr(0, gap), line.substr(line.find_first_not_of(' ', gap))});
  }
  facts.push_back({"threads by default", find_thread_limits().text()});
  facts.push_back({"waiting threads", waiting_threads_text()});
  facts.push_back({"processes to train with", text_or_failure([] { return find_launch().text(); })});
  facts.push_back({"they talk through", communicator_text()});
  for (const at::Device device : devices) {
    const std::string name = device.str();
    facts.push_back({name, text_or_failure([&] {
                       return device.is_cuda() ? cuda_device_text(device)
                                               : fmt::format("{}, {} threads", processor_name(), at::get_num_threads());
                     })});
    facts.push_back({"attention on " + name, text_or_failure([&] {
                       const AttentionChoice choice = explain_attention_backend(device);
                       return fmt::format("auto takes {}: {}", attention_backend_name(choice.backend), choice.reason);
                     })});
  }
  if (count_cuda_devices() > 0) facts.push_back({"cuda", cuda_precision_text()});
  if (const std::string warning = tf32_override_warning(); FLASHRNA_WITH_CUDA && !warning.empty())
    facts.push_back({"warning", warning});
  if (count_cuda_devices() == 0)
    facts.push_back({"cuda", why_no_cuda().empty() ? "the driver shows no device" : "not used: " + why_no_cuda()});
  return facts;
}

void print_tables(const std::vector<Fact>& facts, const std::vector<DeviceCheck>& checks) {
  Table about({"item", "value"});
  for (const Fact& fact : facts) about.add_row({fact.item, fact.value});
  about.print(false);
  fmt::print("\n");
  Table table({"device", "operation", "check", "error", "allowed", "passed", "seconds"});
  for (const DeviceCheck& check : checks)
    table.add_row({check.device,
                   check.operation,
                   check.claim,
                   check.failure.empty() ? Table::Cell(check.error, 2) : Table::Cell(check.failure),
                   {check.allowed, 2},
                   check.passed(),
                   {check.seconds, 2}});
  table.print(false);
}

void print_as_json(const std::vector<Fact>& facts, const std::vector<DeviceCheck>& checks, bool passed) {
  Json about = Json::object(), list = Json::array();
  for (const Fact& fact : facts) about[fact.item] = fact.value;
  for (const DeviceCheck& check : checks) {
    list.push_back({{"device", check.device},
                    {"operation", check.operation},
                    {"check", check.claim},
                    {"error", check.failure.empty() && std::isfinite(check.error) ? Json(check.error) : Json(nullptr)},
                    {"allowed", check.allowed},
                    {"passed", check.passed()},
                    {"seconds", check.seconds}});
    if (!check.failure.empty()) list.back()["failure"] = check.failure;
  }
  print_json({{"about", about}, {"checks", list}, {"passed", passed}});
}

}  // namespace

int doctor_main(const std::vector<std::string>& arguments) {
  double tolerance = 1.0;
  CommonOptions common;
  CommandLine line(
      "doctor",
      "Looks at this machine: versions, devices, the attention backend that auto takes and why; and checks "
      "that every operation computes what it should here: against its definition, under rigid motion, its "
      "gradients. Exit status 1 if any check fails. With --device auto it is the CPU and every CUDA device of "
      "capability "
      "8.0 or newer.",
      "flashrna doctor");
  line.option("tolerance", tolerance, "FACTOR", "times what is allowed; below 1 is stricter");
  line.common(common);
  if (!line.parse(arguments)) return 0;
  if (!(tolerance >= 0)) fail_usage("--tolerance {}: must be at least 0", tolerance);

  const std::vector<at::Device> devices = devices_of(common);
  const std::vector<Fact> facts = facts_of(devices);
  std::vector<DeviceCheck> checks;
  {
    Progress progress("checking", "checks", 0, common.quiet);
    for (const at::Device device : devices) {
      // An unsupported device that was not requested is no failure; it may serve another purpose.
      if (common.device == "auto" && !is_supported(device)) continue;
      for (const DeviceCheck& check : check_device(device, tolerance, [&](const DeviceCheck&) { progress.advance(); }))
        checks.push_back(check);
    }
  }
  std::vector<DeviceCheck> failed;
  for (const DeviceCheck& check : checks)
    if (!check.passed()) failed.push_back(check);
  common.json ? print_as_json(facts, checks, failed.empty()) : print_tables(facts, checks);
  if (failed.empty()) return 0;
  const DeviceCheck& first = failed.front();
  fail(
      "{} of {} checks failed, the first: {} on {}: {}: {}; compute with another --device or --model.attention, and "
      "report this output",
      failed.size(), checks.size(), first.operation, first.device, first.claim,
      first.failure.empty() ? fmt::format("{:.2g}, allowed {:.2g}", first.error, first.allowed) : first.failure);
}

}  // namespace flashrna
