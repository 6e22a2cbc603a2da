"""What a requester says in so many words, in eight languages; and what only looks like it."""

import time
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildesk.mail.courtesy import Courtesy, read_courtesy
from maildesk.mail.courtesy_phrases import DOUBTS
from maildesk.mail.message import Address, Attachment, InboundMail, Span
from maildesk.mail.parse import parse_mail

ADA = Address("Ada Berg", "ada.berg@example.org")
DESK = Address("Kari (IT Service Desk)", "desk+t42@example.net")


def answer(text: str, **fields: object) -> InboundMail:
    """An answer to a mail of ours."""
    return mail(text, subject="Re: Printer [#42]", in_reply_to=("m@example.net",), **fields)


def mail(text: str, **fields: object) -> InboundMail:
    known = {"senders": (ADA,), "to": (DESK,), "reply": (Span(0, len(text)),), **fields}
    return InboundMail(size=1, content_key="k", text=text, **known)


def said(text: str) -> Courtesy | None:
    return read_courtesy(answer(text))


THANKS = {
    "en": [
        "Thanks!", "thanks", "Thank you", "THANK YOU!!!", "Thank you so much!", "Many thanks",
        "Many thanks, Kari 🙏", "Thanks a lot for your quick help!", "Hi Kari,\nthanks!\nAda",
        "Perfect, thank you so much", "Great, thanks for the fast reply.", "thx", "Thx :-)", "ty",
        "Thank you very much for your help, have a nice weekend!", "Thanks\n\nAda Berg", "Cheers",
        "Dear all,\n\nmany thanks for the quick response.\n\nBest wishes\nAda", "Thank you 🙏🏽",
        "Much appreciated!", "I really appreciate your help", "Thanks, you are the best!",
        "Awesome, thank you Kari!", "Thank you for getting back to me so quickly", "Thanks ;)",
        "Wow, that was fast. Thank you!", "Thanks again", "thanks & regards",
        "Thank you, Mr. Smith.", "Ｔｈａｎｋｓ！", "Tha\u200bnks\u200e",
        "Thanks \U0001f44d\U0001f3fb", "*Thanks!*", "thank you ❤️",
        "Hello team,\nthank you for everything!\nA.B.", "Kari, thank you!",
        "Thanks for letting me know", "No problem, thanks!", "Thanks! Ada",
        "Thanks for fixing this so quickly!",
    ],
    "de": [
        "Danke!", "Vielen Dank", "vielen dank!", "Super, vielen Dank für die schnelle Hilfe!",
        "Danke :)", "Herzlichen Dank für Ihre Unterstützung", "Besten Dank und viele Grüße\nAnna",
        "Danke schön!", "Hallo Frau Müller,\n\nvielen Dank!\n\nMit freundlichen Grüßen\nAda Berg",
        "Danke, LG Ada", "Danke Euch!", "1000 Dank", "Toll, danke!", "Ich danke Ihnen!",
        "Lieben Dank, schönes Wochenende!", "Danke fuer die schnelle Antwort", "Prima, besten Dank",
        "Das ging ja schnell, danke!", "Vielen Dank für Ihre Mühe und einen schönen Tag",
        "Perfekt, danke dir!",
    ],
    "fr": [
        "Merci !", "Merci beaucoup", "Merci beaucoup pour votre aide rapide !",
        "Un grand merci, Léa", "Bonjour,\n\nMerci pour votre réponse.\n\nCordialement,\nAda",
        "Super, merci", "Parfait merci !", "Je vous remercie", "Merci et bonne journée",
        "Merci à vous", "Merci pour l’aide", "Mille merci", "merci bien ☺️",
        "C’est parfait, merci beaucoup", "Génial, merci à tous",
    ],
    "es": [
        "Gracias", "¡Muchas gracias!", "Muchas gracias por su ayuda", "Mil gracias, un saludo",
        "Hola:\n\nMuchas gracias por la rápida respuesta.\n\nSaludos cordiales\nAda",
        "Perfecto, gracias", "Genial, muchísimas gracias 😊", "Se lo agradezco mucho",
        "Gracias, Kari", "gracias!!", "Excelente, muchas gracias por todo", "Gracias y buen día",
    ],
    "nb": [
        "Takk!", "Tusen takk", "Tusen takk for hjelpen :)", "takk for raskt svar",
        "Supert, tusen takk!", "Hei Kari!\nTusen takk for hjelpen.\nMvh Ada", "Takk skal du ha",
        "Takk for hjelpen, ha en fin dag!", "Flott, takk!", "Mange takk 😊", "1000 takk!",
        "Perfekt, takk for rask hjelp", "Takk, god helg!", "Hjertelig takk", "Tusen takk, Ola",
    ],
    "nl": [
        "Bedankt!", "Dank je wel", "Dankjewel!", "Hartelijk dank voor uw snelle reactie",
        "Super, bedankt!", "Hoi Kari,\n\nBedankt voor de hulp.\n\nGroetjes Ada", "Dank u wel",
        "Top, dank je!", "Heel erg bedankt", "Bedankt en fijne dag",
        "Geweldig, bedankt voor het snelle antwoord", "dank u 🙏",
    ],
    "sv": [
        "Tack!", "Tack så mycket", "Tusen tack för hjälpen!", "Stort tack", "Toppen, tack!",
        "Tack för snabbt svar", "Hej Kari,\n\ntack för hjälpen!\n\nMvh\nAda", "Tack snälla",
        "Tack och trevlig helg!", "Perfekt, tack ska du ha", "Tack igen 🙂", "Jättebra, tack",
    ],
    "zh": [
        "谢谢！", "谢谢", "非常感谢！", "多谢", "谢谢您的帮助", "感谢您的及时回复！", "谢谢你们",
        "太好了，谢谢！", "您好，\n谢谢！", "谢谢啦～", "谢谢🙏", "辛苦了，谢谢！", "谢谢李老师",
        "谢谢。祝好", "十分感谢您的支持和帮助", "謝謝", "谢谢，小王", "感谢!!",
    ],
}  # fmt: skip

WORKS = {
    "en": [
        "yes, works now", "It works again, thanks!", "solved", "Solved. Thank you!", "Yes", "yes.",
        "Yes, thanks!", "Everything is working fine now, many thanks for your help!",
        "Fixed, thank you", "That worked!", "That did the trick, thanks Kari", "Problem solved 👍",
        "The printer works again, thank you!", "All good now", "It's working!",
        "It’s working again now. Thanks, Ada", "its fixed", "Confirmed, it works.", "Ok, thanks",
        "I can log in again, thank you", "You can close the ticket", "ok", "Perfect!",
        "Issue resolved, thanks.", "Now it works perfectly", "No more problems, thanks",
        "Got it, thanks!", "All sorted, cheers", "Hi Kari,\n\nyes it does, thanks.\n\nAda",
        "Back to normal", "Ｙｅｓ！", "it is ok now", "working now :)",
    ],
    "de": [
        "Funktioniert wieder, danke", "Ja", "Ja, danke!", "Es geht wieder.",
        "Jetzt funktioniert es wieder, vielen Dank!", "Problem gelöst",
        "Das Problem ist behoben. Danke!", "Alles gut, danke", "Erledigt",
        "Hat geklappt, danke dir!", "Läuft wieder 👍", "Der Drucker funktioniert wieder. Danke!",
        "Alles klar, danke", "Passt, danke!", "Jetzt ist es in Ordnung",
        "Das Ticket kann geschlossen werden", "Ja, alles funktioniert wieder einwandfrei.",
        "Ist erledigt, besten Dank",
    ],
    "fr": [
        "Oui", "Oui, merci !", "Ça marche, merci", "Ca marche maintenant", "C'est bon, merci",
        "Problème résolu", "Le problème est résolu, merci beaucoup !", "Tout fonctionne à nouveau.",
        "C’est réglé. Merci", "D'accord, merci", "Cela fonctionne parfaitement maintenant",
        "Tout est rentré dans l'ordre, merci", "Bien reçu, merci",
    ],
    "es": [
        "Sí", "Sí, gracias", "Ya funciona, gracias", "Funciona de nuevo", "Solucionado",
        "Problema resuelto. ¡Gracias!", "Ya está solucionado, muchas gracias",
        "Todo funciona perfectamente", "Ahora funciona bien", "Todo correcto, gracias",
        "Vale, gracias", "Ya puedo entrar, gracias", "Todo en orden",
    ],
    "nb": [
        "Ja", "Ja, takk!", "Det virker igjen, takk", "Nå fungerer det igjen", "Løst",
        "Fungerer fint nå!", "Problemet er løst, tusen takk", "Alt i orden",
        "Nå er det i orden. Takk!", "Ja, det fungerer nå", "Fikset, takk for hjelpen", "Funker nå",
        "Ok, takk", "Dere kan lukke saken",
    ],
    "nl": [
        "Ja", "Ja, dank je!", "Het werkt weer, bedankt", "Opgelost!", "Werkt weer",
        "Nu werkt alles weer", "Het probleem is opgelost, dank u wel", "Ja hoor, alles werkt",
        "Doet het weer, bedankt!", "Alles in orde", "Nu is het opgelost", "Ok, bedankt",
    ],
    "sv": [
        "Ja", "Ja, tack!", "Det fungerar igen, tack", "Nu funkar det", "Löst!",
        "Problemet är löst, tack så mycket", "Allt fungerar nu", "Nu är det klart", "Ordnat, tack",
        "Okej, tack", "Ja, det fungerar bra nu",
    ],
    "zh": [
        "是的", "好了，谢谢！", "已经解决了，谢谢", "可以了", "可以用了，谢谢！", "问题已解决",
        "现在正常了", "好的，谢谢", "恢复正常了", "没问题了，谢谢您的帮助", "解决了！",
        "现在可以登录了，非常感谢", "收到，谢谢", "搞定了",
    ],
}  # fmt: skip

NOTHING = {
    "en": [
        "still broken", "Thanks, but it is broken again", "Thanks in advance for your help",
        "no thanks", "No, thanks.", "Thanks for nothing, it does not work", "ok and when?",
        "Thanks. When will it be ready", "Thanks! Any news?",
        "It works now, but only until I restart", "It still works not", "Works almost",
        "It is almost working", "Yes but slowly", "Not solved", "It is not working",
        "It does not work", "No longer works", "Unfortunately not", "No", "Nope", "Yes?", "Works?",
        "Is it working now", "is it solved", "Thanks, please also reset my password",
        "Thanks, call me tomorrow", "Thanks, Monday", "Thanks. Broken", "Thanks.\nBroken again",
        "Thanks\nmy number is 555 1234", "Thanks 😢", "Thanks 👎", "Thanks :(", "Yes please",
        "Thank you, I will try that", "Thanks, see attachment", "Thanks https://example.org/x",
        "Yes, tomorrow", "Yes, delete it", "Worked yesterday", "It works for Bob", "Thanks, Help",
        "Thanks. Urgent", "Thank you for your order 4711", "Let me know when it is solved",
        "I don't think it is solved", "Hope it works", "Thanks, error 5 again",
        "Great, now nothing works", "Perfect, but slow", "Tell me it works",
        "Thanks for your help so far", "yes and no", "Hi", "Hello Kari,", "Best regards\nAda",
        "Ada", "", "   ", ".", "???", "5", "Fine, thanks, and you", "Thanks, not yet", "Reopen",
        "My printer is broken", "works works not", "THANKS BROKEN AGAIN", "lost",
        "Thanks for your help with the printer, the scanner is next",
        "It works on my phone but not on my PC", "Can you close the ticket",
        "I would like to thank you for your help with the following", "Thanks, looks like spam",
        "Please stop it", "status of my case", "Thanks [image: screenshot.png]",
        "Thanks [cid:image001.png@01DB]", "thanks ☎ me", "I am in", "Yes, No", "works in theory",
    ],
    "de": [
        "geht immer noch nicht", "Danke, aber es geht nicht", "Vielen Dank im Voraus",
        "Vielen Dank im Voraus für Ihre Hilfe", "Nein danke", "Danke. Leider kaputt",
        "Danke, noch nicht", "Funktioniert es wieder", "Geht es wieder", "Ja, aber langsam", "Nein",
        "Fast gelöst", "Nicht gelöst", "Das Problem besteht weiterhin", "Danke, morgen",
        "Danke, Montag", "Danke, bitte noch den Drucker", "Es geht so",
        "Es funktioniert nur manchmal", "Danke für nichts", "Ja bitte", "Ist es erledigt",
        "Alles kaputt", "Läuft nicht", "Danke. Fehler", "Leider nein", "Ja, gestern ging es",
        "Gut, und wann", "Schade",
    ],
    "fr": [
        "ça ne marche toujours pas", "Merci, mais ça ne marche pas", "Merci d'avance",
        "Merci d’avance pour votre aide", "Non merci", "Oui mais non", "Pas encore résolu",
        "Merci de me rappeler", "Merci de votre retour rapide svp", "Fonctionne-t-il", "Non",
        "Presque réglé", "Merci de bien vouloir réinitialiser mon mot de passe",
        "Toujours en panne", "Merci. Urgent", "Oui, demain", "Est-ce que ça marche",
        "Merci de corriger", "Il ne fonctionne plus",
    ],
    "es": [
        "sigue sin funcionar", "Gracias, pero no funciona", "Gracias de antemano", "No, gracias",
        "Ya no funciona", "Todavía no", "Sí, pero no todo", "Gracias, mañana", "¿Funciona",
        "Casi solucionado", "Gracias por nada", "Sin solucionar", "No", "Sí, por favor",
        "Ahora no funciona", "Gracias. Urgente", "Aún no está resuelto", "si no funciona",
    ],
    "nb": [
        "virker fortsatt ikke", "Takk, men det virker ikke", "Takk på forhånd", "Nei takk",
        "Virker det nå", "Fungerer det igjen", "Ikke løst", "Takk, mandag", "Nesten i orden",
        "Ja, men bare av og til", "Nei", "Fortsatt feil", "Takk. Haster", "Det er ikke i orden",
        "Er det løst", "Takk for sist, printeren er død", "Det går ikke", "Det går dårlig",
    ],
    "nl": [
        "werkt nog steeds niet", "Bedankt, maar het werkt niet", "Alvast bedankt",
        "Bij voorbaat dank", "Nee bedankt", "Werkt het weer", "Niet opgelost", "Bijna opgelost",
        "Ja, maar traag", "Nee", "Helaas", "Bedankt, morgen", "Graag gedaan", "Is het opgelost",
        "Ja graag", "Het werkt alleen thuis", "Nog niet, bedankt",
    ],
    "sv": [
        "fungerar fortfarande inte", "Tack, men det fungerar inte", "Tack på förhand", "Nej tack",
        "Fungerar det nu", "Inte löst", "Nästan klart", "Ja, men långsamt", "Nej", "Tyvärr",
        "Tack, imorgon", "Är det löst", "Det går inte", "Tack. Trasig", "Ja, snälla",
    ],
    "zh": [
        "还是不行", "谢谢，但是还不行", "谢谢，还没好", "没解决", "还没有解决", "问题没解决",
        "不能用了", "好了吗", "解决了吗？", "先谢谢了，请尽快处理", "不用了，谢谢", "请处理，谢谢",
        "什么时候好", "不好了", "谢谢，请问什么时候", "可以了吧", "不是", "好像好了", "没有",
        "提前谢谢", "又坏了", "还是老样子", "可以用吗",
    ],
}  # fmt: skip


def rows(tables: dict[str, list[str]]) -> list[object]:
    """The texts of all languages, each named by its language and itself."""
    return [
        pytest.param(text, id=f"{language}: {text!r}")
        for language, texts in tables.items()
        for text in texts
    ]


@pytest.mark.parametrize("text", rows(THANKS))
def test_pure_thanks(text: str):
    assert said(text) is Courtesy.THANKS


@pytest.mark.parametrize("text", rows(WORKS))
def test_that_it_works(text: str):
    assert said(text) is Courtesy.WORKS


@pytest.mark.parametrize("text", rows(NOTHING))
def test_more_than_a_courtesy(text: str):
    assert said(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "The problem is back", "The issue is working", "it is back", "Das Problem ist wieder da",
        "Der Fehler ist wieder da", "Le problème est de nouveau là", "El problema funciona", "va",
        "Problemet er tilbake", "Feilen er på plass", "Het probleem werkt weer", "It was working",
        "Problemet är uppe igen", "Everything was fine", "故障恢复正常", "问题又好了",
        "请恢复", "解决",
    ],
)  # fmt: skip
def test_trouble_that_is_there_again_does_not_work(text: str):
    assert said(text) is None


@pytest.mark.parametrize(
    "text", ["Refund, thanks", "Delete, yes", "Gracias por confirmar", "Merci de votre réponse"]
)
def test_requests_that_end_in_thanks(text: str):
    assert said(text) is None


def test_a_yes_beside_thanks_may_be_an_answer():
    assert said("Ok, thanks") is said("Yes") is said("Perfect!") is Courtesy.WORKS
    assert said("Perfect, thanks") is Courtesy.THANKS


@pytest.mark.parametrize(
    "text", ["👍", "👍👍🏽", "❤️", "+1", ":-)", "🙏🏿 ❤️\u200d🔥", "(y)", "🎉🎉🎉!", "<3", "✅"]
)
def test_glad_signs_alone_are_a_reaction(text: str):
    assert said(text) is Courtesy.REACTION


@pytest.mark.parametrize(
    "text", ["👎", "😡", "❓", "🖨️💥", "+1 more", "👍?", ":(", "👍👎", "+2", "-1", "☎"]
)
def test_other_signs_are_for_an_agent(text: str):
    assert said(text) is None


# --- names --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Thanks!\nAda",
        "Thanks\n\nAda Berg",
        "Thanks\nA. Berg",
        "Thanks\nADA BERG",
        "thanks, ada",
        "Thanks. Ada",
        "Thanks Kari",
        "Thanks, Kari!\nAda",
        "Thanks Jean-Luc",
        "Thanks\nAB",
        "Dear Mr. O’Neill,\nthanks\nAda",
        "Hallo Frau van den Berg,\ndanke",
        "Hei Bjørn!\nTakk\nAda",
        "Thank you\nMaria Ángeles García",
    ],
)
def test_names_of_sender_and_reader(text: str):
    assert said(text) is Courtesy.THANKS


@pytest.mark.parametrize(
    "text",
    [
        "Thanks bob",
        "Thanks. Printer",
        "Thanks\nHelp",
        "Thanks\nStill Broken",
        "THANKS\nBROKEN",
        "Thanks, Urgent",
        "Thanks\nKari\nOla\nPer",
        "Danke, Hilfe",
        "Thanks, Tomorrow",
        "Help, thanks",
        "Broken. Thanks",
        "Thanks for the Printer, Broken",
    ],
)
def test_words_that_are_no_names(text: str):
    assert said(text) is None


def test_a_chinese_sender_signs():
    lei = (Address("李雷", "lilei@example.cn"),)
    assert read_courtesy(answer("谢谢！\n李雷", senders=lei)) is Courtesy.THANKS
    assert read_courtesy(answer("谢谢！\n韩梅", senders=lei)) is None


# --- status and stop ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "status",
        "Status",
        "STATUS",
        "Status?",
        "status please",
        "Status, please.",
        "Status bitte",
        "“status”",
        "status.",
        "Ｓｔａｔｕｓ",
        "sta\u200btus",
        "Statut ?",
        "Estado",
        "状态",
        "进度？",
        " status \n",
        "status\n\n",
        "État, s’il vous plaît",
    ],
)
def test_status_is_the_word_alone(text: str):
    assert said(text) is Courtesy.STATUS


@pytest.mark.parametrize(
    "text",
    [
        "STOP",
        "stop.",
        "Stop!",
        "Stopp",
        "unsubscribe",
        "Abmelden",
        "désabonner",
        "baja",
        "退订",
        "Stop please",
    ],
)
def test_stop_is_the_word_alone(text: str):
    assert said(text) is Courtesy.STOP


@pytest.mark.parametrize(
    "text",
    [
        "status quo",
        "What is the status",
        "#status",
        "status 42",
        "Statusbericht",
        "STOP!!",
        "STOP!!!",
        "Stop it",
        "don't stop",
        "Please stop the printer",
        "stop sending the report to Bob",
        "Unsubscribe me from the newsletter",
    ],
)
def test_more_than_the_word_is_for_people(text: str):
    assert said(text) is None


@pytest.mark.parametrize(
    ("subject", "text", "expected"),
    [
        ("status", "", Courtesy.STATUS),
        ("Status?", "status", Courtesy.STATUS),
        ("Status", "Hello,\nthank you\nAda", Courtesy.STATUS),
        ("Status", "Best regards\nAda", Courtesy.STATUS),
        ("Status", "My printer is broken.", None),
        ("Status", "STOP", None),
        ("STOP", "", Courtesy.STOP),
        ("Stop", "Please stop the payment of invoice 4711!", None),
        ("Printer broken", "", None),
        ("Printer broken", "Thanks\nAda", None),
        ("Printer broken", "status", None),
        ("Printer question", "Yes", None),
        ("Thank you!", "Thank you!\nAda", Courtesy.THANKS),
        ("Thank you!", "", Courtesy.THANKS),
        ("Thank you!", "My printer is broken.", None),
        ("", "Thanks", Courtesy.THANKS),
        ("", "", None),
    ],
)
def test_the_subject_of_a_mail_that_answers_nothing(
    subject: str, text: str, expected: Courtesy | None
):
    assert read_courtesy(mail(text, subject=subject)) is expected


def test_the_subject_of_an_answer_is_ours():
    assert read_courtesy(mail("", subject="Re: status")) is None
    assert read_courtesy(mail("", subject="status", in_reply_to=("m@example.net",))) is None
    assert read_courtesy(mail("Thanks", subject="AW: Printer broken")) is Courtesy.THANKS


# --- what else a mail may bring -----------------------------------------------------------------


def attachment(content_type: str, *, is_inline: bool = False) -> Attachment:
    return Attachment("2", "file", content_type, 10, "0" * 64, is_inline=is_inline)


@pytest.mark.parametrize(
    ("content_type", "is_inline", "expected"),
    [
        ("image/png", True, Courtesy.THANKS),
        ("image/png", False, None),
        ("application/pdf", False, None),
        ("message/rfc822", False, None),
        ("application/pgp-signature", False, Courtesy.THANKS),
        ("application/pkcs7-signature", False, Courtesy.THANKS),
    ],
)
def test_thanks_with_files(content_type: str, is_inline: bool, expected: Courtesy | None):
    files = (attachment(content_type, is_inline=is_inline),)
    assert read_courtesy(answer("Thanks!", attachments=files)) is expected


def test_answers_between_quotes_and_forwards_are_no_courtesy():
    text = "Yes\n> Shall we delete the disk?\nThanks"
    spans = {"reply": (Span(0, 4), Span(32, len(text))), "quoted": (Span(4, 32),)}
    assert read_courtesy(answer(text, **spans)) is None
    text = "Thanks\n\nBegin forwarded message:\nhelp me"
    spans = {"reply": (Span(0, 8),), "quoted": (Span(8, 40),), "forwarded": (Span(8, 40),)}
    assert read_courtesy(answer(text, **spans)) is None


@pytest.mark.parametrize(
    "text",
    [
        "Thanks! " * 25_000,
        "now " * 60,
        "ok " * 70,
        "so very really " * 14,
        "\n" * 1_000_000,
        "谢" * 200,
        "very " * 45 + "x",
        "the quick help " * 14,
        "thanks " * 28 + "x",
        "Ada " * 60,
        "\u0301" * 1_900,
        "👍" * 190 + "x",
        "“" * 1_900,
        "[like] " + "a " * 900 + "reacted to your message:",
        "Liked “" + "a" * 1_900,
        "wieder " * 28,
        "all " * 49,
        "nochmal danke " * 14,
        "alles das " * 19,
        "i " * 99 + "!",
    ],
)
def test_hostile_texts_cost_nothing(text: str):
    began = time.process_time()
    read_courtesy(answer(text))
    assert time.process_time() - began < 0.25


def test_long_thanks_are_read_by_people():
    assert said("Thank you so much! " * 11) is None


@pytest.mark.parametrize(
    "text", ["Thanks for the help {}", "Tusen takk, {}", "It works {}", "{} ja"]
)
def test_a_word_of_doubt_is_covered_by_no_phrase(text: str):
    harmless = {"help", "problem", "issue", "fast", "also", "again"}  # they thank, too
    for word in sorted(DOUBTS - harmless):
        assert said(text.format(word)) is None, word
        assert said(text.format(word.capitalize())) is None, word


@given(st.text(max_size=300), st.text(max_size=40), st.text(max_size=40))
def test_never_raises(text: str, subject: str, name: str):
    sender = (Address(name, "x@example.org"),)
    assert read_courtesy(answer(text, senders=sender)) in {*Courtesy, None}
    assert read_courtesy(mail(text, subject=subject, senders=sender)) in {*Courtesy, None}


ALL_THANKS = [text for texts in THANKS.values() for text in texts]


@given(
    st.sampled_from(ALL_THANKS),
    st.text(st.characters(categories=("L", "N", "P", "Zs")), max_size=60),
    st.sampled_from(["?", "？", "¿", "?!", "⁇", "؟"]),
    st.booleans(),
)
def test_thanks_with_a_question_are_no_thanks(text: str, words: str, mark: str, is_first: bool):
    question = f"{words}{mark}"
    assert said(f"{question} {text}" if is_first else f"{text}\n{question}") is None


@given(
    st.sampled_from(ALL_THANKS),
    st.sampled_from(
        ["not", "aber", "ikke", "pas", "maar", "men", "pero", "但是", "please", "4711"]
    ),
)
def test_thanks_with_a_doubt_are_no_thanks(text: str, word: str):
    assert said(f"{text}\n{word}") is None
    assert said(f"{word} {text}") is None


# --- as clients write them ----------------------------------------------------------------------

OURS = "Your printer is ready.\nDoes it work again?\n\nKari, IT Service Desk"


def raw(text: str, html: str = "", *, reaction: str = "", logo: str = "") -> bytes:
    """An answer to our mail; `reaction` is the content of Gmail's part, between the others."""
    message = EmailMessage()
    message["From"] = "Ada Berg <ada.berg@example.org>"
    message["To"] = "IT Service Desk <desk@example.net>"
    message["Subject"] = "Re: Printer [#42]"
    message["Message-ID"] = "<1@example.org>"
    message["In-Reply-To"] = message["References"] = "<m42@example.net>"
    if text:
        message.set_content(text)
    if reaction:
        message.add_alternative(
            reaction.encode(), maintype="text", subtype="vnd.google.email-reaction+json"
        )
        del message.get_payload()[-1]["Content-Disposition"]
    if html and text:
        message.add_alternative(html, subtype="html")
    elif html:
        message.set_content(html, subtype="html")
    if logo:
        message.add_related(b"GIF89a", "image", "gif", cid=f"<{logo}>")
    return message.as_bytes()


def quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


GMAIL_LINK = (
    "https://www.google.com/gmail/about/?utm_source=gmail-in-product&utm_medium=et"
    "&utm_campaign=emojireactionemail#app"
)
GMAIL_INTRODUCTION = "On Thu, 19 Mar 2026 at 19:12, IT Service Desk <desk@example.net> wrote:"

GMAIL_QUOTE = f"{GMAIL_INTRODUCTION}\n\n{quoted(OURS)}"


def gmail_reaction(
    emoji: str = "👍", line: str = "Ada Berg reacted via Gmail", *, part: bool = True
) -> bytes:
    """RFC 2046 alternatives: text, reaction, HTML, in the order that Gmail writes them."""
    words, _, name = line.rpartition(" ")
    return raw(
        f"{emoji}\n\n{line}\n<{GMAIL_LINK}>\n\n{GMAIL_QUOTE}\n",
        f'<div><p class="big">{emoji}</p><p>{words} <a href="{GMAIL_LINK}">{name}</a></p>'
        "</div>"
        f'<div class="gmail_quote"><div class="gmail_attr">{GMAIL_INTRODUCTION}</div>'
        f'<blockquote class="gmail_quote">{OURS}</blockquote></div>',
        reaction=f'{{\n  "emoji": "{emoji}",\n  "version": 1\n}}' if part else "",
    )


def outlook_reaction(
    word: str = "like", line: str = "reacted to your message:", *, plain: bool = True
) -> bytes:
    """A table with the image of the reaction; Exchange makes the text of it."""
    block = (
        "From: IT Service Desk <desk@example.net>\nSent: Thursday, March 19, 2026 7:12 PM\n"
        f"To: Ada Berg <ada.berg@example.org>\nSubject: Printer [#42]\n\n{OURS}"
    )
    lines = block.replace("\n", "<br>\n")
    return raw(
        f"[{word}]  Ada Berg {line}\n________________________________\n{block}\n" if plain else "",
        f'<html><body><table><tr><td><img alt="{word}" src="" style="height:25px"> </td>'
        f'<td><span style="font-weight:bold">Ada Berg</span> <span>{line}</span></td></tr></table>'
        f'<hr style="width:98%"><div id="divRplyFwdMsg">{lines}</div></body></html>',
    )


REACTIONS = {
    "gmail": gmail_reaction(),
    "gmail, hands": gmail_reaction("🙏🏽"),
    "gmail, spanish": gmail_reaction("🎉", "Ada Berg reaccionó a través de Gmail"),
    "gmail, any language": gmail_reaction("🎉", "Ada Berg blablabla Gmail"),
    "gmail, part lost on a list": gmail_reaction(part=False),
    "gmail, an emoji and the part alone": raw("👍", reaction='{"emoji": "👍", "version": 1}'),
    "outlook": outlook_reaction(),
    "outlook, no word for the image": outlook_reaction("0"),
    "outlook, html": outlook_reaction(plain=False),
    "outlook, heart": outlook_reaction("heart"),
    "outlook, german": outlook_reaction("Gefällt mir", "hat auf Ihre Nachricht reagiert:"),
    "outlook, french": outlook_reaction("J’aime", "a réagi à votre message :"),
    "outlook, norwegian": outlook_reaction("Liker", "reagerte på meldingen din:"),
    "outlook, dutch": outlook_reaction("Leuk", "heeft gereageerd op uw bericht:"),
    "outlook, spanish": outlook_reaction("Me gusta", "ha reaccionado a tu mensaje:"),
    "outlook, swedish": outlook_reaction("Gilla", "reagerade på ditt meddelande:"),
    "outlook, chinese": outlook_reaction("赞", "对你的消息作出了反应："),
    "a tapback": raw("Liked “Your printer is ready.”"),
    "a tapback in german": raw("Gefällt „Your printer is ready.“"),
    "a tapback with an emoji": raw("Reacted 👍 to “Your printer is ready.”"),
    "a thumb above the quote": raw(f"👍\n\n{GMAIL_QUOTE}\n"),
}


@pytest.mark.parametrize("content", REACTIONS.values(), ids=REACTIONS.keys())
def test_reactions_of_clients(content: bytes):
    assert read_courtesy(parse_mail(content)) is Courtesy.REACTION


NO_REACTIONS = {
    "gmail, thumb down": gmail_reaction("👎"),
    "gmail, with words": raw("👍 but\nwhen will it\nbe ready?", reaction='{"emoji": "👍"}'),
    "outlook, sad": outlook_reaction("sad"),
    "outlook, more below": raw("[like] Ada Berg reacted to your message:\nIt is broken again."),
    "outlook, a person's sentence": raw("Nobody reacted to your message"),
    "a question by tapback": raw("Questioned “Your printer is ready.”"),
    "a dislike by tapback": raw("Disliked “Your printer is ready.”"),
    "a tapback and a but": raw("Liked “Your printer” but not “is ready.”"),
    "a person on gmail": raw("👍 I will send it via Gmail"),
}


@pytest.mark.parametrize("content", NO_REACTIONS.values(), ids=NO_REACTIONS.keys())
def test_reactions_that_an_agent_should_see(content: bytes):
    assert read_courtesy(parse_mail(content)) is None


def test_a_mail_that_is_nothing_but_gmails_part():
    head = b"From: ada@example.org\nIn-Reply-To: <m@example.net>\nMIME-Version: 1.0\n"
    kind = b"Content-Type: text/vnd.google.email-reaction+json; charset=utf-8\n\n"
    for emoji, expected in (("👍", Courtesy.REACTION), ("👎", None)):
        content = f'{{"emoji": "{emoji}", "version": 1}}\n'.encode()
        assert read_courtesy(parse_mail(head + kind + content)) is expected
    assert read_courtesy(parse_mail(head + kind + b'{"emoji": ["x"]}')) is None
    assert read_courtesy(parse_mail(head + kind + b"[" * 1_500)) is None


OUTLOOK_BLOCK = (
    "From: IT Service Desk <desk@example.net>\nSent: Thursday, March 19, 2026 7:12 PM\n"
    "To: Ada Berg <ada.berg@example.org>\nSubject: Printer [#42]\n"
)
AS_WRITTEN = {
    "iphone": (raw(f"Thanks!\n\nSent from my iPhone\n\n{GMAIL_QUOTE}"), "thanks"),
    "gmail web": (
        raw(
            f"Many thanks, Kari!\n\n{GMAIL_QUOTE}",
            f'<div dir="ltr">Many thanks, Kari!</div><div class="gmail_quote">'
            f"{GMAIL_INTRODUCTION}"
            f'<blockquote class="gmail_quote">{OURS}</blockquote></div>',
        ),
        "thanks",
    ),
    "outlook desktop": (
        raw(
            "Hi Kari,\n\nThank you for the quick help!\n\nKind regards,\n\nAda Berg\nExample Ltd\n"
            f"+47 555 1234\n\n{OUTLOOK_BLOCK}\n{OURS}"
        ),
        "thanks",
    ),
    "thunderbird": (
        raw(
            f"Am 19.03.26 um 19:12 schrieb IT Service Desk:\n{quoted(OURS)}\n\n"
            "Funktioniert wieder, danke!\n\n-- \nAda Berg"
        ),
        "works",
    ),
    "apple mail": (
        raw(
            "Ja, takk!\n\nMvh Ada\n\n> 19. mars 2026 kl. 19:12 skrev IT Service Desk "
            f"<desk@example.net>:\n>\n{quoted(OURS)}"
        ),
        "works",
    ),
    "outlook, html with a logo": (
        raw(
            "",
            '<p>Merci beaucoup&nbsp;!</p><p>Cordialement,<br>Ada Berg<br><img src="cid:logo@1"></p>'
            f'<div id="divRplyFwdMsg"><b>De :</b> IT<br><b>Envoyé :</b> jeudi</div>{OURS}',
            logo="logo@1",
        ),
        "thanks",
    ),
    "a stop": (raw(f"STOP\n\n{GMAIL_QUOTE}"), "stop"),
    "a status": (raw(f"Status?\n\nSent from my iPhone\n\n{GMAIL_QUOTE}"), "status"),
    "chinese outlook": (raw(f"谢谢！\n\n发自我的 iPhone\n\n{OUTLOOK_BLOCK}\n{OURS}"), "thanks"),
    "still broken": (raw(f"Thanks, but still broken.\n\n{GMAIL_QUOTE}"), None),
    "a pasted image in gmail": (raw(f"Thanks\n[image: image.png]\n\n{GMAIL_QUOTE}"), None),
}


@pytest.mark.parametrize(("content", "expected"), AS_WRITTEN.values(), ids=AS_WRITTEN.keys())
def test_answers_as_clients_write_them(content: bytes, expected: str | None):
    assert read_courtesy(parse_mail(content)) == expected


def test_gmails_part_is_listed_as_a_file():
    [file] = parse_mail(gmail_reaction()).attachments
    assert file.content_type == "text/vnd.google.email-reaction+json"
