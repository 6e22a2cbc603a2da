"""How mail clients word what they add to an answer, in seven languages.

The date patterns are CLDR's; clients take the names of days and months from there too. A new
language is a line in each table.
"""

from collections.abc import Mapping
from datetime import datetime

from babel.dates import format_datetime

LANGUAGES = ("en", "de", "fr", "nb", "nl", "zh-Hans", "es")

Wordings = Mapping[str, tuple[str, str]]  # language: date pattern, introduction

GMAIL_WEB: Wordings = {
    "en": ("EEE, MMM d, y 'at' h:mm\u202fa", "On {at} {name} <{address}> wrote:"),
    "de": ("EEE, d. MMM y 'um' HH:mm 'Uhr'", "Am {at} schrieb {name} <{address}>:"),
    "fr": ("EEE d MMM y 'à' HH:mm", "Le {at}, {name} <{address}> a écrit\xa0:"),
    "nb": ("EEE d. MMM y 'kl'. HH:mm", "{at} skrev {name} <{address}>:"),
    "nl": ("EEE d MMM y 'om' HH:mm", "Op {at} schreef {name} <{address}>:"),
    "zh-Hans": ("y年M月d日EEE HH:mm", "{name} <{address}> 于{at}写道："),
    "es": ("EEE, d MMM y 'a' 'las' H:mm", "El {at}, {name} (<{address}>) escribió:"),
}
GMAIL_ANDROID: Wordings = {
    "en": ("EEE, d MMM y, HH:mm", "On {at} {name}, <{address}> wrote:"),
    "de": ("EEE, d. MMM y, HH:mm", "{name} <{address}> schrieb am {at}:"),
    "fr": ("EEE d MMM y, HH:mm", "Le {at}, {name} <{address}> a écrit\xa0:"),
    "nb": ("EEE d. MMM y, HH:mm", "{at} skrev {name} <{address}>:"),
    "nl": ("EEE d MMM y HH:mm", "Op {at} schreef {name} <{address}>:"),
    "zh-Hans": ("y年M月d日 EEEHH:mm", "{name} <{address}>于{at}写道："),
    "es": ("EEE, d MMM y, H:mm", "El {at}, {name} <{address}> escribió:"),
}
APPLE_MAIL: Wordings = {
    "en": ("MMM d, y, 'at' h:mm\u202fa", "On {at}, {name} <{address}> wrote:"),
    "de": ("dd.MM.y 'um' HH:mm", "Am {at} schrieb {name} <{address}>:"),
    "fr": ("d MMM y 'à' HH:mm", "Le {at}, {name} <{address}> a écrit\xa0:"),
    "nb": ("d. MMM y 'kl'. HH:mm", "{at} skrev {name} <{address}>:"),
    "nl": ("d MMM y 'om' HH:mm", "Op {at} heeft {name} <{address}> het volgende geschreven:"),
    "zh-Hans": ("y年M月d日，HH:mm", "在 {at}，{name} <{address}> 写道："),
    "es": ("d MMM y, 'a' 'las' H:mm", "El {at}, {name} <{address}> escribió:"),
}
THUNDERBIRD: Wordings = {
    "en": ("M/d/yy HH:mm", "On {at}, {name} wrote:"),
    "de": ("dd.MM.yy 'um' HH:mm", "Am {at} schrieb {name}:"),
    "fr": ("dd/MM/y 'à' HH:mm", "Le {at}, {name} a écrit\xa0:"),
    "nb": ("dd.MM.y HH:mm", "Den {at}, skrev {name}:"),
    "nl": ("dd-MM-y 'om' HH:mm", "Op {at} schreef {name}:"),
    "zh-Hans": ("y/M/d HH:mm", "在 {at}, {name} 写道:"),
    "es": ("d/M/yy 'a' 'las' H:mm", "El {at}, {name} escribió:"),
}
K9: Wordings = {
    "en": ("MMMM d, y h:mm:ss a ZZZZ", "On {at}, {name} <{address}> wrote:"),
    "de": ("d. MMMM y HH:mm:ss 'MEZ'", "Am {at} schrieb {name} <{address}>:"),
    "fr": ("d MMMM y HH:mm:ss ZZZZ", "Le {at}, {name} <{address}> a écrit\xa0:"),
    "nb": ("d. MMMM y HH:mm:ss 'CET'", "Den {at} skrev {name} <{address}>:"),
    "nl": ("d MMMM y HH:mm:ss 'CET'", "Op {at} schreef {name} <{address}>:"),
    "zh-Hans": ("y年M月d日 ZZZZ HH:mm:ss", "于 {at}, {name} <{address}> 写道:"),
    "es": ("d 'de' MMMM 'de' y H:mm:ss 'CET'", "El {at}, {name} <{address}> escribió:"),
}
INTRODUCTIONS: Mapping[str, Wordings] = {
    "gmail-web": GMAIL_WEB,
    "gmail-android": GMAIL_ANDROID,
    "apple-mail": APPLE_MAIL,
    "thunderbird": THUNDERBIRD,
    "k9": K9,
}

# The header that Outlook copies: labels of From, Sent, To and Subject, and the date's pattern.
HEADERS: Mapping[str, tuple[tuple[str, str, str, str], str]] = {
    "en": (("From:", "Sent:", "To:", "Subject:"), "EEEE, MMMM d, y h:mm a"),
    "de": (("Von:", "Gesendet:", "An:", "Betreff:"), "EEEE, d. MMMM y HH:mm"),
    "fr": (("De\xa0:", "Envoyé\xa0:", "À\xa0:", "Objet\xa0:"), "EEEE d MMMM y HH:mm"),
    "nb": (("Fra:", "Sendt:", "Til:", "Emne:"), "EEEE d. MMMM y HH:mm"),
    "nl": (("Van:", "Verzonden:", "Aan:", "Onderwerp:"), "EEEE d MMMM y HH:mm"),
    "zh-Hans": (("发件人:", "发送时间:", "收件人:", "主题:"), "y年M月d日 H:mm"),
    "es": (("De:", "Enviado:", "Para:", "Asunto:"), "EEEE, d 'de' MMMM 'de' y H:mm"),
}

SIGN_OFFS: Mapping[str, tuple[str, ...]] = {
    "en": ("Best regards,", "Kind regards,", "Regards,", "Best,", "Cheers,", "All the best,"),
    "de": ("Mit freundlichen Grüßen", "Viele Grüße", "Freundliche Grüße", "Beste Grüße,", "LG"),
    "fr": ("Cordialement,", "Bien cordialement,", "Bien à vous,", "Salutations distinguées"),
    "nb": ("Med vennlig hilsen", "Vennlig hilsen", "Hilsen", "Mvh", "Beste hilsen,"),
    "nl": ("Met vriendelijke groet,", "Vriendelijke groeten,", "Groeten,", "Groet,", "Mvg,"),
    "zh-Hans": ("祝好，", "此致\n敬礼", "顺祝商祺", "祝好！", "此致\n\n敬礼！"),
    "es": ("Saludos,", "Un saludo,", "Saludos cordiales,", "Atentamente,", "Un cordial saludo,"),
}

IPHONE: Mapping[str, str] = {
    "en": "Sent from my iPhone",
    "de": "Von meinem iPhone gesendet",
    "fr": "Envoyé de mon iPhone",
    "nb": "Sendt fra min iPhone",
    "nl": "Verstuurd vanaf mijn iPhone",
    "zh-Hans": "发自我的 iPhone",
    "es": "Enviado desde mi iPhone",
}
# "Get Outlook for iOS": the words before the linked name, the name, the words behind it.
OUTLOOK_APP: Mapping[str, tuple[str, str, str]] = {
    "en": ("Get ", "Outlook for {system}", ""),
    "de": ("", "Outlook für {system}", " beziehen"),
    "fr": ("Obtenir ", "Outlook pour {system}", ""),
    "nb": ("Skaff ", "Outlook for {system}", ""),
    "nl": ("", "Outlook voor {system}", " downloaden"),
    "zh-Hans": ("获取 ", "Outlook for {system}", ""),
    "es": ("Obtener ", "Outlook para {system}", ""),
}
K9_FOOTERS: Mapping[str, str] = {
    "en": "Sent from my Android device with K-9 Mail. Please excuse my brevity.",
    "de": "Diese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.",
    "fr": "Envoyé de mon appareil Android avec K-9 Mail. Veuillez excuser ma brièveté.",
    "nb": "Sendt fra min Android-enhet med K-9 Mail. Unnskyld at jeg fatter meg i korthet.",
    "nl": "Verstuurd vanaf mijn Android-apparaat met K-9 Mail. Excuseer mijn beknoptheid.",
    "zh-Hans": "使用 K-9 Mail 从我的 Android 设备发送。",
    "es": "Enviado desde mi dispositivo Android con K-9 Mail. Por favor, disculpe mi brevedad.",
}


def introduction(client: str, language: str, at: datetime, name: str, address: str) -> str:
    """Return the line by which the client introduces a quote."""
    pattern, words = INTRODUCTIONS[client][language]
    return words.format(at=_date(at, pattern, language), name=name, address=address)


def header_lines(
    language: str, at: datetime, sender: str, to: str, subject: str
) -> list[tuple[str, str]]:
    """Return label and value of the header that Outlook copies above a quote."""
    labels, pattern = HEADERS[language]
    values = (sender, _date(at, pattern, language), to, subject)
    return list(zip(labels, values, strict=True))


def _date(at: datetime, pattern: str, language: str) -> str:
    locale = language.replace("-", "_")
    return format_datetime(at, pattern, tzinfo=at.tzinfo, locale=locale)
