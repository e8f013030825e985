# The dependencies. All except LibTorch and CUDA are packages of the distribution (scripts/install_dependencies.sh
# installs them).
find_package(fmt REQUIRED)
find_package(Eigen3 REQUIRED NO_MODULE)
find_package(ZLIB REQUIRED)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(HDF5 REQUIRED COMPONENTS C)
find_package(TBB REQUIRED)
find_package(LibArchive REQUIRED)
find_package(nlohmann_json REQUIRED)
# Headers of Gloo, which c10d's include; without them training runs in one process only. The library itself is in LibTorch.
find_path(FLASHRNA_GLOO_INCLUDE gloo/context.h)
if(NOT FLASHRNA_FUZZ)
  find_package(Boost REQUIRED COMPONENTS program_options)
endif()
find_package(gemmi QUIET CONFIG)
find_path(FLASHRNA_GEMMI_INCLUDE gemmi/model.hpp REQUIRED)
# Included by gemmi's mmCIF parser; Debian's gemmi-dev does not depend on its package, tao-pegtl-dev.
find_path(FLASHRNA_PEGTL_INCLUDE tao/pegtl.hpp REQUIRED)
if(FLASHRNA_TESTS AND NOT FLASHRNA_FUZZ)
  find_package(GTest REQUIRED)
endif()

# gemmi 0.5 (Debian 12) is header-only; later versions (Ubuntu 24.04) have a library.
add_library(flashrna_gemmi INTERFACE)
target_include_directories(flashrna_gemmi SYSTEM INTERFACE ${FLASHRNA_GEMMI_INCLUDE})
target_link_libraries(flashrna_gemmi INTERFACE ZLIB::ZLIB $<TARGET_NAME_IF_EXISTS:gemmi::gemmi_cpp>)

add_library(flashrna_hdf5 INTERFACE)
target_include_directories(flashrna_hdf5 SYSTEM INTERFACE ${HDF5_C_INCLUDE_DIRS})
target_link_libraries(flashrna_hdf5 INTERFACE ${HDF5_C_LIBRARIES})
target_compile_definitions(flashrna_hdf5 INTERFACE ${HDF5_C_DEFINITIONS})

set(FLASHRNA_LIBTORCH_TEXT "not in this build")
if(NOT FLASHRNA_FUZZ)
  include(LibTorch)
  include(Plotly)
  set(FLASHRNA_LIBTORCH_TEXT "${FLASHRNA_LIBTORCH_VERSION} in ${FLASHRNA_LIBTORCH}")
  if(FLASHRNA_WITH_CUDA)
    include(Cuda)
    # NCCL's header, which c10d's includes; without it Gloo reduces the gradients of a GPU. The library is LibTorch's.
    find_path(FLASHRNA_NCCL_INCLUDE nccl.h HINTS ${FLASHRNA_LIBTORCH}/nvidia/nccl/include ${CUDAToolkit_INCLUDE_DIRS})
  endif()
endif()
