"""maildesk: mail to a support address becomes a threaded ticket that agents work by mail.

The map of the package, from the world down to the formats; a room imports only rooms below it:

    cli                  one function per subcommand
    service, daemon      signals and reload; all parts together, started and stopped
    process, parts       one round without a daemon; the parts, built from the settings
    desk | transport     use cases  |  SMTP, LMTP, IMAP in; smarthost, Maildir out
    config, settings     YAML and credentials -> frozen settings
    policy | store       decisions, pure  |  SQL, the only place with a session
    model                the desk's nouns: tickets, facts, changes, plans
    mail                 the formats: bytes <-> values, pure
    errors               what may go wrong, and whether trying again helps

The path of one mail is drawn in docs/architecture.md.
"""

__version__ = "0.1.0"
