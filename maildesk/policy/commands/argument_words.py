"""The words of arguments in the desk's languages: days, units of time, priorities, kinds of call.

Plain tables, folded as `arguments.plain` and `arguments.bare` fold: no capitals, no marks on
letters. All languages are active together, so a word means the same in each; a test holds that.
English, German, French, Spanish, Norwegian, Dutch, Swedish, Chinese.
"""

from collections.abc import Mapping
from datetime import timedelta

from maildesk.model.ticket import Priority, TicketType

# Monday first.
_WEEKDAYS = (
    "mon monday mo montag lun lundi lunes man mandag maandag maa 周一 星期一 礼拜一",
    "tue tues tuesday di dienstag mar mardi martes tir tirsdag dinsdag din tis tisdag"
    " 周二 星期二 礼拜二",
    "wed wednesday mi mittwoch mer mercredi mie miercoles ons onsdag wo woensdag woe"
    " 周三 星期三 礼拜三",
    "thu thur thurs thursday do donnerstag jeu jeudi jue jueves tor tors torsdag donderdag don"
    " 周四 星期四 礼拜四",
    "fri friday fr freitag ven vendredi vie viernes fre fredag vr vrijdag vrij 周五 星期五 礼拜五",
    "sat saturday sa samstag sonnabend sam samedi sab sabado lor lordag za zaterdag zat"
    " 周六 星期六 礼拜六",
    "sun sunday so sonntag dim dimanche dom domingo son sondag zo zondag zon"
    " 周日 周天 星期日 星期天 礼拜天 礼拜日",
)
WEEKDAYS: Mapping[str, int] = {
    word: day for day, words in enumerate(_WEEKDAYS) for word in words.split()
}

# Days from today.
DAYS_AHEAD: Mapping[str, int] = {
    **dict.fromkeys(
        ("today", "heute", "aujourd'hui", "hoy", "i dag", "idag", "vandaag", "今天"), 0,
    ),
    **dict.fromkeys(
        ("tomorrow", "tmr", "tmrw", "morgen", "demain", "manana", "i morgen", "imorgen", "i morgon",
         "imorgon", "明天"), 1,
    ),
    **dict.fromkeys(
        ("day after tomorrow", "ubermorgen", "uebermorgen", "apres-demain", "apres demain",
         "pasado manana", "i overmorgen", "overmorgen", "i overmorgon", "overmorgon", "后天"), 2,
    ),
}  # fmt: skip

NEXT_WEEK = frozenset(
    {
        "next week", "nachste woche", "naechste woche", "kommende woche", "la semaine prochaine",
        "semaine prochaine", "la proxima semana", "proxima semana", "la semana que viene",
        "neste uke", "volgende week", "nasta vecka", "下周", "下星期", "下个星期",
    }
)  # fmt: skip

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
_UNITS: Mapping[timedelta, str] = {
    MINUTE: "m min mins minute minutes minuten minuto minutos minutt minutter minuut minut minuter"
    " 分 分钟",
    HOUR: "h hr hrs hour hours std stunde stunden heure heures hora horas t time timer u uur uren"
    " tim timme timmar 小时",
    timedelta(days=1): "d day days tag tage tagen j jour jours dia dias dag dager dagen dagar"
    " 天 日",
    timedelta(weeks=1): "w wk week weeks woche wochen semaine semaines sem semana semanas uke uker"
    " weken vecka veckor v 周 星期",
}
UNITS: Mapping[str, timedelta] = {
    word: unit for unit, words in _UNITS.items() for word in words.split()
}

_PRIORITIES: Mapping[Priority, str] = {
    Priority.P1: "p1 1 critical urgent kritisch dringend critique urgente critico kritisk haster"
    " kritiek spoed akut bradskande 紧急",
    Priority.P2: "p2 2 high hoch haute eleve elevee alta alto hoy hoog hog 高",
    Priority.P3: "p3 3 normal medium mittel normale moyenne media middels normaal gemiddeld mellan"
    " 普通 中 一般",
    Priority.P4: "p4 4 low niedrig gering basse faible baja bajo lav laag lag 低",
}
PRIORITIES: Mapping[str, Priority] = {
    word: priority for priority, words in _PRIORITIES.items() for word in words.split()
}

_TYPES: Mapping[TicketType, str] = {
    TicketType.INCIDENT: "incident storung stoerung vorfall incidente hendelse storing incidenten"
    " storning 事件 故障",
    TicketType.REQUEST: "request anfrage anforderung demande solicitud peticion foresporsel"
    " forespurnad verzoek aanvraag begaran forfragan 请求 服务请求",
    TicketType.QUESTION: "question frage pregunta sporsmal vraag fraga 问题咨询 咨询",
    TicketType.COMPLAINT: "complaint beschwerde reclamation plainte queja klage klacht klagomal"
    " 投诉",
    TicketType.PROBLEM: "problem probleme problema probleem 问题",
    TicketType.CHANGE: "change anderung aenderung changement cambio endring wijziging andring 变更",
}
TYPES: Mapping[str, TicketType] = {
    "service request": TicketType.REQUEST,
    **{word: kind for kind, words in _TYPES.items() for word in words.split()},
}

ME = frozenset({"me", "myself", "mich", "mir", "moi", "yo", "mi", "meg", "mij", "mig", "我"})
