"""What mail servers write about mail that they could not deliver, by language.

Regular expressions, read without regard to case. To add a language, add a line to each table.
"""

# How the subject of a bounce begins.
SUBJECTS = {
    "en": (
        r"un-?deliver(?:able|ed)\b",
        r"non-? ?deliver(?:y|ed|able)",
        r"returned (?:e-?mail|message|mail|to sender)",
        r"(?:(?:(?:e-?)?mail|message) )?delivery (?:has |is |was |subsystem )?(?:status|fail|error"
        r"|problem|report|notific|warning|delay|incomplete|unsuccessful|temporar|exception)",
        r"(?:(?:e-?)?mail|mail system|message) (?:fail|error|delivery|returned|undeliver|status)",
        r"(?:your )?(?:(?:e-?)?mail|message)\b.{0,80}(?:(?:not|n't)(?: yet)?(?: be| been)? "
        r"(?:deliver|accept)|undeliver|bounced|rejected|blocked|delayed)",
        r"fail(?:ed|ure) (?:notice|delivery|mail|message|to deliver)",
        r"(?:warning|notice|notification|error|ndn)\b.{0,60}(?:delay|could not|undeliver|unknown"
        r"|reject|fail|return|refus|block|cannot|not (?:yet )?(?:been )?deliver)",
        r"delayed (?:e-?mail|mail|message|delivery)",
        r"(?:automatically )?rejected (?:e-?mail|message|mail)",
        r"(?:permanent|temporary|fatal) (?:delivery )?(?:fail|error)",
        r"(?:could not|cannot|can't|couldn't|unable to|problem) deliver",
        r"(?:your )?(?:e-?mail|message) could not be (?:sent|delivered)",
        r"delivery to \S+ (?:has )?failed",
        r"(?:returned|bounced?|rejected)\s*:",
        r"processing error|nameserver error|(?:user|recipient) unknown",
        r"unknown (?:local )?(?:user|recipient|address)|considered unsolicited",
        r"mailbox (?:is )?(?:full|unavailable)|over ?quota|quota exceed",
        r"bounced? (?:e-?mail|mail|message|notif)",
    ),
    "de": (
        r"unzustellbar|(?:(?:ihre )?(?:e-?mail|nachricht) .{0,20})?nicht zu(?:stellbar|gestellt)",
        r"benachrichtigung zum (?:ü|ue)bermittlungsstatus",
        r"(?:e-?mail-?|mail-?|fehler bei der )?zustell(?:ung|fehler|problem)",
    ),
    "nl": (
        r"onbestelbaar|niet (?:bezorgd|afgeleverd)|bezorg(?:ing|fout)",
        r"aflever\w*fout|levering mislukt",
    ),
    "da": (
        r"kunne? ikke (?:leveres?|sendes)|ikke lever|uleveret|levering (?:mislyk|fejl)"
        r"|meddelelse om leveringsstatus",
    ),
    "nb": (
        r"ikke lever|ulevert|uleverbar|kan ikke leveres|levering(?:sfeil| mislyktes)"
        r"|statusmelding om levering",
    ),
    "sv": (
        r"(?:det g[aå]r inte|kan inte|kunde inte) (?:att )?lever|olever"
        r"|(?:statusnotifikation|meddelande) (?:f[oö]r|om) leverans",
    ),
    "fi": (r"viesti[aä] ei (?:voi|toimi)|toimitus (?:ep[aä]onn|virhe)|ei voitu toimittaa",),
    "fr": (
        r"non remis|non[- ]?(?:distribu|d[ée]livr)|(?:rapport|avis) de non",
        r"[ée]chec (?:de |d.)(?:la )?(?:remise|livraison|envoi|distribution)",
        r"message non (?:distr|remis|d?[ée]?livr)|notification d.[ée]tat de remise",
    ),
    "es": (
        r"no se (?:ha podido|puede|pudo) (?:entregar|enviar)|no entregad|mensaje no entreg",
        r"notificaci[oó]n (?:del|de) estado de|(?:error|fallo) (?:de|en la) entrega",
        r"correo (?:devuelto|no entreg)|devuelto",
    ),
    "pt": (
        r"n[aã]o (?:foi )?(?:poss[ií]vel )?entreg|falha (?:na|de) entrega|mensagem n[aã]o entreg"
        r"|notifica[cç][aã]o d[eo] (?:status|estado) d[ea] entrega",
    ),
    "it": (
        r"manca(?:ta|to) (?:consegna|recapito)|impossibile (?:recapitare|consegnare)",
        r"non recapita|notifica di (?:mancat|stato)",
    ),
    "ro": (r"nelivrat|mesaj(?:ul)? (?:nelivrat|nu a)",),
    "pl": (r"niedostarcz|nie (?:mo[zż]na|uda[lł]o si[eę]) dostarczy|zwrot (?:e-?mail|wiadomo)",),
    "cs": (r"nedoru[cč]|nelze doru",),
    "ru": (
        r"недостав|не (?:удалось|удается|доставлен)|невозможно доставить|ошибка доставки",
        r"доставка письма|ваше (?:сообщение|письмо) не|уведомление о (?:не|доставке)",
    ),
    "hu": (r"k[eé]zbes[ií]thetetlen",),
    "tr": (r"teslim edileme|iletilemedi",),
    "el": (r"αδυναμία παράδοσης|δεν παραδόθηκε",),
    "ja": (r"配信不能|配信でき|配達不能|送信でき|未配信",),
    "zh": (
        r"(?:系统)?退信|投递失败|邮件投递|无法(?:投递|送达|传递|发送)|未(?:能)?送达",
        r"無法(?:投遞|傳遞|送達)|退回",
    ),
    "ko": (r"배달 ?(?:되지|할 수|실패)|전송 ?(?:실패|되지)|반송",),
}

# What stands in the text of a bounce; alone it proves nothing.
TEXTS = {
    "en": (
        r"(?:could|can|was|were|been|has|will)(?: ?not|n.t)?(?: yet)?(?: be)?(?: been)? deliver",
        r"unable to (?:deliver|send|relay|process)",
        r"undeliver",
        r"deliver\w*\b.{0,80}(?:fail|delay|error|problem|unsuccess|abort|postpone)",
        r"fail\w*.{0,40}(?:deliver|recipient|address)",
        r"(?:did|could) not (?:be )?reach",
        r"fatal errors?|transcript of session|too many hops|returned (?:to|mail|message)",
        r"(?:user|mailbox|recipient|address|account|host)\b.{0,60}(?:unknown|not (?:found|listed"
        r"|exist|known|valid)|does ?n[o'].?t exist|invalid|unavailable|full|disabled|inactive)",
        r"not an? (?:valid|known|existing) (?:user|address|recipient|mailbox)",
        r"(?:unknown|invalid|no such|non-?existent) (?:\w+ )?(?:user|recipient|address|mailbox"
        r"|account|host|domain)",
        r"over ?quota|quota exceed|exceed\w* .{0,40}(?:quota|size|limit)",
        r"(?:message|mail)\b.{0,60}(?:reject|refused|bounced|blocked|return|delayed)",
        r"(?:reject|refused|blocked).{0,60}(?:message|mail|recipient)",
        r"will (?:be )?(?:retr|keep try)|mail ?(?:system|deliver)",
    ),
    "de": (r"zugestellt|zustell",),
    "nl": (r"bezorg|afgeleverd",),
    "nb": (r"lever(?:t|es|ing)",),
    "sv": (r"levere?ra",),
    "fi": (r"toimit(?:taa|us|ettu)",),
    "fr": (r"remis|livr[ée]|distribu[ée]",),
    "es": (r"entreg",),
    "it": (r"recapit|consegn",),
    "pl": (r"dostarcz",),
    "cs": (r"doru[cč]",),
    "ru": (r"достав",),
    "ja": (r"配信|配達",),
    "zh": (r"投递|送达|退信|退回|無法|无法",),
    "ko": (r"배달|전송",),
}
