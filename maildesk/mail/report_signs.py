"""The signs by which a mail is known as word from a mail server: who sends it, and what it says.

A server's new wording belongs in one of the tables below. Words alone never suffice, since people
paste bounces into their mails: the subject must say it as well, or a server must be the sender.
"""

import re
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message

from maildesk.mail.vacation import asks_to_confirm

SUBJECT_CHARACTERS = 300
HEAD_CHARACTERS = 6000


def _any_of(*patterns: str, before: str = "") -> re.Pattern[str]:
    return re.compile(f"{before}(?:{'|'.join(patterns)})", re.IGNORECASE)


# Local parts that only mail software has.
_SERVER_LOCALS = _any_of(
    r"(?:mailer|mail)[-_.]?daemon",
    r"mdaemon",
    r"mail[-_.]?deliver(?:y|er)?(?:[-_.]?(?:sub)?system)?",
    r"e\d+_smtp_mail_service",
    r"delivery[-_.]?(?:status|subsystem)",
    r"microsoftexchange[0-9a-f]{20,40}",
    r"mmdf|ndr|imsv?a|imss",
)
# Local parts that software has, and people too.
_SERVICE_LOCALS = _any_of(
    r"post[-_.]?master",
    r"postoffice",
    r"mail[-_.]?admin",
    r"no-?reply",
    r"system ?administrator",
    r"admin(?:istrator)?",
    r"root",
)
_SERVER_NAMES = _any_of(
    r"mail(?:er)?[- ]daemon",
    r"mail ?delivery ?(?:sub)?(?:system|service)",
    r"delivery (?:sub)?system",
    r"e-?mail interconnect",
    r"mail (?:sub)?system",
)
_SERVICE_NAMES = _any_of(
    r"mail administrator",
    r"system ?administrator",
    r"post ?master",
    r"microsoft outlook",
    r"administrateur syst",
    r"administrador del? sistema",
    r"amministratore di sistema",
    r"mail ?gateway",
)
_SUBJECTS = _any_of(
    # English
    r"un-?deliver(?:able|ed)\b",
    r"non-? ?deliver(?:y|ed|able)",
    r"returned (?:e-?mail|message|to sender)",
    r"(?:(?:(?:e-?)?mail|message) )?delivery (?:has |is |was |subsystem )?(?:status|fail|problem|error"
    r"|report|notific|warning|delay|incomplete|unsuccessful|temporar|exception)",
    r"(?:(?:e-?)?mail|mail system|message) (?:fail|error|delivery|returned|undeliver|status)",
    r"(?:your )?(?:(?:e-?)?mail|message)\b.{0,80}(?:(?:not|n't)(?: yet)?(?: be| been)? (?:deliver|accept)"
    r"|undeliver|bounced|rejected|blocked|delayed)",
    r"fail(?:ed|ure) (?:notice|delivery|mail|message|to deliver)",
    r"(?:warning|notice|notification|error|ndn)\b.{0,60}(?:delay|not (?:yet )?(?:been )?deliver"
    r"|could not|undeliver|unknown|reject|fail|return|refus|block|cannot)",
    r"delayed (?:e-?mail|message|delivery)",
    r"(?:automatically )?rejected (?:e-?mail|message|mail)",
    r"(?:permanent|temporary|fatal) (?:delivery )?(?:fail|error)",
    r"(?:could not|cannot|can't|couldn't|unable to) deliver",
    r"processing error|nameserver error|user unknown|unknown (?:user|recipient|address)",
    r"mailbox (?:is )?(?:full|unavailable)|over ?quota",
    r"bounced? (?:e-?mail|message|notif)",
    # German, Dutch, Scandinavian, Finnish
    r"unzustellbar|(?:nachricht )?nicht zu(?:stellbar|gestellt)|(?:e-?mail-?|fehler bei der )?"
    r"zustell(?:ung|fehler|problem)",
    r"onbestelbaar|niet (?:bezorgd|afgeleverd)|bezorg(?:ing|fout)",
    r"kunne? ikke (?:leveres?|sendes|levere)|(?:ikke|uleveret|ulevert) lever|uleverbar",
    r"(?:det g[aå]r inte|kan inte|kunde inte) (?:att )?lever|olever",
    r"viesti[aä] ei (?:voi|toimi)|toimitus (?:ep[aä]onn|virhe)|ei voitu toimittaa",
    # Romance languages
    r"non remis|non[- ]?(?:distribu|d[ée]livr)|(?:rapport|avis) de non|[ée]chec (?:de|d.) ?(?:la )?"
    r"(?:remise|livraison|envoi|distribution)|message non (?:distr|remis|livr)",
    r"manca(?:ta|to) (?:consegna|recapito)|impossibile (?:recapitare|consegnare)|non recapita"
    r"|notifica di (?:mancat|stato)",
    r"no se (?:ha podido|puede|pudo) (?:entregar|enviar)|no entregad|(?:error|fallo) (?:de|en la) "
    r"entrega|mensaje no entreg|correo (?:devuelto|no entreg)|devuelto",
    r"n[aã]o (?:foi )?(?:poss[ií]vel )?entreg|falha (?:na|de) entrega|mensagem n[aã]o entreg",
    r"nelivrat|mesaj(?:ul)? (?:nelivrat|nu a)",
    # Slavic languages, Hungarian, Turkish, Greek
    r"niedostarcz|nie (?:mo[zż]na|uda[lł]o si[eę]) dostarczy|zwrot (?:e-?mail|wiadomo)",
    r"nedoru[cč]|nelze doru|nedoruč",
    r"недостав|не (?:удалось|удается|доставлен)|невозможно доставить|ошибка доставки"
    r"|ваше (?:сообщение|письмо) не|уведомление о (?:не|доставке)",
    r"k[eé]zbes[ií]thetetlen|teslim edileme|iletilemedi|αδυναμία παράδοσης|δεν παραδόθηκε",
    # Japanese, Chinese, Korean
    r"配信不能|配信でき|配達不能|送信でき|未配信|(?:系统)?退信|投递失败|邮件投递|无法(?:投递|送达|传递|发送)"
    r"|無法(?:投遞|傳遞|送達)|未(?:能)?送达|退回|배달 ?(?:되지|할 수|실패)|전송 ?(?:실패|되지)|반송",
    before=r"\W*(?:\[?postmaster\]?:? *)?",
)
_WORDS = _any_of(
    r"(?:could|can|was|were|been|has|will)(?: ?not|n.t)?(?: yet)?(?: be)?(?: been)? deliver",
    r"unable to (?:deliver|send|relay|process)",
    r"undeliver",
    r"deliver\w*\b.{0,80}(?:fail|delay|error|problem|unsuccess|abort)",
    r"fail\w*.{0,40}(?:deliver|recipient|address)",
    r"(?:did|could) not (?:be )?reach",
    r"fatal errors?",
    r"returned (?:to|mail|message)",
    r"(?:user|mailbox|recipient|address|account|host)\b.{0,60}(?:unknown|not (?:found|listed|exist"
    r"|known|valid)|does ?n[o'].?t exist|invalid|unavailable|full|disabled|inactive)",
    r"not an? (?:valid|known|existing) (?:user|address|recipient|mailbox)",
    r"(?:unknown|invalid|no such|non-?existent) (?:\w+ )?(?:user|recipient|address|mailbox|account"
    r"|host|domain)",
    r"over ?quota|quota exceed|exceed\w* .{0,40}(?:quota|size|limit)",
    r"(?:message|mail)\b.{0,60}(?:reject|refused|bounced|blocked|return|delayed)",
    r"(?:reject|refused|blocked).{0,60}(?:message|mail|recipient)",
    r"transcript of session|too many hops|will (?:be )?(?:retr|keep try)|mail ?(?:system|deliver)",
    r"zugestellt|zustell|remis|recapit|livr[ée]|entreg|bezorg|lever",
    r"dostarcz|достав|doru[cč]|配信|投递|送达|退信|退回|無法|无法|배달",
)
CODE = re.compile(r"(?<![\d.])[45]\.\d{1,2}\.\d{1,3}(?![\d.])|(?<![\d.:/-])[45][0-5]\d[ #-]")
_ANSWERED = _any_of(
    r"re|fwd?|aw|wg|sv|vs|vb|vl|tr|rv|r|i|ynt|ilt|odp|pd|antw|doorst|enc|res|转发|回复|答复|轉寄|回覆",
    before=r"\s*",
)

def is_delivery_notice(message: Message, text: str) -> bool:
    """Say whether a mail server wrote the mail, about a mail that it could not deliver or about
    the delivery that it was asked to report."""
    if message.get("X-Failed-Recipients") or is_server(message):
        return True
    subject = header(message, "Subject")[:SUBJECT_CHARACTERS]
    head = text[:HEAD_CHARACTERS]
    if asks_to_confirm(head):
        return False
    if is_status_report(message):
        return True
    says_so = bool(_SUBJECTS.match(subject))
    means_it = bool(_WORDS.search(head) or CODE.search(head))
    if is_service(message) and is_null_sender(message):
        return says_so or means_it
    if is_service(message) or is_null_sender(message):
        return says_so or bool(_WORDS.search(head) and CODE.search(head))
    return says_so and means_it and not _is_answer(subject)


def header(message: Message, name: str) -> str:
    """Return the decoded value of the first field `name`, on one line; "" if there is none."""
    value = str(message.get(name, ""))[:2000]
    try:
        value = str(make_header(decode_header(value)))
    except (HeaderParseError, UnicodeError, LookupError, ValueError):
        pass
    return " ".join(value.split())


def is_server(message: Message) -> bool:
    """Whether the From is one that only mail software has."""
    name, local = _writer(message)
    return bool(_SERVER_LOCALS.fullmatch(local) or _SERVER_NAMES.search(name))


def is_service(message: Message) -> bool:
    """Whether the From is one that mail software has, and people too; or empty."""
    name, local = _writer(message)
    return not local or bool(_SERVICE_LOCALS.fullmatch(local) or _SERVICE_NAMES.search(name))


def is_null_sender(message: Message) -> bool:
    """Whether the mail came from the null reverse-path (RFC 5321 section 4.5.5)."""
    return "".join(str(message.get("Return-Path", "")).split()) in {"<>", "<MAILER-DAEMON>"}


def is_status_report(message: Message) -> bool:
    """Whether the mail says of itself that it is a delivery report (RFC 6522)."""
    if message.get_content_type() != "multipart/report":
        return False
    return "delivery-status" in str(message.get("Content-Type", "")).lower()


def _writer(message: Message) -> tuple[str, str]:
    """Return display name (or comment) and local part of From; bounces often bend its syntax, and
    `email.utils` recurses into nested comments."""
    value = (header(message, "From") or header(message, "Sender"))[:SUBJECT_CHARACTERS]
    angle = re.search(r"<([^<>]*)>", value)
    bare = re.search(r"[^\s()<>]+@[^\s()<>]+|^[^\s()<>]+$", value)
    address = angle[1] if angle else bare[0] if bare else ""
    local = re.split(r"[\\\\@]", address.strip())[0]
    return value.replace(address, "") if address else value, local.strip('"\' ')


def _is_answer(subject: str) -> bool:
    """Whether a person answers or forwards; "Re:" and "Fwd:" in many languages."""
    found = _ANSWERED.match(subject)
    return bool(found) and re.match(r"\s*(\[\d+\])?\s*[:：]", subject[found.end() :]) is not None
