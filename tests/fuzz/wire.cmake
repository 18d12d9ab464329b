# SPDX-License-Identifier: MIT
foreach(target envelope_decode signalr_message signalr_command link_client_receive link_server_receive)
    hubplane_fuzz_target(fuzz_${target}
        SOURCES fuzz_${target}.c
        SEEDS corpus/${target}
        LINKS hubplane_wire hubplane_test_support)
endforeach()
