# SPDX-License-Identifier: MIT
hubplane_unit_test(test_envelope
    SOURCES wire/test_envelope.c
    LINKS hubplane_wire hubplane_test_support hubplane_fail_alloc)
hubplane_unit_test(test_signalr_message
    SOURCES wire/test_signalr_message.c
    LINKS hubplane_wire hubplane_test_support)
hubplane_unit_test(test_signalr_command
    SOURCES wire/test_signalr_command.c
    LINKS hubplane_wire hubplane_test_support)
hubplane_unit_test(test_signalr_trailer
    SOURCES wire/test_signalr_trailer.c
    LINKS hubplane_wire hubplane_test_support)
hubplane_unit_test(test_link_kinds
    SOURCES wire/test_link_kinds.c wire/link_fixture.c
    LINKS hubplane_wire hubplane_link_pipe hubplane_test_support)
hubplane_unit_test(test_link_life
    SOURCES wire/test_link_life.c wire/link_fixture.c
    LINKS hubplane_wire hubplane_link_pipe hubplane_test_support)
hubplane_unit_test(test_link_breach
    SOURCES wire/test_link_breach.c wire/link_fixture.c
    LINKS hubplane_wire hubplane_link_pipe hubplane_test_support)
hubplane_unit_test(test_link_memory
    SOURCES wire/test_link_memory.c wire/link_fixture.c
    LINKS hubplane_wire hubplane_link_pipe hubplane_test_support hubplane_fail_alloc)
