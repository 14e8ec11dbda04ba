# The ways in which others get the library: each configures, builds and runs tests/consumer on its own.

set(consumer ${PROJECT_SOURCE_DIR}/tests/consumer)
set(work ${CMAKE_CURRENT_BINARY_DIR}/consumer)
set(prefix ${work}/prefix)

# So that a header which is no longer installed is missed.
add_test(NAME package.remove_old COMMAND ${CMAKE_COMMAND} -E rm -rf ${prefix})
set_tests_properties(package.remove_old PROPERTIES FIXTURES_SETUP removed)
add_test(NAME package.install
         COMMAND ${CMAKE_COMMAND} --install ${PROJECT_BINARY_DIR} --prefix ${prefix})
set_tests_properties(package.install PROPERTIES FIXTURES_REQUIRED removed FIXTURES_SETUP installed)

function(carousel_cmake_consumer name)
  add_test(
    NAME package.${name}
    COMMAND
      ${CMAKE_CTEST_COMMAND} --build-and-test ${consumer} ${work}/${name} --build-generator
      ${CMAKE_GENERATOR} --build-options -DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER}
      -DCMAKE_BUILD_TYPE=${CMAKE_BUILD_TYPE} ${ARGN} --test-command ./consumer)
endfunction()

carousel_cmake_consumer(find_package -DCMAKE_PREFIX_PATH=${prefix})
carousel_cmake_consumer(add_subdirectory -DCAROUSEL_SOURCE_DIR=${PROJECT_SOURCE_DIR})
add_test(NAME package.pkg_config
         COMMAND ${consumer}/with_pkg_config ${CMAKE_CXX_COMPILER}
                 ${prefix}/${CMAKE_INSTALL_LIBDIR}/pkgconfig ${work}/pkg_config)

# Wherever the whole is put, the program looks for a shared library beside itself.
if(TARGET carousel_cli)
  file(RELATIVE_PATH bin_to_lib ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
  add_test(NAME package.program COMMAND readelf --dynamic ${prefix}/${CMAKE_INSTALL_BINDIR}/carousel)
  set_tests_properties(package.program PROPERTIES FIXTURES_REQUIRED installed LABELS package
                                                  PASS_REGULAR_EXPRESSION "ORIGIN/${bin_to_lib}\\]")
endif()

set_tests_properties(package.find_package package.pkg_config PROPERTIES FIXTURES_REQUIRED installed)
set_tests_properties(package.remove_old package.install package.find_package package.pkg_config
                     package.add_subdirectory PROPERTIES LABELS package TIMEOUT 600)
