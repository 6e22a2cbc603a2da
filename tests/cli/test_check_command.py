import pytest

from maildesk.config.yaml_source import read_document
from maildesk.share import share_folder

HANDLES = ("agents", "teams", "organisations", "queues")
KEYS = [
    (name, path, place)
    for name in ("maildesk.yaml", "people.yaml", "routing.yaml")
    for path, place in read_document(share_folder("config") / name).keys.items()
    if not (len(path) == 2 and path[0] in HANDLES)
]


@pytest.mark.parametrize(("name", "path", "place"), KEYS)
def test_a_misspelt_key_is_told_with_the_right_one(maildesk, folder, name, path, place):
    lines = (folder / name).read_text().splitlines(keepends=True)
    line, key = lines[place.line - 1], str(path[-1])
    start = place.column - 1
    assert line[start:].startswith(key)
    lines[place.line - 1] = line[:start] + key + key[-1] + line[start + len(key) :]
    (folder / name).write_text("".join(lines))
    code, _, said = maildesk("check")
    assert code == 78
    assert f'(did you mean "{key}"?)' in said
