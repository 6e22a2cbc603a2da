import asyncio

import pytest

from maildesk.transport.smtp_flow import SMALL_BYTES, InFlight
from maildesk.transport.smtp_service import network_of

BIG = 10 * SMALL_BYTES


def test_over_the_limit_only_the_first_and_the_small_mails_go_on():
    in_flight = InFlight(15 * SMALL_BYTES)
    in_flight.hold("first", BIG)
    assert in_flight.may_read("second")
    in_flight.hold("second", BIG)
    assert in_flight.may_read("first")
    assert not in_flight.may_read("second")
    in_flight.hold("small", 1000)
    assert in_flight.may_read("small")
    assert in_flight.may_read("not begun")


@pytest.mark.parametrize("end", ["release", "refuse"])
def test_whoever_waits_goes_on_when_memory_is_free(end):
    async def scene():
        in_flight = InFlight(15 * SMALL_BYTES)
        in_flight.hold("first", BIG)
        in_flight.hold("second", BIG)
        waiting = asyncio.create_task(in_flight.room_for("second"))
        await asyncio.sleep(0)
        assert not waiting.done()
        in_flight.release("first") if end == "release" else in_flight.hold("first", 0)
        await asyncio.wait_for(waiting, 1)

    asyncio.run(scene())


def test_releasing_twice_counts_once():
    in_flight = InFlight(BIG)
    in_flight.hold("one", BIG)
    in_flight.hold("two", 2 * SMALL_BYTES)
    in_flight.release("two")
    in_flight.release("two")
    in_flight.hold("three", 2 * SMALL_BYTES)
    assert not in_flight.may_read("three")


@pytest.mark.parametrize(
    ("one", "other", "are_one"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
    ],
)
def test_the_hosts_of_one_ipv6_network_count_as_one_peer(one, other, are_one):
    assert (network_of(one) == network_of(other)) is are_one
