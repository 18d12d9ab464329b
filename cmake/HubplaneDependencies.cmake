# SPDX-License-Identifier: MIT
# Third-party libraries as imported targets deps::NAME, found where tools/dependencies.sh put them.
# Their headers are system headers, so our warnings stay about our code.

if(WIN32)
    set(deps_kind windows)
else()
    set(deps_kind native)
endif()
set(deps_script "${PROJECT_SOURCE_DIR}/tools/dependencies.sh")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${deps_script}")
execute_process(COMMAND "${deps_script}" path ${deps_kind}
    OUTPUT_VARIABLE deps_prefix OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
if(NOT EXISTS "${deps_prefix}/.complete")
    message(FATAL_ERROR "Libraries are missing: run tools/dependencies.sh ${deps_kind} first")
endif()

# deps_add(NAME [LIBRARIES file-or-target...] [DEFINES ...]): files are names below ${deps_prefix}/lib
function(deps_add name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LIBRARIES;LINKS;DEFINES")
    add_library(deps_${name} INTERFACE)
    add_library(deps::${name} ALIAS deps_${name})
    target_include_directories(deps_${name} SYSTEM INTERFACE "${deps_prefix}/include")
    foreach(file IN LISTS arg_LIBRARIES)
        if(NOT EXISTS "${deps_prefix}/lib/${file}")
            message(FATAL_ERROR "${deps_prefix}/lib/${file} is missing")
        endif()
        target_link_libraries(deps_${name} INTERFACE "${deps_prefix}/lib/${file}")
    endforeach()
    target_link_libraries(deps_${name} INTERFACE ${arg_LINKS})
    target_compile_definitions(deps_${name} INTERFACE ${arg_DEFINES})
endfunction()

deps_add(llhttp LIBRARIES libllhttp.a)
deps_add(yyjson LIBRARIES libyyjson.a)
# The same values that inih was compiled with: section starts and line numbers reach the handler.
deps_add(inih LIBRARIES libinih.a DEFINES INI_HANDLER_LINENO=1 INI_CALL_HANDLER_ON_NEW_SECTION=1
    INI_ALLOW_MULTILINE=0 INI_ALLOW_INLINE_COMMENTS=0 INI_USE_STACK=0 INI_ALLOW_REALLOC=1
    INI_INITIAL_ALLOC=256 INI_MAX_LINE=65536)

if(WIN32)
    # The order of the system libraries matters to the static link.
    deps_add(openssl LIBRARIES libssl.a libcrypto.a LINKS crypt32 bcrypt gdi32 advapi32 user32 ws2_32)
    deps_add(uv LIBRARIES libuv_a.a LINKS psapi user32 advapi32 iphlpapi userenv ws2_32)
    deps_add(cmocka LIBRARIES libcmocka.a)
else()
    # From the distribution: headers in the default include path.
    foreach(pair uv:uv openssl_ssl:ssl openssl_crypto:crypto cmocka:cmocka)
        string(REPLACE ":" ";" pair "${pair}")
        list(GET pair 0 name)
        list(GET pair 1 library)
        find_library(deps_${name}_library ${library} REQUIRED)
    endforeach()
    deps_add(uv LINKS "${deps_uv_library}")
    deps_add(openssl LINKS "${deps_openssl_ssl_library}" "${deps_openssl_crypto_library}")
    deps_add(cmocka LINKS "${deps_cmocka_library}")
    deps_add(hiredis LIBRARIES libhiredis_ssl.a libhiredis.a LINKS deps::openssl)
endif()

# Takes the place of the C library's malloc by being linked; nothing refers to it by name. The
# sanitizers bring their own, valgrind wants to see the C library's, and Windows' heap cannot be
# replaced in a static program.
if(WIN32 OR HUBPLANE_SANITIZERS OR NOT HUBPLANE_MIMALLOC)
    deps_add(allocator)
else()
    find_library(deps_mimalloc_library mimalloc REQUIRED)
    deps_add(allocator LINKS "-Wl,--push-state,--no-as-needed" "${deps_mimalloc_library}" "-Wl,--pop-state")
endif()
