# Headers, library, CMake package and pkg-config file.

if(NOT CAROUSEL_INSTALL)
  return()
endif()

include(CMakePackageConfigHelpers)
set(carousel_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/carousel)

install(
  TARGETS carousel
  EXPORT carousel_targets
  FILE_SET HEADERS)
install(
  EXPORT carousel_targets
  NAMESPACE carousel::
  FILE carouselTargets.cmake
  DESTINATION ${carousel_package_dir})

configure_package_config_file(
  ${CMAKE_CURRENT_LIST_DIR}/carouselConfig.cmake.in
  ${PROJECT_BINARY_DIR}/carouselConfig.cmake
  INSTALL_DESTINATION ${carousel_package_dir})
# Before 1.0 a minor version may break its users.
write_basic_package_version_file(
  ${PROJECT_BINARY_DIR}/carouselConfigVersion.cmake
  VERSION ${PROJECT_VERSION}
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/carouselConfig.cmake
              ${PROJECT_BINARY_DIR}/carouselConfigVersion.cmake
        DESTINATION ${carousel_package_dir})

# The prefix is where the .pc file lies, two or three folders up, so that the tree may be moved.
file(RELATIVE_PATH carousel_pc_to_prefix /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
# A static library alone passes its own needs on to whoever links it, also without `pkg-config --static`.
set(carousel_pc_requires Requires)
if(BUILD_SHARED_LIBS)
  set(carousel_pc_requires Requires.private)
endif()
set(carousel_pc_definitions "")
if(CAROUSEL_UNCHECKED)
  set(carousel_pc_definitions " -DCAROUSEL_UNCHECKED")
endif()
configure_file(${CMAKE_CURRENT_LIST_DIR}/carousel.pc.in ${PROJECT_BINARY_DIR}/carousel.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/carousel.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
