# carousel_compile_fail(NAME FILE)
#
# FILE must compile as it is and must not compile with CAROUSEL_EXPECT_FAILURE defined. If it has a line
# `// error: text`, the compiler must say that text, so that it fails for the reason meant.
# This file is also the script that the test runs.

if(NOT CMAKE_SCRIPT_MODE_FILE)
  function(carousel_compile_fail name file)
    set(test compile_fail.${name})
    add_test(
      NAME ${test}
      COMMAND
        ${CMAKE_COMMAND} -DCOMPILER=${CMAKE_CXX_COMPILER} -DINCLUDE=${PROJECT_SOURCE_DIR}/include
        -DFILE=${CMAKE_CURRENT_SOURCE_DIR}/${file} -P
        ${PROJECT_SOURCE_DIR}/tests/compile_fail.cmake)
    set_tests_properties(${test} PROPERTIES LABELS compile_fail TIMEOUT 120)
  endfunction()
  return()
endif()

set(compile ${COMPILER} -std=c++23 -Werror=unused-result -I${INCLUDE} -fsyntax-only ${FILE})

execute_process(COMMAND ${compile} RESULT_VARIABLE status ERROR_VARIABLE said)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${FILE} must compile without CAROUSEL_EXPECT_FAILURE:\n${said}")
endif()

execute_process(COMMAND ${compile} -DCAROUSEL_EXPECT_FAILURE RESULT_VARIABLE status
                ERROR_VARIABLE said)
if(status EQUAL 0)
  message(FATAL_ERROR "${FILE} must not compile with CAROUSEL_EXPECT_FAILURE")
endif()

file(STRINGS ${FILE} expected REGEX "^ *// error: ")
foreach(line IN LISTS expected)
  string(REGEX REPLACE "^ *// error: *" "" text "${line}")
  string(FIND "${said}" "${text}" at)
  if(at EQUAL -1)
    message(FATAL_ERROR "${FILE} fails for another reason than \"${text}\":\n${said}")
  endif()
endforeach()
