# Programs that provoke faults, where their libraries are installed. Tests find them by the macro
# CAROUSEL_FAULT_DIR and skip when a program is not there.

set(CAROUSEL_FAULT_DIR ${CMAKE_CURRENT_BINARY_DIR}/faults)

pkg_check_modules(FUSE3 IMPORTED_TARGET fuse3)
if(FUSE3_FOUND)
  enable_language(C)
  add_executable(fuse_fault support/fuse_fault.c)
  target_link_libraries(fuse_fault PRIVATE PkgConfig::FUSE3)
  set_target_properties(fuse_fault PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CAROUSEL_FAULT_DIR})
endif()
