# SPDX-License-Identifier: MIT
# The bridge is a Linux daemon.
if(NOT WIN32)
    foreach(name IN ITEMS route_deliver route_gap route_publish route_replay)
        hubplane_unit_test(test_${name}
            SOURCES
                bridge/test_${name}.c
                bridge/fake_route_backplane.c
                bridge/route_fixture.c
            LINKS hubplane_bridge_core hubplane_link_pipe hubplane_test_support)
    endforeach()
endif()
