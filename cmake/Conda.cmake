# An active conda environment must not give the build its headers and libraries: they are of other versions than the
# distribution's, and the built program would need the environment. conda-build, which sets CONDA_BUILD, wants them.
if(NOT "$ENV{CONDA_PREFIX}" STREQUAL "" AND "$ENV{CONDA_BUILD}" STREQUAL "")
  message(STATUS "the active conda environment $ENV{CONDA_PREFIX} is not searched")
  list(APPEND CMAKE_IGNORE_PREFIX_PATH "$ENV{CONDA_PREFIX}")
  list(APPEND CMAKE_IGNORE_PATH "$ENV{CONDA_PREFIX}/bin" "$ENV{CONDA_PREFIX}/include" "$ENV{CONDA_PREFIX}/lib")
endif()
