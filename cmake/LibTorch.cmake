# LibTorch as an imported target, flashrna::libtorch. Its own find_package(Torch) is not used, because that of a CUDA
# wheel requires nvcc and overrides the architectures. Linking the libraries by name works with and without nvcc.
set(_cache_home "$ENV{XDG_CACHE_HOME}")
if(NOT _cache_home)
  set(_cache_home "$ENV{HOME}/.cache")
endif()
find_program(FLASHRNA_NVCC nvcc HINTS $ENV{CUDA_HOME}/bin /usr/local/cuda/bin)
set(_nvcc_version "")
if(FLASHRNA_NVCC)
  execute_process(COMMAND ${FLASHRNA_NVCC} --version OUTPUT_VARIABLE _nvcc_text ERROR_QUIET)
  string(REGEX MATCH "release ([0-9]+\\.[0-9]+)" _ "${_nvcc_text}")
  set(_nvcc_version "${CMAKE_MATCH_1}")
endif()
# Two pinned versions, for CUDA 13 and for CUDA 12 (scripts/libtorch-*.txt).
set(_pinned 2.11.0)
if(NOT FLASHRNA_CUDA STREQUAL "OFF" AND _nvcc_version MATCHES "^12\\." AND EXISTS "${_cache_home}/flashrna/libtorch-2.10.0")
  set(_pinned 2.10.0)
endif()
set(FLASHRNA_LIBTORCH "${_cache_home}/flashrna/libtorch-${_pinned}" CACHE PATH
    "LibTorch 2.8 to 2.11: a folder with lib/ and include/, or a site-packages that holds torch/")
# The environment variable takes precedence, as in scripts/install_dependencies.sh.
if(NOT "$ENV{FLASHRNA_LIBTORCH}" STREQUAL "")
  set(FLASHRNA_LIBTORCH "$ENV{FLASHRNA_LIBTORCH}" CACHE PATH "" FORCE)
endif()

set(_torch_root "${FLASHRNA_LIBTORCH}")
if(EXISTS "${_torch_root}/torch/lib/libtorch_cpu.so")
  set(_torch_root "${_torch_root}/torch")
endif()
if(NOT EXISTS "${_torch_root}/lib/libtorch_cpu.so")
  message(FATAL_ERROR "LibTorch not found in ${FLASHRNA_LIBTORCH}. Run scripts/install_dependencies.sh, or set "
                      "FLASHRNA_LIBTORCH to a folder with lib/libtorch_cpu.so and include/.")
endif()

set(_version_file "${_torch_root}/include/torch/headeronly/version.h")
if(NOT EXISTS "${_version_file}")  # LibTorch 2.8
  set(_version_file "${_torch_root}/include/torch/csrc/api/include/torch/version.h")
endif()
set(_version_lines "")
if(EXISTS "${_version_file}")
  file(STRINGS "${_version_file}" _version_lines REGEX "define TORCH_VERSION_(MAJOR|MINOR|PATCH) ")
endif()
string(REGEX REPLACE "[^0-9]+" "." FLASHRNA_LIBTORCH_VERSION "${_version_lines}")
string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" FLASHRNA_LIBTORCH_VERSION "${FLASHRNA_LIBTORCH_VERSION}")
if(NOT FLASHRNA_LIBTORCH_VERSION VERSION_GREATER_EQUAL 2.8 OR NOT FLASHRNA_LIBTORCH_VERSION VERSION_LESS 2.12)
  message(FATAL_ERROR "${FLASHRNA_LIBTORCH} is LibTorch \"${FLASHRNA_LIBTORCH_VERSION}\", flashrna builds with 2.8 to 2.11; "
                      "unset FLASHRNA_LIBTORCH to use the one of scripts/install_dependencies.sh.")
endif()

# Whether this LibTorch is complete for CUDA. scripts/install_dependencies.sh writes a marker file; any other folder (an
# unpacked libtorch archive, a site-packages) must have cuDNN where its libraries find it.
function(flashrna_libtorch_has_cuda RESULT)
  set(_complete OFF)
  if(EXISTS "${FLASHRNA_LIBTORCH}/LIBTORCH_SET")
    file(STRINGS "${FLASHRNA_LIBTORCH}/LIBTORCH_SET" _set LIMIT_COUNT 1)
    if(_set MATCHES "^cuda")
      set(_complete ON)
    endif()
  elseif(EXISTS "${_torch_root}/lib/libtorch_cuda.so")
    find_library(_cudnn NAMES libcudnn.so.9 PATHS "${_torch_root}/lib" "${_torch_root}/../nvidia/cudnn/lib" NO_CACHE)
    if(_cudnn)
      set(_complete ON)
    endif()
  endif()
  set(${RESULT} ${_complete} PARENT_SCOPE)
endfunction()

# The major version of the CUDA runtime that this LibTorch loads, "" if it has none.
function(flashrna_libtorch_cuda_major RESULT)
  set(_major "")
  if(EXISTS "${_torch_root}/lib/libc10_cuda.so")
    file(STRINGS "${_torch_root}/lib/libc10_cuda.so" _needed REGEX "libcudart[^/]*\\.so\\.[0-9]+" LIMIT_COUNT 1)
    string(REGEX MATCH "\\.so\\.([0-9]+)" _ "${_needed}")
    set(_major "${CMAKE_MATCH_1}")
  endif()
  set(${RESULT} "${_major}" PARENT_SCOPE)
endfunction()

# Why this nvcc and this LibTorch make no CUDA build; "" if they do.
function(flashrna_why_no_cuda RESULT)
  flashrna_libtorch_has_cuda(_has_cuda)
  flashrna_libtorch_cuda_major(_libtorch_major)
  string(REGEX MATCH "^[0-9]+" _nvcc_major "${_nvcc_version}")
  set(_why "")
  if(NOT FLASHRNA_NVCC)
    set(_why "nvcc was not found; install the CUDA toolkit 13.0")
  elseif(NOT _nvcc_version VERSION_GREATER_EQUAL 12.4 OR NOT _nvcc_version VERSION_LESS 14)
    set(_why "${FLASHRNA_NVCC} is of CUDA \"${_nvcc_version}\", flashrna builds with 12.4 to 12.9 and 13")
  elseif(NOT _has_cuda)
    set(_why "${FLASHRNA_LIBTORCH} lacks CUDA libraries; run scripts/install_dependencies.sh cuda")
  elseif(NOT _nvcc_major STREQUAL _libtorch_major)
    set(_why "${FLASHRNA_NVCC} is of CUDA ${_nvcc_version}, the LibTorch ${FLASHRNA_LIBTORCH_VERSION} in ${FLASHRNA_LIBTORCH} of \
CUDA ${_libtorch_major}; both must be of one major version")
  endif()
  set(${RESULT} "${_why}" PARENT_SCOPE)
endfunction()

# CUDA: AUTO builds with CUDA if nvcc and LibTorch are of the same major version and LibTorch is complete for it.
set(FLASHRNA_WITH_CUDA OFF)
set(FLASHRNA_CUDA_TEXT "not in this build")
if(NOT FLASHRNA_CUDA STREQUAL "OFF")
  flashrna_why_no_cuda(_no_cuda)
  if(NOT _no_cuda)
    set(FLASHRNA_WITH_CUDA ON)
    set(FLASHRNA_CUDA_TEXT "${_nvcc_version}")
  elseif(FLASHRNA_CUDA STREQUAL "ON")
    message(FATAL_ERROR "FLASHRNA_CUDA=ON, but ${_no_cuda}; or use FLASHRNA_CUDA=AUTO or OFF.")
  else()
    set(FLASHRNA_CUDA_TEXT "not in this build: ${_no_cuda}")
  endif()
endif()

add_library(flashrna_libtorch INTERFACE)
add_library(flashrna::libtorch ALIAS flashrna_libtorch)
target_include_directories(flashrna_libtorch SYSTEM INTERFACE
  "${_torch_root}/include" "${_torch_root}/include/torch/csrc/api/include")
# LibTorch brings newer fmt headers, which come before the distribution's in the search path. Code that includes torch
# therefore uses fmt header-only and needs no symbols of the distribution's library. fmt's versions have separate
# namespaces.
target_compile_definitions(flashrna_libtorch INTERFACE USE_DISTRIBUTED=0 FMT_HEADER_ONLY)
# The CUDA library is not linked: kernels/cuda_backend.cpp loads it if there is a GPU.
target_link_libraries(flashrna_libtorch INTERFACE "${_torch_root}/lib/libtorch_cpu.so" "${_torch_root}/lib/libc10.so")
set(FLASHRNA_TORCH_CUDA_LIBRARIES "${_torch_root}/lib/libtorch_cpu.so" "${_torch_root}/lib/libc10.so"
  "${_torch_root}/lib/libtorch_cuda.so" "${_torch_root}/lib/libc10_cuda.so")
# RPATH, not RUNPATH: another LibTorch on LD_LIBRARY_PATH must not replace this one.
target_link_options(flashrna_libtorch INTERFACE
  "-Wl,--disable-new-dtags" "-Wl,-rpath,${_torch_root}/lib" "-Wl,--allow-shlib-undefined")
