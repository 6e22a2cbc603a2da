import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildesk.config.yaml_source import LIMIT_BYTES, Place, parse_document


def parsed(text: str) -> object:
    document = parse_document(text.encode(), "a.yaml")
    assert document.problems == ()
    return document.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("8025", 8025),
        ("-3", -3),
        ("1.5", 1.5),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("nb", "nb"),
        ("'no'", "no"),
        ('"012"', "012"),
        ("2026-12-24", "2026-12-24"),
        ("127.0.0.1:8025", "127.0.0.1:8025"),
        ("75%", "75%"),
        ("15m", "15m"),
        ("24x7", "24x7"),
        ("sqlite:///var/a.db", "sqlite:///var/a.db"),
        ("1" * 40, "1" * 40),
    ],
)
def test_scalar_is_read_as_written(text: str, value: object) -> None:
    found = parsed(f"key: {text}\n")
    assert found == {"key": value}
    assert type(found["key"]) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        *("no", "No", "NO", "yes", "Yes", "on", "off", "y", "N"),
        *("012", "0o14", "0x1F", "0b1", "1_000", "1e3", "1.5e3"),
        *("1:30", "20:30:59", "-1:30", "1:30.5", ".inf", "-.Inf", ".NaN", "<<"),
    ],
)
def test_surprising_scalar_is_refused_as_value_and_as_key(text: str) -> None:
    for line in (f"key: {text}", f"{text}: value"):
        (problem,) = parse_document(line.encode(), "a.yaml").problems
        assert problem.message.startswith(text)
        assert f'"{text}"' in problem.hint


def test_keys_are_text_whatever_they_look_like() -> None:
    assert parsed("8025: a\n2026-12-24: b\ntrue: c\n") == {
        "8025": "a",
        "2026-12-24": "b",
        "true": "c",
    }


def test_every_key_and_value_has_its_place() -> None:
    document = parse_document(b"a:\n  - b: x\n    c: [1, 2]\n", "a.yaml")
    assert document.keys["a", 0, "c"] == Place(3, 5)
    assert document.values["a", 0, "c", 1] == Place(3, 12)


def test_byte_order_mark_is_no_part_of_the_first_key() -> None:
    assert parse_document(b"\xef\xbb\xbfa: 1\n", "a.yaml").value == {"a": 1}


def test_bomb_of_aliases_is_told_at_once_and_never_grows() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 200)]
    started = time.monotonic()
    document = parse_document("\n".join(lines).encode(), "a.yaml")
    assert time.monotonic() - started < 5
    assert len(document.problems) == 200 + 199 * 9
    assert "anchor &a0" in document.problems[0].message


@pytest.mark.parametrize("text", ["[" * 5000, "{a: " * 5000, "- " * 5000, "? " * 5000])
def test_deep_nesting_is_one_problem(text: str) -> None:
    (problem,) = parse_document(text.encode(), "a.yaml").problems
    assert problem.message == "more than 20 levels deep"


def test_tag_makes_no_object_and_is_told() -> None:
    document = parse_document(b"a: !!python/object/apply:os.getcwd []\n", "a.yaml")
    assert document.value == {"a": []}
    assert "tags are not supported" in document.problems[0].message


def test_message_about_a_long_word_stays_short() -> None:
    (problem,) = parse_document(b"a: " + b"!" * 100_000 + b" x\n", "a.yaml").problems
    assert len(str(problem)) < 700


def test_file_over_the_limit_is_not_parsed() -> None:
    document = parse_document(b"a: 1\n" + b"#" * LIMIT_BYTES, "a.yaml")
    assert [problem.message for problem in document.problems] == ["the file is larger than 256 KiB"]


@given(st.binary(max_size=200) | st.text(alphabet="ab:-[]{}#&*!|>'\"%@`\t\n ,?~0<", max_size=60))
def test_no_input_raises(source: bytes | str) -> None:
    raw = source.encode() if isinstance(source, str) else source
    document = parse_document(raw, "a.yaml")
    for problem in document.problems:
        assert str(problem).isprintable()


printable = st.text(st.characters(exclude_categories=("C", "Zl", "Zp")), max_size=8)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(10**9), 10**9) | printable,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(printable, inner, max_size=3),
        max_leaves=12,
    )
)
def test_json_is_read_as_the_same_values(value: object) -> None:
    assert parsed(json.dumps({"top": value}, ensure_ascii=False)) == {"top": value}
