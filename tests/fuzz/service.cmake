# SPDX-License-Identifier: MIT
foreach(target http_connection http_parameters websocket_decode)
    hubplane_fuzz_target(fuzz_${target}
        SOURCES fuzz_${target}.c
        SEEDS corpus/${target}
        LINKS hubplane_service_core hubplane_test_support)
endforeach()
