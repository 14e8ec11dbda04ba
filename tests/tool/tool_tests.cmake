# The tests of the program: scripts that say one line per fact. A test whose means are missing (root, FUSE, seccomp) says so and
# is skipped.

# carousel_tool_test(NAME [LABELS label...]): tool/NAME_test.sh. The label `nobody` adds NAME.as_nobody.
function(carousel_tool_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LABELS")
  set(script ${CMAKE_CURRENT_SOURCE_DIR}/tool/${name}_test.sh)
  add_test(NAME tool.${name} COMMAND ${script} $<TARGET_FILE:carousel_cli> ${CAROUSEL_FAULT_DIR})
  set_tests_properties(tool.${name} PROPERTIES LABELS tool TIMEOUT 300 SKIP_RETURN_CODE 77)
  if("nobody" IN_LIST arg_LABELS)
    add_test(
      NAME tool.${name}.as_nobody
      COMMAND
        ${PROJECT_SOURCE_DIR}/scripts/as_nobody --with $<TARGET_FILE:carousel_cli> --with
        ${CMAKE_CURRENT_SOURCE_DIR}/tool/lib.sh ${script} ../carousel)
    set_tests_properties(tool.${name}.as_nobody PROPERTIES LABELS nobody TIMEOUT 300 RUN_SERIAL ON
                                                           SKIP_RETURN_CODE 77)
  endif()
endfunction()

carousel_tool_test(attribute_losses)
carousel_tool_test(bench LABELS nobody)
carousel_tool_test(copy_argv)
carousel_tool_test(copy_attributes LABELS nobody)
carousel_tool_test(copy_backup LABELS nobody)
carousel_tool_test(copy_denied)
carousel_tool_test(copy_durable)
carousel_tool_test(copy_exact LABELS nobody)
carousel_tool_test(copy_extents)
carousel_tool_test(copy_faults)
carousel_tool_test(copy_folding)
carousel_tool_test(copy_full)
carousel_tool_test(copy_killed)
carousel_tool_test(copy_link_limit)
carousel_tool_test(copy_memory)
carousel_tool_test(copy_names LABELS nobody)
carousel_tool_test(copy_power_loss)
carousel_tool_test(copy_progress)
carousel_tool_test(copy_reflink)
carousel_tool_test(copy_selection LABELS nobody)
carousel_tool_test(copy_sparse LABELS nobody)
carousel_tool_test(copy_special LABELS nobody)
carousel_tool_test(copy_swapped)
carousel_tool_test(copy_target)
carousel_tool_test(copy_trees)
carousel_tool_test(copy_unreadable LABELS nobody)
carousel_tool_test(copy_worlds)
set_tests_properties(tool.copy_worlds PROPERTIES TIMEOUT 900)
carousel_tool_test(compare)
carousel_tool_test(doctor)
carousel_tool_test(help LABELS nobody)
carousel_tool_test(output LABELS nobody)
