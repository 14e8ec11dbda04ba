# What a builder may choose. BUILD_SHARED_LIBS and the CMAKE_INSTALL_* variables work as everywhere.

include(GNUInstallDirs)

option(CAROUSEL_BUILD_TOOL "Build the carousel program" ${PROJECT_IS_TOP_LEVEL})
option(CAROUSEL_INSTALL "Make the install rules" ${PROJECT_IS_TOP_LEVEL})
option(CAROUSEL_DEV_MODE "Tests, benchmarks, examples, warnings as errors: for developers" OFF)
set(CAROUSEL_SANITIZE "" CACHE STRING "Developers: sanitizers to build with, as in -fsanitize=")
option(CAROUSEL_UNCHECKED "Leave the always-on checks out, only to measure what they cost" OFF)
mark_as_advanced(CAROUSEL_UNCHECKED)

get_property(multi_config GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
if(PROJECT_IS_TOP_LEVEL AND NOT multi_config AND NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug, Release, RelWithDebInfo or MinSizeRel" FORCE)
endif()

# A unity build (CMAKE_UNITY_BUILD) includes what were files of their own, in each of which a name without linkage is well.
if(CMAKE_UNITY_BUILD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-Wno-subobject-linkage)
endif()

# Sanitizers must see the library and the program too, hence before any target. The check of virtual tables opens a pipe to look
# at an object, and takes the object for a bad one when there is no descriptor left, which is what some tests are about.
if(CAROUSEL_DEV_MODE AND CAROUSEL_SANITIZE)
  add_compile_options(-fsanitize=${CAROUSEL_SANITIZE} -fno-sanitize=vptr
                      -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${CAROUSEL_SANITIZE})
endif()
