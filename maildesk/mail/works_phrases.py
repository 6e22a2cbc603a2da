r"""The phrases in which people say that what was broken works again, by language.

Made of the parts of a sentence, so that a new language is a list of words for each. As in
`courtesy_phrases`, no word stands here that may ask, deny, limit or report.
"""

from collections.abc import Mapping

_SYSTEMS = (
    r"outlook|teams|vpn|wlan|wifi|wi fi|internet|login|excel|word|sharepoint|onedrive|sap|laptop"
)


def _statement(
    *,
    verbs: str,
    copulas: str,
    passives: str,
    solved: str,
    whole: str,
    subjects: str,
    troubles: str,
    gone: str,
    adverbs: str,
    inverted: str = "it",
) -> str:
    """Return the pattern of "it works again", "works again", "is fine now", "solved", "now is it
    solved" and "the problem is gone" – never of "works it" or "is it solved", which ask, or "the
    problem is back"."""
    softly = f"(?:(?:{adverbs}) )*"
    before = f"(?>(?:{subjects}|{adverbs}) )+"  # atomic: a word of both is not tried as both
    is_so = rf"(?:(?:{passives}) {softly})?(?:{solved})|(?:{copulas}) {softly}(?:{whole})"
    bare = rf"(?:{verbs}|{is_so})"
    turned = rf"(?:{copulas}) (?:{inverted}) {softly}(?:{solved}|{whole})"
    led = rf"{before}(?:{turned}|{bare})(?: (?:{inverted}))?"
    over = rf"(?:{troubles}) (?:(?:{passives}) )?{softly}(?:{solved}|{gone})"
    return rf"(?:{over}|{led}|{bare})(?: (?:{adverbs}))*"


# That what was broken is whole.
WORKS: Mapping[str, str] = {
    "en": _statement(
        verbs=r"works?|worked|working|did (?:it|the trick)|(?:solved|fixed) (?:it|the (?:problem"
        r"|issue))|helped|seems? to work|up and running|back to normal|back online|good to go",
        copulas=r"is|are|its|thats|looks?|seems?(?: to be)?|appears? to be",
        passives=r"is|are|has been|have been|was|were|got|its|thats|looks?|seems?(?: to (?:be"
        r"|have been))?|appears? to be",
        solved=r"solved|fixed|resolved|sorted(?: out)?|repaired|restored|done",
        whole=r"good|fine|ok|okay|set|up|running|online|in order|working|good to go|back to normal"
        r"|back online|up and running",
        troubles=r"(?:(?:the|my|our|this) )?(?:issues?|problems?|errors?|case|ticket|request"
        r"|matter)",
        gone=r"gone|closed|history",
        subjects=rf"it|that|this|its|thats|everything|all|things|they|both|(?:(?:the|my|our"
        rf"|your) (?:(?:new|old) )?)?(?:fix|solution|printer|mails?|e ?mails?|network|access"
        rf"|account|password|computer|pc|phone|screen|monitor|app|system|site|website|link|drive"
        rf"|scanner|connection|{_SYSTEMS})",
        adverbs=r"now|again|fine|perfectly|great|well|properly|correctly|ok|okay|normally|finally"
        r"|for me|here|just|all|also|indeed|as expected|as it should|like a charm|beautifully"
        r"|flawlessly|too|fully|already|completely|(?:on|at) my (?:end|side)|(?:as|like) before"
        r"|as (?:usual|normal)|so far so good",
    )
    + r"|(?:i|we) can (?:now|finally) (?:log ?in|log on|sign in|print|connect|work|access it)"
    r"|all (?:good|fine|set|sorted|ok|okay|well|done)(?: (?:now|again|here))*"
    r"|(?:i|we) (?:can|could|am able to|are able to|managed to)(?: (?:now|finally))? (?:log ?in"
    r"|log on|sign in|print|connect|work|send|receive|open it|access it|get in|use it)(?: (?:again"
    r"|now|fine))+|i ?a?m (?:back in|in (?:again|now))|(?:i|we) (?:have|got) access(?: (?:again"
    r"|now))+|(?:i )?got it (?:working|to work)(?: (?:again|now))*|no (?:(?:more|further"
    r"|other) )?(?:issues|problems|questions)(?: (?:now|any ?more|since|left))?|(?:(?:you|it"
    r"|(?:the|this) (?:case|ticket)) )?(?:can|may) (?:now )?(?:be closed|close (?:(?:the|this"
    r"|my) (?:case|ticket|issue|request)|it|this)(?: now)?)",
    "de": _statement(
        verbs=r"funktionierte?|geht|klappt|läuft|hat (?:(?:alles|wunderbar|prima"
        r"|super) )?(?:geklappt|funktioniert|geholfen)|geklappt|scheint (?:(?:wieder|jetzt"
        r"|nun) )?zu (?:gehen|funktionieren|klappen|laufen)",
        copulas=r"ist|sind|scheint",
        passives=r"ist|sind|wurde|wurden|hat sich|scheint",
        solved=r"gelöst|geloest|behoben|erledigt|repariert|geklärt",
        whole=r"ok|okay|gut|erreichbar|fertig|in ordnung",
        troubles=r"(?:(?:der|die|das|mein|meine|unser|unsere|dieses) )?(?:problem|probleme|fehler"
        r"|fall|sache|thema|anliegen|anfrage|ticket|störung)",
        gone=r"weg|verschwunden|beseitigt|geschlossen",
        subjects=rf"es|das|dies|alles|beides|(?:(?:der|die|das|mein|meine|unser|unsere"
        rf"|dieses) )?(?:drucker|mails?|e ?mails?|postfach|netzwerk|netz|zugang|zugriff"
        rf"|konto|passwort|kennwort|rechner|computer|pc|telefon|handy|bildschirm|monitor|programm"
        rf"|app|system|seite|link|laufwerk|scanner|verbindung|anmeldung|anmelden|drucken"
        rf"|{_SYSTEMS})",
        adverbs=r"wieder|jetzt|nun|alles|super|gut|prima|einwandfrei|perfekt|wunderbar|tadellos"
        r"|bestens|problemlos|normal|wie gewohnt|wie gewünscht|bei mir|auch|schon|inzwischen"
        r"|endlich|soweit|fehlerfrei|tatsächlich|somit|damit|bereits",
        inverted=r"es|das|alles|der drucker|das problem",
    )
    + r"|(?:(?:das )?(?:ticket|problem)|(?:der )?fall) (?:kann|darf) (?:(?:gerne|nun"
    r"|jetzt) )*geschlossen werden|(?:jetzt|nun) gehts(?: wieder)?|alles (?:in ordnung|wieder ok"
    r"|super|bestens|prima|gut|perfekt|wieder gut)|(?:ich )?(?:bin|komme) (?:(?:jetzt|nun"
    r"|wieder) )+(?:drin|rein)|ich kann (?:mich )?(?:(?:jetzt|nun) )?wieder (?:anmelden|einloggen"
    r"|drucken|arbeiten)|keine (?:weiteren )?(?:fragen|probleme)(?: mehr)?",
    "fr": _statement(
        verbs=r"(?:re)?(?:marche|fonctionne)|ont (?:bien )?fonctionné|a (?:bien )?(?:fonctionné"
        r"|marché)",
        copulas=r"est|semble|c ?est|sont|a l ?air",
        passives=r"est|semble|c ?est|sont|a (?:bien )?été|ont été",
        solved=r"réglée?|résolue?|corrigée?|réparée?",
        whole=r"bon|ok|fait|en ordre|rentré dans l ?ordre|rétablie?|opérationnel",
        troubles=r"(?:(?:le|la|mon|ma|notre|ce|cet) |l ?)?(?:problème|souci|erreur|incident|ticket"
        r"|demande|panne)",
        gone=r"clos|terminé",
        subjects=rf"ça|cela|tout|ceci|il|elle|(?:(?:le|la|les|mon|ma|mes|notre) |l ?)?(?:"
        rf"imprimante|mails?|messagerie|réseau|accès|compte|mot de passe|ordinateur|pc|téléphone"
        rf"|écran|application|logiciel|système|site|lien|connexion|{_SYSTEMS})",
        adverbs=r"maintenant|à nouveau|de nouveau|bien|très bien|parfaitement|correctement|enfin"
        r"|désormais|aussi|nickel|pour moi|chez moi|tout|normalement|comme (?:avant|prévu|il faut)",
        inverted="tout",
    )
    + r"|vous pouvez (?:donc )?(?:clore|clôturer|fermer) (?:le |ce |mon |l ?)?(?:ticket|dossier"
    r"|incident)|plus (?:de|aucun) (?:problème|souci|question)s?",
    "es": _statement(
        verbs=r"funcion(?:a|an|ó)|va (?:muy )?bien|ha funcionado|(?:vuelve|volvió"
        r"|ha vuelto) a funcionar",
        copulas=r"está|están|parece|quedó|queda",
        passives=r"está|están|quedó|queda|ha quedado|ha sido|fue|parece",
        solved=r"solucionad[oa]|resuelt[oa]|arreglad[oa]|reparad[oa]|corregid[oa]",
        whole=r"listo|en orden|ok|bien|funcionando",
        troubles=r"(?:(?:el|la|mi|nuestro) )?(?:problema|error|incidencia|caso|ticket|asunto"
        r"|solicitud)",
        gone=r"cerrad[oa]",
        subjects=rf"eso|esto|todo|ello|me|(?:(?:el|la|mi|nuestro|los|las|mis) )?(?:"
        rf"impresora|correos?|red|acceso|cuenta|contraseña|ordenador|computadora|pc|teléfono"
        rf"|pantalla|aplicación|programa|sistema|página|enlace|conexión|{_SYSTEMS})",
        adverbs=r"ya|ahora|bien|muy bien|perfectamente|de nuevo|otra vez|correctamente|perfecto"
        r"|nuevamente|por fin|también|normalmente|sin problemas?|como antes|de maravilla|todo"
        r"|con normalidad|completamente",
        inverted="todo|bien",
    )
    + r"|ya puedo (?:entrar|acceder|imprimir|trabajar|conectarme|iniciar sesión)|(?:pueden?"
    r"|podéis) cerrar (?:el|la|mi|este) (?:ticket|caso|incidencia)|todo (?:bien|ok|correcto"
    r"|en orden|listo)",
    "nb": _statement(
        verbs=r"virker|fungerer|funker|fungerte|funka|funket|virket|gikk|går|hjalp|ser (?:bra|fint"
        r"|greit) ut|ser ut til å (?:virke|fungere)",
        copulas=r"er|ser ut til å være",
        passives=r"er|ble|blei|har blitt",
        solved=r"løst|fikset|fiksa|ordnet|ordna",
        whole=r"ok|greit|bra|fint|ferdig|i orden|oppe igjen|på plass",
        troubles=r"(?:(?:min|mitt|vår|vårt) )?(?:problemet|problem|feilen|saken)",
        gone=r"borte|vekk|rettet|avsluttet|i orden",
        subjects=rf"det|dette|alt sammen|alt|begge|(?:(?:min|mitt|vår|vårt) )?(?:"
        rf"skriveren|printeren|mailen|e ?posten|nettverket|nettet|tilgangen|kontoen|passordet"
        rf"|maskinen|pc ?en|telefonen|skjermen|programmet|appen|systemet|siden|lenken|forbindelsen"
        rf"|innloggingen|{_SYSTEMS})",
        adverbs=r"igjen|nå|fint|bra|perfekt|helt|utmerket|endelig|som (?:det skal|normalt|før"
        r"|vanlig|en drøm)|greit|hos meg|også|for meg|her|strålende|supert|allerede",
        inverted="det|alt|alt sammen",
    )
    + r"|(?:jeg )?(?:kommer|kom) (?:meg )?inn(?: (?:igjen|nå))+|(?:dere |du )?kan (?:lukke"
    r"|stenge) saken|saken kan (?:lukkes|avsluttes)|alt (?:bra|ok|i orden|fint)"
    r"|ingen (?:flere )?(?:problemer|spørsmål)(?: (?:nå|lenger))?",
    "nl": _statement(
        verbs=r"werkt|werkte|functioneert|lukt|gelukt|loopt|doet (?:het|hij het)|(?:lijkt|schijnt) "
        r"(?:weer |nu )?te werken|heeft (?:gewerkt|geholpen)",
        copulas=r"is|zijn|lijkt",
        passives=r"is|zijn|was|werd|lijkt",
        solved=r"opgelost|verholpen|gefixt|gelukt|geregeld|hersteld|gerepareerd|afgehandeld",
        whole=r"ok|oke|klaar|goed|gemaakt|in orde",
        troubles=r"(?:(?:de|het|mijn|ons|onze|dit) )?(?:probleem|storing|fout|melding|ticket|zaak)",
        gone=r"weg|verdwenen|gesloten",
        subjects=rf"het|dit|dat|alles|hij|ze|allebei|(?:(?:de|het|mijn|ons|onze) )?(?:"
        rf"printer|mails?|e ?mail|netwerk|toegang|account|wachtwoord|computer|pc|telefoon|scherm"
        rf"|programma|app|systeem|site|website|link|verbinding|inloggen|{_SYSTEMS})",
        adverbs=r"weer|nu|goed|prima|perfect|inmiddels|allemaal|helemaal|uitstekend|naar behoren"
        r"|bij mij|ook|eindelijk|zoals (?:het hoort|voorheen|verwacht)|gewoon|als vanouds|al",
        inverted="het|alles|de printer",
    )
    + r"|ik (?:kan|kom) (?:er )?(?:nu )?weer (?:in|inloggen|bij|printen|werken)|(?:het )?(?:ticket"
    r"|melding) (?:mag|kan) (?:nu )?(?:gesloten worden|dicht)|alles (?:goed|ok|oke|prima|in orde)"
    r"|geen (?:verdere )?(?:vragen|problemen)(?: meer)?",
    "sv": _statement(
        verbs=r"fungerar|funkar|fungerade|funkade|går|gick|hjälpte|ser (?:bra|fint) ut|(?:verkar"
        r"|tycks) (?:fungera|funka|vara löst)",
        copulas=r"är|blev",
        passives=r"är|blev|har blivit",
        solved=r"löst|fixat|fixad|ordnat|åtgärdat",
        whole=r"klart|ok|okej|bra|fint|i ordning|uppe igen",
        troubles=r"(?:(?:min|mitt|vår|vårt) )?(?:problemet|problem|felet|ärendet)",
        gone=r"borta|avhjälpt|klart|avslutat",
        subjects=rf"det|detta|allt|alltihop|båda|(?:(?:min|mitt|vår|vårt) )?(?:skrivaren"
        rf"|mejlen|mailen|e ?posten|nätverket|nätet|åtkomsten|kontot|lösenordet|datorn|telefonen"
        rf"|skärmen|programmet|appen|systemet|sidan|länken|anslutningen|inloggningen|{_SYSTEMS})",
        adverbs=r"igen|nu|bra|fint|perfekt|helt|utmärkt|äntligen|som (?:det ska|vanligt|förut"
        r"|en dröm)|hos mig|också|för mig|här|klockrent|felfritt|redan",
        inverted="det|allt|allting",
    )
    + r"|jag (?:kommer|kom) in(?: (?:igen|nu))+|(?:ni |du )?kan stänga ärendet|ärendet kan stängas"
    r"|allt (?:bra|ok|klart)|inga (?:fler |flera )?(?:problem|frågor)(?: (?:nu|längre))?",
    "zh": r"(?:(?:现在|已经|都|全部?|目前|我这边|这边|一切|它|系统|打印机|网络|电脑|邮箱|账号"
    r"|密码)\s?)*(?:(?:可以|能够?)(?:用|使用|登录|打印|访问|上网|打开|正常使用|正常登录)?了"
    r"|(?:已经?)?恢复(?:正常)?了|已经?恢复(?:正常)?|正常(?:了|使用了|工作了|运行了)?|好[了啦]"
    r"|好用了|没有?(?:什么)?问题了|工作正常|运行正常)|(?:(?:问题|故障|现在|都"
    r"|全部?)\s?)*(?:已经?(?:被)?(?:解决|修复|修好|处理好|搞定|弄好)|(?:被)?(?:解决|修复|修好"
    r"|处理好|搞定|弄好)(?:好?了|啦))(?:好?了|啦)?",
}  # fmt: skip
