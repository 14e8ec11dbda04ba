# carousel_compile_fail(NAME FILE)
#
# FILE must compile as it is and must not compile with CAROUSEL_EXPECT_FAILURE defined. If it has a line
# `// error: text`, the compiler must say that text in its first words, so that it fails for the reason meant, and says so. Both
# g++ and clang try, where they are installed.
# The library's headers are compiled once for each of them, in a test that the others need.
# This file is also the script that the test runs.

if(NOT CMAKE_SCRIPT_MODE_FILE)
  find_program(CAROUSEL_GCC g++)
  find_program(CAROUSEL_CLANG clang++-19)
  set(carousel_compilers "")
  foreach(compiler IN ITEMS ${CAROUSEL_GCC} ${CAROUSEL_CLANG})
    list(APPEND carousel_compilers ${compiler})
  endforeach()
  set(carousel_fail_flags -std=c++23 -Werror=unused-result -Werror=unused-value
                          -I${PROJECT_SOURCE_DIR}/include)

  # Sets `file` to what the compiler is to write, and `use` to how it is told of that.
  macro(carousel_precompiled_for compiler file use)
    cmake_path(GET compiler FILENAME short)
    set(here ${CMAKE_CURRENT_BINARY_DIR}/precompiled_${short}/all.hpp)
    if(short MATCHES "clang")
      set(${file} ${here}.pch)
      set(${use} "-include-pch;${here}.pch")
    else()
      set(${file} ${here}.gch)
      set(${use} "-include;${here}")
    endif()
  endmacro()
  foreach(compiler IN LISTS carousel_compilers)
    carousel_precompiled_for(${compiler} precompiled use)
    file(CONFIGURE OUTPUT ${here}
         CONTENT "#include <carousel/carousel.hpp>\n#include <carousel/ext/operation.hpp>\n")
    add_test(NAME compile_fail.precompile.${short}
             COMMAND ${compiler} ${carousel_fail_flags} -x c++-header ${here} -o ${precompiled})
    set_tests_properties(compile_fail.precompile.${short}
                         PROPERTIES LABELS compile_fail TIMEOUT 600 FIXTURES_SETUP precompiled.${short})
  endforeach()

  function(carousel_compile_fail name file)
    foreach(compiler IN LISTS carousel_compilers)
      carousel_precompiled_for(${compiler} precompiled use)
      set(flags ${carousel_fail_flags} ${use})
      set(test compile_fail.${name}.${short})
      add_test(
        NAME ${test}
        COMMAND ${CMAKE_COMMAND} -DCOMPILER=${compiler} "-DFLAGS=${flags}"
                -DFILE=${CMAKE_CURRENT_SOURCE_DIR}/${file} -P ${PROJECT_SOURCE_DIR}/tests/compile_fail.cmake)
      set_tests_properties(${test} PROPERTIES LABELS compile_fail TIMEOUT 120
                                              FIXTURES_REQUIRED precompiled.${short})
    endforeach()
  endfunction()
  return()
endif()

set(compile ${COMPILER} ${FLAGS} -fsyntax-only ${FILE})

# One compiler is enough to say that it is well without the mistake.
set(status 0)
if(COMPILER MATCHES "g\\+\\+$")
  execute_process(COMMAND ${compile} RESULT_VARIABLE status ERROR_VARIABLE said)
endif()
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${FILE} must compile without CAROUSEL_EXPECT_FAILURE:\n${said}")
endif()

execute_process(COMMAND ${compile} -DCAROUSEL_EXPECT_FAILURE RESULT_VARIABLE status
                ERROR_VARIABLE said)
if(status EQUAL 0)
  message(FATAL_ERROR "${FILE} must not compile with CAROUSEL_EXPECT_FAILURE")
endif()

# The first error and what belongs to it: all before the second one.
string(FIND "${said}" "error: " begin)
math(EXPR after "${begin} + 7")
string(SUBSTRING "${said}" ${after} -1 first)
string(FIND "${first}" "error: " end)
string(SUBSTRING "${first}" 0 ${end} first)

file(STRINGS ${FILE} expected REGEX "^ *// error: ")
foreach(line IN LISTS expected)
  string(REGEX REPLACE "^ *// error: *" "" text "${line}")
  string(FIND "${first}" "${text}" at)
  if(at EQUAL -1)
    message(FATAL_ERROR "${FILE} fails for another reason than \"${text}\":\n${said}")
  endif()
endforeach()
