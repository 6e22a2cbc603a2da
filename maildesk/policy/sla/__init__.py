"""What is promised, and how a ticket's clocks stand: functions of its log and the calendars.

promises           policies with targets, ladders and what pauses them
promised           which policy is in force for a ticket, and what its clocks show
ticket_log         the log of a ticket as events that clocks hear
clocks             what each event means for each clock
clock, stopwatch, ladder   how one counts, and what it fires
explain            the arithmetic, stretch by stretch
file, words, *_file   how sla.yaml writes promises
cases              worked examples, as `maildesk test` reads them
"""
