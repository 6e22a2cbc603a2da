"""How many examples hypothesis tries: a few in each run, many where somebody asks for them
(`HYPOTHESIS_PROFILE=thorough pytest tests/mail`)."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "quick", max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("thorough", settings.get_profile("quick"), max_examples=2_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))
