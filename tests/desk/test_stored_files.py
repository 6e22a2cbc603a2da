"""Files of earlier mails that ride on a letter."""

from dataclasses import replace

import pytest
from sqlalchemy import delete, select
from stories.house import KARI, SUPPORT, House
from stories.people import Client, bare, files_of

from maildesk.desk.letters import FILES_BYTES, letters_of
from maildesk.mail.message import Address, Attachment
from maildesk.model.facts import StoredFile
from maildesk.model.plan import Audience, Disposition, Notice, Plan
from maildesk.store.asked_facts import files_of as files_of_ticket
from maildesk.store.tables import receipt_raws, receipts

from stories.people import read  # isort: skip


@pytest.fixture
def files(house: House) -> tuple[StoredFile, ...]:
    """The files of a case, which came in three mails; newest first."""
    ada = house.client("Ada Berg", "ada@example.org")
    house.client("Kari Nordmann", KARI, style=bare)
    house.post(ada.write(SUPPORT, files={"a.png": b"A", "b.bin": b"B"}))
    house.post(ada.answer("One more.", files={"c.png": b"C"}))
    house.post(ada.answer("And again.", files={"a.png": b"a"}))
    with house.desk.database.read() as session:
        return files_of_ticket(session.connection(), 1)


def letter(house: House, *files: StoredFile) -> dict[str, bytes]:
    """The files on a letter that these are asked for."""
    notice = Notice(
        kind="health",
        audience=Audience.AGENT,
        ticket=1,
        cause="test",
        to=Address("Kari", KARI),
        sender=Address("Desk", SUPPORT),
        subject="Files",
        message_id="files@example.com",
        facts={
            "desk": {"name": "Desk", "address": SUPPORT},
            "problem": "none",
            "detail": "",
            "since": house.clock(),
            "lines": [],
        },
        stored_files=files,
    )
    plan = Plan(Disposition.NOTE, 1, notices=(notice,))
    (written,) = letters_of(house.desk, plan, lambda alert: pytest.fail(str(alert)))
    mail = read(written.raw)
    found = files_of(mail)
    assert len(found) == len(list(mail.iter_attachments())) or len(set(files)) > len(found)
    return found


def named(files, name: str) -> StoredFile:
    return next(stored for stored in files if stored.file.filename == name)


def test_files_come_out_of_the_mails_that_brought_them(house, files):
    wanted = [named(files, name) for name in ("b.bin", "c.png")]
    assert letter(house, *wanted, files[0]) == {"b.bin": b"B", "c.png": b"C", "a.png": b"a"}


def test_mail_that_is_not_kept_any_more_leaves_a_note(house, files):
    with house.desk.database.write() as session:
        first = session.scalar(select(receipts.c.id).order_by(receipts.c.id))
        session.execute(delete(receipt_raws).where(receipt_raws.c.receipt == first))
    found = letter(house, named(files, "b.bin"), named(files, "c.png"))
    assert set(found) == {"b.bin.txt", "c.png"}
    assert b"not kept here any more" in found["b.bin.txt"]


def test_letter_bears_fifteen_megabytes_in_all(house, files):
    big = replace(named(files, "b.bin").file, size=FILES_BYTES - 2)
    found = letter(house, named(files, "c.png"), replace(files[-1], file=big), files[0])
    assert set(found) == {"c.png", "b.bin", "a.png"}
    bigger = replace(big, size=FILES_BYTES - 1)
    found = letter(house, named(files, "c.png"), replace(files[-1], file=bigger), files[0])
    assert set(found) == {"c.png", "b.bin", "a.png.txt"}
    biggest = replace(big, size=FILES_BYTES)
    found = letter(house, named(files, "c.png"), replace(files[-1], file=biggest), files[0])
    assert set(found) == {"c.png", "b.bin.txt", "a.png"}


def test_file_that_the_mail_does_not_have_leaves_a_note(house, files):
    odd = StoredFile(files[0].receipt, Attachment("9.9", "x.png", "image/png", 3, ""))
    assert set(letter(house, odd)) == {"x.png.txt"}


def test_files_ride_on_the_answer_to_an_agent_who_asks(house, files):
    kari: Client = house.clients[KARI]
    sent = house.post(kari.answer("#files"))
    (answer,) = house.to(kari, sent)
    assert {"b.bin", "c.png"} <= set(files_of(answer.mail))
