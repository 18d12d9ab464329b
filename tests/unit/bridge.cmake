# SPDX-License-Identifier: MIT
# The bridge is a Linux daemon.
if(WIN32)
    return()
endif()

foreach(name IN ITEMS route_bridges route_deliver route_gap route_publish route_replay)
    hubplane_unit_test(test_${name}
        SOURCES
            bridge/test_${name}.c
            bridge/fake_route_backplane.c
            bridge/route_fixture.c
        LINKS hubplane_bridge_core hubplane_link_pipe hubplane_test_support)
endforeach()

foreach(name IN ITEMS bridge_options route_spelling farm_authority farm_share message_line)
    hubplane_unit_test(test_${name}
        SOURCES bridge/test_${name}.c
        LINKS hubplane_bridge_core hubplane_test_support)
endforeach()

hubplane_unit_test(test_route_history
    SOURCES bridge/test_route_history.c
    LINKS hubplane_bridge_core hubplane_test_support hubplane_fail_alloc)
