"""Decisions; pure. No session, no clock, no socket. The way of one mail through them is this.

    decide             one mail -> one plan; calls what follows
    trust, threads     who wrote it, and which ticket it belongs to
    opening, joining   a new ticket; one more mail on a ticket
    requesters         thanks, "works now", `status`, STOP
    draft              the plan in the making
    notices, letters   what goes out to whom
    governor           what keeps automatic answers from becoming a storm
    lifecycle          how a ticket's status moves

and its rooms:

    routing            where a new mail goes: the admins' rules
    commands           an agent's mail: what he orders, and what of it goes out
    calendars          business time
    sla                what is promised, and how a ticket's clocks stand
    due                what time brings about, and the mails for it

`rules` is the configuration that all of them need.
"""
