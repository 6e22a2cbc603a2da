import pytest


@pytest.mark.parametrize(
    ("address", "is_accepted"),
    [
        ("support@example.com", True),
        ("SUPPORT@Example.COM", True),
        ("postmaster", True),
        ("Postmaster@example.com", True),
        ("postmaster@example.net", False),
        ("nobody@example.com", False),
        ("kari@example.com", False),
        ("", False),
    ],
)
def test_listener_takes_mail_for_our_addresses_only(world, address, is_accepted):
    assert world.rules.accepts(address) is is_accepted


def test_listener_takes_whatever_is_shaped_like_a_reply_address(world):
    assert world.rules.accepts(world.address())
    assert world.rules.accepts(world.address()[:-1]) is False


def test_quoted_local_part_is_never_an_agent(world):
    assert world.rules.agent_at('"kari@example.com"') is None
    assert world.rules.agent_at('"kari"@example.com') is None
    assert world.rules.agent_at("KARI@EXAMPLE.COM.").handle == "kari"
