"""Sample facts for every template: for tests, `check` and `template preview`. (stub)"""

from collections.abc import Mapping

SAMPLES: Mapping[str, Mapping[str, object]] = {}
