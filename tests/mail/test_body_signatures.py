"""Signatures: delimiters, footers of clients, sign-offs, legal footers."""

import pytest

from maildesk.mail.body import split_body
from maildesk.mail.message import cut

CLIENT_FOOTERS = {
    "en-iphone": "Sent from my iPhone",
    "en-blackberry": "Sent wirelessly from my BlackBerry device on the Bell network.",
    "en-outlook": "Get Outlook for iOS<https://example.org/o>",
    "en-yahoo": "Sent from Yahoo Mail on Android",
    "en-windows": "Sent from Mail for Windows 10",
    "en-proton": "Sent with Proton Mail secure email.",
    "en-excuse": "Sent from my iPhone, please excuse brevity.",
    "de-iphone": "Von meinem iPhone gesendet",
    "de-samsung": "Gesendet von meinem Samsung Galaxy Smartphone.",
    "de-outlook": "Holen Sie sich Outlook für Android<https://example.org/o>",
    "fr-iphone": "Envoyé de mon iPhone",
    "fr-outlook": "Télécharger Outlook pour iOS",
    "fr-mail": "Envoyé à partir de Courrier pour Windows",
    "nb-iphone": "Sendt fra min iPhone",
    "nb-outlook": "Skaff deg Outlook for iOS",
    "da-iphone": "Sendt fra min iPhone",
    "sv-iphone": "Skickat från min iPhone",
    "sv-outlook": "Hämta Outlook för iOS",
    "nl-iphone": "Verstuurd vanaf mijn iPhone",
    "nl-outlook": "Verzonden vanuit Outlook voor iOS",
    "es-iphone": "Enviado desde mi iPhone",
    "it-iphone": "Inviato da iPhone",
    "pt-iphone": "Enviado do meu iPhone",
    "pl-iphone": "Wysłane z iPhone'a",
    "cs-iphone": "Odesláno z iPhonu",
    "fi-iphone": "Lähetetty iPhonesta",
    "ru-iphone": "Отправлено с iPhone",
    "zh-iphone": "发自我的iPhone",
    "zh-hant-iphone": "從我的 iPhone 傳送",
    "ja-iphone": "iPhoneから送信",
    "ko-iphone": "나의 iPhone에서 보냄",
    "vi-iphone": "Đã gửi từ iPhone của tôi",
}

SIGN_OFFS = {
    "en": "Best regards,",
    "en-short": "Best,",
    "en-kind": "Kind regards",
    "en-yours": "Yours sincerely,",
    "nb": "Med vennlig hilsen",
    "nb-short": "Mvh",
    "nb-hilsen": "Hilsen",
    "nl": "Met vriendelijke groet,",
    "nl-short": "Groetjes,",
    "zh": "此致",
    "zh-wish": "祝好",
    "de": "Mit freundlichen Grüßen",
    "de-short": "Viele Grüße,",
    "de-letters": "LG",
    "fr": "Cordialement,",
    "fr-kind": "Bien à vous,",
    "es": "Saludos cordiales,",
    "es-short": "Un saludo",
    "sv": "Med vänliga hälsningar",
    "sv-short": "Hälsningar,",
    "da": "Med venlig hilsen",
    "it": "Cordiali saluti",
    "pt": "Atenciosamente,",
    "pl": "Pozdrawiam",
    "cs": "S pozdravem",
    "fi": "Ystävällisin terveisin",
    "ru": "С уважением,",
    "vi": "Trân trọng,",
}


def parts(text: str) -> tuple[str, str]:
    division = split_body(text)
    return cut(text, division.reply), cut(text, division.signature)


@pytest.mark.parametrize("footer", CLIENT_FOOTERS.values(), ids=CLIENT_FOOTERS)
def test_footer_of_a_mail_client_is_signature(footer: str) -> None:
    assert parts(f"It works.\n\n{footer}\n") == ("It works.", footer)


@pytest.mark.parametrize("sign_off", SIGN_OFFS.values(), ids=SIGN_OFFS)
def test_sign_off_and_name_are_signature(sign_off: str) -> None:
    block = f"{sign_off}\nAnn Berg\nHead of Printing\n+47 22 00 00 00\nwww.example.org"
    assert parts(f"It works.\n\n{block}\n") == ("It works.", block)


@pytest.mark.parametrize("delimiter", ["-- ", "--", "—"])
def test_what_stands_below_the_delimiter_is_signature(delimiter: str) -> None:
    text = f"It works.\n{delimiter}\nAnn Berg\nExample Ltd"
    assert parts(text) == ("It works.", f"{delimiter}\nAnn Berg\nExample Ltd")


@pytest.mark.parametrize(
    "text",
    [
        "Thanks,\nAnn",
        "It works.\n\nThanks a lot\nAnn",
        "Best, we think, is the blue one.",
        "Hi,\n\nBest\nis the blue printer on the second floor, for it never fails.",
        "Sent from my desk, for the phone is broken.",
        "Get the printer going, please.",
        "Steps:\n--> one\n--> two",
        "Points:\n- paper\n- ink",
        "Above\n-----\nBelow",
        "The virus scanner said nothing.",
        "Regards, Ann",
        "--\nAnn",
    ],
)
def test_words_that_only_look_like_a_signature_are_new(text: str) -> None:
    assert parts(text) == (text, "")


def test_postscript_behind_the_signature_is_new() -> None:
    text = "It works.\n\nBest,\nAnn\n\nPS: the blue printer is out of ink."
    assert parts(text)[0].split("\n") == ["It works.", "PS: the blue printer is out of ink."]


def test_paragraph_behind_sign_off_and_name_is_new() -> None:
    prose = (
        "The printer on the second floor has the same fault, and it would be a great help to all\n"
        "of us if somebody could look at it before the end of the week."
    )
    assert parts(f"It works.\n\nBest,\nAnn\n\n{prose}\n")[0] == f"It works.\n{prose}"


def test_bounce_pasted_into_a_mail_is_new() -> None:
    text = (
        "I got this:\n\n<ann@example.org>: host mx.example.org[192.0.2.1] said:\n"
        "    550 5.1.1 user unknown"
    )
    assert parts(text) == (text, "")


def test_signature_above_the_quote_is_found() -> None:
    text = "It works.\n\nBest,\nAnn\n\nOn 5 May 2025, at 10:02, Bob <b@example.org> wrote:\n> Well?"
    assert parts(text) == ("It works.", "Best,\nAnn")


def test_legal_footer_is_signature() -> None:
    footer = (
        "This e-mail is confidential and intended solely for the addressee. If you received it\n"
        "in error, delete it; unauthorised disclosure is unlawful."
    )
    assert parts(f"It works.\n\nAnn\n\n{footer}\n") == ("It works.\n\nAnn", footer)


def test_footer_of_a_mailing_list_below_the_quote_is_signature() -> None:
    text = (
        "It works.\n-- \nAnn\n\nOn 5 May 2025, at 10:02, Bob <b@example.org> wrote:\n> Well?\n\n"
        "_______________________________________________\nPrinters mailing list\n"
        "printers@example.org\n"
    )
    assert parts(text)[0] == "It works."
    assert len(split_body(text).signature) == 2


def test_signature_that_markup_proved_is_no_new_text() -> None:
    text = "It works.\nAnn Berg, Printing"
    start = text.index("Ann")
    division = split_body(text, (), (type(split_body("x").reply[0])(start, len(text)),))
    assert cut(text, division.reply) == "It works."
