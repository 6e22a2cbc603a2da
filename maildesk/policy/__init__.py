"""Decisions; pure. No session, no clock, no socket. The way of one mail through them is this.

    decide             one mail -> one plan; calls what follows
    trust, threads     who wrote it, and which ticket it belongs to
    opening, joining   a new ticket; one more mail on a ticket
    requesters         thanks, "works now", `status`, STOP
    agents             an agent's mail
      attempt            its commands carried out on a draft, its words as they would go out
        command_lines      which lines are commands
        commands           what each does; add one there
        arguments          what stands behind a verb
      objections         why its words may not go out
      holding            the mail is kept, its writer asked
      confirming         his answer to that
    draft              the plan in the making
    notices, letters   what goes out to whom; `command_notices`, `questions` for commands

`timers` plans what time alone does; `rules` is the configuration that all of them need.
"""
