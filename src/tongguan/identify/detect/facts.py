"""Forms of what labels say of a person in a word or two: marriage, schooling, nationality, age, income, post code."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["CHECKED", "COUNTRIES", "FORMS", "JOBS", "MONEY", "SCHOOLING"]

_D: Final = "0-9\uff10-\uff19"
_END: Final = r"(?![\u4e00-\u9fffA-Za-z0-9])"
COUNTRIES: Final = (
    "大韩民国|美利坚合众国|德意志联邦共和国|法兰西共和国|俄罗斯联邦|中国|中国籍|中华人民共和国|中國|香港|澳门|澳門|台湾|臺灣|美国|英国|法国|德国|日本|韩国|美國|英國|法國|德國|韓國|泰國|朝鲜|俄罗斯|加拿大|澳大利亚|新西兰|新加坡|马来西亚|泰国"
    "|越南|印度|印度尼西亚|印尼|菲律宾|缅甸|老挝|柬埔寨|巴基斯坦|孟加拉国?|尼泊尔|斯里兰卡|蒙古|哈萨克斯坦|乌克兰|波兰|意大利|西班牙|葡萄牙|荷兰"
    "|比利时|瑞士|瑞典|挪威|丹麦|芬兰|奥地利|希腊|土耳其|以色列|沙特阿拉伯|阿联酋|伊朗|埃及|南非|尼日利亚|肯尼亚|巴西|阿根廷|墨西哥|智利"
)
_NATIONS: Final = (
    "China|Chinese|CHN|CN|P\\.?R\\.? ?China|PRC|Hong Kong|Macau|Taiwan|Japan(?:ese)?|JPN|Korean?|KOR"
    "|USA?|American|United States|UK|British|GBR|United Kingdom|French|France|FRA|German|Germany|DEU"
    "|Canadian?|CAN|Australian?|AUS|Indian?|IND|Russian?|RUS|Singapore(?:an)?|SGP|Malaysian?|MYS"
    "|Thai(?:land)?|THA|Vietnam(?:ese)?|VNM|Filipino|Philippines|PHL|Indonesian?|IDN|Italian?|Spain"
    "|Spanish|Brazil(?:ian)?|Mexic(?:o|an)|Pakistani?|Bangladeshi?|Dutch|Netherlands|Swiss"
    "|Switzerland|Swed(?:en|ish)"
)
_SCHOOLS: Final = (
    "(?:全日制|在职|普通高等)?(?:大学本科|本科|大学专科|大专|专科|高职|硕士研究生|博士研究生|研究生|硕士|博士后|博士|学士|双学士"
    "|大学|高中|中专|中技|技校|职高|初中|小学|文盲|MBA|EMBA)(?:毕业|在读|肄业|学历|学位)?"
)
SCHOOLING: Final = (
    rf"(?:(?:[\u4e00-\u9fff]{{2,12}}(?:大学|大學|学院|學院|学校)(?:[\u4e00-\u9fff]{{2,8}}?)?|985|211|双一流|双非|统招|自考|成人)?{_SCHOOLS}"
    r"|(?:985|211|双非|普通?|海外?|[\u4e00-\u9fff]{1,4}大)(?:本硕博?|[本硕博])(?:毕业|在读)?)"
)
"""Schooling as it stands between separators, with its school: 同济大学硕士, 985硕."""
MONEY: Final = (
    r"(?:人民币|人民幣|港币|港幣|港元|澳门元|澳門元|新台幣|新臺幣|新台币|美元"
    r"|RMB|CNY|HKD|MOP|USD|EUR|SGD|GBP|CHF|TWD|JPY|INR|KRW|HK\$|US\$|NT\$|MOP\$)"
)
"""Names of money before an amount."""
FORMS: Final = {
    "age": rf"(?:(?<![{_D}])(?:1[01]|[1-9])?[{_D}]\s?(?:周?岁|歲)|(?:1[01]|[1-9])[{_D}](?![\w.%~\-—至到以号层分秒天]))"
    r"(?![以之至到~\-]| ?\* ?[A-Za-z])",
    "marital_status": "(?:未婚|已婚已育|已婚未育|已婚|離婚|离婚|离异|離異|丧偶|喪偶|再婚|初婚|复婚|分居|单身)" + _END
    + r"(?!\s?[、/／]\s?(?:未婚|已婚|离[婚异]|丧偶))"
    + "|(?i:married|single|divorced|widowed|separated|unmarried)(?![A-Za-z])",
    "nationality": f"(?:{COUNTRIES}){_END}|(?i:(?:the )?(?:{_NATIONS}))(?![A-Za-z])",
    "education": _SCHOOLS + r"(?![\u4e00-\u9fff]|[（(]含|\s?或)"
    r"|(?i:bachelor|master|doctorate|ph\.?d|high school|associate)(?:'s)?(?: degree)?(?![A-Za-z])",
    "postcode": rf"[{_D}]{{6}}(?![\w-]|\.\d)",
    "income": r"(?:税[前后]\s?)?"
    rf"{MONEY}?\s*[¥￥$€£]?\s*"
    r"(?:\d[\d,.]{0,9}\s?[万萬千kK]?元?\s?[-~—–至到]\s?\d[\d,.]{0,9}(?=\s?(?:[万萬]?元|[万萬千kK]))"
    r"|\d[\d,]{2,12}(?:\.\d{1,2})?|\d[\d,.]{0,5}(?=\s*(?:[万萬千kK]|million|thousand)\b|\s*[万萬千])"
    r"|[一二两兩三四五六七八九十]{1,3}[万萬千][一二两兩三四五六七八九十百千零]{0,5})"
    r"(?:\s*(?:[万萬]?[元块]|[万萬千kK]|million|thousand))?(?:以[上下])?(?![\d%亿年月日倍个次人])",
}  # fmt: skip
"""By type, as regular expressions."""
JOBS: Final = (
    r"[\u4e00-\u9fffA-Za-z]{0,10}?(?:工程师|工程師|设计师|会计师|會計師|分析师|架构师|[教医药律厨技]师|[教醫藥律廚]師|護理師|护理师|药剂师|咨询师|理发师|美容师|程序员"
    r"|[管仓库售业务质检安保驾操作研技文驯船列乘采购销售收银护理快递]{1,3}员|公务员|管理员|[副总]?(?:经理|總?經理|总监|總監|主管|主任|总裁)|会计|會計|出纳|翻译|司机|護士|护士|医生|醫生|法务"
    r"|[电焊钳木瓦车铣泥油漆管道]{1,3}工|电工|工人|农民|法定代表人|合伙人|股东|店长|厂长|教练|教練|导游|空乘|个体户|自由职业者?)"
    + _END
    + r"|(?i:(?:(?:senior|junior|chief|lead|deputy|assistant|regional|software|hardware|sales|project|product|general"
    r"|civil|data|team|account|quality|process|production|purchasing|export|import|marketing|finance|financial|hr"
    r"|research|principal|technical|mechanical|electrical|design|supply|chain|logistics|service"
    r"|customer|plant|test|sous|head) ){0,3}"
    r"(?:engineer|manager|accountant|teacher|lecturer|professor|nurse|doctor|physician|lawyer|solicitor|driver|clerk|director|analyst|architect"
    r"|designer|developer|consultant|translator|secretary|cashier|technician|electrician|chef|farmer|researcher|lead))(?![A-Za-z])"
)
"""What people do for a living, by the endings of its names."""
CHECKED: Final = re.compile(
    r"[□☐○◯☑☒✓✔√■●()（）\[\]【】\s]?[^\n\x00:：]{0,48}?(?:[☑☒✓✔■●]\s?|√\s?|[(（\[]\s?[√✓✔xX]\s?[)）\]]\s?)"
)
"""From the first box of a row of options to the option that is marked."""
