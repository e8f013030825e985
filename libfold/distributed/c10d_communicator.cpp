// c10d: TCPStore or FileStore for the meeting, Gloo for operations on the CPU, NCCL for those on a GPU
// (nccl_backend.h). Without NCCL, Gloo also takes tensors on a GPU, by way of the host. Compiled with LibTorch's own
// settings of USE_DISTRIBUTED and USE_C10D_GLOO, which differ from those of the rest of the project; this is why no
// precompiled header is used here.
#include <dlfcn.h>
#include <sys/stat.h>

#include <charconv>
#include <cstdlib>
#include <ctime>
#include <future>
#include <memory>
#include <stdexcept>
#include <thread>
#include <torch/csrc/distributed/c10d/FileStore.hpp>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <utility>

#include "base/error.h"
#include "libfold/distributed/communicator.h"
#include "libfold/distributed/nccl_backend.h"

namespace flashrna {
namespace {

using Milliseconds = std::chrono::milliseconds;

// The message of a c10d exception in one line, without its backtrace and the name of a source file.
std::string short_text(const std::exception& error) {
  std::string text = error.what();
  text = text.substr(0, text.find("\nException raised from"));
  text = text.substr(0, text.find("\nC++ CapturedTraceback"));
  if (text.starts_with("[") && text.find("] ") != std::string::npos) text = text.substr(text.find("] ") + 2);
  return text.substr(0, text.find('\n'));
}

struct Address {
  std::string host;
  std::uint16_t port = 0;
};

Address address_of(const std::string& rendezvous) {
  const std::string text = rendezvous.substr(std::string("tcp://").size());
  const std::size_t colon = text.rfind(':');
  Address address{text.substr(0, colon)};
  const char* end = text.data() + text.size();
  if (colon == std::string::npos || colon == 0 ||
      std::from_chars(text.data() + colon + 1, end, address.port) != std::from_chars_result{end, std::errc()} ||
      address.port == 0)
    fail_usage("rendezvous \"{}\": must be tcp://HOST:PORT with a port from 1 to 65535", rendezvous);
  return address;
}

// TCPStore waits without end for the greeting of a program that listens on the port and says nothing; then its thread
// is left behind, and an error ends the process.
c10::intrusive_ptr<c10d::Store> connect(const std::string& host, const c10d::TCPStoreOptions& options) {
  using Store = c10::intrusive_ptr<c10d::Store>;
  const auto connecting = std::make_shared<std::packaged_task<Store()>>(
      [host, options]() -> Store { return c10::make_intrusive<c10d::TCPStore>(host, options); });
  std::future<Store> store = connecting->get_future();
  std::thread([connecting] { (*connecting)(); }).detach();
  if (store.wait_for(options.timeout + std::chrono::seconds(2)) != std::future_status::ready)
    throw std::runtime_error("what listens there does not answer");
  return store.get();
}

c10::intrusive_ptr<c10d::Store> open_tcp(const Launch& launch, Milliseconds timeout) {
  const Address address = address_of(launch.rendezvous);
  c10d::TCPStoreOptions options;
  options.port = address.port;
  options.isServer = launch.rank == 0 && launch.serves_rendezvous;
  options.numWorkers = static_cast<std::size_t>(launch.size);
  options.waitWorkers = launch.serves_rendezvous;
  options.timeout = timeout;
  try {
    return connect(address.host, options);
  } catch (const std::exception& error) {
    const std::string text = short_text(error);
    if (options.isServer && (text.find("EADDRINUSE") != std::string::npos || text.find("listen") != std::string::npos))
      fail("port {} of this machine is in use, so that rank 0 cannot listen there; set MASTER_PORT to another ({})",
           address.port, text);
    if (options.isServer)
      fail("only some of the {} processes came to {} within {} s; look for the error of those that did not ({})",
           launch.size, launch.rendezvous, timeout.count() / 1000, text);
    fail("rank {}: nobody answers at {} within {} s; is rank 0 running there, and does a firewall close the port? ({})",
         launch.rank, launch.rendezvous, timeout.count() / 1000, text);
  }
}

// A file that an earlier run left would mix its keys with ours. One that nobody changed for longer than the timeout is
// of no process that still waits.
c10::intrusive_ptr<c10d::Store> open_file(const Launch& launch, Milliseconds timeout) {
  const std::string path = launch.rendezvous.substr(std::string("file://").size());
  struct stat status {};
  if (stat(path.c_str(), &status) == 0 && status.st_size > 0 &&
      std::time(nullptr) - status.st_mtime > timeout.count() / 1000)
    fail("{}: is left from an earlier run; remove it, or give --rendezvous another file", path);
  try {
    auto store = c10::make_intrusive<c10d::FileStore>(path, launch.size);
    store->setTimeout(timeout);
    return store;
  } catch (const std::exception& error) {
    fail("{}: cannot be made, so that the processes do not meet: {}", path, short_text(error));
  }
}

c10::intrusive_ptr<c10d::Store> open_store(const Launch& launch, Milliseconds timeout) {
  c10::intrusive_ptr<c10d::Store> store =
      launch.rendezvous.starts_with("file://") ? open_file(launch, timeout) : open_tcp(launch, timeout);
  if (!launch.attempt.empty())
    store = c10::make_intrusive<c10d::PrefixStore>("flashrna/attempt_" + launch.attempt, store);
  return store;
}

// The network interface: GLOO_SOCKET_IFNAME as in PyTorch; else the loopback if all processes are here; else that of
// the machine's name.
std::shared_ptr<gloo::transport::Device> network_device(const Launch& launch) {
  using Gloo = c10d::ProcessGroupGloo;
  if (const char* name = std::getenv("GLOO_SOCKET_IFNAME"); name != nullptr && *name != '\0')
    return Gloo::createDeviceForInterface(name);
  const bool local = launch.one_machine() || launch.rendezvous.starts_with("tcp://127.") ||
                     launch.rendezvous.starts_with("tcp://localhost:");
  return local ? Gloo::createDeviceForHostname("127.0.0.1") : Gloo::createDefaultDevice();
}

// NCCL's function to open it; nullptr if the build has none, or if it is not beside the program.
OpenNccl find_nccl() {
  static void* const object = dlopen(kNcclObject, RTLD_NOW);
  return object == nullptr ? nullptr : reinterpret_cast<OpenNccl>(dlsym(object, kOpenNccl));
}

class C10dCommunicator : public Communicator {
 public:
  C10dCommunicator(const Launch& launch, Milliseconds timeout)
      : launch_(launch), timeout_(timeout), store_(open_store(launch, timeout)) {
    const auto options = c10d::ProcessGroupGloo::Options::create(timeout);
    try {
      options->devices.push_back(network_device(launch));
      gloo_ = c10::make_intrusive<c10d::ProcessGroupGloo>(c10::make_intrusive<c10d::PrefixStore>("gloo", store_),
                                                          launch.rank, launch.size, options);
    } catch (const std::exception& error) {
      fail(
          "rank {}: the {} processes met at {}, but cannot all reach each other within {} s; set GLOO_SOCKET_IFNAME to "
          "the network interface between the machines ({})",
          launch.rank, launch.size, launch.rendezvous, timeout.count() / 1000, short_text(error));
    }
  }

  std::function<void()> sum(at::Tensor values) override {
    return pending([&] {
      std::vector<at::Tensor> tensors{values};
      return backend_for(values).allreduce(tensors);
    });
  }

  void broadcast(at::Tensor values, int from) override {
    pending([&] {
      std::vector<at::Tensor> tensors{values};
      c10d::BroadcastOptions options;
      options.rootRank = from;
      return backend_for(values).broadcast(tensors, options);
    })();
  }

 private:
  // All processes reach the first operation on a GPU together, so that NCCL is opened there: a run on CPUs needs no
  // GPU.
  c10d::Backend& backend_for(const at::Tensor& values) {
    const OpenNccl open = values.is_cuda() && !nccl_ ? find_nccl() : nullptr;
    if (open != nullptr) open(store_, launch_.rank, launch_.size, timeout_, nccl_);
    return values.is_cuda() && nccl_ ? *nccl_ : *gloo_;
  }

  template <typename Start>
  std::function<void()> pending(const Start& start) const {
    try {
      return [this, work = start()] {
        try {
          work->wait();
        } catch (const std::exception& error) {
          fail_lost(error);
        }
      };
    } catch (const std::exception& error) {
      fail_lost(error);
    }
  }

  [[noreturn]] void fail_lost(const std::exception& error) const {
    fail(
        "rank {} of {}: another process has ended, or did not answer for {} s ({}); its own error says why; the last "
        "checkpoint is whole, continue with --resume",
        launch_.rank, launch_.size, timeout_.count() / 1000, short_text(error));
  }

  const Launch launch_;
  const Milliseconds timeout_;
  c10::intrusive_ptr<c10d::Store> store_;
  c10::intrusive_ptr<c10d::Backend> gloo_;
  c10::intrusive_ptr<c10d::Backend> nccl_;  // opened by the first operation on a GPU
};

}  // namespace

std::shared_ptr<Communicator> connect_processes(const Launch& launch, std::chrono::seconds timeout) {
  return std::make_shared<C10dCommunicator>(launch, timeout);
}

const char* communicator_text() { return FLASHRNA_WITH_NCCL ? "Gloo on CPUs, NCCL on GPUs" : "Gloo"; }

}  // namespace flashrna
