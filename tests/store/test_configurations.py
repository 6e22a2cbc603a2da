"""Versions of the files that are reloaded: which is in force, and what was promised when."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select, update

from maildesk.store import configurations
from maildesk.store.configurations import Configuration
from maildesk.store.tables import tickets

from .conftest import NOW, carry_out, inbound, opening

FILES = {"people.yaml": "p", "routing.yaml": "r", "sla.yaml": "s"}
SLA = {"calendars": {"b": {"timezone": "UTC"}, "a": {}}, "sla": [{"name": "gold"}]}
FIRST = Configuration(NOW, "one", FILES, SLA)
HOUR = timedelta(hours=1)


def take(database, new):
    with database.write() as session:
        return configurations.take_over(session.connection(), new)


def promised(database):
    with database.read() as session:
        connection = session.connection()
        return [
            (one.at, configurations.sla_of(connection, one.id))
            for one in configurations.promised(connection)
        ]


def changed(hours, version, sla=SLA, **files):
    return Configuration(NOW + hours * HOUR, version, {**FILES, **files}, sla)


def test_a_new_desk_has_no_copy(database):
    with database.read() as session:
        assert configurations.newest(session.connection()) is None


def test_what_takes_over_comes_back_as_it_was_in_the_order_of_the_file(database):
    assert take(database, FIRST) == FIRST
    with database.read() as session:
        kept = configurations.newest(session.connection())
    assert kept == FIRST
    assert list(kept.sla["calendars"]) == ["b", "a"]


def test_the_same_files_keep_the_dates_that_they_took_over_with(database):
    take(database, FIRST)
    assert take(database, changed(1, "one", {"calendars": {}})) == FIRST
    assert promised(database) == [(NOW, SLA)]


def test_dates_stay_while_sla_yaml_does(database):
    take(database, FIRST)
    files = {"routing.yaml": "other"}
    in_force = take(database, changed(1, "two", {"calendars": {}}, **files))
    assert in_force == changed(1, "two", SLA, **files)
    assert promised(database) == [(NOW, SLA)]


def test_each_other_sla_yaml_is_an_edition(database):
    other = {"calendars": {}, "sla": []}
    take(database, FIRST)
    take(database, changed(1, "two", other, **{"sla.yaml": "t"}))
    take(database, changed(2, "three", {**other, "follow_up": {}}, **{"sla.yaml": "u"}))
    take(database, changed(3, "one"))
    assert [at for at, _ in promised(database)] == [NOW, NOW + HOUR, NOW + 3 * HOUR]


def test_tickets_are_looked_at_where_their_clocks_may_have_changed(database):
    carry_out(database, opening(1, inbound()))

    def looked_at(new):
        with database.write() as session:
            session.execute(update(tickets).values(next_at=None))
        take(database, new)
        with database.read() as session:
            return session.scalar(select(tickets.c.next_at))

    assert looked_at(FIRST) is None
    assert looked_at(changed(1, "two", **{"routing.yaml": "x"})) is None
    assert looked_at(changed(2, "three", **{"people.yaml": "x"})) == NOW + 2 * HOUR
    other = changed(3, "four", {}, **{"people.yaml": "x", "sla.yaml": "x"})
    assert looked_at(other) == NOW + 3 * HOUR
    assert looked_at(replace(other, at=NOW)) is None
