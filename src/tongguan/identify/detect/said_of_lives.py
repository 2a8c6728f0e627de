"""Sayings of age, work, pay, arrears and disability."""

from __future__ import annotations

import re
from typing import Final

from tongguan.identify.detect.facts import JOBS, MONEY
from tongguan.identify.detect.sayings import Saying, of_one, speaks_of

__all__ = ["LIVES"]

_AGE: Final = re.compile(
    r"(?<![\w.$-])((?:an? )?(?:\d{1,3}|(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen"
    r"|fourteen"
    r"|fifteen|sixteen|seventeen|eighteen|nineteen|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty"
    r"|ninety)(?:-[a-z]{3,5})?))"
    r"[ -](?:years?|months?|weeks?)[ -]old)(?![A-Za-z])",
    re.IGNORECASE,
)
_AGED: Final = re.compile(r"aged (\d{1,3})(?![\w.%-]| (?:and|or|to|years? (?:and|or))|\s?[+–])", re.IGNORECASE)

_I_AM: Final = re.compile(rf"(?:我|他|她|本人|自称)是?(?:一?[个名位])?({JOBS})(?=[，,。；;\s]|\Z)")
_WORKS: Final = re.compile(
    rf"(?:employed|works?|working|worked|hired|job|profession)(?: in \w+)? (?:as|is) (?:an? |our |the )?({JOBS})",
    re.IGNORECASE,
)
_OFFERED: Final = re.compile(
    r"诚聘|招聘|急聘|诚招|招募|招工|聘请|岗位职责|任职要求|应届|五险|双休|包吃|包住|薪资待遇|福利待遇|不限|人均|平均"
    r"|中位|均薪|行业|涨幅|范围|区间|起征|标准|最低工资"
    r"|(?<![A-Za-z])(?:hiring|we offer|job description|apply now|benefits|requirements|average|median|minimum|range"
    r"|ranging|up to|cap|typical"
    r"|market|benchmark|expense|costs?|accrued)(?![A-Za-z])",
    re.IGNORECASE,
)
_HAN: Final = "一二两三四五六七八九十百千"
_SUM: Final = (
    r"(?:\d{1,3}(?:,\d{3})+(?:\.\d\d)?|\d+(?:\.\d+)?)\s?(?:[kKwW](?![A-Za-z])"
    r"|[万萬千])?[元块塊]?(?:\s?[-~—–至到]\s?\d+(?:\.\d+)?\s?(?:[kKwW](?![A-Za-z])|[万萬千]))?"
    rf"|[{_HAN}]{{1,4}}[万萬千][{_HAN}]{{0,3}}"
)
_TIMES: Final = re.compile(
    r"((?:税[前后後]\s?)?(?<![A-Za-z0-9.])\d{1,3}(?:\.\d)?\s?(?:[kKwW]|万)\s?[*×xX·]\s?1[2-9]\s?(?:薪"
    r"|个?月)?)(?![A-Za-z0-9%])"
)
_IN_HAND: Final = re.compile(
    r"(?:税[前后後]|到手|年包|总包|月入|年入|月薪|年薪|底薪|薪资)(?:大概|差不多|约|大约|能有|有|是|在|才|只有|就"
    r"|也就|每月|一年|一个月|[:：\s]){0,3}"
    rf"((?:{_SUM})(?:左右|多|出头|上下|以上)?)(?![\d%年月日倍个次人度号层平])"
)
_PAID: Final = re.compile(
    r"(?:salary|pay|wages?|remuneration|compensation|package"
    r"|stipend)(?: \([^()]{1,20}\))?[^.;:\n\x00\d]{0,40}?[ :]"
    rf"((?:{MONEY}|[¥￥$€£])\s?\d[\d,]{{2,12}}(?:\.\d\d)?(?:\s?(?:k|million)(?![A-Za-z]))?)",
    re.IGNORECASE,
)
_WHOSE_PAY: Final = speaks_of(None, _OFFERED)

_LOAN: Final = "花呗|借呗|白条|微粒贷|信用卡|房贷|车贷|网贷|借款|贷款|分期|还款|账单|欠款"
_ARREARS: Final = re.compile(
    rf"((?:(?:{_LOAN})(?:已|曾|有过?|又)?)?(?:已经?)?逾期(?:了|过)?\s?(?:\d{{1,4}}|[{_HAN}几]{{1,3}})\s?(?:天|日|期"
    r"|次|个?月|年)(?:未还)?)"
    rf"|((?:{_LOAN})(?:已|曾|有过?|又)?(?:逾期|断供)(?:未还|过|了)?[^，。；,\n\x00]{{0,8}})|((?:已|被)?(?:进入"
    r"|转入?)催收(?:阶段)?)"
    r"|((?:当前|累计|现)?逾期(?:金额|本金|总额)[\s:：为]{0,2}[¥￥]?\d[\d,.]*\s?万?元?|处于逾期状态)|(上了?(?:征信|黑名单|失信))"
)
_NOT_OWED: Final = re.compile(
    r"如(?:果|您|客户|逾期|未)|若|规定|条款|利率|逾期率|违约金|罚息|按日|收取|约定|将(?:被|影响|计)|办法|不良率"
    r"|余额为?\d+亿|可能|产品|系统|功能|字段|规则|策略|模型"
)
_OF_A_DEBTOR: Final = re.compile(r"您|你|我|他|她|客户|本人|用户|借款人|尾号|有过|曾|先生|女士|身份证|姓名|名下|催收")
_GRADE: Final = re.compile(
    r"((?:肢体|视力|听力|言语|智力|精神|多重)残疾(?:人)?[（(]?[一二三四1-4]级[）)]?"
    r"|(?<![一二三四五六七八九十])[一二三四五六七八九十1-9]级(?:伤残(?!标准|等级|鉴定|赔)|残疾军人|残疾(?!标准"
    r"|等级)))"
    r"(?![\u4e00-\u9fff]{0,3}(?:标准|以[上下]|至|的?(?:人员|职工|军人待遇)|、[一二三四五六七八九十]级))"
)
_IS_DISABLED: Final = re.compile(
    r"(?:用户|客户|乘客|旅客|住户|员工|学生|孩子|老人|本人|母亲|父亲|儿子|女儿|[我他她])(?:为|是|系|属于"
    r"|[:：])?((?:全盲|[\u4e00-\u9fff]{0,2}盲人|聋哑人|聋人|残疾人|(?:肢体|视力|听力|言语|智力|精神)残疾|听障|视障"
    r"|下肢瘫痪|高位截瘫)(?:人士|者)?)"
)
_GUEST: Final = re.compile(
    r"((?:聋人?|盲|听障|视障|轮椅)(?:客人|旅客|乘客|住客)|[（(](?:[上下]肢|肢体|视力|听力)残疾[）)])"
)
_IS_MARRIED: Final = re.compile(
    r"(?:[他她我]|本人|人家|对方|此人)(?:现在?|目前|已经?|是|还)?"
    r"((?:已婚|未婚|离异|离婚|单身|丧偶)(?:已育|未育|带[娃孩])?)(?=[，,。；;\s了]|\Z)"
)
_GRADUATED: Final = re.compile(
    r"(毕业于[\u4e00-\u9fff]{2,14}(?:大学|学院|学校|中学)(?:[\u4e00-\u9fff]{2,10}(?:专业|系|学院))?)"
)
_NO_ALUMNI: Final = re.compile(r"招聘|优先|应聘者须|要求|占比|以上学历")
_OF_GRADES: Final = re.compile(
    r"标准|规定|办法|条例|补助|补贴|评定|享受|等级划分|赔偿系数|优待|以上|以下|[一二三四]级、[二三四五]级|分为"
)

LIVES: Final = (
    Saying(
        "age",
        "years old|year old|months old|month old|weeks old",
        _AGE,
        of_one,
        back=28,
        ahead=1,
    ),
    Saying(
        "age",
        "aged",
        _AGED,
        of_one,
        back=0,
        ahead=12,
    ),
    Saying(
        "occupation",
        "我是|他是|她是|本人是|自称",
        _I_AM,
        speaks_of(None, _OFFERED),
        back=0,
        ahead=20,
    ),
    Saying(
        "occupation",
        "employed as|works as|work as|working as|worked as|hired as",
        _WORKS,
        of_one,
        back=0,
        ahead=60,
    ),
    Saying(
        "income",
        "k×|k*|kx|k·|w×|w*|万×|万*",
        _TIMES,
        _WHOSE_PAY,
        back=10,
        ahead=8,
    ),
    Saying(
        "income",
        "到手|年包|总包|月入|年入|税前|税后|月薪|年薪|底薪",
        _IN_HAND,
        _WHOSE_PAY,
        back=0,
        ahead=28,
    ),
    Saying(
        "income",
        "salary|base salary|annual salary|monthly salary|gross salary|net salary|basic salary|base pay|net pay"
        "|gross pay|annual package|pay of|final pay|wages|wage|remuneration|compensation",
        _PAID,
        _WHOSE_PAY,
        back=0,
        ahead=80,
    ),
    Saying(
        "credit",
        "逾期|断供|催收|上征信|上了征信",
        _ARREARS,
        speaks_of(_OF_A_DEBTOR, _NOT_OWED),
        back=8,
        ahead=14,
    ),
    Saying(
        "disability",
        "残疾|视力残疾|听力残疾|肢体残疾|智力残疾|精神残疾|言语残疾|多重残疾|一级残疾|二级残疾|三级残疾"
        "|四级残疾|残疾人|伤残",
        _GRADE,
        speaks_of(None, _OF_GRADES, 24),
        back=6,
        ahead=8,
    ),
    Saying(
        "disability",
        "盲人|聋哑人|残疾|残疾人|视力残疾|听力残疾|肢体残疾|智力残疾|精神残疾|言语残疾|听障|视障|聋人|全盲",
        _IS_DISABLED,
        speaks_of(None, _OF_GRADES, 24),
        back=8,
        ahead=4,
    ),
    Saying(
        "disability",
        "聋人客人|聋人|盲人|听障|视障|残疾|下肢残疾|上肢残疾|肢体残疾",
        _GUEST,
        speaks_of(None, _OF_GRADES, 24),
        back=6,
        ahead=4,
    ),
    Saying("marital_status", "已婚|未婚|离异|离婚|单身|丧偶", _IS_MARRIED, speaks_of(None, _OFFERED), back=6, ahead=4),
    Saying("education", "毕业于", _GRADUATED, speaks_of(None, _NO_ALUMNI), back=0, ahead=30),
)
