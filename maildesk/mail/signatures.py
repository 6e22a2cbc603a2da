r"""Where the signature begins in a stretch of new text.

Four signs, the first in the text counts: the delimiter "-- " (RFC 3676 section 4.3), the footer of
a mobile client ("Sent from my iPhone"), a sign-off with a name below it ("Best regards,\nAnn"),
and a legal or mailing-list footer. A line of thanks is no sign-off: it is said to the reader.

Doubt keeps text as new: a signature shown is a blemish, a sentence hidden is a loss. A postscript
behind the signature is new text again.
"""

import re
from collections.abc import Sequence
from itertools import takewhile

_MOST_LINES = 80
_LONGEST_LINE = 500
_DELIMITER = re.compile(r"(?:--|—|–|&#45;&#45;)[ \t\xa0]*")
_SHORT_RULE = re.compile(r"---|___?|\*\*\*")
_DASHED_NAME = re.compile(r"[-–—~]\s?[^\W\d_][\w.]*(?: [^\W\d_][\w.]*){0,2}")
_RULE = re.compile(r"[*_=#~-]{2,}\s*|(?:[*_=-]\s?){5,}")
_POSTSCRIPT = re.compile(r"(?:P\.?\s?(?:P\.?\s?)?S\b|BTW\b|N\.?B\b)[.:,\s–-]", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?。！？][\"')]?$")

# How the footer of a client begins, and what it must name before the first comma.
_SENT_FROM = re.compile(
    r"(?:Sent (?:\w+ly )?(?:from|via|with|using|by|on)|Get|Download|Gesendet (?:von|mit|über)"
    r"|Diese Nachricht wurde von|Von meinem|Holen Sie sich|Laden Sie|Hol dir"
    r"|Envoyé (?:sans fil )?(?:de|depuis|à partir|avec|via|par)|Télécharge[rz]|Obten(?:ez|er|ir)"
    r"|Enviad[oa] (?:desde|de|do|da|a partir|com|con|por|pelo|via)|Obtén|Obter|Baixar|Descarga"
    r"|Inviato (?:da|dal|con|tramite)|Scarica|Ottieni"
    r"|Verzonden (?:vanaf|vanuit|via|met|van)|Verstuurd (?:vanaf|vanuit|via|met|van)"
    r"|Sendt (?:fra|med|via|af)|Skicka[td] (?:från|med|via)|Hämta|Hent|Last ned|Skaff|Få"
    r"|Wysłan[eoya] (?:z|ze|przez|za)|Pobierz|Odesláno (?:z|ze|pomocí)|Odoslané (?:z|zo)|Stáhn"
    r"|Lähetetty|Hanki|Отправлено (?:с|со|из|от)|Послано|Скача|Загруз|Получ"
    r"|发自|发送自|從|从|來自|来自|取得|获取|下載|下载|나의|내|Được gửi|Đã gửi từ|Gửi từ|Tải)",
    re.IGNORECASE,
)
_SENT_BEHIND = (
    "から送信", "에서 보냄", "에서 전송", "gesendet", "傳送", "发送", "寄出",
    "üzerinden gönderildi",
)  # fmt: skip
_SENT_FROM_BEHIND = re.compile(
    rf"(?:iPhone|iPad|Android|Outlook|Galaxy)\S{{0,30}}\s?(?:{'|'.join(_SENT_BEHIND)})",
    re.IGNORECASE,
)
_GET_BEHIND = re.compile(  # the verb last, as German and Dutch have it
    r"Outlook\b(?: \S{1,12}){0,3} (?:beziehen|herunterladen|holen|downloaden|ophalen)",
    re.IGNORECASE,
)
_SENT_FROM_PRODUCT = re.compile(  # a device or program nobody has heard of
    r"(?:Sent (?:from|via)|Gesendet (?:von|mit)|Envoyé (?:de|depuis)|Enviado (?:desde|do|de)"
    r"|Inviato da|Verzonden (?:vanaf|met)|Sendt fra|Skickat från)"
    r"(?: (?:my|meinem|mon|ma|mi|mio|mijn|min|meu))?(?: [A-Z0-9][\w+-]{0,20}){1,6}"
)
_DEVICE = re.compile(
    r"i ?Phon|i ?Pad|Android|Black ?Berry|Galaxy|Samsung|Huawei|Xiaomi|Nokia|Pixel|Windows"
    r"|Outlook|Mail\b|Mailbox|Yahoo|G ?mail|Proton|Spark|Acompli|Thunderbird|Treo|Nexus|Motorola"
    r"|smart ?phone|phone\b|telefon|téléphone|teléfono|telefono|telefoon|puhelime|móvil|mobil"
    r"|handy|tablet|surftablet|cellulare|celular|мобильн|телефон|手机|手機|電話|휴대폰|điện thoại"
    r"|mobile\b|Apple Watch|Nine\b|BlueMail|Mac\b|Handheld|GMX|WEB\.DE",
    re.IGNORECASE,
)

_LINK = re.compile(r"[<(\[]?https?://\S{1,300}")
_CLAUSE_END = re.compile(r"[,;:!?，。]|\.(?:\s|$)")

_SIGN_OFFS = re.compile(
    "|".join(
        (
            r"(?:(?:with |my )?(?:best|kind|kindest|warm|warmest|many)(?: personal)? )?regards?",
            r"(?:all the )?best(?: wishes)?|(?:yours )?(?:sincerely|faithfully|truly|respectfully)",
            r"(?:sincerely|respectfully|cordially)(?: yours)?|cheers|warmly|take care|kind wishes",
            r"brgds|best rgds|rgds|kr|br",
            r"(?:mit )?(?:den )?(?:freundliche[nm]?|besten?|vielen?|herzliche[nm]?|liebe[nm]?"
            r"|schöne[nm]?|sonnige[n]?)(?: und \w+)? (?:gr(?:ü|u|ue)(?:ß|ss|s)en?|gruß|gruss)"
            r"(?: aus \w+)?|gr(?:ü|ue)(?:ß|ss)e|gruß|gruss|mfg|lg|vg|hochachtungsvoll",
            r"(?:bien |très )?cordialement|bien (?:à|a) (?:vous|toi)|(?:sincères |meilleures "
            r"|cordiales )?salutations(?: distinguées| cordiales)?|amicalement|cdlt"
            r"|respectueusement",
            r"(?:un )?(?:cordial |atento )?saludos?(?: cordial(?:es)?)?|atentamente|atte|saluti"
            r"|(?:cordiali|distinti|cari|un cordiale) salut[io]|cordialmente",
            r"atenciosamente|att|(?:com os melhores )?cumprimentos|abraços?|melhores cumprimentos",
            r"(?:med )?(?:vänlig|bästa|varm)a?(?: hälsning(?:ar)?)|(?:bästa )?hälsningar?|mvh"
            r"|(?:med )?(?:(?:vennlig|venlig|beste?|bedste|kjærlig|kærlig|varme?|gode|mange) )?"
            r"hils(?:en|ner)(?: fra)?|vh|dbh",
            r"(?:met )?(?:vriendelijke|hartelijke|beste|warme) gr?oet(?:en)?|groet(?:en|jes)?|mvg"
            r"|hoogachtend",
            r"(?:serdecznie )?pozdrawiam|z poważaniem|pozdrowienia|s (?:přátelským )?pozdravem"
            r"|s úctou|s pozdravom|hezký den",
            r"(?:ystävällisin |parhain |lämpimin )?terveisin|t\.",
            r"с уважением|с наилучшими пожеланиями|всего доброго",
            r"此致(?:敬礼|敬禮)?|敬礼|敬禮|祝好|顺祝商祺|顺颂商祺|順頌商祺|敬上|以上|敬具",
            r"trân trọng|thân mến|kính thư|saygılarımla|üdvözlettel|cu stimă",
        )
    ),
    re.IGNORECASE,
)
_LEGAL_WORDS = (
    "confidential", "privileged", "intended solely", "intended only", "intended recipient",
    "intended for", "unauthorised", "unauthorized", "disclaimer", "in error", "virus", "monitored",
    "addressee", "disclose", "disclosure", "vertraulich", "irrtümlich", "unbefugt", "confidentiel",
    "destinataire", "confidencial", "destinatario", "destinatário", "riservat", "vertrouwelijk",
    "geadresseerde", "konfidens", "konfidenti", "fortrolig", "taushet", "obehörig", "poufn",
    "důvěrn", "luottamuksell", "конфиденциальн", "保密", "机密", "機密",
)  # fmt: skip
_LIST_FOOTER = re.compile(r"mailing list|listinfo|unsubscribe|list-?serv", re.IGNORECASE)


def signature_lines(lines: Sequence[str], *, is_beginning: bool) -> tuple[int, int] | None:
    """Return first line and end of the signature in a stretch of new text; None without one.

    `is_beginning`: nothing stands above the stretch; then only a footer may be all of it, for a
    mail that is nothing but "--" and a name has said no more than that.
    """
    last = len(lines)
    while last and not lines[last - 1].strip():
        last -= 1
    first_word = next((index for index in range(last) if lines[index].strip()), 0)
    floor = max(first_word, last - _MOST_LINES)
    tail = [line.strip()[:_LONGEST_LINE] for line in lines[floor:last]]
    is_opening = is_beginning and floor == first_word
    whole = " ".join(tail)
    may_be_legal = _speaks_law(whole)
    is_verb_last = _has_any(_SENT_BEHIND, whole)
    for index, line in enumerate(tail):
        may_begin = index > 0 or not is_opening
        if (
            _is_client_footer(line, is_verb_last=is_verb_last)
            or (may_begin and _begins_signature(tail, index))
            or (may_begin and may_be_legal and _is_legal(tail, index))
        ):
            end = _end(tail, index)
            return floor + _with_dashed_name(tail, index), floor + end if end else len(lines)
    return None


def _with_dashed_name(lines: Sequence[str], index: int) -> int:
    """Return the line of "-ann" where that stands right above the signature, else `index`."""
    above = next((i for i in range(index - 1, 0, -1) if lines[i]), None)
    return above if above is not None and _is_dashed_name(lines, above) else index


def _begins_signature(lines: Sequence[str], index: int) -> bool:
    """Tell whether the signature of a stretch begins at `index`."""
    line = lines[index]
    if is_sign_off(line) and _is_name_next(lines, index + 1):
        return True
    if line[:1].isalnum():  # as nearly every line: spare it the others
        return False
    return (
        _DELIMITER.fullmatch(line) is not None
        or (_RULE.fullmatch(line) is not None and _is_footer(lines, index + 1))
        or (index == len(lines) - 1 and _is_dashed_name(lines, index))
        or (_SHORT_RULE.fullmatch(line) is not None and _is_name_last(lines, index + 1))
    )


def is_client_footer(line: str) -> bool:
    """Tell whether a line of a signature was added by a mail client ("Sent from my iPhone")."""
    return _is_client_footer(line.strip(), is_verb_last=_has_any(_SENT_BEHIND, line))


def _is_client_footer(line: str, *, is_verb_last: bool) -> bool:
    """Tell whether `line` was added by a mail client ("Sent from my iPhone"); `is_verb_last`: it
    may be in a language that says "my iPhone from sent"."""
    text = (_LINK.sub("", line[:400]) if "://" in line else line[:400]).strip(" *_<>()[]|-—")
    if len(text) > 120:
        return False
    if _GET_BEHIND.fullmatch(text) or (is_verb_last and _SENT_FROM_BEHIND.search(text)):
        return True
    if not _SENT_FROM.match(text):
        return False
    if _SENT_FROM_PRODUCT.fullmatch(text):
        return True
    clause = _CLAUSE_END.split(text, maxsplit=1)[0]
    return bool(_SENT_FROM.match(clause) and len(clause.split()) <= 10 and _DEVICE.search(clause))


def _has_any(words: Sequence[str], text: str) -> bool:
    """Tell whether one of the words is in the text; many times faster than a pattern of them."""
    folded = text.lower()
    return any(word in folded for word in words)


def is_sign_off(line: str) -> bool:
    """Return whether `line` is a sign-off and nothing else ("Kind regards,")."""
    text = line.strip(" \t\xa0*_,.!;:，。！-–—")
    return len(text) <= 60 and _SIGN_OFFS.fullmatch(text) is not None


def _is_name_next(lines: Sequence[str], index: int) -> bool:
    """Tell whether a name follows, or nothing but client footers and delimiters."""
    follower = next(filter(None, lines[index:]), "")
    if not follower or _DELIMITER.fullmatch(follower) or follower.startswith(("#", "＃")):
        return True
    is_short = len(follower) <= 60 and len(follower.split()) <= 7
    return is_short and not (_SENTENCE_END.search(follower) and len(follower.split()) > 3)


def _is_name_last(lines: Sequence[str], index: int) -> bool:
    """Tell whether a name and a few short lines are all that follows."""
    below = list(filter(None, lines[index:]))
    return 0 < len(below) <= 6 and all(
        len(line) <= 50 and not _SENTENCE_END.search(line) for line in below
    )


def _is_dashed_name(lines: Sequence[str], index: int) -> bool:
    """Tell whether the line is "-ann", and not a point of a list."""
    above = next((lines[i] for i in range(index - 1, -1, -1) if lines[i]), "")
    if above.startswith(("-", "*", "•")) or above.endswith((":", "\uff1a")):
        return False
    return _DASHED_NAME.fullmatch(lines[index]) is not None


def _is_footer(lines: Sequence[str], index: int) -> bool:
    """Tell whether what stands below a rule is a legal or mailing-list footer to the end."""
    below = list(filter(None, lines[index:]))
    if len(below) <= 8 and _LIST_FOOTER.search(" ".join(below)):
        return True
    first = next((i for i in range(index, len(lines)) if lines[i]), index)
    is_legal = _has_any(_LEGAL_WORDS, _paragraph(lines, first))
    return is_legal and _speaks_law(" ".join(below))


def _paragraph(lines: Sequence[str], index: int) -> str:
    """Return the paragraph that begins at `index`, on one line."""
    return " ".join(takewhile(bool, lines[index:]))


def _is_paragraph(lines: Sequence[str], index: int) -> bool:
    """Tell whether a paragraph begins at `index`."""
    return index > 0 and not lines[index - 1]


def _is_legal(lines: Sequence[str], index: int) -> bool:
    """Tell whether a paragraph begins at `index` and every one from there speaks as lawyers do."""
    if not _is_paragraph(lines, index):
        return False
    text = "\n".join(lines[index:])
    first, *others = re.split(r"\n{2,}", text)
    return _is_legal_paragraph(first) and all(
        _is_legal_paragraph(other) for other in others if len(other) > 60
    )


def _is_legal_paragraph(text: str) -> bool:
    return len(text) > 60 and _speaks_law(text)


def _speaks_law(text: str) -> bool:
    """Tell whether the text has two words of lawyers; one alone is anybody's."""
    folded = text.lower()
    found = (word for word in _LEGAL_WORDS if word in folded)
    return next(found, None) is not None and next(found, None) is not None


def _end(lines: Sequence[str], index: int) -> int | None:
    """Return where the signature ends: where the writer goes on; None if nowhere."""
    is_signed_off = is_sign_off(lines[index])
    for following in range(index + 1, len(lines)):
        if _POSTSCRIPT.match(lines[following]):
            return following
        if is_signed_off and _is_paragraph(lines, following) and _is_prose(lines, following):
            return following
    return None


def _is_prose(lines: Sequence[str], index: int) -> bool:
    """Tell whether a paragraph of whole sentences begins at `index`, and not a lawyer's."""
    text = _paragraph(lines, index)
    is_long = len(text) > 100 and len(text.split()) > 15
    return is_long and _SENTENCE_END.search(text) is not None and not _has_any(_LEGAL_WORDS, text)
