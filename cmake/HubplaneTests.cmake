# SPDX-License-Identifier: MIT
# Tests, all of them in CTest, each with one label: unit, scenario, fuzz, integration, fault, tree.
# A test that returns 77 counts as skipped.

if(HUBPLANE_FUZZ)
    set(HUBPLANE_PRESET fuzz)
elseif(WIN32)
    set(HUBPLANE_PRESET windows)
elseif(HUBPLANE_SANITIZERS MATCHES "thread")
    set(HUBPLANE_PRESET tsan)
elseif(HUBPLANE_SANITIZERS)
    set(HUBPLANE_PRESET asan)
elseif(CMAKE_CROSSCOMPILING_EMULATOR)
    set(HUBPLANE_PRESET valgrind)
else()
    set(HUBPLANE_PRESET linux)
endif()

set(test_environment
    "HUBPLANE_PRESET=${HUBPLANE_PRESET}"
    "HUBPLANE_SOURCE_DIR=${PROJECT_SOURCE_DIR}"
    "HUBPLANE_BUILD_DIR=${PROJECT_BINARY_DIR}"
    "HUBPLANE_BIN_DIR=${PROJECT_BINARY_DIR}/bin"
    "ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1"
    "UBSAN_OPTIONS=print_stacktrace=1"
    "TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1:suppressions=${PROJECT_SOURCE_DIR}/cmake/tsan.suppressions"
    "LSAN_OPTIONS=print_suppressions=0")
if(WIN32)
    list(APPEND test_environment "WINEPREFIX=${PROJECT_BINARY_DIR}/wine" "WINEDEBUG=-all")
endif()

function(hubplane_test_properties name label timeout_s)
    if(NOT HUBPLANE_PRESET STREQUAL "linux") # sanitizers, valgrind and Wine are slow
        math(EXPR timeout_s "${timeout_s} * 4")
    endif()
    set_tests_properties(${name} PROPERTIES LABELS ${label} TIMEOUT ${timeout_s}
        SKIP_RETURN_CODE 77 ENVIRONMENT "${test_environment}")
endfunction()

function(hubplane_cmocka_test label name)
    if(HUBPLANE_FUZZ)
        return()
    endif()
    add_executable(${name} ${arg_SOURCES})
    target_link_libraries(${name} PRIVATE hubplane_options ${arg_LINKS} deps::cmocka)
    add_test(NAME ${name} COMMAND ${name} ${arg_ARGUMENTS})
    hubplane_test_properties(${name} ${label} 60)
endfunction()

# hubplane_unit_test(NAME SOURCES file... [WINDOWS ...] [POSIX ...] [LINKS target...] [ARGUMENTS ...])
function(hubplane_unit_test name)
    hubplane_parse_sources()
    hubplane_cmocka_test(unit ${name})
endfunction()

# hubplane_scenario_test(...): the same, for whole components in virtual time.
function(hubplane_scenario_test name)
    hubplane_parse_sources()
    hubplane_cmocka_test(scenario ${name})
endfunction()

# hubplane_fuzz_target(NAME SOURCES file... SEEDS folder [LINKS target...])
# The file defines LLVMFuzzerTestOneInput. In the fuzz preset this is a libFuzzer program; everywhere
# else a small driver feeds it every seed, so the seeds are a regression test on all platforms.
function(hubplane_fuzz_target name)
    hubplane_parse_sources()
    cmake_path(ABSOLUTE_PATH arg_SEEDS BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}")
    if(NOT IS_DIRECTORY "${arg_SEEDS}")
        message(FATAL_ERROR "${name}: no folder of seeds at ${arg_SEEDS}")
    endif()
    add_executable(${name} ${arg_SOURCES})
    target_link_libraries(${name} PRIVATE hubplane_options ${arg_LINKS})
    if(HUBPLANE_FUZZ)
        target_link_options(${name} PRIVATE -fsanitize=fuzzer)
        add_test(NAME ${name} COMMAND ${name} -runs=0 "${arg_SEEDS}")
        set_target_properties(${name} PROPERTIES
            RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/fuzz")
        file(WRITE "${PROJECT_BINARY_DIR}/fuzz/${name}.seeds" "${arg_SEEDS}\n")
    else()
        target_sources(${name} PRIVATE "${PROJECT_SOURCE_DIR}/tests/fuzz/fuzz_replay.c")
        add_test(NAME ${name} COMMAND ${name} "${arg_SEEDS}")
    endif()
    hubplane_test_properties(${name} fuzz 120)
endfunction()

# hubplane_integration_test(NAME COMMAND program argument... [TIMEOUT seconds] [PRESETS preset...])
# Real processes and sockets. The command runs in the current source folder and finds the programs in
# $HUBPLANE_BIN_DIR. It is registered in the presets linux, asan and tsan unless PRESETS names others,
# and never runs beside another test.
function(hubplane_integration_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "COMMAND;PRESETS")
    if(NOT arg_PRESETS)
        set(arg_PRESETS linux asan tsan)
    endif()
    if(NOT HUBPLANE_PRESET IN_LIST arg_PRESETS)
        return()
    endif()
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 180)
    endif()
    add_test(NAME ${name} COMMAND ${arg_COMMAND}
        WORKING_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}")
    hubplane_test_properties(${name} integration ${arg_TIMEOUT})
    set_tests_properties(${name} PROPERTIES RUN_SERIAL TRUE)
endfunction()
