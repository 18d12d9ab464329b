/* SPDX-License-Identifier: MIT */
/* Goal of this test: a node holds so many connections, so many of one address, and no more; who
 * leaves makes room; and the rate of negotiations is one for all workers. */
#include "service/identity/client_limits.h"
#include "tests/support/test.h"

#include <stdio.h>

static struct client_limits *
make(uint64_t connections_max, uint64_t address_connections_max, uint64_t negotiates_max)
{
    const struct client_limits_options options = {connections_max, address_connections_max,
                                                  negotiates_max};
    struct client_limits *limits = client_limits_new(&options);

    assert_non_null(limits);
    return limits;
}

static struct client_place *
take(struct client_limits *limits, const char *address)
{
    struct client_place *place;

    assert_int_equal(client_limits_take(limits, bytes_from_string(address), BYTES_NONE, false,
                                        &place),
                     CLIENT_LIMITS_GRANTED);
    assert_non_null(place);
    return place;
}

static void
refuse(struct client_limits *limits, const char *address, bool is_back,
       enum client_limits_verdict verdict)
{
    struct client_place *place;

    assert_int_equal(client_limits_take(limits, bytes_from_string(address), BYTES("new"), is_back,
                                        &place),
                     verdict);
    assert_null(place);
}

static void
so_many_of_one_address(void **state)
{
    struct client_limits *limits = make(0, 2, 0);
    struct client_place *places[3];

    (void)state;
    places[0] = take(limits, "192.0.2.1");
    assert_true(client_limits_has_place(limits, BYTES("192.0.2.1")));
    places[1] = take(limits, "192.0.2.1");
    assert_false(client_limits_has_place(limits, BYTES("192.0.2.1")));
    refuse(limits, "192.0.2.1", false, CLIENT_LIMITS_TOO_MANY);
    places[2] = take(limits, "192.0.2.2");
    client_limits_leave(limits, places[0]);
    places[0] = take(limits, "::ffff:192.0.2.1");
    refuse(limits, "192.0.2.1", false, CLIENT_LIMITS_TOO_MANY);
    for (int i = 0; i < 3; i++) {
        client_limits_leave(limits, places[i]);
    }
    client_limits_free(limits);
}

/* Somebody who has a whole network has no more than somebody with one address. */
static void
ipv6_counts_by_network(void **state)
{
    struct client_limits *limits = make(0, 1, 1);
    struct client_place *place = take(limits, "2001:db8::1");
    struct client_place *neighbour = take(limits, "2001:db8:0:1::1");
    uint64_t wait_ms;

    (void)state;
    refuse(limits, "2001:db8::2", false, CLIENT_LIMITS_TOO_MANY);
    assert_true(client_limits_negotiate(limits, BYTES("2001:db8::1"), 1000, &wait_ms));
    assert_false(client_limits_negotiate(limits, BYTES("2001:db8::2"), 1000, &wait_ms));
    assert_true(client_limits_negotiate(limits, BYTES("2001:db8:0:1::2"), 1000, &wait_ms));
    client_limits_leave(limits, place);
    client_limits_leave(limits, neighbour);
    client_limits_free(limits);
}

/* Its node may be gone; but that is no way around. */
static void
who_comes_back_is_let_in(void **state)
{
    struct client_limits *limits = make(0, 2, 0);
    struct client_place *places[4];

    (void)state;
    places[0] = take(limits, "192.0.2.1");
    places[1] = take(limits, "192.0.2.1");
    for (int i = 2; i < 4; i++) {
        assert_int_equal(client_limits_take(limits, BYTES("192.0.2.1"), BYTES_NONE, true,
                                            &places[i]),
                         CLIENT_LIMITS_GRANTED);
    }
    refuse(limits, "192.0.2.1", true, CLIENT_LIMITS_TOO_MANY);
    for (int i = 0; i < 4; i++) {
        client_limits_leave(limits, places[i]);
    }
    client_limits_free(limits);
}

/* It has its place already, and only that one, though two workers hold it while it moves. */
static void
who_moves_takes_no_second_place(void **state)
{
    struct client_limits *limits = make(1, 1, 0);
    struct client_place *here, *there;

    (void)state;
    for (int i = 0; i < 3; i++) {
        bool is_back = i > 0;
        assert_int_equal(client_limits_take(limits, BYTES("192.0.2.1"), BYTES("id"), is_back,
                                            &here),
                         CLIENT_LIMITS_GRANTED);
        assert_int_equal(client_limits_take(limits, BYTES("192.0.2.2"), BYTES("id"), true, &there),
                         CLIENT_LIMITS_GRANTED);
        refuse(limits, "192.0.2.1", true, CLIENT_LIMITS_FULL);
        client_limits_leave(limits, here);
        refuse(limits, "192.0.2.1", true, CLIENT_LIMITS_FULL);
        assert_false(client_limits_has_place(limits, BYTES("192.0.2.1")));
        assert_true(client_limits_has_place(limits, BYTES("192.0.2.2")));
        client_limits_leave(limits, there);
        assert_true(client_limits_has_place(limits, BYTES("192.0.2.1")));
    }
    client_limits_free(limits);
}

static void
so_many_of_all(void **state)
{
    struct client_limits *limits = make(2, 0, 0);
    struct client_place *one = take(limits, "a"), *two = take(limits, "b");

    (void)state;
    refuse(limits, "c", false, CLIENT_LIMITS_FULL);
    refuse(limits, "a", true, CLIENT_LIMITS_FULL);
    client_limits_leave(limits, one);
    one = take(limits, "c");
    client_limits_leave(limits, one);
    client_limits_leave(limits, two);
    client_limits_leave(limits, NULL);
    client_limits_free(limits);
}

/* A reload counts who is here already, and cuts nobody off. */
static void
limits_change(void **state)
{
    struct client_limits *limits = make(0, 0, 0);
    struct client_place *places[3];
    uint64_t wait_ms;

    (void)state;
    for (int i = 0; i < 3; i++) {
        places[i] = take(limits, "192.0.2.1");
        assert_true(client_limits_negotiate(limits, BYTES("192.0.2.1"), 1000, &wait_ms));
    }
    client_limits_set(limits, &(struct client_limits_options){.address_connections_max = 2,
                                                              .negotiates_max = 1});
    refuse(limits, "192.0.2.1", false, CLIENT_LIMITS_TOO_MANY);
    client_limits_leave(limits, places[2]);
    refuse(limits, "192.0.2.1", false, CLIENT_LIMITS_TOO_MANY);
    client_limits_leave(limits, places[1]);
    places[1] = take(limits, "192.0.2.1");
    assert_true(client_limits_negotiate(limits, BYTES("192.0.2.1"), 1000, &wait_ms));
    assert_false(client_limits_negotiate(limits, BYTES("192.0.2.1"), 1000, &wait_ms));
    client_limits_leave(limits, places[0]);
    client_limits_leave(limits, places[1]);
    client_limits_free(limits);
}

/* Workers look at their clocks once a turn: one may be behind the other. */
static void
clocks_of_workers_differ(void **state)
{
    struct client_limits *limits = make(0, 0, 1);
    uint64_t wait_ms;

    (void)state;
    assert_true(client_limits_negotiate(limits, BYTES("a"), 1000, &wait_ms));
    assert_false(client_limits_negotiate(limits, BYTES("a"), 990, &wait_ms));
    assert_int_equal(wait_ms, 60000);
    assert_true(client_limits_negotiate(limits, BYTES("a"), 61000, &wait_ms));
    client_limits_free(limits);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(so_many_of_one_address),
        cmocka_unit_test(ipv6_counts_by_network),
        cmocka_unit_test(who_comes_back_is_let_in),
        cmocka_unit_test(who_moves_takes_no_second_place),
        cmocka_unit_test(so_many_of_all),
        cmocka_unit_test(limits_change),
        cmocka_unit_test(clocks_of_workers_differ),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
