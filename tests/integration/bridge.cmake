# SPDX-License-Identifier: MIT
# A real bridge, a real Redis, and nodes that are link_client over TLS.
if(WIN32 OR HUBPLANE_FUZZ)
    return()
endif()

foreach(name IN ITEMS door farm faults history redis systemd)
    add_executable(bridge_${name} bridge_${name}.c bridge_proxy.c bridge_rig.c)
    target_link_libraries(bridge_${name} PRIVATE
        hubplane_options hubplane_net hubplane_wire hubplane_test_support deps::hiredis deps::cmocka)
    add_dependencies(bridge_${name} hubplane-bridge)
    hubplane_integration_test(bridge_${name} COMMAND bridge_${name})
endforeach()

find_program(node_program node)
if(NOT node_program)
    set(node_program node) # the test will fail and say so
endif()
hubplane_integration_test(redis_security COMMAND "${node_program}" redis_security.mjs TIMEOUT 240)
hubplane_integration_test(bridge_verbs COMMAND "${CMAKE_CURRENT_SOURCE_DIR}/bridge_verbs.sh")
