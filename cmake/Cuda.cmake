# Our own kernels: .cu sources without torch headers, called through raw pointers and a stream. They link the static
# CUDA runtime with hidden symbols. It coexists with the runtime of LibTorch's libraries: both use the device's primary
# context, so that streams and pointers are valid for both.

# Sources set their own architectures, below.
set(CMAKE_CUDA_COMPILER ${FLASHRNA_NVCC})
set(CMAKE_CUDA_HOST_COMPILER ${CMAKE_CXX_COMPILER})
set(CMAKE_CUDA_ARCHITECTURES 80)  # for CMake's test of the compiler
enable_language(CUDA)
set(CMAKE_CUDA_ARCHITECTURES OFF)
set(CMAKE_CUDA_STANDARD 17)  # CMake 3.25 knows no later standard of nvcc 13
set(CMAKE_CUDA_STANDARD_REQUIRED ON)
set(CMAKE_CUDA_RUNTIME_LIBRARY Static)
# The assembler's report on the kernels is kept beside each object: FILE.cu.o.ptxas
set(CMAKE_CUDA_COMPILER_LAUNCHER ${PROJECT_SOURCE_DIR}/cmake/ptxas_report.sh)
if(FLASHRNA_CCACHE)
  list(APPEND CMAKE_CUDA_COMPILER_LAUNCHER env CCACHE_NOHASHDIR=1 CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} ${FLASHRNA_CCACHE})
endif()

# One library with all .cu sources; kernels/ links it.
add_library(flashrna_cuda STATIC)
target_include_directories(flashrna_cuda PRIVATE ${PROJECT_SOURCE_DIR})
target_compile_options(flashrna_cuda PRIVATE -Xptxas=-v -Xcompiler=-fPIC,-Wall,-Wextra -lineinfo --expt-relaxed-constexpr
  $<$<BOOL:${FLASHRNA_WERROR}>:--Werror=all-warnings> $<$<BOOL:${FLASHRNA_WERROR}>:-Xcompiler=-Werror>)
set_target_properties(flashrna_cuda PROPERTIES LINKER_LANGUAGE CXX)
find_package(CUDAToolkit REQUIRED)
target_link_libraries(flashrna_cuda PRIVATE CUDA::cudart_static)

# Machine code for 10.0 and 12.0 doubles the time of compilation, which takes minutes: packages have it, other builds
# where such a device is in the machine.
set(FLASHRNA_CUDA_TARGETS here CACHE STRING
    "machine code for: here (8.0, 9.0 and the devices of this machine) or all (8.0, 9.0, 10.0 and 12.0)")
set(FLASHRNA_CUDA_OPTIONAL 100 120)
if(CMAKE_CUDA_COMPILER_VERSION VERSION_LESS 12.8)
  set(FLASHRNA_CUDA_OPTIONAL "")
elseif(NOT FLASHRNA_CUDA_TARGETS STREQUAL "all")
  execute_process(COMMAND nvidia-smi --query-gpu=compute_cap --format=csv,noheader
    OUTPUT_VARIABLE _capabilities ERROR_QUIET)
  foreach(_architecture IN ITEMS 100 120)
    string(REGEX REPLACE "0$" "\\\\." _generation "${_architecture}")  # 10\. of 10.0 and 10.3
    if(NOT "${_capabilities}" MATCHES "(^|\n)${_generation}")
      list(REMOVE_ITEM FLASHRNA_CUDA_OPTIONAL ${_architecture})
    endif()
  endforeach()
endif()

# flashrna_cuda_sources(FILE.cu... ARCHITECTURES 80 90a 100 120 [OPTIONS ...]): machine code for each architecture; for
# 100 and 120 as above. For 80 also PTX, from which the driver compiles for other devices of that or a later generation
# (not possible for architectures with the suffix "a").
function(flashrna_cuda_sources)
  cmake_parse_arguments(ARG "" "" "ARCHITECTURES;OPTIONS" ${ARGN})
  set(_flags "")
  foreach(_architecture IN ITEMS 100 120)
    if(NOT _architecture IN_LIST FLASHRNA_CUDA_OPTIONAL)
      list(REMOVE_ITEM ARG_ARCHITECTURES ${_architecture})
    endif()
  endforeach()
  foreach(_architecture IN LISTS ARG_ARCHITECTURES)
    set(_code sm_${_architecture})
    if(_architecture STREQUAL "80")
      string(APPEND _code ",compute_80")
    endif()
    list(APPEND _flags "-gencode=arch=compute_${_architecture},code=[${_code}]")
  endforeach()
  foreach(_source IN LISTS ARG_UNPARSED_ARGUMENTS)
    get_filename_component(_source ${_source} ABSOLUTE)
    target_sources(flashrna_cuda PRIVATE ${_source})
    set_source_files_properties(${_source} TARGET_DIRECTORY flashrna_cuda PROPERTIES COMPILE_OPTIONS "${_flags};${ARG_OPTIONS}")
  endforeach()
endfunction()

# The list of reports, for the test that reads them.
file(GENERATE OUTPUT ${PROJECT_BINARY_DIR}/ptxas_reports.txt
  CONTENT "$<JOIN:$<TARGET_OBJECTS:flashrna_cuda>,.ptxas\n>.ptxas\n")
