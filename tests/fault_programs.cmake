# Programs that provoke faults, where their libraries are installed. Tests find them by the macro
# CAROUSEL_FAULT_DIR and skip when a program is not there.

set(CAROUSEL_FAULT_DIR ${CMAKE_CURRENT_BINARY_DIR}/faults)

function(carousel_fault_program name source library)
  add_executable(${name} ${source})
  target_compile_features(${name} PRIVATE cxx_std_23)
  target_link_libraries(${name} PRIVATE ${library})
  set_target_properties(${name} PROPERTIES CXX_EXTENSIONS OFF
                                           RUNTIME_OUTPUT_DIRECTORY ${CAROUSEL_FAULT_DIR})
  carousel_warnings(${name})
endfunction()

pkg_check_modules(FUSE3 IMPORTED_TARGET fuse3)
if(FUSE3_FOUND)
  enable_language(C)
  add_executable(fuse_fault support/fuse_fault.c)
  target_link_libraries(fuse_fault PRIVATE PkgConfig::FUSE3)
  set_target_properties(fuse_fault PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CAROUSEL_FAULT_DIR})
  carousel_fault_program(fault_fs tool/fault_fs.cpp PkgConfig::FUSE3)
endif()

pkg_check_modules(SECCOMP QUIET IMPORTED_TARGET libseccomp)
if(SECCOMP_FOUND)
  carousel_fault_program(deny_io_uring tool/deny_io_uring.cpp PkgConfig::SECCOMP)
  carousel_fault_program(refuse_calls tool/refuse_calls.cpp PkgConfig::SECCOMP)
endif()
