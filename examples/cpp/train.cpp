// Trains a model from a configuration file, and stops when the loss has halved.
//   train CONFIG.ini DATASET.h5 FOLDER
#include <libfold/configuration.h>
#include <libfold/run_config.h>
#include <libfold/training/trainer.h>

#include <cmath>
#include <cstdio>
#include <exception>

static int run(const char* ini, const char* dataset, const char* folder) {
  flashrna::RunConfig config;
  flashrna::Configuration configuration;  // names the fields of `config`
  config.add_options(configuration);
  configuration.read_ini(ini);
  configuration.set("data.path", dataset, "DATASET");
  config.validate();

  flashrna::Trainer trainer(config, configuration, folder, /*resume=*/false, at::kCPU);
  std::printf("%s\n%lld parameters\n", trainer.data_summary().c_str(),
              static_cast<long long>(trainer.parameter_count()));
  double mean = 0, first = 0;
  flashrna::TrainingObserver observer;
  observer.on_step = [&](const flashrna::TrainingProgress& now) {
    mean = now.step == 1 ? now.loss : 0.9 * mean + 0.1 * now.loss;
    if (now.step == 1) first = mean;
  };
  observer.stop = [&] { return mean < 0.5 * first; };
  const flashrna::TrainingResult result = trainer.run(observer);
  std::printf("step %lld: loss %.3f, at first %.3f; %s\n", static_cast<long long>(result.step), mean, first,
              result.checkpoint.c_str());
  return std::isfinite(mean) ? 0 : 1;
}

int main(int argc, char** argv) {
  if (argc != 4) return std::fprintf(stderr, "usage: train CONFIG.ini DATASET.h5 FOLDER\n"), 2;
  try {
    return run(argv[1], argv[2], argv[3]);
  } catch (const std::exception& error) {
    return std::fprintf(stderr, "error: %s\n", error.what()), 1;
  }
}
