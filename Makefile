# Short commands for the CMake presets cpu, cuda and asan. `make help` lists the targets.
NVCC := $(firstword $(wildcard $(CUDA_HOME)/bin/nvcc) $(shell command -v nvcc) $(wildcard /usr/local/cuda/bin/nvcc))
PRESET ?= $(if $(NVCC),cuda,cpu)
PROGRAM := build/$(PRESET)/flashrna
PREFIX ?= /usr/local

.PHONY: help deps build program test tidy check-all install demo overfit clean

help:
	@echo "make deps      install missing packages of the distribution, and LibTorch"
	@echo "make build     build/$(PRESET)/flashrna and its tests"
	@echo "make test      build and run all tests except the slow ones"
	@echo "make tidy      clang-tidy on the sources changed since origin/main"
	@echo "make check-all all of test, the slow tests, the sanitizers, and a build without CUDA and tests; two hours"
	@echo "make install   the program, its configurations, and the libraries for C++, below PREFIX=$(PREFIX)"
	@echo "make demo      sample, evaluate and train on real RNA; ten minutes"
	@echo "make overfit   overfit one tRNA and measure how well it is generated; ten minutes"
	@echo "make clean     remove build/$(PRESET)"
	@echo "PRESET=cpu, cuda or asan chooses what is built; here it is $(PRESET)"

deps:
	@scripts/install_dependencies.sh $(if $(filter cuda,$(PRESET)),cuda,cpu)

build: deps
	@cmake --preset $(PRESET)
	@cmake --build --preset $(PRESET)

test: build
	@ctest --preset $(PRESET); status=$$?; scripts/list_skipped_tests.sh build/$(PRESET); exit $$status

tidy:
	@cmake --preset $(PRESET) >/dev/null
	@scripts/tidy.sh build/$(PRESET)

# Two hours on two idle cores with an empty compiler cache: see CONTRIBUTING.md for the parts.
check-all: test
	@ctest --test-dir build/$(PRESET) --output-on-failure -L slow; status=$$?; \
	  scripts/list_skipped_tests.sh build/$(PRESET); exit $$status
	@$(MAKE) --no-print-directory PRESET=asan test
	@cmake --preset plain
	@cmake --build --preset plain
	@build/plain/flashrna --version
	@$(MAKE) --no-print-directory tidy

install: build
	@cmake --install build/$(PRESET) --prefix "$(PREFIX)"

# The program alone: no test is built.
program: deps
	@cmake --preset $(PRESET)
	@cmake --build --preset $(PRESET) --target flashrna

demo: program
	@scripts/demo.sh $(PROGRAM)

overfit: program
	@scripts/overfit.sh $(PROGRAM)

clean:
	@rm -rf build/$(PRESET)
