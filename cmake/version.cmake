# The version is written once, in include/carousel/config.hpp; this reads it into carousel_version.

set(carousel_version "")
foreach(part IN ITEMS MAJOR MINOR PATCH)
  file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/../include/carousel/config.hpp line
       REGEX "^#define CAROUSEL_VERSION_${part} [0-9]+$")
  if(NOT line MATCHES "([0-9]+)$")
    message(FATAL_ERROR "include/carousel/config.hpp does not define CAROUSEL_VERSION_${part}")
  endif()
  list(APPEND carousel_version ${CMAKE_MATCH_1})
endforeach()
list(JOIN carousel_version "." carousel_version)
