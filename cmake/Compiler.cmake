# How flashrna's own code is compiled: C++20, warnings as errors, ccache when it is there.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()

find_program(FLASHRNA_CCACHE ccache)
if(FLASHRNA_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Precompiled headers are only cached with these two allowances. Paths below the checkout count relative to the build
  # folder, so that all presets and checkouts share what they compile alike.
  set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_NOHASHDIR=1
    CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} ${FLASHRNA_CCACHE})
endif()

# Every target of ours links this one; it is never part of the interface.
add_library(flashrna_flags INTERFACE)
# -fPIC for programs too: programs and libraries then share one precompiled header.
target_compile_options(flashrna_flags INTERFACE -fPIC -Wall -Wextra -Wshadow -Wno-missing-field-initializers)
if(FLASHRNA_CCACHE)
  target_compile_options(flashrna_flags INTERFACE -fpch-preprocess)
endif()
if(FLASHRNA_WERROR)
  target_compile_options(flashrna_flags INTERFACE -Werror)
endif()
if(FLASHRNA_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "FLASHRNA_FUZZ needs clang, which brings libFuzzer; cmake --preset fuzz chooses it.")
  endif()
  # Whatever the sanitizers find ends the run: it is a finding.
  target_compile_options(flashrna_flags INTERFACE -fsanitize=fuzzer-no-link,address,undefined,float-cast-overflow
    -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(flashrna_flags INTERFACE -fsanitize=address,undefined,float-cast-overflow)
endif()
if(FLASHRNA_ASAN)
  target_compile_options(flashrna_flags INTERFACE -fsanitize=address,undefined -fno-omit-frame-pointer)
  target_link_options(flashrna_flags INTERFACE -fsanitize=address,undefined)
endif()
