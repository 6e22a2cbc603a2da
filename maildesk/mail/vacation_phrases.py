"""What autoresponders write, by language; regular expressions, read without regard to case.

To add a language, add a line to each table. A phrase must be one that people don't open a mail to
a desk with.
"""

# The words that a program puts before, or behind in brackets, the subject that it answers.
ANSWER_SUBJECTS = {
    "en": r"auto(?:mat(?:ic|ed))?[- ]?(?:repl(?:y|ies)|respon[sd]\w*|answer)(?: message)?",
    "de": r"automatische (?:antwort|nachricht)|autoantwort|abwesenheits(?:notiz|meldung|nachricht)",
    "nl": r"automatische? antwoord|afwezigheids(?:bericht|melding|assistent)",
    "da": r"automatisk svar|autosvar|fraværs(?:besked|meddelelse|assistent)",
    "nb": r"automatisk (?:svar|fraværsmelding)|fraværs(?:melding|assistent)",
    "sv": r"automatiskt svar|autosvar|fr[aå]nvaro(?:meddelande|besked)?",
    "fi": r"automaattinen (?:vastaus|poissaoloviesti)|poissaoloilmoitus",
    "is": r"sj[aá]lfvirkt svar",
    "et": r"automaatvastus",
    "lv": r"automātiskā atbilde",
    "lt": r"automatinis atsakymas",
    "fr": r"r[ée]ponse automatique|message (?:automatique )?d.absence|absence du bureau",
    "es": r"respuesta autom[aá]tica|fuera de (?:la )?oficina",
    "pt": r"resposta autom[aá]tica|(?:ausente|fora) do escrit[oó]rio",
    "it": r"risposta automatica|fuori (?:sede|ufficio)|risposta non al computer",
    "ro": r"r[aă]spuns automat",
    "pl": r"automatyczna odpowied[zź]|autoodpowied[zź]",
    "cs": r"automatick[aá] odpov[eě][dď]",
    "sl": r"samodejni odgovor",
    "hr": r"automatski odgovor",
    "hu": r"automatikus v[aá]lasz",
    "ru": r"автоматический ответ|автоответ(?:чик)?",
    "uk": r"автоматична відповідь",
    "bg": r"автоматичен отговор",
    "tr": r"otomatik (?:yan[ıi]t|cevap)",
    "el": r"αυτόματη απάντηση",
    "he": r"מענה אוטומטי",
    "ar": r"(?:ال)?رد (?:ال)?تلقائي",
    "zh": r"自动(?:回复|答复|应答)|自動(?:回覆|回復)",
    "ja": r"自動(?:応答|返信)|不在(?:通知|連絡|自動)",
    "ko": r"자동 ?(?:회신|응답)|부재중",
}

# An absence that counts before a colon, where a program put it.
ABSENCE_PREFIXES = {
    "en": r"out[- ]of[- ](?:the[- ])?office(?: (?:auto-?reply|reply|notification|notice|message))?"
    r"|away from (?:my (?:mail|desk|e-?mail)|the office)",
    "de": r"au(?:ß|ss)er haus|abwesend|nicht im (?:haus|b[uü]ro)",
    "nl": r"niet aanwezig",
    "nb": r"ikke til stede",
    "sv": r"inte p[aå] kontoret",
    "fr": r"absente? du bureau",
    "es": r"ausente de la oficina",
    "it": r"assente dall.ufficio",
}

# A subject that is all absence, as people write it too.
ABSENCE_SUBJECTS = ABSENCE_PREFIXES | {
    "en": r"(?:(?:i am|i'm|i will be|(?:\S+ ){1,5}is) )?(?:out[- ]of[- ](?:the[- ])?office|away)"
    r"(?: (?:auto-?reply|reply|notification|notice|message|until .{1,30}|\(.{1,40}\)))?"
    r"|away from (?:my (?:mail|desk|e-?mail)|the office)"
    r"|(?:on )?(?:vacation|holiday|annual leave)(?: (?:notice|reply|message|notification))?",
    "de": r"au(?:ß|ss)er haus|abwesen(?:d|heit)|nicht im (?:haus|b[uü]ro)|urlaub",
    "nl": r"niet aanwezig|afwezig(?:heid)?|vakantie",
    "nb": r"ikke til stede|frav[aæ]r(?:ende)?|ferie",
    "fr": r"absente?(?: du bureau)?|absence|cong[ée]s",
    "es": r"ausen(?:te|cia)(?: de la oficina)?|vacaciones",
    "pt": r"aus[eê]n(?:te|cia)(?: do escrit[oó]rio)?|f[ée]rias",
    "it": r"assen(?:te|za)(?: dall.ufficio)?|ferie",
}

# A sentence at the beginning of a line.
AUTOMATIC_SENTENCES = {
    "en": r"this is an? auto(?:mated|matic(?:ally generated)?|-?generated)? ?(?:e-?mail )?"
    r"(?:repl(?:y|ies)|respon[sd]e|auto-?repl\w*|vacation)"
    r"|(?:this|the following) is an? (?:auto-?(?:reply|response)|out[- ]of[- ]office)",
    "de": r"dies ist eine automatische? (?:antwort|abwesenheit|benachrichtigung)"
    r"|diese (?:antwort|abwesenheitsnotiz) wurde automatisch (?:erzeugt|erstellt|generiert)",
    "nl": r"dit is een automatisch (?:antwoord|gegenereerd antwoord)",
    "nb": r"dette er et automatisk (?:svar|generert svar)",
    "sv": r"det h[aä]r [aä]r ett automat(?:iskt|genererat) svar",
    "fi": r"t[aä]m[aä] on automaattinen (?:vastaus|poissaoloviesti)",
    "fr": r"ceci est une r[ée]ponse automatique|ce message est une r[ée]ponse automatique",
    "es": r"(?:esta es|este mensaje es) una respuesta autom[aá]tica",
    "pt": r"esta [ée] uma resposta autom[aá]tica",
    "it": r"questa [eè] una risposta automatica",
    "pl": r"to jest automatyczna odpowied[zź]",
    "cs": r"toto je automatick[aá] odpov",
    "ru": r"это автоматический ответ",
    "zh": r"这是一?封?自动(?:回复|答复)|這是一?封?自動(?:回覆|回復)",
    "ja": r"(?:この|本)メールは自動(?:返信|応答)",
}

# Somebody says that he is away: people do so too.
ABSENCES = {
    "en": r"\bI(?: am|'m|’m| will be)(?: \w+){0,3} (?:out of (?:the |my )?office|away|absent"
    r"|not in the office|on (?:annual |parental |maternity |sick )?(?:leave|vacation|holidays?))",
    "de": r"\bich bin (?:\S+ ){0,8}(?:nicht (?:im (?:b[uü]ro|haus)|erreichbar)|abwesend|im urlaub"
    r"|au(?:ß|ss)er haus)",
    "nl": r"\bik ben (?:\S+ ){0,8}(?:afwezig|niet (?:aanwezig|bereikbaar|op kantoor)|met vakantie)",
    "nb": r"\bjeg er (?:\S+ ){0,8}(?:ikke (?:til stede|p[aå] kontoret)|p[aå] ferie|frav[aæ]rende)",
    "sv": r"\bjag [aä]r (?:\S+ ){0,8}(?:inte p[aå] (?:kontoret|plats)|p[aå] semester|ledig)",
    "fi": r"\bolen (?:\S+ ){0,8}(?:lomalla|poissa)",
    "fr": r"\bje (?:suis|serai) (?:\S+ ){0,8}(?:absent|en cong[ée]|en vacances)",
    "es": r"\b(?:estoy|estar[eé]) (?:\S+ ){0,8}(?:fuera de|de vacaciones|ausente)",
    "pt": r"\b(?:estou|estarei) (?:\S+ ){0,8}(?:fora d|ausente|de f[ée]rias)",
    "it": r"\b(?:sono|sar[oò]) (?:\S+ ){0,8}(?:fuori (?:ufficio|sede)|assente|in ferie)",
    "pl": r"\b(?:przebywam|jestem) (?:\S+ ){0,8}(?:na urlopie|poza biurem|nieobecn)",
    "ru": r"\bя (?:\S+ ){0,8}(?:в отпуске|отсутствую)",
    "zh": r"我(?:目前|正在|现在)?.{0,12}(?:休假|不在(?:办公室|公司)|出差)",
    "ja": r"不在にして|休暇中",
    "ko": r"휴가 ?중|부재 ?중",
}

# Somebody says until when: only where much else speaks for a machine.
ABSENT_UNTIL = {
    "en": r"\bI(?: am|'m|’m| will be|'ll be|’ll be) (?:\S+ ){0,5}(?:until|till|through|back on)\b",
    "de": r"\bich bin (?:\S+ ){0,5}(?:bis|wieder ab|zurück am)\b",
    "nl": r"\bik ben (?:\S+ ){0,5}(?:tot|terug op)\b",
    "nb": r"\bjeg er (?:\S+ ){0,5}(?:frem til|til og med|tilbake)\b",
    "sv": r"\bjag [aä]r (?:\S+ ){0,5}(?:fram till|till och med|tillbaka)\b",
    "fr": r"\bje (?:suis|serai) (?:\S+ ){0,5}(?:jusqu|de retour)",
    "es": r"\b(?:estoy|estar[eé]) (?:\S+ ){0,5}(?:hasta|de vuelta)\b",
}

# What somebody who is away tells whoever writes to him.
NOTICES = {
    "en": r"(?:reply|respond|answer|get back|return your|read your)\b.{0,60}(?:return|back|as soon)"
    r"|(?:urgent|emergenc|immediate)\w*\b.{0,80}(?:contact|call|reach|e-?mail|turn to)"
    r"|(?:limited|no|intermittent) (?:\w+ )?access to (?:my )?e-?mail"
    r"|(?:your|e-?)?mails? (?:will|is|are) not(?: be(?:ing)?)? (?:forward|read)",
    "de": r"(?:in|bei|f[uü]r) dringende|nach meiner r[uü]ckkehr|nicht (?:weitergeleitet|gelesen)",
    "nl": r"(?:voor|bij) (?:dringende|spoed)|na mijn terugkomst|zodra ik terug",
    "nb": r"ved hastesaker|(?:haster|hastende)|n[aå]r jeg (?:er |kommer )?tilbake",
    "sv": r"vid br[aå]dskande|n[aå]r jag [aä]r (?:[aå]ter|tillbaka)",
    "fi": r"kiireellis",
    "fr": r"en cas d.urgence|[dàa][eè]?s? mon retour|pour toute urgence",
    "es": r"(?:para|en caso de|por) (?:asuntos |temas )?urgen|a mi (?:regreso|vuelta)",
    "pt": r"em caso de urg|assuntos urgentes|no meu regresso",
    "it": r"per (?:urgenze|questioni urgenti)|al mio rientro|in caso di urg",
    "pl": r"w (?:pilnych sprawach|razie piln)|po powrocie",
    "ru": r"в срочных случаях|по возвращени",
    "zh": r"紧急|急事",
    "ja": r"急ぎの",
    "ko": r"긴급",
}
