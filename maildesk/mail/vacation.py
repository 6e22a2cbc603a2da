"""The words of autoresponders that set no header field: vacation notices and challenges.

These are the weakest signs: "I will be out of office next week, can someone …" is a person's mail.
So a subject counts if it is an autoresponder's form (a prefix that programs write, before the
subject that is answered); a text counts if it says that it is automatic, or if the mail answers
one and has both an absence and what only notices say. Extend the tables by language.
"""

import re

from maildesk.mail.message import InboundMail

SUBJECT_CHARACTERS = 300
OPENING_CHARACTERS = 1500


def _any_of(*patterns: str, before: str = "", after: str = "") -> re.Pattern[str]:
    return re.compile(f"{before}(?:{'|'.join(patterns)}){after}", re.IGNORECASE)


_AUTOMATIC_ANSWER = (
    r"auto(?:mat(?:ic|ed))?[- ]?(?:repl(?:y|ies)|respon[sd]\w*|answer)(?: message)?",  # English
    r"automatische (?:antwort|nachricht)|autoantwort|abwesenheits(?:notiz|meldung|nachricht)",
    r"automatische? antwoord|automatisch antwoord|afwezigheids(?:bericht|melding|assistent)",
    r"auto(?:matisk)?t? ?svar|automatiskt svar|automatisk svar|fraværs(?:besked|melding|assistent)"
    r"|fr[aå]nvaro(?:meddelande|besked)?",
    r"automaattinen (?:vastaus|poissaoloviesti)|poissaoloilmoitus|sj[aá]lfvirkt svar",
    r"r[ée]ponse automatique|message (?:automatique d.absence|d.absence)|absence du bureau",
    r"respuesta autom[aá]tica|resposta autom[aá]tica|risposta automatica|r[aă]spuns automat",
    r"fuera de (?:la )?oficina|fuori (?:sede|ufficio)|ausente do escrit[oó]rio|fora do escrit[oó]rio",
    r"automatyczna odpowied[zź]|autoodpowied[zź]|automatick[aá] odpove[dď]|automatick[aá] odpov[eě][dď]",
    r"samodejni odgovor|automatski odgovor|automatikus v[aá]lasz|automātiskā atbilde"
    r"|automatinis atsakymas|automaatvastus",
    r"автоматический ответ|автоответ(?:чик)?|автоматична (?:відповідь|ответ)|автоматичен отговор",
    r"otomatik (?:yan[ıi]t|cevap)|αυτόματη απάντηση|מענה אוטומטי|رد تلقائي|الرد التلقائي",
    r"自动(?:回复|答复|应答)|自動(?:回覆|回復|応答|返信)|不在(?:通知|連絡|自動)|자동 ?(?:회신|응답)|부재중",
)
_ABSENCE_SUBJECT = (
    r"out[- ]of[- ](?:the[- ])?office(?: (?:auto-?reply|reply|notification|notice|message))?",
    r"ooo|away from (?:my (?:mail|desk|email)|the office)",
    r"(?:on )?(?:vacation|holiday|annual leave)(?: (?:notice|reply|message|notification))?",
    r"au(?:ß|ss)er haus|abwesend|nicht im (?:haus|b[uü]ro)",
    r"niet aanwezig|afwezig|ikke til stede|inte p[aå] kontoret",
)
# A prefix that a program wrote: the word ends the subject, or a mark divides it from the rest.
_REPLY_SUBJECT = _any_of(
    *_AUTOMATIC_ANSWER,
    r"auto:(?=.{0,80}(?:out of|away|absen|office|vacation|leave|ufficio|b[uü]ro|bureau))",
    before=r"\s*[\[(*<]{0,2}",
    after=r"(?:[\])*>]{0,2}\s*$|\s*[\])*>:：;,|–-])",
)
_REPLY_ENDING = _any_of(*_AUTOMATIC_ANSWER, before=r"[\[(*]", after=r"[\])*]\s*$")
_ABSENCE_PREFIX = _any_of(*_ABSENCE_SUBJECT, before=r"\s*[\[(*]{0,2}", after=r"[\])*]{0,2}\s*[:：]")
_ABSENCE_WHOLE = _any_of(*_ABSENCE_SUBJECT, before=r"\s*", after=r"\W*$")

_SAYS_AUTOMATIC = _any_of(
    r"this is an auto(?:mated|matic(?:ally generated)?|-?generated)? ?(?:e-?mail )?"
    r"(?:repl(?:y|ies)|respon[sd]e|auto-?repl\w*|vacation)",
    r"(?:this|the following) is an? (?:auto-?(?:reply|response)|out[- ]of[- ]office)",
    r"dies ist eine automatische? (?:antwort|abwesenheit|benachrichtigung)",
    r"diese (?:nachricht|e-?mail) wurde automatisch (?:erzeugt|erstellt|generiert|versandt)",
    r"dit is een automatisch (?:antwoord|bericht|gegenereerd)",
    r"(?:ceci|cela) est une r[ée]ponse automatique|ceci est un message automatique",
    r"(?:esta|este) es una? (?:respuesta|mensaje) autom[aá]tic[ao]",
    r"(?:esta|este) [ée] uma? (?:resposta|mensagem) autom[aá]tica",
    r"questa [eè] una risposta automatica|questo [eè] un messaggio automatico",
    r"dette er et automatisk (?:svar|generert)|det h[aä]r [aä]r ett automat(?:iskt )?(?:svar|gen)",
    r"t[aä]m[aä] on automaattinen (?:vastaus|viesti)|to jest automatyczna odpowied[zź]",
    r"это автоматическ\w+ (?:ответ|сообщение)|toto je automatick[aá] odpov",
    r"这是一?封?自动(?:回复|答复)|這是一?封?自動(?:回覆|回復)|(?:この|本)メールは自動(?:返信|応答|送信)"
    r"|이 ?메일은 자동",
    before=r"(?:^|\n)[^\n\w]{0,10}(?:note: |please note:? |nb: |hinweis: )?",
)
_ABSENT = _any_of(
    r"\bI(?: am|'m|’m| will be)(?: \w+){0,3} (?:out of (?:the |my )?office|away|on (?:annual |parental "
    r"|maternity |sick )?(?:leave|vacation|holidays?|travel)|not in the office|absent)",
    r"\bich bin (?:\S+ ){0,8}(?:nicht (?:im (?:b[uü]ro|haus)|erreichbar)|abwesend|im urlaub"
    r"|au(?:ß|ss)er haus)",
    r"\bik ben (?:\S+ ){0,8}(?:afwezig|niet (?:aanwezig|bereikbaar|op kantoor)|met (?:vakantie|verlof))",
    r"\bje (?:suis|serai) (?:\S+ ){0,8}(?:absent|en cong[ée]|en vacances|hors du bureau)",
    r"\b(?:estoy|estar[eé]) (?:\S+ ){0,8}(?:fuera de|de vacaciones|ausente)",
    r"\b(?:estou|estarei) (?:\S+ ){0,8}(?:fora d|ausente|de f[ée]rias)",
    r"\b(?:sono|sar[oò]) (?:\S+ ){0,8}(?:fuori (?:ufficio|sede)|assente|in ferie)",
    r"\bjeg er (?:\S+ ){0,8}(?:ikke (?:til stede|p[aå] kontoret)|p[aå] ferie|frav[aæ]rende|bortreist)",
    r"\bjag [aä]r (?:\S+ ){0,8}(?:inte p[aå] (?:kontoret|plats)|p[aå] semester|borta|ledig|tj[aä]nstledig)",
    r"\b(?:olen|en ole) (?:\S+ ){0,8}(?:lomalla|poissa|paikalla)",
    r"\bprzebywam (?:\S+ ){0,8}(?:na urlopie|poza biurem)|\bjestem (?:\S+ ){0,8}(?:nieobecn|na urlopie)",
    r"\bя (?:\S+ ){0,8}(?:в отпуске|отсутствую)",
    r"我(?:目前|正在|现在)?.{0,12}(?:休假|不在(?:办公室|公司)|外出|出差)|不在にして|休暇中|휴가 ?중|부재 ?중",
)
_NOTICE_ONLY = _any_of(
    r"(?:reply|respond|answer|get back|return your|read your|deal with)\b.{0,60}(?:return|back|as soon)",
    r"(?:upon|on|after|until|when) (?:I |my )?(?:am |'m )?(?:return|back)\b.{0,60}(?:reply|respond|answer)",
    r"(?:urgent|emergenc|immediate)\w*\b.{0,80}(?:contact|call|reach|e-?mail|mail|turn to)",
    r"(?:limited|no|intermittent|sporadic) (?:\w+ )?access to (?:my )?e-?mail",
    r"(?:your|e-?)?mails? (?:will|is|are|wird|werden) (?:not|nicht)(?: be(?:ing)?)? (?:forward|read|weiter"
    r"|gelesen)",
    r"in dringenden (?:f[aä]llen|angelegenheiten)|nach meiner r[uü]ckkehr|nicht weitergeleitet"
    r"|(?:bei|f[uü]r) dringende",
    r"(?:voor|bij) (?:dringende|spoed)|na mijn terugkomst|zodra ik terug",
    r"en cas d.urgence|d[eè]s mon retour|[aà] mon retour|pour toute urgence",
    r"(?:para|en caso de|por) (?:asuntos |temas )?urgen|a mi (?:regreso|vuelta)|em caso de urg"
    r"|assuntos urgentes|no meu regresso|per (?:urgenze|questioni urgenti)|al mio rientro|in caso di urg",
    r"ved hastesaker|hastende|n[aå]r jeg (?:er )?(?:kommer )?tilbake|vid br[aå]dskande|n[aå]r jag [aä]r "
    r"(?:[aå]ter|tillbaka)|kiireellis|w (?:pilnych sprawach|razie piln)|po powrocie|в срочных случаях"
    r"|по возвращени|紧急|急ぎの|긴급",
)
_CONFIRM = re.compile(
    r"\b(?:click|visit|follow|reply to|respond to|go to)\b.{0,300}?(?:confirm|verif|prove|release|"
    r"approve|deliver(?:y of)? your|be added|have your address)",
    re.IGNORECASE | re.DOTALL,
)
_CHALLENGE = re.compile(
    r"your (?:e-?mail |mail )?message\b.{0,200}(?:waitlisted|held|queued|quarantine|not (?:yet )?(?:been )?"
    r"deliver|waiting|pending)|(?:protected|guarded) by\b|(?:white|guest|allowed|approved|safe)[- ]?"
    r"(?:sender'?s? )?list|anti-?spam|challenge|real person|(?:a )?human",
    re.IGNORECASE | re.DOTALL,
)
_ANSWERS = re.compile(r"\s*(?:re|aw|sv|antw|odp|vs|res|rif|回复|答复)\s*[:：]", re.IGNORECASE)


def vacation_words(mail: InboundMail) -> str:
    """Return the words by which the mail is an automatic answer; "" if it says nothing such."""
    subject = mail.subject[:SUBJECT_CHARACTERS]
    for pattern in (_REPLY_SUBJECT, _ABSENCE_PREFIX):
        if pattern.match(subject):
            return f"Subject: {subject}"
    if _REPLY_ENDING.search(subject):
        return f"Subject: {subject}"
    return _text_words(mail, subject)


def _text_words(mail: InboundMail, subject: str) -> str:
    """Return the words in the text; what it quotes or forwards is not looked at."""
    opening = mail.new_text[:OPENING_CHARACTERS]
    says = _SAYS_AUTOMATIC.search(opening)
    if says:
        return f"text: {says[0].strip()}"
    is_answer = bool(mail.in_reply_to or mail.references or _ANSWERS.match(subject))
    if not is_answer and not _ABSENCE_WHOLE.match(subject):
        return ""
    absent = _ABSENT.search(opening)
    if absent and "?" not in opening and _NOTICE_ONLY.search(opening):
        return f"text: {absent[0]}"
    return ""


def asks_to_confirm(text: str) -> bool:
    """Whether the mail asks its reader to prove that a person sent one (challenge-response)."""
    opening = text[:OPENING_CHARACTERS]
    return bool(_CONFIRM.search(opening) and _CHALLENGE.search(opening))
