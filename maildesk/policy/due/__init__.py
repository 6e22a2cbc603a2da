"""What time brings about, without a mail that causes it.

    agenda             what is due on a ticket, and when to look again
      follow_ups         all but clocks: reminders, closings, silent cases
    work               what that means: changes, and who hears of it
      escalation         the words of a ladder's `notify`, as people
      sla_notices        the mails
    mornings, digest   who reads a digest when, and what it says
    bundling           one mail for many, where an agent gets too many
    timers             held mails, and tickets that come back on their day

To add an occasion: `follow_ups` says when, `work` what.
"""
