# make install PREFIX=... installs bin/flashrna, share/flashrna (configurations, weights), completions, a manual page, and
# the libraries base, rna, protein, datasets, kernels and libfold with their headers. Users call find_package(flashrna),
# link flashrna::rna, flashrna::protein, flashrna::datasets, flashrna::kernels or flashrna::fold, and include
# "rna/io/structure_reader.h" as this source does.
include(CMakePackageConfigHelpers)
set(_package lib/cmake/flashrna)

# LibTorch is not copied: the program finds that of the build, or the one that scripts/package.sh puts beside it.
set_target_properties(flashrna PROPERTIES
  INSTALL_RPATH "$ORIGIN/../lib/flashrna;$ORIGIN/../lib/libtorch/torch/lib" INSTALL_RPATH_USE_LINK_PATH ON)
# Component "program": all that is needed to run; the rest is for C++.
install(TARGETS flashrna RUNTIME DESTINATION bin COMPONENT program)
if(TARGET flashrna_nccl)
  install(TARGETS flashrna_nccl LIBRARY DESTINATION lib/flashrna COMPONENT program)
endif()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/configs DESTINATION share/flashrna COMPONENT program
  FILES_MATCHING PATTERN "*.ini")
install(DIRECTORY ${PROJECT_SOURCE_DIR}/weights DESTINATION share/flashrna COMPONENT program)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION share/flashrna COMPONENT program)
# Completions and the manual page are written by the program itself.
foreach(_page "completion bash|share/bash-completion/completions/flashrna" "completion zsh|share/zsh/site-functions/_flashrna"
    "help --man|share/man/man1/flashrna.1")
  string(REGEX REPLACE "[|].*" "" _words "${_page}")
  string(REGEX REPLACE ".*[|]" "" _file "${_page}")
  string(REPLACE " " ";" _words "${_words}")
  install(CODE "
    set(_target \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${_file}\")
    get_filename_component(_folder \"\${_target}\" DIRECTORY)
    file(MAKE_DIRECTORY \"\${_folder}\")
    message(STATUS \"Installing: \${_target}\")
    execute_process(COMMAND $<TARGET_FILE:flashrna> ${_words} OUTPUT_FILE \"\${_target}\" COMMAND_ERROR_IS_FATAL ANY)"
    COMPONENT program)
endforeach()

foreach(_folder base rna protein datasets kernels libfold)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/${_folder} DESTINATION include/flashrna FILES_MATCHING PATTERN "*.h"
    PATTERN libfold/bench EXCLUDE PATTERN libfold/evaluation EXCLUDE)
endforeach()
set(_targets flashrna_base flashrna_rna flashrna_protein flashrna_datasets flashrna_kernels flashrna_configuration
  flashrna_design flashrna_tensorboard_log flashrna_fold flashrna_libtorch flashrna_gemmi flashrna_hdf5 flashrna_flags)
if(FLASHRNA_WITH_CUDA)
  list(APPEND _targets flashrna_cuda)
endif()
foreach(_target IN LISTS _targets)
  string(REPLACE flashrna_ "" _name ${_target})
  set_target_properties(${_target} PROPERTIES EXPORT_NAME ${_name})
endforeach()
install(TARGETS ${_targets} EXPORT flashrnaTargets ARCHIVE DESTINATION lib)
install(EXPORT flashrnaTargets NAMESPACE flashrna:: DESTINATION ${_package})

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/flashrnaConfig.cmake.in
  ${PROJECT_BINARY_DIR}/flashrnaConfig.cmake INSTALL_DESTINATION ${_package})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/flashrnaConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/flashrnaConfig.cmake ${PROJECT_BINARY_DIR}/flashrnaConfigVersion.cmake
  DESTINATION ${_package})
