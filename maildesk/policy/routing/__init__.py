"""Where a new mail goes, by the admins' rules; `rule` has the map. To add a condition, go to
`conditions`; to add an action, to `actions`."""
