"""Measure: how fast, and against what the parts alone can do in the same run.

    workloads   the mails: small, reply, big
    rows        figures, their limits, ratios and marks; medians of several rounds
    accept      SMTP to the journal, against a listener that keeps nothing
    journal     commits, against bare SQLite
    desk        journal to outbox, against parsing alone; outbox to smarthost, against smtplib
    beat        what is due, among few open tickets and among many
    memory      what all processes of the daemon take
    load, sink  the client and the smarthost, each in a process of its own

A benchmark, never a timed test: machines differ and are noisy, so a mark is a ratio within one run
wherever that is possible. The rows are told in docs/performance.md.
"""
