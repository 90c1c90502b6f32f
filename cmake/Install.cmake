# Installation: programs, library, headers, and what find_package and pkg-config read.
include(CMakePackageConfigHelpers)
set(config_folder ${CMAKE_INSTALL_LIBDIR}/cmake/fastformer)

install(TARGETS fastformer EXPORT fastformer_targets)
install(TARGETS fastformer_c)
install(DIRECTORY include/fastformer DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT fastformer_targets NAMESPACE fastformer:: DESTINATION ${config_folder})
configure_package_config_file(cmake/fastformerConfig.cmake.in fastformerConfig.cmake
  INSTALL_DESTINATION ${config_folder})
write_basic_package_version_file(fastformerConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/fastformerConfig.cmake
  ${PROJECT_BINARY_DIR}/fastformerConfigVersion.cmake DESTINATION ${config_folder})

# Found from where the file lies: the folder is chosen when it is installed, and may be moved.
file(RELATIVE_PATH FASTFORMER_PREFIX_FROM_PKGCONFIG
  ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
configure_file(cmake/fastformer.pc.in fastformer.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/fastformer.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
