# The fake kernel and the random tests on it; see docs/testing.md. Also used by tests/mutants.

file(GLOB fake_kernel_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/fake/*.cpp
     ${CMAKE_CURRENT_LIST_DIR}/support/*.cpp)
list(FILTER fake_kernel_sources EXCLUDE REGEX "_test\\.cpp$")
add_library(carousel_fake_kernel STATIC ${fake_kernel_sources})
target_include_directories(carousel_fake_kernel PRIVATE ${CMAKE_CURRENT_LIST_DIR}/../src
                                                        ${CMAKE_CURRENT_LIST_DIR})
target_link_libraries(carousel_fake_kernel PUBLIC carousel::carousel)
set_target_properties(carousel_fake_kernel PROPERTIES CXX_EXTENSIONS OFF)
carousel_warnings(carousel_fake_kernel)

# Random tasks on the fake kernel; each seed is a run of its own.
file(GLOB random_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/random/*.cpp)  # with random/workload_test.cpp, its main
add_executable(random_workload_test ${random_sources})
target_include_directories(random_workload_test PRIVATE ${CMAKE_CURRENT_LIST_DIR}/../src
                                                        ${CMAKE_CURRENT_LIST_DIR})
target_link_libraries(random_workload_test PRIVATE carousel_fake_kernel)
set_target_properties(random_workload_test PROPERTIES CXX_EXTENSIONS OFF)
carousel_warnings(random_workload_test)
# Many seeds matter more here than stepping through; the library itself stays as the build wants it.
target_compile_options(carousel_fake_kernel PRIVATE -O1)
target_compile_options(random_workload_test PRIVATE -O1)
