# Everything that only developers of the library see.

include(cmake/warnings.cmake)
carousel_warnings(carousel)
if(TARGET carousel_cli)
  carousel_warnings(carousel_tool)
  carousel_warnings(carousel_cli)
endif()

# Target all_verify_interface_header_sets compiles each public header alone.
set_target_properties(carousel PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)

include(CTest)
add_subdirectory(examples)
# A debug build, or a sanitizer's, says nothing about speed.
if(NOT CAROUSEL_SANITIZE AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  add_subdirectory(bench)
endif()
if(BUILD_TESTING)
  add_subdirectory(tests)
endif()
