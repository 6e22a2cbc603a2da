r"""The phrases in which people greet, thank, praise, agree and close, and what clients write for a
reaction, by language.

Pieces of regular expressions, compared without regard to case, accents and apostrophes (ä, ö, ü and
å count: "löst" is solved, "lost" is not); a hyphen is a blank. A phrase may only say what its table
is for: a text counts where phrases cover all of it, so a word that may ask, deny, limit or report
("still", "but", "until", "please") stands in none. A new language is a line in each.
"""

from collections.abc import Mapping

# What the words on both sides may be joined by.
FILLERS: Mapping[str, str] = {
    "en": r"and|oh|ah|wow",
    "de": r"und|ah|na dann",
    "fr": r"et|ah",
    "es": r"y|ah",
    "nb": r"og|ah",
    "nl": r"en|ah",
    "sv": r"och|ah",
    "zh": r"也",
}

GREETINGS: Mapping[str, str] = {
    "en": r"(?:hi|hello|hey|hiya|dear|good (?:morning|afternoon|evening|day))"
    r"(?: (?:all|team|both|everyone|everybody|there|again|guys|folks|support|sir|madam|colleagues?"
    r"|service desk|help ?desk|or))*",
    "de": r"(?:hallo|hi|moin|servus|gr(?:üß|ue(?:ß|ss)|üss) gott|guten (?:tag|morgen|abend)"
    r"|liebe[rs]?|sehr geehrte[rs]?)(?: (?:zusammen|alle|team|kolleg(?:en|innen)|support|damen"
    r"|herren|und|it|ihr lieben))*",
    "fr": r"(?:bonjour|bonsoir|salut|coucou|chers?|chère)(?: (?:à|tous|toutes|et|l|équipe|madame"
    r"|monsieur|collègues))*",
    "es": r"(?:hola|buenas(?: tardes| noches)?|buenos días|buen día|estimad[oa]s?|querid[oa]s?)"
    r"(?: (?:a|todos|equipo|compañeros))*",
    "nb": r"(?:hei|heisann|hallo|kjære|god (?:morgen|dag|kveld)|morn)(?: (?:igjen|alle|sammen|dere"
    r"|på|deg))*",
    "nl": r"(?:hallo|hoi|hi|beste|goede(?:morgen|middag|navond|ndag)|goeie(?:morgen|middag)|dag)"
    r"(?: (?:allemaal|allen|team|collega s?|iedereen))*",
    "sv": r"(?:hej|hejsan|tjena|god (?:morgon|dag|kväll)|bästa)(?: (?:igen|alla|allihop|på|dig"
    r"|er))*",
    "zh": r"(?:您好|你好|大家好|早上好|下午好|晚上好|早安)(?:呀|啊)?",
}

THANKS: Mapping[str, str] = {
    "en": r"(?:(?:very )?(?:many|much|big|huge|heartfelt|a million|a thousand|1000) )?(?:thanks"
    r"|thanx|thankyou|thx|tnx|tks|tx|thank (?:you|u|ya)|ty|cheers|ta)(?: (?:a (?:lot|million|bunch"
    r"|ton|mil)|so|very|much|indeed|kindly|again|heaps|loads|tons|all|both|guys|team|everyone"
    r"|everybody|folks|mate|sir|madam|support))*"
    r"|(?:(?:much|very much|really|greatly|highly) )?appreciated|(?:(?:i|we) )?(?:(?:do|really|very"
    r"|much|greatly|so|truly) )*appreciate (?:it|this|that|(?:all )?(?:of )?(?:your"
    r"|the) (?:quick )?(?:help|support|assistance|effort|response|reply))(?: (?:a lot|very much"
    r"|so much))?|(?:i am|im|we are) (?:(?:so|very|really) )?grateful",
    "de": r"(?:(?:ganz|sehr|recht|noch ?mals?|1000|tausend|vielen|lieben|herzlichen|besten|schönen"
    r"|schon(?: ?mal)?) )*(?:dank|danke|dankeschön|dankesehr|thx|merci)(?: (?:schön|sehr|vielmals"
    r"|noch ?mals?|dir|ihnen|euch|allen|ganz|herzlich|an alle|ans team|dafür))*"
    r"|(?:ich|wir) (?:bedanken? (?:mich|uns)|danken? (?:dir|ihnen|euch))(?: (?:sehr|herzlich"
    r"|ganz|vielmals|recht))*|bin (?:sehr )?dankbar",
    "fr": r"(?:(?:un )?(?:grand|très grand|gros|mille|1000|bien|encore) )?merci(?: (?:beaucoup|bien"
    r"|infiniment|encore|mille fois|à (?:vous|toi|tous|toutes|l ?équipe|lui)|tout le monde"
    r"|vraiment|énormément|bcp))*|(?:je (?:vous|te|t)|nous vous) (?:en )?remercie(?:ns?|ons)?"
    r"(?: (?:beaucoup|infiniment|vivement|sincèrement|encore))*"
    r"|(?:avec )?(?:tous )?mes remerciements",
    "es": r"(?:(?:muchas|muchísimas|mil|1000|un millón de|de nuevo) )?gracias(?: (?:a (?:todos"
    r"|ti|usted|ustedes|vosotros)|equipo|otra vez|de nuevo|nuevamente|totales))*"
    r"|(?:(?:se|te|lo|le|les|os|muy|muchísimo) )*(?:agradec(?:ido|ida|idos|idas|emos)|agradezco)"
    r"(?: (?:mucho|muchísimo|de verdad))?",
    "nb": r"(?:(?:tusen|1000|hjertelig|mange|så mye) )?(?:takk(?: (?:skal (?:du|dere) ha|så mye"
    r"|igjen|takk|til (?:dere|deg|alle)|alle sammen|kjempemye))*|tusentakk)"
    r"|setter (?:stor )?pris på (?:det|hjelpen)",
    "nl": r"(?:(?:heel|erg|zeer|super|hartelijk|1000|duizendmaal|nogmaals|ontzettend) )*"
    r"(?:bedankt|dank(?: (?:je|u|jullie)(?: ?wel)?)?|dankjewel|dankuwel|thanks)(?: (?:hoor|allemaal"
    r"|nogmaals|weer|zeer))*|(?:heel )?(?:veel|hartelijk|vriendelijk)e? dank",
    "sv": r"(?:(?:tusen|1000|stort|varmt|många|hjärtligt|jätte) ?)?tack(?: (?:så|hemskt|jätte"
    r"|mycket|jättemycket|snälla|ska(?:ll)? (?:du|ni) ha|igen|alla|allihop|till er))*",
    "zh": r"(?:(?:非常|十分|太|万分|真的|很|真心|再次|衷心)\s?)*(?:感谢|谢谢|多谢|谢啦|谢了|感激"
    r"|謝謝|感謝|多謝|3q)(?:谢谢)?(?:您们?|你们?|大家|各位|了|啦|哈|呀|啊|哦|噢|~)*|(?:辛苦|麻烦)"
    r"(?:您们?|你们?|大家)?(?:了|啦)",
}

# What thanks may be for: an opener, and then any of the words.
OBJECT_OPENERS: Mapping[str, str] = {
    "en": r"for|to you|to (?:the|your) (?:whole )?team",
    "de": r"für|fuer",
    "fr": r"pour|d ?avoir|de m ?avoir|de nous avoir"
    r"|de(?= (?:votre|ton) (?:aide|soutien|réactivité|patience|disponibilité|gentillesse))",
    "es": r"por|para",
    "nb": r"for",
    "nl": r"voor",
    "sv": r"för",
    "zh": r"(?:为|对)?[您你]们?的?|为|对",
}
OBJECTS: Mapping[str, str] = {
    "en": r"the|your|you|this|that|it|all|of|and|so|very|really|my|me|us|our|to|with|in|on|out|up"
    r"|quick|quickly|fast|swift|speedy|prompt|promptly|rapid|super|great|kind|good|excellent"
    r"|amazing|fantastic|wonderful|nice|awesome|friendly|patient|immediate|timely|everything|help"
    r"|helping|helpful|support|assistance|assisting|reply|replying|response|responding|answer"
    r"|answering|update|info|information|explanation|explaining|clarification|clarifying|advice"
    r"|tip|tips|hint|feedback|heads|attention|confirmation|confirming|effort|efforts|time|patience"
    r"|work|service|care|taking|getting|back|letting|know|fix|fixing|fixed|solving|solved|solution"
    r"|resolving|resolved|resolution|sorting|sorted|looking|into|handling|turnaround|cooperation"
    r"|issue|problem|matter|case|ticket|request|call|mail|email|message|visit|being|such",
    "de": r"die|der|das|den|dein|deine|deinen|ihre?|ihren|eure?|euren|und|so|sehr|super|ganz|alles"
    r"|tolle[nrs]?|schnelle[nrs]?|prompte[nrs]?|rasche[nrs]?|gute[nrs]?|kompetente[nrs]?"
    r"|freundliche[nrs]?|nette[nrs]?|unkomplizierte[nrs]?|große[nrs]?|zügige[nrs]?|hilfe|hilfen"
    r"|unterstützung|antwort|rückmeldung|nachricht|info|infos|information|informationen|erklärung"
    r"|bearbeitung|erledigung|lösung|mühe|mühen|geduld|einsatz|service|support|arbeit|zeit|bemühung"
    r"|bemühungen|feedback|reaktion|bestätigung|auskunft|tipp|hinweis|update|behebung|problems?"
    r"|mail|email|anruf",
    "fr": r"le|la|les|l|d|votre|vos|ton|ta|tes|cette|ce|cet|et|de|du|des|si|très|tout|toute|rapide"
    r"|rapides|rapidité|super|bonne|bon|précieuse|gentille?|gentillesse|m ?avoir|nous|soutien"
    r"|support|réponse|réponses|retour|travail|service|patience|temps|réactivité|disponibilité"
    r"|confirmation|résolution|solution|conseil|conseils|mail|message|prise en charge|problème"
    r"|dépannage|compréhension|[dl]? ?(?:efficace|efficacité|excellente?|aide|aidée?|avoir"
    r"|assistance|infos?|informations?|explications?|intervention|email)",
    "es": r"la|el|los|las|lo|tu|tus|su|sus|vuestr[oa]|toda|todo|y|tan|muy|de|del|por|rápida?"
    r"|rapidez|pronta|prontitud|excelente|buena?|gran|amable|amabilidad|eficaz|ayuda|ayudarme"
    r"|ayudarnos|respuesta|apoyo|soporte|atención|información|info|explicación|gestión|servicio"
    r"|trabajo|tiempo|paciencia|solución|resolver|solucionar|solucionarlo|resolverlo"
    r"|consejo|problema|correo|mensaje|esfuerzo",
    "nb": r"den|det|de|din|ditt|deres|all|alt|så|veldig|og|i|med|meg|oss|raskt?|raske|kjapt?|godt"
    r"|kjapp|kjappe|god|gode|flott|super|superrask|hyggelig|fin|fine|hjelp|hjelpen|hjalp|hjelpe"
    r"|respons|svar|svaret|tilbakemelding|tilbakemeldingen|beskjed|info|infoen|informasjon"
    r"|informasjonen|oppklaring|forklaringen|støtte|support|supporten|service|servicen|innsats"
    r"|innsatsen|tålmodigheten|jobben|løsningen|tipset|assistanse|assistansen|bistand|bistanden"
    r"|oppfølging|oppfølgingen|problemet|saken|oppdatering|oppdateringen|meldingen",
    "nl": r"de|het|je|jouw|uw|jullie|al|alle|alles|en|zo|heel|erg|met|van|mijn|snelle?|goede|prima"
    r"|fijne|super|geweldige|vlotte|vriendelijke|adequate|uitstekende|hulp|helpen|ondersteuning"
    r"|antwoord|reactie|bericht|info|informatie|uitleg|moeite|inzet|service|support|werk|tijd"
    r"|geduld|oplossing|oplossen|terugkoppeling|update|tip|bevestiging|afhandeling|probleem|mail"
    r"|mailtje|medewerking",
    "sv": r"den|det|de|din|ditt|dina|er|ert|era|all|allt|så|och|med|i|mig|oss|snabb|snabba|snabbt"
    r"|bra|fin|fina|god|super|trevlig|trevliga|hjälp|hjälpen|svar|svaret|återkoppling"
    r"|återkopplingen|besked|beskedet|info|infon|information|informationen|stöd|stödet|support"
    r"|supporten|service|servicen|insats|insatsen|tålamodet|jobbet|lösningen|tipset|assistans"
    r"|problemet|ärendet|uppdatering|uppdateringen|mejlet|hanteringen|bemötande|bemötandet",
    "zh": r"帮助|帮忙|支持|回复|解答|及时|快速|迅速|耐心|协助|处理|解决|服务|配合|一切|大力|热情"
    r"|这么|快|地|的|和|与|工作|指导|反馈|回答",
}  # fmt: skip

# Said of the answer; alone, it agrees with it.
PRAISE: Mapping[str, str] = {
    "en": r"(?:(?:(?:this|that|it|you|everything|everyone) (?:is|was|are|were)|thats|its|youre"
    r"|looks?|sounds?|absolutely|really|very|so|simply|just|all|how|such a|what a) )*(?:great"
    r"|perfect|excellent|awesome|fantastic|amazing|brilliant|wonderful|super|superb|lovely|good"
    r"|nice|cool|splendid|terrific|marvellous|fabulous|helpful|nice of you|kind of you"
    r"|the best|a star|stars?|a legend|legends?|a lifesaver|a hero|heroes|impressive|top"
    r")(?: (?:service|job|work|support|help|news|stuff|one|team|response|reply|indeed))?"
    r"|(?:(?:that|this|you) (?:was|is|were)|so|very|how) (?:(?:so|very|really|super) )*(?:quick"
    r"|fast|kind)|well done|good job|no (?:problems?|worries)|you (?:guys )?(?:rock|saved (?:me"
    r"|my day|the day))|(?:that|this) (?:helps|is very helpful)(?: a lot)?|(?:im|i am"
    r"|we are) (?:so |very |really )?(?:happy|glad|impressed|pleased|relieved)|(?:very "
    r"|much )?happy",
    "de": r"(?:(?:(?:das|ihr|du|sie) (?:ist|war|ging(?: ja)?|seid|bist|sind)|echt|wirklich|ganz"
    r"|sehr|einfach|so|ja|absolut|super|mega) )*(?:super|toll|perfekt|prima|klasse|großartig"
    r"|wunderbar|spitze|genial|top|schön|gut|schnell|bestens|hervorragend|ausgezeichnet"
    r"|fantastisch|cool|mega|stark|bombe|lieb|nett|die besten?|der beste|ein schatz"
    r"|eine große hilfe)(?: (?:service|support|arbeit|gemacht|von (?:dir|ihnen|euch)))?"
    r"|(?:tolle[rs]?|super|klasse|gute[rs]?|top) (?:arbeit|service|support|leistung|team)"
    r"|kein (?:problem|thema)|hat (?:mir )?(?:sehr )?geholfen",
    "fr": r"(?:(?:c ?est|c ?était|vous êtes|tu es|tout est|vraiment|très|trop|absolument"
    r"|tout simplement) )*(?:super|parfait|parfaite|génial|géniale|excellent|top|nickel|impeccable"
    r"|formidable|gentil|gentille|au top|bien|bravo|cool|magnifique|extra|rapide|efficace"
    r"|merveilleux|les meilleurs)(?: (?:travail|service|boulot))?|(?:bon|beau|super"
    r"|excellent) (?:travail|service|boulot)|pas de (?:souci|problème)s?",
    "es": r"(?:(?:es|está|fue|son|sois|qué|muy|todo|realmente) )*(?:perfecto|genial|excelente"
    r"|estupendo|fantástico|maravilloso|fenomenal|buenísimo|bien|bueno|rápidos?|amables?|increíble"
    r"|súper|super|los mejores|de lujo|guay)|(?:buen|gran|excelente) (?:trabajo|servicio)"
    r"|ningún problema|sin problemas?",
    "nb": r"(?:(?:(?:det|dette|dere|du) (?:er|var|gikk)|veldig|helt|så|kjempe|super) ?)*(?:flott"
    r"|supert|super|perfekt|topp|fint|bra|herlig|utmerket|strålende|kjempebra|kjempefint|knall"
    r"|fantastisk|genialt|konge|nydelig|rått|raskt|kjapt|snilt|suverent|tipp topp|hyggelig|lekkert)"
    r"(?: (?:jobba|jobbet|service|arbeid|hjelp|av (?:dere|deg)|levert))?|(?:god|bra|super|flott) "
    r"(?:jobb|service|hjelp|support)|ingen problem|ikke noe problem",
    "nl": r"(?:(?:(?:dat|dit|jullie|je|u|het) (?:is|was|zijn|bent|ging)|heel|erg|zeer|echt"
    r"|helemaal) )*(?:geweldig|top|super|perfect|prima|fijn|mooi|fantastisch|uitstekend|goed"
    r"|toppie|lekker|snel|keurig|netjes|klasse|tof|gaaf|toppers?|de beste|attent"
    r"|aardig)(?: (?:werk|gedaan|geregeld|service|zo|geholpen))?|goe[di]e? (?:werk|service)"
    r"|geen (?:probleem|dank)",
    "sv": r"(?:(?:(?:det|ni|du) (?:är|var|gick)|mycket|väldigt|jätte|helt|så|super) ?)*(?:bra"
    r"|toppen|perfekt|super|kanon|utmärkt|strålande|fantastiskt|underbart|jättebra|härligt|fint"
    r"|snabbt|kalas|grymt|suveränt|snällt|jättesnällt)(?: (?:jobbat|service|jobb|hjälp|gjort))?"
    r"|(?:bra|god|toppen) (?:jobb|service|hjälp)|inga problem",
    "zh": r"(?:(?:真是?|太|很|非常|挺)\s?)*(?:好|棒|赞|完美|厉害|给力|不错|优秀|专业|快|及时|满意)"
    r"(?:了|啦|的|呀|啊|哦)?|没问题|没关系|不客气",
}  # fmt: skip

# Yes, or "I have read it"; no thanks: where a question is open, it is an answer.
ASSENT: Mapping[str, str] = {
    "en": r"(?:yes it (?:is|does|has)|yes|yep|yeah|yup|ok|okay|oki|k|sure|fine|alright|all right"
    r"|agreed|correct|right|indeed|exactly|absolutely|certainly|confirmed|i confirm|i can confirm"
    r"|it is|it does|it has|got it|noted|understood|received)(?: (?:indeed|thats? (?:is )?(?:right"
    r"|correct|fine|ok)|with me|by me|for me|now))*|thats? (?:is )?(?:fine|ok|okay|alright|right"
    r"|correct)(?: (?:with|by|for) me)?",
    "de": r"(?:ja (?:ist es|ist erledigt|gerne)|ja|jo|jup|jawohl|ok|okay|oki|alles klar"
    r"|passt(?: so| alles)?|stimmt|einverstanden|verstanden|erhalten|in ordnung|bestätigt|genau"
    r"|gerne|jepp)",
    "fr": r"(?:oui|ouais|ok|d ?accord|entendu|bien reçu|compris|c ?est (?:bien )?noté|bien noté"
    r"|exact|exactement|tout à fait|c ?est (?:ça|cela|exact)|je confirme|confirmé|ça roule)",
    "es": r"(?:sí|listo|ok|okey|vale|de acuerdo|entendido|recibido|correcto|claro|así es|confirmo"
    r"|confirmado|exacto|efectivamente|por supuesto|anotado)",
    "nb": r"(?:ja det (?:er|gjør) det|ja|jepp|japp|jo|ok|okei|oki|greit|den er grei|den er god"
    r"|det stemmer|stemmer|mottatt|forstått|skjønner|bekreftet|bekreftes|notert|helt greit"
    r"|det er greit)",
    "nl": r"(?:ja hoor|ja|jep|jawel|ok|oke|okay|okee|akkoord|klopt|dat klopt|begrepen|ontvangen"
    r"|duidelijk|is goed|dat is goed|in orde|bevestigd|helder|genoteerd)",
    "sv": r"(?:ja det (?:är|gör) det|ja|japp|jo|jajamän|ok|okej|det stämmer|stämmer|mottaget"
    r"|förstått|uppfattat|noterat|bekräftat|det går bra|absolut)",
    "zh": r"(?:是|对|好|嗯|可以|收到|明白|知道|了解|行|ok|确认)(?:的|了|啦|嗯|滴|哒)?",
}

CLOSINGS: Mapping[str, str] = {
    "en": r"(?:(?:with|my) )?(?:(?:best|kind|kindest|warm|warmest|many) )*(?:regards|wishes)|best"
    r"|br|kr|all the best|yours|sincerely|take care|bye|(?:have|enjoy) (?:a |your )?(?:(?:great"
    r"|nice|good|lovely|wonderful|fantastic|pleasant) )?(?:day|weekend|evening|afternoon|week"
    r"|one)(?: (?:too|all|everyone))?|see you|(?:sent )?from my (?:iphone|phone)",
    "de": r"(?:(?:mit|und|viele|vielen|liebe|lieben|beste|besten|freundliche[nm]?|herzliche[nm]?"
    r"|schöne|sonnige) )*(?:gr(?:ü|ue)(?:ß|ss)en?|gruß|gruss)|lg|vg|mfg|bg|hg|bis (?:bald|dann)"
    r"|tschüss|(?:(?:ich|wir) )?(?:(?:wünsche|wünschen) )?(?:(?:dir|ihnen|euch|noch"
    r"|allen) )*(?:einen?|ein)? ?schöne[nsr]? (?:tag|abend|woche|wochenende|feierabend|feiertage"
    r"|nachmittag)(?: noch)?|ihre?|euer|eure|dein|deine",
    "fr": r"(?:(?:bien|très) )?cordialement|cdlt|(?:bien )?à (?:vous|toi|bientôt)|amicalement"
    r"|salutations|(?:(?:passez|je vous souhaite) )?(?:une |un )?(?:(?:bonne|belle"
    r"|excellente) (?:journée|soirée|fin de journée|semaine|continuation)|(?:bon|beau"
    r"|excellent) (?:week end|après midi|weekend))(?: à (?:vous|tous|toi))?|bien à vous",
    "es": r"(?:un )?(?:(?:cordial|fuerte|gran) )?(?:saludos?|abrazos?)(?: cordial(?:es)?| cordial)?"
    r"|atentamente|atte|(?:(?:que )?(?:tengan?|tengas|pasen?|ten)(?: un)?|feliz) ?(?:buen |bonito "
    r"|lindo |excelente )?(?:día|tarde|fin de semana|semana)|buen (?:día|fin de semana)",
    "nb": r"(?:(?:med|mange|beste|vennlig|vennlige|hjertelig|gode|varme) )*hils(?:en|ner)|mvh|vh"
    r"|ha(?: en)? (?:(?:fortsatt|riktig) )?(?:fin|god|flott|strålende|super) (?:dag|helg|kveld|uke"
    r"|ettermiddag)(?: (?:videre|da))?|ha det(?: (?:bra|fint))?|(?:god|fin) (?:helg|dag|kveld"
    r"|uke)(?: videre)?",
    "nl": r"(?:(?:met|vriendelijke|hartelijke|beste|warme|veel) )*groet(?:en|jes)?|mvg|gr"
    r"|(?:(?:een|nog|fijn|prettig|goed|fijne|prettige|goede|mooie) )+(?:dag|avond|middag|week"
    r"|weekend)(?: (?:nog|verder|gewenst|toe))*",
    "sv": r"(?:(?:med|många|bästa|vänlig|vänliga|varma|hjärtliga) )*hälsning(?:ar)?|mvh|vh"
    r"|(?:ha )?(?:en )?(?:(?:fortsatt|riktigt) )?(?:trevlig|fin|bra|skön|härlig|god) (?:dag|helg"
    r"|kväll|vecka)(?: (?:vidare|också))?|ha det(?: (?:bra|fint|gott))?|hej då",
    "zh": r"祝好|祝(?:您|你|大家)?(?:生活|工作|周末|一切)?(?:愉快|顺利|顺心|开心|好)|此致\s?敬礼"
    r"|顺祝商祺|再见",
}  # fmt: skip

# Words that no name is, however they are written: they deny, doubt, ask, limit, or fix a time.
_DOUBTS: Mapping[str, str] = {
    "en": "no not never none nothing nope but still yet however only almost nearly maybe "
    "perhaps unless until except without again broken down error issue problem urgent "
    "asap please when where what who why how which can could would will if or later soon "
    "tomorrow today tonight yesterday monday tuesday wednesday thursday friday saturday "
    "sunday reopen open wait cancel waiting pending failed fails dead gone lost wrong bad "
    "sorry help another also new question stop status same",
    "de": "nein nicht nie kein keine nichts aber noch leider nur fast kaum vielleicht ohne "
    "außer kaputt defekt fehler störung dringend bitte wann wo was wer warum wie ob oder "
    "später bald morgen heute gestern montag dienstag mittwoch donnerstag freitag samstag "
    "sonntag falsch schlecht trotzdem dennoch frage",
    "fr": "non ne pas jamais rien mais encore toujours seulement presque peut sans sauf panne "
    "erreur urgent svp quand où quoi qui pourquoi comment ou demain hier lundi mardi "
    "mercredi jeudi vendredi samedi dimanche",
    "es": "tampoco nunca nada pero aún todavía sólo solo casi quizás sin salvo roto fallo "
    "urgente cuándo cuando dónde qué quién cómo mañana hoy ayer lunes martes miércoles "
    "jueves viernes sábado domingo",
    "nb": "nei ikke aldri ingen ingenting men ennå enda fortsatt bare nesten kanskje uten "
    "unntatt ødelagt feil haster når hvor hva hvem hvorfor hvordan eller senere snart "
    "mandag tirsdag onsdag torsdag fredag lørdag søndag dessverre",
    "nl": "nee niet nooit geen niets maar nog steeds alleen bijna misschien zonder behalve "
    "kapot fout storing dringend graag wanneer waar wat wie waarom hoe later binnenkort "
    "morgen vandaag gisteren maandag dinsdag woensdag donderdag vrijdag zaterdag zondag "
    "helaas",
    "sv": "nej inte aldrig inget men än ännu fortfarande bara nästan kanske utan trasig fel "
    "brådskande när var vad vem varför hur eller senare imorgon idag igår måndag tisdag "
    "onsdag torsdag fredag lördag söndag tyvärr nähe",
}  # fmt: skip
DOUBTS = frozenset(word for words in _DOUBTS.values() for word in words.split())

# Bare words by which a requester asks for the own tickets, or for no more automatic mail.
STATUS = frozenset(
    ("status", "stato", "estado", "estatus", "statut", "état", "stand", "sachstand", "状态", "进度")
)  # fmt: skip
STOP = frozenset(
    (
        "stop", "stopp", "unsubscribe", "abmelden", "abbestellen", "afmelden", "uitschrijven",
        "désabonner", "désabonnement", "désinscription", "arrêt", "arrêter", "baja",
        "darse de baja", "meld av", "avmeld", "avslutt abonnement", "avregistrera", "avprenumerera",
        "avsluta prenumeration", "退订", "停止", "取消订阅",
    )
)  # fmt: skip
PLEASE = (
    "please", "pls", "bitte", "svp", "s'il vous plaît", "s'il te plaît", "por favor", "takk",
    "vennligst", "alstublieft", "graag", "aub", "tack", "snälla", "请", "thanks", "danke", "merci",
)  # fmt: skip

# The line that Outlook writes for readers elsewhere, behind the reaction and a name. The English is
# known from mails, the others are put as Microsoft's translations put such lines.
OUTLOOK_REACTIONS: Mapping[str, str] = {
    "en": r"reacted to your (?:message|e ?mail|post)",
    "de": r"hat auf (?:ihre|deine) (?:nachricht|e ?mail) reagiert|reagierte auf (?:ihre"
    r"|deine) nachricht",
    "fr": r"(?:a )?réagi à (?:votre|ton) (?:message|e ?mail|courriel)",
    "es": r"(?:ha reaccionado|reaccionó) a (?:tu|su|vuestro) (?:mensaje|correo)",
    "nb": r"(?:har )?reager(?:te|t) på (?:meldingen|e ?posten) (?:din|di)",
    "nl": r"(?:heeft )?(?:gereageerd|reageerde) op (?:uw|je|jouw) bericht"
    r"|heeft op (?:uw|je|jouw) bericht gereageerd",
    "sv": r"(?:har )?reagera(?:de|t) på (?:ditt|dina) (?:meddelande|mejl|e ?postmeddelande)",
    "zh": r"已?对(?:你|您)的(?:消息|邮件)(?:已经?)?(?:作|做)出了?(?:反应|回应)|回应了(?:你"
    r"|您)的(?:消息|邮件)",
    "da": r"(?:har )?reager(?:ede|et) på din (?:meddelelse|besked|mail)",
    "it": r"ha (?:reagito|risposto con una reazione) al (?:tuo|suo) messaggio",
    "pt": r"reagiu à (?:sua|tua) mensagem",
}

# How messaging apps put a reaction into words, before the text that they quote.
TAPBACKS: Mapping[str, str] = {
    "en": r"liked|loved|laughed at|emphasi[sz]ed|reacted \W{1,12} to",
    "de": r"gefällt|findet toll|lacht über|betont|hat mit \W{1,12} reagiert auf"
    r"|reagierte mit \W{1,12} auf",
    "fr": r"a aimé|aime|a adoré|adore|a ri à|a réagi avec \W{1,12} à",
    "es": r"le gustó|le gusta|le encantó|le encanta|se rio de|reaccionó con \W{1,12} a",
    "nb": r"likte|elsket|elsker|lo av|fremhevet|reagerte med \W{1,12} på",
    "nl": r"vond leuk|vindt leuk|vond geweldig|lachte om|reageerde met \W{1,12} op",
    "sv": r"gillade|gillar|älskade|älskar|skrattade åt|reagerade med \W{1,12} på",
    "zh": r"赞了|喜欢了?|喜爱了?|对.{0,4}点了赞",
}

# What a client calls a reaction that is no thanks.
DISLIKES = frozenset(
    ("sad", "angry", "dislike", "thumbsdown", "thumbs down", "traurig", "triste", "trist")
)
SAD_SIGNS = frozenset(
    "👎😡😠🤬😞😢😭😕☹🙁😟😤😫😩🤦💔❌✖⛔🚫❓❔⁉⚠🆘😱😨😰😧😦😒🙄🤮🤢💩😖😣😥😓🤨🤔"
)
GLAD_SIGNS = frozenset(
    "👍👌🙏👏🙌💪🤝✌🤞🤘🤙🫶🫡✅☑✔🆗💯❤🧡💛💚💙💜🤎🖤🤍💕💖💗💓💞💝💘♥😀😁😂🤣😃😄😅😆😉😊😋😎😍🥰😘"
    "☺🙂🤗🤩🥳😇😺😸😻🎉🎊🎈🥂🍻🍺🍾🍰🎂☕🌞☀🌈⭐🌟✨💫🏆🥇🚀🌹🌷🌸🌻🌼💐🍀🙋🙇😌🫠🤠🔥🤓🦸"
)
