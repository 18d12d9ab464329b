# SPDX-License-Identifier: MIT
hubplane_library(hubplane_net_fixture
    SOURCES
        net/net_fixture.c
    LINKS
        hubplane_net
        hubplane_test_certificates
        hubplane_test_support
        deps::cmocka)

# net_test(NAME): one file, one behaviour.
function(net_test name)
    hubplane_unit_test(${name} SOURCES net/${name}.c LINKS hubplane_net_fixture ${ARGN})
endfunction()

net_test(test_stream_echo)
net_test(test_tls_link)
net_test(test_tls_refused)
