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
# These compile the library once more; in few large pieces, as this tree's own build compiles each file alone.
carousel_cmake_consumer(add_subdirectory -DCAROUSEL_SOURCE_DIR=${PROJECT_SOURCE_DIR} -DCMAKE_UNITY_BUILD=ON)
carousel_cmake_consumer(
  hidden_symbols -DCAROUSEL_SOURCE_DIR=${PROJECT_SOURCE_DIR} -DCMAKE_UNITY_BUILD=ON -DBUILD_SHARED_LIBS=ON
  -DCMAKE_CXX_VISIBILITY_PRESET=hidden -DCMAKE_VISIBILITY_INLINES_HIDDEN=ON)
add_test(NAME package.components
         COMMAND ${CMAKE_COMMAND} -S ${consumer}/components -B ${work}/components -DCMAKE_PREFIX_PATH=${prefix}
                 -DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER})
add_test(NAME package.pkg_config
         COMMAND ${consumer}/with_pkg_config ${CMAKE_CXX_COMPILER}
                 ${prefix}/${CMAKE_INSTALL_LIBDIR}/pkgconfig ${work}/pkg_config)

add_test(NAME package.fetched COMMAND ${consumer}/flags_when_fetched ${CMAKE_CXX_COMPILER} ${PROJECT_SOURCE_DIR}
                                      ${work}/fetched)
add_test(NAME package.meson COMMAND ${consumer}/with_meson ${CMAKE_CXX_COMPILER} ${prefix}/${CMAKE_INSTALL_LIBDIR}/pkgconfig
                                    ${work}/meson)
add_test(NAME package.discarded_result COMMAND ${consumer}/discarded_result_is_found ${prefix}/${CMAKE_INSTALL_INCLUDEDIR}
                                             ${work}/discarded_result)
set_tests_properties(package.meson package.discarded_result PROPERTIES FIXTURES_REQUIRED installed SKIP_RETURN_CODE 77)

# What is inlined into a program has the program's flags, and must do the same as the library, which has those of this tree.
# Over the builds of scripts/test: a program with AddressSanitizer, a Debug and a Release one, on a Debug and a Release library.
set(unlike -O2 -DNDEBUG)
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  set(unlike -O0)
endif()
find_program(CAROUSEL_CLANG clang++-19)
function(carousel_foreign_program name compiler)
  add_test(NAME package.${name}
           COMMAND ${consumer}/with_pkg_config ${compiler} ${prefix}/${CMAKE_INSTALL_LIBDIR}/pkgconfig
                   ${work}/${name} ${ARGN})
  set_tests_properties(package.${name} PROPERTIES FIXTURES_REQUIRED installed LABELS package TIMEOUT 600)
endfunction()
carousel_foreign_program(sanitized_program ${CMAKE_CXX_COMPILER} -fsanitize=address)
carousel_foreign_program(unlike_program ${CMAKE_CXX_COMPILER} ${unlike})
if(CAROUSEL_CLANG)
  carousel_foreign_program(sanitized_program.clang_cxx26 ${CAROUSEL_CLANG} -std=c++26 -fsanitize=address)
  carousel_foreign_program(unlike_program.clang_cxx26 ${CAROUSEL_CLANG} -std=c++26 ${unlike})
endif()

# Wherever the whole is put, the program looks for a shared library beside itself.
if(TARGET carousel_cli)
  file(RELATIVE_PATH bin_to_lib ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
  add_test(NAME package.program COMMAND readelf --dynamic ${prefix}/${CMAKE_INSTALL_BINDIR}/carousel)
  set_tests_properties(package.program PROPERTIES FIXTURES_REQUIRED installed LABELS package
                                                  PASS_REGULAR_EXPRESSION "ORIGIN/${bin_to_lib}\\]")
endif()

set_tests_properties(package.find_package package.components package.pkg_config PROPERTIES FIXTURES_REQUIRED installed)
set_tests_properties(
  package.remove_old package.install package.find_package package.components package.pkg_config package.add_subdirectory package.hidden_symbols package.fetched
  package.meson package.discarded_result PROPERTIES LABELS package TIMEOUT 600)
