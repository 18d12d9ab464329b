# SPDX-License-Identifier: MIT
# Compiler and linker options of our own code, carried by the interface target hubplane_options.

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()
# No -DNDEBUG: asserts stay on in what ships.
set(CMAKE_C_FLAGS_RELEASE "-O2")
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g")
set(CMAKE_C_FLAGS_DEBUG "-Og -g")

set(HUBPLANE_SANITIZERS "" CACHE STRING "Value for -fsanitize=, such as address,undefined")
option(HUBPLANE_MIMALLOC "Link the programs for Linux with mimalloc; never with sanitizers" ON)
option(HUBPLANE_FUZZ "Build the fuzz targets with libFuzzer (clang)" OFF)

# The version, written once in project(), reaches the code through this header.
configure_file("${CMAKE_CURRENT_LIST_DIR}/hubplane_version.h.in"
    "${PROJECT_BINARY_DIR}/generated/hubplane_version.h" @ONLY)

add_library(hubplane_options INTERFACE)
target_include_directories(hubplane_options INTERFACE
    "${PROJECT_SOURCE_DIR}" "${PROJECT_BINARY_DIR}/generated")
target_compile_options(hubplane_options INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wundef -Wvla
    -Wformat=2 -Wcast-qual -Werror
    -fstack-protector-strong)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    target_compile_options(hubplane_options INTERFACE -fcf-protection)
endif()

if(WIN32)
    target_compile_definitions(hubplane_options INTERFACE
        _WIN32_WINNT=0x0602 UNICODE _UNICODE __USE_MINGW_ANSI_STDIO=1)
    target_link_options(hubplane_options INTERFACE
        -static -fstack-protector-strong -Wl,--dynamicbase,--nxcompat,--high-entropy-va -Wl,--no-insert-timestamp)
else()
    target_compile_definitions(hubplane_options INTERFACE _GNU_SOURCE)
    target_link_options(hubplane_options INTERFACE -pie -Wl,-z,relro,-z,now)
    find_package(Threads REQUIRED)
    target_link_libraries(hubplane_options INTERFACE Threads::Threads)
endif()

if(HUBPLANE_SANITIZERS)
    set(flags -fsanitize=${HUBPLANE_SANITIZERS} -fno-omit-frame-pointer)
    if(HUBPLANE_SANITIZERS MATCHES "undefined")
        list(APPEND flags -fno-sanitize-recover=all)
    endif()
    if(HUBPLANE_FUZZ)
        # Coverage for libFuzzer in every library; each fuzz target adds the driver when it links.
        target_compile_options(hubplane_options INTERFACE -fsanitize=fuzzer-no-link)
    endif()
    target_compile_options(hubplane_options INTERFACE ${flags})
    target_link_options(hubplane_options INTERFACE ${flags})
else()
    # glibc and mingw check buffer sizes at run time; the sanitizers see more without it.
    target_compile_options(hubplane_options INTERFACE
        $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE> $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=2>)
endif()
