# How our own code is compiled: C++20, warnings as errors (up to GCC 12), ccache if installed.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()

find_program(FLASHRNA_CCACHE ccache)
if(FLASHRNA_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # ccache caches precompiled headers only with these two settings. Paths below the checkout count relative to the build
  # folder, so that all presets and checkouts share their common results.
  # A warning that does not change the object may be ignored in the hash: a file that fails is never cached.
  set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_NOHASHDIR=1
    CCACHE_IGNOREOPTIONS=-Wmissing-declarations\ -Wno-restrict CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} ${FLASHRNA_CCACHE})
endif()

# Several sources are compiled as one: GCC instantiates the pending templates of the precompiled header of LibTorch again
# in every translation unit, which takes 7 of some 20 seconds. OFF compiles each source by itself: for work on a few of
# them, and for clang-tidy.
option(FLASHRNA_UNITY "Compile up to eight sources of a target as one translation unit" ON)
set(CMAKE_UNITY_BUILD ${FLASHRNA_UNITY})
set(CMAKE_UNITY_BUILD_BATCH_SIZE 8)

# Every target of ours links this; it is never part of the interface.
add_library(flashrna_flags INTERFACE)
# GCC 12 warns of overlaps in std::string that are none (bug 105651), now here, now there, as its inlining decides.
# -fPIC for programs too, so that programs and libraries share one precompiled header.
target_compile_options(flashrna_flags INTERFACE -fPIC -Wall -Wextra -Wshadow -Wno-missing-field-initializers
  $<$<CXX_COMPILER_ID:GNU>:-Wmissing-declarations>
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict>)
if(FLASHRNA_CCACHE)
  target_compile_options(flashrna_flags INTERFACE -fpch-preprocess)
endif()
# A later GCC than the one that the tests run with may warn of what is none, in our code or in LibTorch's headers: GCC 14
# does. A user's build must not fail there.
if(FLASHRNA_WERROR AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 13)
  set(FLASHRNA_WERROR OFF)
endif()
if(FLASHRNA_WERROR)
  target_compile_options(flashrna_flags INTERFACE -Werror)
endif()
if(FLASHRNA_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "FLASHRNA_FUZZ needs clang, which brings libFuzzer; cmake --preset fuzz chooses it.")
  endif()
  # Every finding of the sanitizers ends the run.
  target_compile_options(flashrna_flags INTERFACE -fsanitize=fuzzer-no-link,address,undefined,float-cast-overflow
    -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(flashrna_flags INTERFACE -fsanitize=address,undefined,float-cast-overflow)
endif()
if(FLASHRNA_ASAN)
  target_compile_options(flashrna_flags INTERFACE -fsanitize=address,undefined -fno-omit-frame-pointer)
  target_link_options(flashrna_flags INTERFACE -fsanitize=address,undefined)
endif()
