# usage: cmake -DCOMPILER=... -DINCLUDE=... -DFLAGS=... -DSENTENCE=... -P first_error.cmake
#
# A program that includes carousel is compiled with FLAGS: the first error has the SENTENCE, and the second one ends it. So for
# each header alone.

file(GLOB_RECURSE headers RELATIVE ${INCLUDE} ${INCLUDE}/carousel/*.hpp)
separate_arguments(FLAGS)
foreach(header IN LISTS headers)
  execute_process(COMMAND ${COMPILER} ${FLAGS} -I${INCLUDE} -fsyntax-only -x c++ ${INCLUDE}/${header}
                  RESULT_VARIABLE status ERROR_VARIABLE said)
  string(REPLACE ";" "," said "${said}")  # which would be two elements of the list
  string(REGEX MATCHALL "[^\n]*error: [^\n]*" errors "${said}")
  list(LENGTH errors count)
  if(status EQUAL 0)
    message(FATAL_ERROR "${header} compiles with ${FLAGS}")
  endif()
  list(GET errors 0 first)
  string(FIND "${first}" "${SENTENCE}" at)
  if(at EQUAL -1 OR count GREATER 2)
    message(FATAL_ERROR "${header} with ${FLAGS}: ${count} errors, the first is not \"${SENTENCE}\":\n${said}")
  endif()
endforeach()
