# flashrna_add_test(NAME SOURCES... LIBRARIES... LABELS... SHARDS n): one GoogleTest program, one ctest entry; its cases
# share one start of LibTorch and the fixtures of a suite. SHARDS cuts a long program into n entries that run in parallel.

# The distribution's Python, whatever is first on the PATH, because python3-h5py is installed for it.
set(FLASHRNA_PYTHON /usr/bin/python3 CACHE FILEPATH
    "Python of the tests; some also use tensorboard or torch, and are skipped where it has none")

function(flashrna_add_test NAME)
  cmake_parse_arguments(ARG "" "SHARDS" "SOURCES;LIBRARIES;LABELS" ${ARGN})
  add_executable(${NAME} ${ARG_SOURCES})
  set_target_properties(${NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  target_link_libraries(${NAME} PRIVATE flashrna_flags ${ARG_LIBRARIES} GTest::gtest_main)
  target_compile_definitions(${NAME} PRIVATE
    FLASHRNA_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/data"
    FLASHRNA_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
    FLASHRNA_PROGRAM="${PROJECT_BINARY_DIR}/flashrna")
  if(NOT ARG_SHARDS)
    set(ARG_SHARDS 1)
  endif()
  math(EXPR _last "${ARG_SHARDS} - 1")
  foreach(_shard RANGE ${_last})
    set(_entry ${NAME})
    if(ARG_SHARDS GREATER 1)
      math(EXPR _number "${_shard} + 1")
      set(_entry ${NAME}_${_number}_of_${ARG_SHARDS})
    endif()
    add_test(NAME ${_entry} COMMAND ${NAME})
    set_tests_properties(${_entry} PROPERTIES TIMEOUT 1800 LABELS "${ARG_LABELS}"
      ENVIRONMENT "GTEST_TOTAL_SHARDS=${ARG_SHARDS};GTEST_SHARD_INDEX=${_shard}")
  endforeach()
endfunction()
