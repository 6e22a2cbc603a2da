"""A whole desk in this process, as the stories have it."""

from stories.conftest import children, house, quiet_log, sources

__all__ = ["children", "house", "quiet_log", "sources"]
