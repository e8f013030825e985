# make install PREFIX=... installs bin/flashrna, share/flashrna (configurations, weights), and the libraries base, rna,
# datasets and kernels with their headers. Users call find_package(flashrna), link flashrna::rna, flashrna::datasets or
# flashrna::kernels, and include "rna/io/structure_reader.h" as this source does.
include(CMakePackageConfigHelpers)
set(_package lib/cmake/flashrna)

set_target_properties(flashrna PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)  # LibTorch is not copied
install(TARGETS flashrna RUNTIME DESTINATION bin)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/configs DESTINATION share/flashrna FILES_MATCHING PATTERN "*.ini")
install(DIRECTORY ${PROJECT_SOURCE_DIR}/weights DESTINATION share/flashrna)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION share/flashrna)

foreach(_folder base rna datasets kernels)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/${_folder} DESTINATION include/flashrna FILES_MATCHING PATTERN "*.h")
endforeach()
set(_targets flashrna_base flashrna_rna flashrna_datasets flashrna_kernels flashrna_libtorch flashrna_gemmi
  flashrna_hdf5 flashrna_flags)
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
