# SPDX-License-Identifier: MIT
# Our own libraries and programs. Sources are listed one by one; files of one platform go after
# WINDOWS (*_windows.c) or POSIX (*_posix.c), and only the matching list is built.

macro(hubplane_parse_sources)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "SEEDS" "SOURCES;WINDOWS;POSIX;LINKS;ARGUMENTS")
    if(arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "${name}: unknown arguments ${arg_UNPARSED_ARGUMENTS}")
    endif()
    if(WIN32)
        list(APPEND arg_SOURCES ${arg_WINDOWS})
    else()
        list(APPEND arg_SOURCES ${arg_POSIX})
    endif()
endmacro()

# hubplane_library(NAME SOURCES file... [WINDOWS file...] [POSIX file...] [LINKS target...])
# A static library. Without any source (yet, or on this platform) it only carries its links.
function(hubplane_library name)
    hubplane_parse_sources()
    if(arg_SOURCES)
        add_library(${name} STATIC ${arg_SOURCES})
        target_link_libraries(${name} PUBLIC hubplane_options ${arg_LINKS})
    else()
        add_library(${name} INTERFACE)
        target_link_libraries(${name} INTERFACE hubplane_options ${arg_LINKS})
    endif()
endfunction()

# hubplane_program(NAME SOURCES file... [WINDOWS file...] [POSIX file...] [LINKS target...])
# A program, built into bin/ of the build folder.
function(hubplane_program name)
    hubplane_parse_sources()
    add_executable(${name} ${arg_SOURCES})
    target_link_libraries(${name} PRIVATE hubplane_options ${arg_LINKS} deps::allocator)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
endfunction()

# hubplane_sources(TARGET SOURCES file... [WINDOWS file...] [POSIX file...] [LINKS target...])
# More sources for a library, from the CMakeLists.txt of a folder below it.
function(hubplane_sources name)
    hubplane_parse_sources()
    list(TRANSFORM arg_SOURCES PREPEND "${CMAKE_CURRENT_SOURCE_DIR}/")
    target_sources(${name} PRIVATE ${arg_SOURCES})
    target_link_libraries(${name} PUBLIC ${arg_LINKS})
endfunction()
