"""The JSON Schema of sla.yaml, made from the tables by which it is read."""

from typing import Any

from maildesk.config.routing_rules import conditions_schema
from maildesk.policy.calendars.calendar_file import CALENDAR, UNION
from maildesk.policy.sla.ladder_file import STEP
from maildesk.policy.sla.policy_file import POLICY
from maildesk.policy.sla.promise_when import promise_fields
from maildesk.policy.sla.promises import ClockName
from maildesk.policy.sla.words import mapping_schema


def calendars_schema() -> dict[str, Any]:
    """Return the schema of `calendars:`."""
    calendar = {"anyOf": [CALENDAR.schema, UNION.schema]}
    return {"type": "object", "additionalProperties": calendar}


def policies_schema() -> dict[str, Any]:
    """Return the schema of `sla:`."""
    policy: dict[str, Any] = POLICY.schema
    steps = {"type": "array", "items": STEP.schema}
    policy["properties"]["ladder"] |= mapping_schema({clock.value: steps for clock in ClockName})
    at = "#/properties/sla/items/properties/when"
    policy["properties"]["when"] |= conditions_schema(promise_fields(), at)
    return {"type": "array", "items": policy}
