"""SQL; the only place with a session."""
