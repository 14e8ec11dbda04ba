# carousel_test(NAME [SOURCES file...] [LIBRARIES target...] [LABELS label...])
#
# A program of GoogleTest cases, each of them a test of ctest. They may include the private headers of src/.
# The label `nobody` adds the test NAME.as_nobody: the whole program, without privileges. The label `fake` adds
# NAME.on_fake: the whole program on the fake kernel without surprises; `fake_seeds` moreover NAME.on_fake:N, with delays,
# refused and cut enters and signals that must not change any result. The cases of a program with the label `memlock` run one after
# the other: they lock memory as one user, whose limit counts all of it.

# The library, the program, the benchmarks and the examples are optimised as for users; a test is compiled more often than it is run.
# So optimised, g++ 12 sees strings that are added reach beyond their ends.
set(carousel_test_options $<$<CONFIG:Release>:-O1> -Wno-array-bounds)

# What nearly every test reads, compiled once; the library is there to keep it.
file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/tests_precompiled.cpp "")
add_library(tests_precompiled OBJECT ${CMAKE_CURRENT_BINARY_DIR}/tests_precompiled.cpp)
target_link_libraries(tests_precompiled PRIVATE carousel_fake_kernel GTest::gmock)
target_precompile_headers(tests_precompiled PRIVATE <gmock/gmock.h> <gtest/gtest.h> <carousel/carousel.hpp> <vector>)
set_target_properties(tests_precompiled PROPERTIES CXX_EXTENSIONS OFF)
target_compile_options(tests_precompiled PRIVATE ${carousel_test_options})
carousel_warnings(tests_precompiled)

function(carousel_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBRARIES;LABELS")
  if(NOT arg_SOURCES)
    set(arg_SOURCES ${name}_test.cpp)
  endif()
  set(kernels "")
  if("fake" IN_LIST arg_LABELS)
    set(kernels fake)
  elseif("fake_seeds" IN_LIST arg_LABELS)
    set(kernels fake fake:1 fake:2 fake:3)
  endif()
  list(REMOVE_ITEM arg_LABELS fake fake_seeds)
  set(lock "")
  if("memlock" IN_LIST arg_LABELS)
    set(lock "RESOURCE_LOCK memlock")
  endif()
  set(as_nobody FALSE)
  if("nobody" IN_LIST arg_LABELS)
    set(as_nobody TRUE)
    list(REMOVE_ITEM arg_LABELS nobody)
  endif()
  list(PREPEND arg_LABELS unit)

  string(REPLACE "/" "_" target ${name}_test)
  add_executable(${target} ${arg_SOURCES})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/src
                                               ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${target} PRIVATE carousel_fake_kernel carousel::carousel ${arg_LIBRARIES}
                                          GTest::gmock GTest::gtest_main)
  target_compile_definitions(${target} PRIVATE CAROUSEL_FAULT_DIR="${CAROUSEL_FAULT_DIR}")
  if(TARGET fuse_fault)
    add_dependencies(${target} fuse_fault)
  endif()
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  target_compile_options(${target} PRIVATE ${carousel_test_options})
  target_precompile_headers(${target} REUSE_FROM tests_precompiled)
  carousel_warnings(${target})

  gtest_discover_tests(${target} TEST_LIST ${target}_cases DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 600)
  # gtest_discover_tests() takes one label only; ctest reads this file after its list of cases.
  set(labels ${CMAKE_CURRENT_BINARY_DIR}/${target}_labels.cmake)
  file(WRITE ${labels} "foreach(case IN LISTS ${target}_cases)\n"
                       "  set_tests_properties(\${case} PROPERTIES LABELS \"${arg_LABELS}\" ${lock})\n"
                       "endforeach()\n")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${labels})

  foreach(kernel IN LISTS kernels)
    add_test(NAME ${name}.on_${kernel} COMMAND ${target})
    set_tests_properties(${name}.on_${kernel} PROPERTIES LABELS "unit;fake" TIMEOUT 600
                                                         ENVIRONMENT CAROUSEL_TEST_KERNEL=${kernel})
  endforeach()
  if(as_nobody)
    add_test(NAME ${name}.as_nobody COMMAND ${PROJECT_SOURCE_DIR}/scripts/as_nobody
                                            $<TARGET_FILE:${target}>)
    set_tests_properties(${name}.as_nobody PROPERTIES LABELS nobody TIMEOUT 600 RUN_SERIAL ON
                                                      SKIP_RETURN_CODE 77)
  endif()
endfunction()
