# SPDX-License-Identifier: MIT
hubplane_library(hubplane_net_fixture
    SOURCES
        net/net_fixture.c
    POSIX
        net/net_descriptors_posix.c
    WINDOWS
        net/net_descriptors_windows.c
    LINKS
        hubplane_net
        hubplane_test_certificates
        hubplane_test_support
        deps::cmocka)

# net_test(NAME [LINKS target...]): one file, one behaviour.
function(net_test name)
    hubplane_unit_test(${name} SOURCES net/${name}.c LINKS hubplane_net_fixture ${ARGN})
endfunction()

net_test(test_loop_post)
net_test(test_loop_turn)
net_test(test_slice_queue)
net_test(test_stream_echo)
net_test(test_stream_coalesce)
net_test(test_stream_watermark)
net_test(test_stream_close)
net_test(test_stream_half_close)
net_test(test_net_address)
net_test(test_dialer)
net_test(test_listener)
net_test(test_net_descriptors)
net_test(test_tls_context)
net_test(test_tls_link)
net_test(test_tls_refused)
net_test(test_tls_stray)
if(NOT WIN32)
    net_test(test_stream_unix)
    # Valgrind keeps the limit itself: it closes the socket that accept() has got beyond it.
    if(NOT HUBPLANE_PRESET STREQUAL "valgrind")
        net_test(test_listener_exhausted)
    endif()
    net_test(test_loop_signal)
    net_test(test_net_memory hubplane_fail_alloc) # on Windows libuv and OpenSSL would fail, too
endif()
