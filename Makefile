# Short commands for the CMake presets cpu, cuda and asan. `make help` lists the targets.
ifndef PRESET
PRESET := $(shell scripts/choose_preset.sh)
CHOSEN := -DFLASHRNA_CUDA=$(if $(filter cuda,$(PRESET)),AUTO,OFF)
endif
# Paths and flags of an active conda environment would come before the distribution's headers and libraries.
ifdef CONDA_PREFIX
unexport CPATH C_INCLUDE_PATH CPLUS_INCLUDE_PATH LIBRARY_PATH CPPFLAGS CFLAGS CXXFLAGS LDFLAGS CC CXX CMAKE_ARGS CMAKE_PREFIX_PATH
endif
PROGRAM := build/$(PRESET)/flashrna
PREFIX ?= /usr/local

.PHONY: help deps build program test tidy check-plain check-all install package wheel docs demo overfit clean

help:
	@echo "make deps      install missing packages of the distribution, and LibTorch"
	@echo "make build     build/$(PRESET)/flashrna and its tests"
	@echo "make test      build and run all tests except the slow ones"
	@echo "make tidy      clang-tidy on the sources changed since origin/main"
	@echo "make check-plain  whether the sources that differ without CUDA compile, and whether a function is missing there"
	@echo "make check-all all of test, the slow tests, the sanitizers, and a build without CUDA and tests; two hours"
	@echo "make install   the program, its configurations, and the libraries for C++, below PREFIX=$(PREFIX)"
	@echo "make package   dist/: a relocatable tarball, a .deb and a Python wheel; BUNDLE=1 puts LibTorch into the tarball"
	@echo "make docs      site/: the documentation as pages that open without a network"
	@echo "make demo      sample, evaluate and train on real RNA; four minutes"
	@echo "make overfit   overfit one tRNA and measure how well it is generated; ten minutes."
	@echo "               POLYMER=protein STRUCTURE=FILE: the one protein chain of that file"
	@echo "make clean     remove build/$(PRESET)"
	@echo "PRESET=cpu, cuda or asan chooses what is built; here it is $(PRESET)"

deps:
	@scripts/install_dependencies.sh $(if $(filter cuda,$(PRESET)),$(or $(filter cuda%,$(shell scripts/choose_preset.sh --libtorch)),cuda),cpu)

build: deps
	@cmake --preset $(PRESET) $(CHOSEN)
	@cmake --build --preset $(PRESET)

test: build
	@ctest --preset $(PRESET); status=$$?; scripts/list_skipped_tests.sh build/$(PRESET); exit $$status

tidy:
	@cmake --preset $(PRESET) $(CHOSEN) -B build/tidy -DFLASHRNA_UNITY=OFF >/dev/null
	@scripts/tidy.sh build/tidy

check-plain: deps
	@scripts/check_plain.sh build/$(PRESET)

# Two hours on two idle cores with an empty compiler cache.
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
	@cmake --preset $(PRESET) $(CHOSEN) $(if $(CUDA_TARGETS),-DFLASHRNA_CUDA_TARGETS=$(CUDA_TARGETS))
	@cmake --build --preset $(PRESET) --target flashrna

# What goes to other machines has machine code for all devices.
package wheel: CUDA_TARGETS := all

package: program
	@scripts/package.sh $(PRESET)
	@scripts/build_wheel.py --preset $(PRESET)

wheel: program
	@scripts/build_wheel.py --preset $(PRESET)

docs: program
	@scripts/build_docs.py $(PROGRAM)

demo: program
	@scripts/demo.sh $(PROGRAM)

overfit: program
	@scripts/overfit.sh $(PROGRAM) $(POLYMER) $(STRUCTURE)

clean:
	@rm -rf build/$(PRESET)
