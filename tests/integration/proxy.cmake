# SPDX-License-Identifier: MIT
# What stands, or does not stand, between browsers and nodes.
find_program(node_program node)
if(NOT node_program)
    set(node_program node) # the test will fail and say so
endif()

hubplane_integration_test(proxy_nginx COMMAND "${node_program}" proxy_nginx.mjs TIMEOUT 240)
hubplane_integration_test(direct_tls COMMAND "${node_program}" direct_tls.mjs TIMEOUT 240)
