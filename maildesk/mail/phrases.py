r"""The phrases by which mail clients of the world announce quotes.

Plain tables, most of them pieces of patterns (so a dot is `\.`). A new language is a few words in
each; the rules that use them are in `quotes.py`. Those that end mails are in `signatures.py`.
"""

from collections.abc import Mapping

# Words that may stand before the date of an introduction, at its beginning.
OPENERS = (
    r"On\b", r"At\b", r"In data", r"Il giorno", r"Il\b", r"Alle", r"Am\b", r"Um\b", r"Den\b",
    r"De\b", r"Le\b", r"El\b", r"El día", r"Em\b", r"No dia", r"Op\b", r"W dniu", r"Dnia", r"Dne",
    r"Dňa", r"Dana", r"Vào( lúc)?", r"På\b", r"Kl\.?", r"La\b", r"Pada", r"В\b", r"Tarihinde",
    r"在", r"于", r"於", r"Lúc", r"Ngày", r"Kello", r"Klo", r"À\b", r"the\b",
)  # fmt: skip

# Beginnings of the names of days; letters may follow.
WEEKDAYS = (
    "mon", "tue", "wed", "thu", "fri", "sat", "sun", "mo", "di", "mi", "do", "fr", "sa", "so",
    "lun", "mar", "mer", "jeu", "ven", "sam", "dim", "mié", "mie", "jue", "vie", "sáb", "sab",
    "dom", "gio", "seg", "ter", "qua", "qui", "sex", "man", "tir", "ons", "tor", "fre", "lør",
    "søn", "lör", "sön", "mån", "tis", "ma", "wo", "vr", "za", "zo", "pon", "wt", "śr", "czw",
    "pt", "pią", "sob", "ndz", "nie", "po", "út", "st", "čt", "pá", "ne", "ti", "ke", "to", "pe",
    "la", "su", "пн", "вт", "ср", "чт", "пт", "сб", "вс", "пон", "втор", "сред", "чет", "пят",
    "суб", "воск", "th [2-7]", "th", "t2", "cn", "chủ", "星期", "周", "週",
)  # fmt: skip

# Beginnings of the names of months; letters may follow.
MONTHS = (
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec", "jän",
    "mär", "mrz", "mai", "okt", "dez", "fév", "avr", "juin", "juil", "août", "déc", "ene", "abr",
    "ago", "dic", "gen", "mag", "giu", "lug", "set", "ott", "fev", "out", "maj", "mrt", "maart",
    "mei", "des",
    "sty", "lut", "kwi", "cze", "lip", "sie", "wrz", "paź", "lis", "gru", "led", "úno",
    "bře", "dub", "kvě", "čer", "srp", "zář", "říj", "pro", "tammi", "helmi", "maalis", "huhti",
    "touko", "kesä", "heinä", "elo", "syys", "loka", "marras", "joulu", "янв", "фев", "мар", "апр",
    "мая", "май", "июн", "июл", "авг", "сен", "окт", "ноя", "дек", "thg", "tháng",
)  # fmt: skip

# "wrote", at the end of an introduction; plain words.
WROTE = (
    "wrote", "writes", "sent", "said", "schrieb", "schreibt", "geschrieben", "a écrit",
    "écrit", "escribió", "ha escrito", "ha scritto", "scritto", "scrisse", "escreveu",
    "napisał", "napisał(a)", "napisała", "pisze", "napsal", "napsal(a)", "napsala", "napísal",
    "napísal(a)", "napísala", "schreef", "geschreven", "skrev", "skreiv", "kirjoitti", "написал",
    "написал(а)", "написала", "пишет", "написав",
    "写道", "寫道", "写到", "のメール", "書きました", "が書き込みました", "작성", "작성함",
    "보낸 메시지", "님이 작성", "đã viết", "viết", "a scris", "írta", "yazdı", "έγραψε",
)  # fmt: skip

# "wrote" where the language puts the writer behind it ("skrev Ann <ann@example.org>:").
INTRODUCERS = (
    "schrieb", "skrev", "skreiv", "schreef", "escribió", "kirjoitti", "hat", "heeft", "użytkownik",
    "uživatel", "пользователь", "napisał", "napsal",
)  # fmt: skip

# Introductions that begin with a verb ("Quoting Ann:").
QUOTING = ("Quoting", "Zitat von", "Citando a?", "Citat från", "Citat fra", "Citation de", "Cytat")

# "-----Original Message-----": one of MESSAGE and one of ORIGINAL between dashes.
MESSAGE = (
    "message", "e-?mail", "nachricht", "mensaje", "messaggio", "mensagem", "bericht", "melding",
    "meddel", "besked", "viesti", "wiadomoś", "zpráva", "správa", "сообщени", "письмо", "邮件",
    "郵件", "メッセージ", "メール", "메일", "메시지", "thư", "tin nhắn", "mejl", "ileti",
)  # fmt: skip
ORIGINAL = (
    "origin", "oorspronk", "ursprung", "ursprüng", "opprinnel", "oprindel", "alkuper", "oryginal",
    "původn", "pôvodn", "исходн", "ориг", "原始", "原件", "元の", "원본", "gốc", "reply", "antwort",
    "réponse", "respuesta", "risposta", "resposta", "antwoord", "svar", "orijinal",
)  # fmt: skip
FORWARDED = (
    "forward", "weitergeleit", "transféré", "transmis", "réexpédié", "reenviad", "inoltrat",
    "encaminhad", "reencaminhad", "doorgestuurd", "videresend", "vidarebefordra", "vidaresend",
    "przekazan", "přeposlan", "preposlan", "välitet", "edelleenlähet", "пересылаем", "пересланн",
    "переадрес", "转发", "轉寄", "轉發", "転送", "전달", "chuyển tiếp", "iletilen",
)  # fmt: skip

# Whole lines by which Apple Mail begins a forwarded mail.
FORWARD_LINES = (
    "Begin forwarded message", "Anfang der weitergeleiteten (?:Nachricht|E-Mail)",
    "Début du message (?:réexpédié|transféré)", "Inicio del mensaje reenviado",
    "Inizio messaggio inoltrato", "Início da mensagem (?:reencaminhada|encaminhada)",
    "Begin doorgestuurd bericht", "Vidarebefordrat (?:mejl|brev)", "Videresendt (?:melding|besked)",
    "Start på videresendt (?:besked|melding)", "Välitetty viesti alkaa",
    "Początek przekazywanej wiadomości", "Začátek přeposílané zprávy",
    "Začátek přeposlaného e-mailu", "Начало переадресованного сообщения", "开始转发的邮件",
    "下面是被转发的邮件", "開始轉寄郵件", "以下是被轉寄的信件", "転送されたメッセージ",
    "전달된 메시지", "Bắt đầu thư được chuyển tiếp",
)  # fmt: skip

# The labels of copied header fields.
HEADER_LABELS: Mapping[str, tuple[str, ...]] = {
    "from": (
        "From", "Von", "De", "Expéditeur", "Fra", "Från", "Van", "Da", "Od", "Lähettäjä", "От",
        "От кого", "发件人", "寄件者", "寄件人", "發件人", "差出人", "送信者", "보낸 사람",
        "보낸사람", "발신", "Từ", "Kimden", "Feladó", "De la", "Sender", "Avsändare",
    ),
    "date": (
        "Sent", "Date", "Gesendet", "Message du", "Datum", "Envoyé", "Le", "Sendt", "Dato",
        "Skickat", "Verzonden", "Enviado", "Enviado el", "Enviada", "Enviada em", "Enviado em",
        "Fecha", "Data", "Inviato", "Wysłano", "Wysłane", "Odesláno", "Odoslané", "Lähetetty",
        "Päivämäärä",
        "Päiväys", "Pvm", "Отправлено", "Дата", "发送时间", "发送日期", "日期", "时间", "傳送時間",
        "寄件日期", "時間", "送信日時", "日時", "日付", "보낸 날짜", "날짜", "발송일", "Đã gửi",
        "Gửi", "Ngày", "Tarih", "Gönderildi", "Elküldve", "Data wysłania", "Sent on",
    ),
    "to": (
        "To", "An", "À", "A", "Destinataire", "Til", "Till", "Aan", "Para", "Do", "Komu",
        "Vastaanottaja", "Кому", "收件人", "收件者", "宛先", "받는 사람", "받는사람", "수신", "Đến",
        "Tới", "Kime", "Címzett",
    ),
    "cc": (
        "Cc", "Bcc", "Copie à", "Kopie", "Kopia", "Kopi", "Copie", "Kopio", "DW", "抄送", "副本",
        "참조", "Копия",
    ),
    "subject": (
        "Subject", "Betreff", "Objet", "Sujet", "Emne", "Ämne", "Onderwerp", "Asunto", "Oggetto",
        "Assunto", "Temat", "Předmět", "Predmet", "Aihe", "Тема", "主题", "主旨", "主題",
        "件名", "제목", "Chủ đề", "Tiêu đề", "Konu", "Tárgy", "Subiect",
    ),
    "other": (
        "Reply-To", "Antwort an", "Importance", "Priority", "Wichtigkeit", "Attachments",
        "Anlagen", "Organization", "Répondre à",
    ),
}  # fmt: skip

# Lines by which other desks mark the place above which to answer.
ABOVE_THIS_LINE = (
    "above this line", "above the line", "below this line",
    "über (?:dieser|diese|der) (?:Zeile|Linie)", "au-?dessus de cette ligne",
    "encima de esta línea", "arriba de esta línea", "sopra (?:questa|la) (?:riga|linea)",
    "acima desta linha", "boven deze (?:regel|lijn)", "över (?:denna|den här) (?:raden?|linjen?)",
    "ovanför (?:denna|den här) (?:raden?|linjen?)", "over denne (?:linjen?|linien)",
    "powyżej tej linii", "nad (?:tento řádek|tímto řádkem)", "tämän rivin yläpuolelle",
    "выше этой (?:линии|строки)", "此行(?:以上|上方|之上)", "この(?:線|行)より上", "이 줄 위에",
    "phía trên dòng này",
)  # fmt: skip
