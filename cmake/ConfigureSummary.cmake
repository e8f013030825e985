# Prints a table of the libraries found.
message(STATUS "flashrna ${PROJECT_VERSION}, ${CMAKE_BUILD_TYPE}")
foreach(_row
    "compiler|${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}"
    "LibTorch|${FLASHRNA_LIBTORCH_TEXT}"
    "CUDA|${FLASHRNA_CUDA_TEXT} (FLASHRNA_CUDA=${FLASHRNA_CUDA})"
    "nvcc|${FLASHRNA_NVCC}"
    "gemmi|${FLASHRNA_GEMMI_INCLUDE}"
    "Gloo|${FLASHRNA_GLOO_INCLUDE}"
    "NCCL|${FLASHRNA_NCCL_INCLUDE}"
    "HDF5|${HDF5_VERSION}"
    "Eigen|${Eigen3_VERSION}"
    "Boost|${Boost_VERSION_STRING}"
    "fmt|${fmt_VERSION}"
    "oneTBB|${TBB_VERSION}"
    "libarchive|${LibArchive_VERSION}"
    "GoogleTest|${GTest_VERSION}"
    "ccache|${FLASHRNA_CCACHE}")
  string(REPLACE "|" ";" _cells "${_row}")
  list(GET _cells 0 _name)
  list(LENGTH _cells _n)
  set(_value "not found")
  if(_n GREATER 1)
    list(GET _cells 1 _value)
  endif()
  string(LENGTH "${_name}" _width)
  math(EXPR _pad "12 - ${_width}")
  string(REPEAT " " ${_pad} _spaces)
  message(STATUS "  ${_name}${_spaces}${_value}")
endforeach()
