# flashrna_add_test(NAME SOURCES... LIBRARIES... LABELS...): one GoogleTest program, each of its cases a ctest case.
include(GoogleTest)

# The distribution's Python, whatever is first on the PATH, because python3-h5py is installed for it.
set(FLASHRNA_PYTHON /usr/bin/python3 CACHE FILEPATH
    "Python of the tests; some also use tensorboard or torch, and are skipped where it has none")

function(flashrna_add_test NAME)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBRARIES;LABELS" ${ARGN})
  add_executable(${NAME} ${ARG_SOURCES})
  set_target_properties(${NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  target_link_libraries(${NAME} PRIVATE flashrna_flags ${ARG_LIBRARIES} GTest::gtest_main)
  target_compile_definitions(${NAME} PRIVATE
    FLASHRNA_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/data"
    FLASHRNA_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
    FLASHRNA_PROGRAM="${PROJECT_BINARY_DIR}/flashrna")
  set(_properties TIMEOUT 600)
  if(ARG_LABELS)
    list(APPEND _properties LABELS "${ARG_LABELS}")
  endif()
  gtest_discover_tests(${NAME} DISCOVERY_TIMEOUT 120 PROPERTIES ${_properties})
endfunction()
