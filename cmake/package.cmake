# What `cmake --install` puts in place: the headers, the C library, and how CMake (find_package(amalgam))
# and pkg-config (amalgam) find them. The tree may be moved after it is installed.
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/amalgam")
set_target_properties(amalgam_arch PROPERTIES EXPORT_NAME arch)
set_target_properties(amalgam_pgtable PROPERTIES EXPORT_NAME pgtable)
add_library(amalgam::arch ALIAS amalgam_arch)
add_library(amalgam::pgtable ALIAS amalgam_pgtable)
add_library(amalgam::pgtable_c ALIAS amalgam_capi)

install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/amalgam" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
        FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")
install(TARGETS amalgam_arch amalgam_pgtable amalgam_capi EXPORT amalgam
        ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(EXPORT amalgam FILE amalgamTargets.cmake NAMESPACE amalgam:: DESTINATION "${package_dir}")

configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/amalgamConfig.cmake.in"
                              "${PROJECT_BINARY_DIR}/amalgamConfig.cmake"
                              INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/amalgamConfigVersion.cmake"
                                 COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/amalgamConfig.cmake"
        "${PROJECT_BINARY_DIR}/amalgamConfigVersion.cmake" DESTINATION "${package_dir}")

file(RELATIVE_PATH pc_prefix "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
string(REGEX REPLACE "/$" "" pc_prefix "${pc_prefix}")
configure_file("${PROJECT_SOURCE_DIR}/cmake/amalgam.pc.in" "${PROJECT_BINARY_DIR}/amalgam.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/amalgam.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
