"""Use cases: store, policy and mail brought together."""
