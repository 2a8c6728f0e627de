"""Sayings of bodies: drugs with their doses, measures, laboratory rows, variants of genes, needs on board."""

from __future__ import annotations

import re
from typing import Final

from tongguan.identify.detect.sayings import Saying, of_one, speaks_of

__all__ = ["BODIES"]

_DOSE: Final = (
    r"\d+(?:\.\d+)?\s?(?:mg|g|ml|mL|μg|µg|ug|mcg|IU|U|万?单位)"
    r"(?:\s?[×*xX:：/]\s?\d+\s?[A-Za-z片粒支袋丸瓶盒]{0,2}){0,2}"
)
_DRUG: Final = r"[\u4e00-\u9fff]{2,14}"
_OFTEN: Final = r"(?:qd|bid|tid|qid|qn|qod|prn|q\d{1,2}h|每日|每天|一日|每晚|日服|隔日)"
_TAKEN: Final = re.compile(
    rf"(?<![\u4e00-\u9fff])(?:予|口服|给予|服用?|加用|改用|术后口服|继续|每日)?({_DRUG}\s?{_DOSE})\s?(?:po|口服|ih|iv"
    rf"|im|皮下注射|静滴)?\s?,?\s?{_OFTEN}"
    rf"|(?:予|口服|给予|服用?|加用|改用|、)({_DRUG}\s?{_DOSE})\s?(?:po|口服)?\s?{_OFTEN}",
    re.IGNORECASE,
)
_DISPENSED: Final = re.compile(
    rf"(?<![\u4e00-\u9fff])({_DRUG}(?:片|胶囊|颗粒|注射液|胰岛素|丸|口服液|滴眼液|软膏|喷雾)?\s?{_DOSE})"
)
_LEAFLET: Final = re.compile(
    r"规格|批准文号|国药准字|适应症|禁忌|说明书|成人|儿童用量|推荐剂量|常用量|不良反应|生产|厂家|库存|采购|中标|单价"
    r"|保质期|药店|批号|指南|研究"
)
_OF_A_PATIENT: Final = re.compile(
    r"患者|病人|姓名|诊断|处方|Rx|病历|住院|术后|主诉|复诊|[，,\s][男女][，,\s]|\d岁|受试者|医嘱|[我他她]|A[:：]|P[:：]"
)
_TREATED: Final = speaks_of(_OF_A_PATIENT, _LEAFLET, lines=160)

_MEASURE: Final = re.compile(
    r"((?:(?:(?:收缩|舒张)压|血压|BP)[\s:：为是约]{0,3}\d{2,3}\s?/\s?\d{2,3}(?:\s?mmHg)?)|(?:体重|身高|心率|脉搏|体温"
    r"|血糖|血氧|HR|SpO2)[\s:：为是约]{0,3}\d{1,3}(?:\.\d{1,2})?\s?(?:kg|公斤|斤|cm|厘米|米|次/分|bpm|℃|度|mmol/L|%)"
    r"|(?:PHQ-?9|GAD-?7|BMI|MMSE|SDS|SAS|HAMD|HAMA|NRS|ASA)[\s:：为评分得]{0,4}\d{1,3}(?:\.\d{1,2})?\s?分?)(?![\d以]|\s?[-~—至到]\s?\d)",
    re.IGNORECASE,
)
_OF_A_BODY: Final = re.compile(
    r"患者|病人|姓名|受试者|查体|入院|主诉|[OPA][:：]|(?:\A|[（(，,\s])[男女][）)，,\s]|年生|\d岁|孩子|宝宝|老人"
    r"|[我他她]|体检|复查|病史|出生"
)
_MEASURED_OF_ALL: Final = re.compile(
    r"标准|正常|范围|以[上下内]|目标|适用|适合|不超过|大于|小于|[<>≤≥]|均值|平均|±|承重"
    r"|限重|型号|规格|产品|净重|毛重|参数|阈值|每公斤|按体重"
)
_BODY: Final = speaks_of(_OF_A_BODY, _MEASURED_OF_ALL)

_ROW: Final = re.compile(
    r"(?:(?<=[,，\t|])"
    r"|(?<=[\t ]{2}))[ ]?(\d{1,5}(?:\.\d{1,3})?)[ ]?[,，\t|][^,，\t|\n\x00]{0,14}[,，\t|][ ]?"
    r"[<>≤≥]?\d[\d.]*(?:\s?[-–~]{1,2}\s?\d[\d.]*)?[ ]?[,，\t|][ ]?[↑↓]"
)
"""A value, its unit, and the range that it lies out of, in a table of a laboratory."""
_ALWAYS: Final = speaks_of(None, re.compile(r"示例|样例|模板|example", re.IGNORECASE))

_BLOOD: Final = re.compile(
    r"blood[ _-]?(?:type|group)[\"']?\s?[:=]\s?[\"']((?:AB|A|B|O)型?\s?(?:Rh[(（]?[阴阳+-]?[)）]?性?|[+-])?)(?=[\"'])",
    re.IGNORECASE,
)
_AMINO: Final = "Ala|Arg|Asn|Asp|Cys|Gln|Glu|Gly|His|Ile|Leu|Lys|Met|Phe|Pro|Ser|Thr|Trp|Tyr|Val|Ter|Sec"
_PROTEIN: Final = (
    rf"p\.\(?(?:{_AMINO})\d{{1,5}}(?:(?:{_AMINO})?fs(?:\*|Ter|X)?\d{{0,3}}|{_AMINO}|\*|X|del|dup|ins|_|=)"
    r"[A-Za-z0-9*_]{0,24}\)?"
)
_VARIANT: Final = re.compile(
    r"(?<![A-Za-z0-9_.])((?:c|g|m|n)\.[-*]?\d{1,9}(?:[+-]\d{1,5})?(?:_[-*]?\d{1,9}(?:[+-]\d{1,5})?)?"
    r"(?:[ACGT]{1,8}>[ACGT]{1,8}|(?:delins|del|dup|ins"
    rf"|inv)[ACGT]{{0,60}})(?![A-Za-z0-9>])(?:\s?[（(]?{_PROTEIN}[）)]?)?|{_PROTEIN})"
)
_RS: Final = re.compile(
    r"(?<![A-Za-z0-9_.$])(rs\d{3,10}(?:[ :：(（]{1,2}(?:[ACGT][/|;]?[ACGT]|[ACGT]{2}|del/del"
    r"|ins/del)(?![A-Za-z])[)）]?)?)(?![A-Za-z0-9_(\[.=])"
)
_STAR: Final = re.compile(
    r"(?:CYP\d[A-Z]\d{1,2}|UGT1A1|TPMT|NUDT15|SLCO1B1|DPYD"
    r"|HLA-[A-Z0-9]{1,4})[ :：基因型为=]{1,5}(\*\d{1,3}(?::\d{2})?[A-Z]?/\*\d{1,3}(?::\d{2})?[A-Z]?(?:\s?[（(]?(?:慢"
    r"|中间|正常|快|超快)代谢型?[）)]?)?)"
)
_OF_A_SAMPLE: Final = re.compile(
    r"受检者|受试者|患者|检出|送检|报告|样本|姓名|杂合|纯合|携带|先证者|基因型|位点|[男女]，|\d岁|"
    r"(?<![A-Za-z])(?:patient|proband|sample|carrier|carries|genotype|heterozyg\w+|homozyg\w+|report|he|she|his"
    r"|her)(?![A-Za-z])",
    re.IGNORECASE,
)
_PAPER: Final = re.compile(
    r"文献|综述|数据库|人群频率|指南|命名规则|(?<![A-Za-z])(?:et al|nomenclature|cohort|gnomad|database|for example"
    r"|e\.g|allele frequency)(?![A-Za-z])",
    re.IGNORECASE,
)
_SAMPLE: Final = speaks_of(_OF_A_SAMPLE, _PAPER, lines=160)

_ABOARD: Final = re.compile(
    r"SSR[ /:]{1,2}((?:WCH[RSC]|WC[OLMB][BCDWM]?|BLND|DEAF|DPNA|MEDA|STCR|OXYG|MEQT|LEG[BLR]|PREG|ESAN|SVAN"
    r"|MAAS)(?![A-Z]))"
)
"""Needs of passengers as airlines write them (IATA's special service requests)."""

_CHINESE_ILL: Final = re.compile(
    r"(?:我|他|她|孩子|老婆|老公|爱人|妻子|丈夫|我妈|我爸|客户|客人|乘客|旅客|患者|全家|查出来|昨天"
    r"|今天)[^，。；,\n\x00\d]{0,6}?((?:又|也|都)?(?<![太朝夕向])阳了(?![吗台光])|发烧到?\d{2}(?:\.\d)?度?"
    r"|(?:刚)?(?:做完)?(?:剖腹产|剖宫产|人流)|(?:二胎|三胎)?临产|保胎|宫缩[\u4e00-\u9fff]{0,2}"
    r"|孕吐[\u4e00-\u9fff]{0,2}|(?:化疗|放疗|透析|手术)后[\u4e00-\u9fff]{2,4}|割腕|轻生|吞服?安眠药|自杀(?:未遂)?)"
    r"|(?<=[（(，,：:])(阳了)(?=[）)，,。])|(?:曾有?|有过|多次|尝试)((?:割腕|轻生|自残|自伤|吞服?安眠药|自杀)(?:念头|行为|未遂|倾向|企图)?)"
)
_NEWS_OF_ILL: Final = re.compile(r"预防|科普|讲座|门诊|指南|可以|应当|建议|如何|怎么|吗|课程|护理第")

_ENDS: Final = r"(?=[.,;:)(\n\x00!?]| and | but | so | since | who | which | after | prior | before | in \d|\Z)"
_NEEDS: Final = re.compile(
    r"((?:uses?|using|needs?|requires?|in|on) (?:an? )?(?:wheelchair|walking frame|crutches|hearing aids?|oxygen"
    rf"|dialysis|insulin|pacemaker|chemotherapy|antidepressants)){_ENDS}"
    rf"|(?:has|have|with|had) ((?:an? )?(?:severe |mild |known |serious )?(?:[a-z]+ ){{1,2}}allerg(?:y|ies)){_ENDS}"
    r"|(?:recover(?:ing|ed)|recuperating|underwent|after|following) (?:from )?((?:an? |his "
    rf"|her )?(?:[a-z]+ ){{1,3}}(?:surgery|operation|replacement|transplant|bypass)){_ENDS}"
    r"|(?:records?|notes?|history|scan|mri|x-ray|tests?|results?) (?:shows?|showed|reveal(?:s|ed)?|confirm(?:s|ed)?"
    r"|mentions?) ((?:[\w-]+ ){0,4}?(?:diabetes|asthma|hypertension|injury|disc|fracture|cancer|tumou?r|disease"
    rf"|disorder|anxiety|depression|epilepsy|hepatitis)(?: at [A-Z]\d(?:-[A-Z]\d)?)?){_ENDS}",
    re.IGNORECASE,
)

BODIES: Final = (
    Saying(
        "health",
        "qd|bid|tid|qid|qn|qod|每日一次|每日两次|每日三次|每日1次|每日2次|每日3次|一日三次|一日两次|每晚一次|每晚1次",
        _TAKEN,
        _TREATED,
        back=40,
        ahead=2,
    ),
    Saying(
        "health",
        "分散片|缓释片|控释片|肠溶片|胶囊|注射液|胰岛素|滴眼液|软膏",
        _DISPENSED,
        _TREATED,
        back=14,
        ahead=24,
    ),
    Saying(
        "health",
        "血压|bp|体重|身高|心率|脉搏|体温|血糖|血氧|phq9|phq-9|gad7|gad-7|bmi",
        _MEASURE,
        _BODY,
        back=2,
        ahead=20,
        score=0.82,
    ),
    Saying(
        "health",
        "↑|↓",
        _ROW,
        _ALWAYS,
        back=48,
        ahead=0,
    ),
    Saying(
        "biometric",
        "del|dup|ins|delins|a>c|a>g|a>t|c>a|c>g|c>t|g>a|g>c|g>t|t>a|t>c|t>g|p.ala|p.arg|p.asn|p.asp|p.cys|p.gln|p.glu|p.gly|p.his|p.ile|p.leu"
        "|p.lys|p.met|p.phe|p.pro|p.ser|p.thr|p.trp|p.tyr|p.val",
        _VARIANT,
        _SAMPLE,
        back=32,
        ahead=40,
    ),
    Saying(
        "biometric",
        "rs",
        _RS,
        _SAMPLE,
        back=0,
        ahead=20,
    ),
    Saying(
        "biometric",
        "cyp2c19|cyp2c9|cyp2d6|cyp3a5|cyp3a4|ugt1a1|tpmt|nudt15|slco1b1|dpyd|hla-b|hla-a",
        _STAR,
        _SAMPLE,
        back=0,
        ahead=40,
    ),
    Saying(
        "health",
        "ssr",
        _ABOARD,
        _ALWAYS,
        back=0,
        ahead=8,
    ),
    Saying(
        "health",
        "阳了|剖腹产|剖宫产|临产|保胎|宫缩|孕吐|化疗后|放疗后|透析后|割腕|轻生|自杀|自残|安眠药",
        _CHINESE_ILL,
        speaks_of(None, _NEWS_OF_ILL),
        back=16,
        ahead=6,
    ),
    Saying(
        "health",
        "wheelchair|crutches|hearing aid|pacemaker|dialysis|chemotherapy|allergy|allergies|recovering from"
        "|underwent|notes show|records show|history shows|scan shows|results show|mri shows",
        _NEEDS,
        of_one,
        back=32,
        ahead=60,
    ),
    Saying("health", "blood type|blood group", _BLOOD, _ALWAYS, back=0, ahead=20),
)
