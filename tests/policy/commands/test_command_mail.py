"""What an agent's command lines want looked up."""

from dataclasses import replace

import pytest

from maildesk.mail.message import Span
from maildesk.policy.commands.reading import asked


def wanted(world, text):
    agent = world.rules.agents[0]
    return asked(world.mail(text=text), agent, world.rules)


def test_searches_are_looked_up_by_their_words_three_at_most(world):
    text = "#find red\n#find blue\n#find red\n#find green\n#find black"
    assert wanted(world, text).words == ("red", "blue", "green")
    assert wanted(world, "#find\nHello.").words == ()


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("#for Bo Li <Bo@Example.net>\nHe called.", ("bo@example.net",)),
        (
            "#cc bo@example.net\n#cc cy@example.net\n#cc bo@example.net",
            ("bo@example.net", "cy@example.net"),
        ),
        ("#cc nobody\n#uncc bo@example.net", ()),
        ("bo@example.net called.", ()),
    ],
)
def test_contacts_of_those_whom_commands_name_are_looked_up(world, text, keys):
    assert wanted(world, text).addresses == keys


def test_contact_of_whoever_wrote_the_forwarded_mail_is_looked_up(world):
    head = "From: Bo Li <bo@example.net>\nSubject: Mouse"
    text = f"#for\n\n---------- Forwarded message ---------\n{head}\n\nDead.\n"

    mail = replace(world.mail(text=text), reply=(Span(0, 5),), forwarded=(Span(6, len(text)),))
    assert asked(mail, world.rules.agents[0], world.rules).addresses == ("bo@example.net",)
