"""Quotes as the mail clients of the world announce them, by client and language."""

import pytest

from maildesk.mail.body import split_body
from maildesk.mail.message import cut

INTRODUCTIONS = {
    "en-gmail": "On Mon, May 5, 2025 at 10:02 AM Ann Berg <ann@example.org> wrote:",
    "en-gmail-wrapped": "On Mon, May 5, 2025 at 10:02 AM Ann Maria Berg-Hansen\n"
    "<ann.maria@example.org> wrote:",
    "en-apple": "On 5 May 2025, at 10:02, Ann Berg <ann@example.org> wrote:",
    "en-thunderbird": "On 05/05/2025 10:02, Ann Berg wrote:",
    "en-zoho": "---- On Mon, 05 May 2025 10:02:33 +0200 Ann Berg <ann@example.org> wrote ----",
    "en-yahoo": "On Monday, May 5, 2025 at 10:02:33 AM GMT+2, Ann Berg <ann@example.org> wrote:",
    "en-lotus": "Ann Berg <ann@example.org> wrote on 05/05/2025 10:02:33 AM:",
    "en-horde": "Quoting Ann Berg <ann@example.org>:",
    "de-gmail": "Am Mo., 5. Mai 2025 um 10:02 Uhr schrieb Ann Berg <ann@example.org>:",
    "de-thunderbird": "Am 05.05.2025 um 10:02 schrieb Ann Berg:",
    "de-yahoo": "Am Montag, 5. Mai 2025 um 10:02:33 MESZ hat Ann Berg <ann@example.org> "
    "Folgendes geschrieben:",
    "de-name-first": "Ann Berg <ann@example.org> schrieb am Mo., 5. Mai 2025, 10:02:",
    "fr-gmail": "Le lun. 5 mai 2025 à 10:02, Ann Berg <ann@example.org> a écrit :",
    "fr-gmail-nbsp": "Le lun. 5 mai 2025 à 10:02, Ann Berg <ann@example.org> a écrit\xa0:",
    "fr-thunderbird": "Le 05/05/2025 à 10:02, Ann Berg a écrit :",
    "nb-gmail": "man. 5. mai 2025 kl. 10:02 skrev Ann Berg <ann@example.org>:",
    "nb-thunderbird": "Den 05.05.2025 10:02, skrev Ann Berg:",
    "nb-apple": "5. mai 2025 kl. 10:02 skrev Ann Berg <ann@example.org>:",
    "da-gmail": "Den man. 5. maj 2025 kl. 10.02 skrev Ann Berg <ann@example.org>:",
    "sv-gmail": "Den mån 5 maj 2025 kl 10:02 skrev Ann Berg <ann@example.org>:",
    "sv-apple": "5 maj 2025 kl. 10:02 skrev Ann Berg <ann@example.org>:",
    "nl-gmail": "Op ma 5 mei 2025 om 10:02 schreef Ann Berg <ann@example.org>:",
    "nl-apple": "Op 5 mei 2025, om 10:02 heeft Ann Berg <ann@example.org> het volgende geschreven:",
    "nl-outlook-ios": "Ann Berg <ann@example.org> schreef op ma 5 mei 2025 om 10:02:",
    "es-gmail": "El lun, 5 may 2025 a las 10:02, Ann Berg (<ann@example.org>) escribió:",
    "es-apple": "El 5 may 2025, a las 10:02, Ann Berg <ann@example.org> escribió:",
    "it-gmail": "Il giorno lun 5 mag 2025 alle ore 10:02 Ann Berg <ann@example.org> ha scritto:",
    "it-apple": "Il giorno 5 mag 2025, alle ore 10:02, Ann Berg <ann@example.org> ha scritto:",
    "pt-gmail": "Em seg., 5 de mai. de 2025 às 10:02, Ann Berg <ann@example.org> escreveu:",
    "pt-apple": "Em 5 de mai. de 2025, à(s) 10:02, Ann Berg <ann@example.org> escreveu:",
    "pl-gmail": "pon., 5 maj 2025 o 10:02 Ann Berg <ann@example.org> napisał(a):",
    "pl-webmail": "W dniu 2025-05-05 10:02:33 użytkownik Ann Berg <ann@example.org> napisał:",
    "cs-gmail": "po 5. 5. 2025 v 10:02 odesílatel Ann Berg <ann@example.org> napsal:",
    "cs-thunderbird": "Dne 05. 05. 25 v 10:02 Ann Berg napsal(a):",
    "fi-gmail": "ma 5. toukok. 2025 klo 10.02 Ann Berg (ann@example.org) kirjoitti:",
    "fi-apple": "Ann Berg <ann@example.org> kirjoitti 5.5.2025 kello 10.02:",
    "ru-gmail": "пн, 5 мая 2025 г. в 10:02, Ann Berg <ann@example.org>:",
    "ru-apple": "5 мая 2025 г., в 10:02, Ann Berg <ann@example.org> написал(а):",
    "ru-yandex": '05.05.2025, 10:02, "Ann Berg" <ann@example.org>:',
    "ru-mail": "Понедельник, 5 мая 2025, 10:02 +03:00 от Ann Berg <ann@example.org>:",
    "zh-gmail": "Ann Berg <ann@example.org> 于2025年5月5日周一 10:02写道：",
    "zh-apple": "在 2025年5月5日，上午10:02，Ann Berg <ann@example.org> 写道：",
    "zh-netease": 'At 2025-05-05 10:02:33, "Ann Berg" <ann@example.org> wrote:',
    "zh-hant-gmail": "Ann Berg <ann@example.org> 於 2025年5月5日 週一 上午10:02寫道：",
    "zh-hant-apple": "Ann Berg <ann@example.org> 於 2025年5月5日 上午10:02 寫道：",
    "ja-gmail": "2025年5月5日(月) 10:02 Ann Berg <ann@example.org>:",
    "ja-apple": "2025/05/05 10:02、Ann Berg <ann@example.org>のメール:",
    "ko-gmail": "2025년 5월 5일 (월) 오전 10:02, Ann Berg <ann@example.org>님이 작성:",
    "ko-apple": "2025. 5. 5. 오전 10:02, Ann Berg <ann@example.org> 작성:",
    "vi-gmail": "Vào Th 2, 5 thg 5, 2025 vào lúc 10:02 Ann Berg <ann@example.org> đã viết:",
    "vi-apple": "Vào 10:02, Th 2, 5 thg 5, 2025 Ann Berg <ann@example.org> đã viết:",
}

HEADER_BLOCKS = {
    "en": ("From", "Sent", "To", "Subject"),
    "de": ("Von", "Gesendet", "An", "Betreff"),
    "fr": ("De", "Envoyé", "À", "Objet"),
    "nb": ("Fra", "Sendt", "Til", "Emne"),
    "da": ("Fra", "Sendt", "Til", "Emne"),
    "sv": ("Från", "Skickat", "Till", "Ämne"),
    "nl": ("Van", "Verzonden", "Aan", "Onderwerp"),
    "es": ("De", "Enviado el", "Para", "Asunto"),
    "it": ("Da", "Inviato", "A", "Oggetto"),
    "pt": ("De", "Enviada em", "Para", "Assunto"),
    "pl": ("Od", "Wysłano", "Do", "Temat"),
    "cs": ("Od", "Odesláno", "Komu", "Předmět"),
    "fi": ("Lähettäjä", "Lähetetty", "Vastaanottaja", "Aihe"),
    "ru": ("От", "Отправлено", "Кому", "Тема"),
    "zh": ("发件人", "发送时间", "收件人", "主题"),
    "zh-hant": ("寄件者", "寄件日期", "收件者", "主旨"),
    "ja": ("差出人", "送信日時", "宛先", "件名"),
    "ko": ("보낸 사람", "보낸 날짜", "받는 사람", "제목"),
    "vi": ("Từ", "Đã gửi", "Đến", "Chủ đề"),
}

ORIGINAL_LINES = {
    "en": "-----Original Message-----",
    "en-proton": "------- Original Message -------",
    "de": "-----Ursprüngliche Nachricht-----",
    "de-android": "-------- Ursprüngliche Nachricht --------",
    "fr": "-----Message d'origine-----",
    "fr-android": "-------- Message d’origine --------",
    "nb": "-----Opprinnelig melding-----",
    "da": "-----Oprindelig meddelelse-----",
    "sv": "-----Ursprungligt meddelande-----",
    "nl": "-----Oorspronkelijk bericht-----",
    "es": "-----Mensaje original-----",
    "it": "-----Messaggio originale-----",
    "pt": "-----Mensagem original-----",
    "pl": "-----Oryginalna wiadomość-----",
    "cs": "-----Původní zpráva-----",
    "fi": "-----Alkuperäinen viesti-----",
    "ru": "-----Исходное сообщение-----",
    "zh": "-----邮件原件-----",
    "zh-qq": "------------------ 原始邮件 ------------------",
    "zh-hant": "-----原始郵件-----",
    "ja": "-----元のメッセージ-----",
    "ko": "-----원본 메시지-----",
    "vi": "-----Thư gốc-----",
}

FORWARD_LINES = {
    "en": "---------- Forwarded message ---------",
    "en-apple": "Begin forwarded message:",
    "de": "---------- Weitergeleitete Nachricht ---------",
    "de-thunderbird": "-------- Weitergeleitete Nachricht --------",
    "fr": "---------- Forwarded message ---------",
    "fr-apple": "Début du message réexpédié :",
    "nb": "---------- Videresendt melding ---------",
    "sv": "---------- Vidarebefordrat meddelande ---------",
    "nl": "---------- Doorgestuurd bericht ---------",
    "es": "---------- Mensaje reenviado ---------",
    "it-apple": "Inizio messaggio inoltrato:",
    "pl": "---------- Przekazana wiadomość ---------",
    "ru": "-------- Пересылаемое сообщение --------",
    "zh": "---------- 转发的邮件 ---------",
}


def new_text(text: str) -> str:
    return cut(text, split_body(text).reply)


@pytest.mark.parametrize("introduction", INTRODUCTIONS.values(), ids=INTRODUCTIONS)
@pytest.mark.parametrize("sign", ["> ", ""], ids=["marked", "unmarked"])
def test_what_an_introduction_announces_is_quote(introduction: str, sign: str) -> None:
    quote = f"{sign}Does it work now?\n{sign}Tell us."
    assert new_text(f"It does, many thanks to you.\n\n{introduction}\n\n{quote}\n") == (
        "It does, many thanks to you."
    )


@pytest.mark.parametrize("introduction", INTRODUCTIONS.values(), ids=INTRODUCTIONS)
def test_answer_below_a_marked_quote_is_new(introduction: str) -> None:
    text = f"{introduction}\n> Does it work now?\n\nIt does.\n"
    assert new_text(text) == "It does."


@pytest.mark.parametrize("labels", HEADER_BLOCKS.values(), ids=HEADER_BLOCKS)
@pytest.mark.parametrize("style", ["{}: {}", "*{}:* {}", "{} : {}", "{}：{}"])
def test_what_stands_below_a_copied_header_is_quote(
    labels: tuple[str, str, str, str], style: str
) -> None:
    values = ("Ann Berg <ann@example.org>", "5. 5. 2025 10:02", "Desk", "Printer")
    block = "\n".join(style.format(*pair) for pair in zip(labels, values, strict=True))
    rule = "________________________________"
    assert new_text(f"It does.\n\n{rule}\n{block}\n\nDoes it work now?\n") == "It does."


@pytest.mark.parametrize("line", ORIGINAL_LINES.values(), ids=ORIGINAL_LINES)
def test_what_stands_below_an_original_message_line_is_quote(line: str) -> None:
    assert new_text(f"It does.\n\n{line}\n\nDoes it work now?\n") == "It does."


@pytest.mark.parametrize("line", FORWARD_LINES.values(), ids=FORWARD_LINES)
def test_forwarded_mail_is_quote_and_known_as_forwarded(line: str) -> None:
    text = f"Please help her.\n\n{line}\nFrom: Ann <ann@example.org>\n\nIt does not print.\n"
    division = split_body(text)
    assert cut(text, division.reply) == "Please help her."
    assert division.forwarded == division.quoted
    assert "does not print" in cut(text, division.forwarded)


@pytest.mark.parametrize(
    "text",
    [
        "I have two questions:\n- which printer?\n- when?",
        "On Monday we saw the following:\nit does not print.",
        "The log of 5 May 2025 10:02 says:\nout of paper",
        "From: Oslo\nTo: Bergen\nDate: Friday\n\nPlease book it.",
        "Subject: printing\nIt does not print.",
        ">>> www.example.org <<<\nis our page.",
        "Please write to ann@example.org:\nshe knows.",
        "Ann said that it works:\nwe tried.",
        "Time: 10:02\nPlace: Oslo",
        "------ Maintenance ------\nis on Friday.",
    ],
)
def test_prose_that_looks_like_an_announcement_is_new(text: str) -> None:
    assert new_text(text) == text


def test_introduction_that_is_marked_itself_is_quote() -> None:
    text = "It does.\n\n> Am 05.05.2025 um 10:02 schrieb Ann <ann@example.org>:\n> \n> Well?\n"
    assert new_text(text) == "It does."


def test_answers_between_the_quoted_lines_are_new() -> None:
    text = (
        "Hi Ann,\n\nOn 5 May 2025, at 10:02, Ann <ann@example.org> wrote:\n> Which printer?\n"
        "The blue one.\n> And since when?\n\nSince Friday.\n\n> Bye\n"
    )
    assert new_text(text).split("\n") == ["Hi Ann,", "The blue one.", "Since Friday."]


def test_tail_of_a_quoted_line_that_a_client_broke_is_quote() -> None:
    text = (
        "Yes.\n\nOn 5 May 2025, at 10:02, Ann <ann@example.org> wrote:\n"
        "> Does the printer on the second floor beside the kitchen print again\n"
        "since yesterday?\n> Ann\n"
    )
    assert new_text(text) == "Yes."


def test_introduction_glued_to_the_answer_is_quote() -> None:
    text = "Yes, it does. On Mon, May 5, 2025 at 10:02 AM Ann <ann@example.org> wrote:\n> Well?\n"
    assert new_text(text) == "Yes, it does."


def test_blank_lines_inside_a_copied_header_do_not_end_it() -> None:
    block = "From: Ann <ann@example.org>\n\nSent: Friday\n\nTo: Desk\n\nSubject: Printer\n"
    assert new_text(f"It does.\n\n{block}\nWell?\n") == "It does."


def test_mail_that_is_only_a_copied_header_and_its_text_counts_as_forwarded() -> None:
    text = "From: Ann <ann@example.org>\nSent: Friday\nTo: Desk\nSubject: Printer\n\nIt is broken."
    division = split_body(text)
    assert division.reply == ()
    assert cut(text, division.forwarded) == text
