# SPDX-License-Identifier: MIT
# Who belongs to the farm, and what is said to those who do not.
find_program(node_program node)
if(NOT node_program)
    set(node_program node) # the test will fail and say so
endif()

hubplane_integration_test(trust_farm COMMAND "${node_program}" trust_farm.mjs TIMEOUT 240)
hubplane_integration_test(trust_start COMMAND "${node_program}" trust_start.mjs TIMEOUT 240)
