# A thin cover over the CMake presets: cpu, cuda, asan. `make help` lists the targets.
NVCC := $(firstword $(wildcard $(CUDA_HOME)/bin/nvcc) $(shell command -v nvcc) $(wildcard /usr/local/cuda/bin/nvcc))
PRESET ?= $(if $(NVCC),cuda,cpu)
PROGRAM := build/$(PRESET)/flashrna

.PHONY: help deps build test demo overfit clean

help:
	@echo "make deps      install what is missing: packages of the distribution, LibTorch"
	@echo "make build     build/$(PRESET)/flashrna and its tests"
	@echo "make test      build and run every test but the slow ones"
	@echo "make demo      real structures to a trained model to new backbones, in ten minutes"
	@echo "make overfit   learn one tRNA by heart, and say how well; ten minutes"
	@echo "make clean     remove build/$(PRESET)"
	@echo "PRESET=cpu, cuda or asan chooses what is built; here it is $(PRESET)"

deps:
	@scripts/install_dependencies.sh $(if $(filter cuda,$(PRESET)),cuda,cpu)

build: deps
	@cmake --preset $(PRESET)
	@cmake --build --preset $(PRESET)

test: build
	@ctest --preset $(PRESET)

demo: build
	@scripts/demo.sh $(PROGRAM)

overfit: build
	@scripts/overfit.sh $(PROGRAM)

clean:
	@rm -rf build/$(PRESET)
