import pytest

from maildesk.mail.flowed import unflow


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("one \ntwo", "one two"),
        ("one\ntwo", "one\ntwo"),
        ("> quoted \n> further\nanswer", "> quoted further\nanswer"),
        ("> broken off \n>> deeper", "> broken off \n>> deeper"),
        (" From here", "From here"),
        ("text \n-- \nname", "text \n-- \nname"),
        ("> text \n> -- \n> name", "> text \n> -- \n> name"),
        ("", ""),
        ("last ", "last "),
    ],
    ids=["joined", "fixed", "quote", "depth", "stuffed", "signature", "quoted signature", "empty",
         "open end"],
)  # fmt: skip
def test_lines_flow_as_rfc_3676_says(text, joined):
    assert unflow(text) == joined


def test_delsp_drops_the_marking_space():
    assert unflow("日本 \n語", delsp=True) == "日本語"
