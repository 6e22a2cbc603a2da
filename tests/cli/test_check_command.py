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


def test_a_problem_names_the_path_of_its_file(maildesk, folder):
    path = folder / "maildesk.yaml"
    path.write_text(path.read_text().replace("admins:", "admin:"))
    assert f"{path}:" in maildesk("check")[2]
    assert f"{path}:" in maildesk("ticket", "list")[2]


def test_a_problem_names_the_path_from_where_we_are(maildesk, folder, monkeypatch):
    (folder / "people.yaml").unlink()
    monkeypatch.chdir(folder.parent)
    assert maildesk("check")[2].startswith(f"{folder.name}/people.yaml: ")


def test_a_file_in_place_of_the_folder_is_told(maildesk, folder):
    code, _, said = maildesk("check", config=folder / "maildesk.yaml")
    assert code == 78
    assert said == (
        f"{folder}/maildesk.yaml: this is a file (--config names the folder that it stands in)\n"
    )


def test_init_tells_the_first_file_that_is_there(maildesk, folder):
    code, _, said = maildesk("init", str(folder))
    assert code == 78
    assert said.count("is there already") == 1


def test_check_shows_the_line_and_the_place(maildesk, folder):
    path = folder / "routing.yaml"
    path.write_text(path.read_text() + "never_ad: []\n")
    said = maildesk("check")[2].splitlines()
    assert said[-2:] == ["    never_ad: []", "    ^"]
