# SPDX-License-Identifier: MIT
hubplane_fuzz_target(fuzz_option_read
    SOURCES fuzz_option_read.c ../unit/base/option_sample.c
    SEEDS seeds/option_read
    LINKS hubplane_base)
