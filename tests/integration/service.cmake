# SPDX-License-Identifier: MIT
# The service against a real bridge, a real Redis, and real clients.
find_program(node_program node)
if(NOT node_program)
    set(node_program node) # the test will fail and say so
endif()

hubplane_integration_test(service_start COMMAND "${node_program}" service_start.mjs TIMEOUT 240)
hubplane_integration_test(service_protocol COMMAND "${node_program}" service_protocol.mjs TIMEOUT 240)
hubplane_integration_test(service_hubs COMMAND "${node_program}" service_hubs.mjs TIMEOUT 240)
hubplane_integration_test(service_reconnect COMMAND "${node_program}" service_reconnect.mjs TIMEOUT 240)
hubplane_integration_test(service_token COMMAND "${node_program}" service_token.mjs TIMEOUT 240)
hubplane_integration_test(service_limits COMMAND "${node_program}" service_limits.mjs TIMEOUT 240)
hubplane_integration_test(service_timing COMMAND "${node_program}" service_timing.mjs TIMEOUT 240)
hubplane_integration_test(service_bus COMMAND "${node_program}" service_bus.mjs TIMEOUT 240)
hubplane_integration_test(service_browser COMMAND "${node_program}" ../browser/browser_client.mjs TIMEOUT 300)
hubplane_integration_test(service_dotnet COMMAND "${node_program}" ../dotnet/dotnet_client.mjs TIMEOUT 400)
hubplane_integration_test(service_demo COMMAND "${node_program}" ../demo/demo.mjs --check TIMEOUT 240)
hubplane_integration_test(service_windows COMMAND "${node_program}" service_windows.mjs TIMEOUT 240
    PRESETS windows)
