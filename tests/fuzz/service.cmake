# SPDX-License-Identifier: MIT
foreach(target http_connection http_forwarded http_parameters websocket_decode resp_decode)
    hubplane_fuzz_target(fuzz_${target}
        SOURCES fuzz_${target}.c
        SEEDS corpus/${target}
        LINKS hubplane_service_core hubplane_test_support)
endforeach()

foreach(target cursor connection_data hub_message connection_token groups_token json_span jwt token_policy
    farm_command rest_body rest_request rest_route http_url jsonp signalr_script)
    hubplane_fuzz_target(fuzz_${target}
        SOURCES fuzz_${target}.c
        SEEDS corpus/${target}
        LINKS hubplane_service_core)
endforeach()

# The fake call stands in for hub_call.c.
hubplane_fuzz_target(fuzz_hub_relay_rule
    SOURCES fuzz_hub_relay_rule.c ../unit/hubs/fake_hub_call.c
    SEEDS corpus/hub_relay_rule
    LINKS hubplane_service_core)

hubplane_fuzz_target(fuzz_http_response
    SOURCES fuzz_http_response.c
    SEEDS corpus/http_response
    LINKS hubplane_service_core)

hubplane_fuzz_target(fuzz_upstream_reply
    SOURCES fuzz_upstream_reply.c ../unit/hubs/fake_hub_call.c
    SEEDS corpus/upstream_reply
    LINKS hubplane_service_core)
