# SPDX-License-Identifier: MIT
# The bridge is a Linux daemon.
if(WIN32)
    return()
endif()

hubplane_fuzz_target(fuzz_farm_share
    SOURCES fuzz_farm_share.c
    SEEDS corpus/farm_share
    LINKS hubplane_bridge_core)
