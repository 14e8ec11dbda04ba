# The rules of the tree, as tests. Each script first proves that it can fail.

function(carousel_tree_check name script)
  set(command ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/scripts/${script})
  add_test(NAME lint.${name} COMMAND ${command})
  add_test(NAME lint.${name}.can_fail COMMAND ${command} --self-test)
  set_tests_properties(lint.${name} lint.${name}.can_fail PROPERTIES LABELS lint TIMEOUT 60)
endfunction()

carousel_tree_check(layers check_layers.py)
carousel_tree_check(sources check_sources.py)
carousel_tree_check(style check_style.py)
carousel_tree_check(snippets check_snippets.py)
carousel_tree_check(names check_names.py)
carousel_tree_check(headers check_headers.py)

add_test(NAME lint.setup COMMAND ${PROJECT_SOURCE_DIR}/tests/setup_test.sh)
set_tests_properties(lint.setup PROPERTIES LABELS lint TIMEOUT 60 SKIP_RETURN_CODE 77)

# A wrong flag is told in one sentence, before anything else.
function(carousel_first_error name flags sentence)
  add_test(NAME headers.first_error.${name}
           COMMAND ${CMAKE_COMMAND} -DCOMPILER=${CMAKE_CXX_COMPILER} -DINCLUDE=${PROJECT_SOURCE_DIR}/include
                   "-DFLAGS=${flags}" "-DSENTENCE=${sentence}" -P ${PROJECT_SOURCE_DIR}/tests/first_error.cmake)
  set_tests_properties(headers.first_error.${name} PROPERTIES LABELS headers TIMEOUT 600)
endfunction()
carousel_first_error(without_a_standard "" "carousel needs C++23")
carousel_first_error(with_cxx20 -std=c++20 "carousel needs C++23")
carousel_first_error(without_exceptions "-std=c++23 -fno-exceptions" "carousel needs exceptions")

add_test(NAME headers.compile_alone
         COMMAND ${CMAKE_COMMAND} --build ${PROJECT_BINARY_DIR} --target
                 all_verify_interface_header_sets)
set_tests_properties(headers.compile_alone PROPERTIES LABELS headers TIMEOUT 600 RUN_SERIAL ON)
