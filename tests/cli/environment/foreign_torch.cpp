// Stands in for libtorch_cpu.so and libc10.so of another LibTorch: it has none of the symbols that flashrna needs.
extern "C" int of_another_libtorch() { return 0; }
