"""Decisions; pure. No session, no clock, no socket."""
