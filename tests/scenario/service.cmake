# SPDX-License-Identifier: MIT
# SignalR hosts on a backplane in memory, in virtual time.
hubplane_library(hubplane_scenario
    SOURCES
        fake_application.c
        fake_client.c
        probe_hub.c
        scenario.c
        signalr_client.c
        ${PROJECT_SOURCE_DIR}/tests/support/fake_backplane.c
    LINKS
        hubplane_service_core
        hubplane_test_support
        deps::cmocka
        deps::yyjson)

foreach(name
    scenario_abort
    scenario_backpressure
    scenario_chat
    scenario_client_faults
    scenario_dispatch
    scenario_groups
    scenario_hub_calls
    scenario_identity
    scenario_liveness
    scenario_random
    scenario_reconnect_replay
    scenario_relocation
    scenario_start
    scenario_targets
    scenario_transports
    scenario_upstream
    scenario_upstream_trouble)
    hubplane_scenario_test(${name} SOURCES ${name}.c LINKS hubplane_scenario)
endforeach()
hubplane_scenario_test(scenario_rest
    SOURCES scenario_rest.c ../unit/identity/jwt_signer.c
    LINKS hubplane_scenario deps::openssl)
hubplane_scenario_test(scenario_token
    SOURCES scenario_token.c ../unit/identity/jwt_signer.c
    LINKS hubplane_scenario deps::openssl)
