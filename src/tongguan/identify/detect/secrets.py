"""Secrets: passwords behind their labels, keys by their form, private keys, tokens, connection strings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tongguan.identify.detect.placeholders import (
    is_name,
    is_placeholder,
    is_prose,
    is_sample_basic,
    is_sample_login,
    is_template,
    is_word,
)
from tongguan.identify.detect.view import Candidate, View
from tongguan.identify.detect.words import label_id

__all__ = ["IN_A_PROGRAM", "NO_KEY", "find", "is_random", "secret_at"]

_DETECTOR: Final = "secrets"
_KEYS: Final = re.compile(
    # clouds
    r"(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}(?![0-9A-Za-z])|ABSK[A-Za-z0-9+/]{100,270}={0,2}|bedrock-api-key-[A-Za-z0-9+/=]{16,}"
    r"|LTAI[0-9A-Za-z]{12,26}(?![0-9A-Za-z])|AKID[0-9A-Za-z]{28,36}(?![0-9A-Za-z])|AKLT[0-9A-Za-z_-]{30,60}|JDC_[0-9A-Z]{28}"
    r"|AIza[\w-]{30,}|ya29\.[\w-]{20,}|do[opr]_v1_[0-9a-f]{40,}|dapi[0-9a-f]{32}(?:-\d)?(?![\w])|dt0c01\.[A-Z0-9a-z]{24}\.[A-Z0-9a-z]{64}"
    r"|HRKU-AA[\w-]{50,}|fo1_[\w-]{40,}|fm[12][ar]?_[A-Za-z0-9+/]{90,}={0,3}|pscale_(?:pw|tkn|oauth)_[\w=.-]{30,}|v1\.0-[0-9a-f]{24}-[0-9a-f]{140,}"
    # code, builds, packages
    r"|gh[pousr]_[0-9A-Za-z]{30,}|github_pat_\w{30,}|gl(?:pat|ptt|rt|dt|cbt|ffct|ft|imt|agent|oas|soat)-[\w.-]{18,}|GR1348941[\w-]{20,}"
    r"|npm_[0-9A-Za-z]{30,}|pypi-AgE[\w-]{50,}|rubygems_[0-9a-f]{40,}|hf_[0-9A-Za-z]{34}(?!\w)|api_org_[A-Za-z]{30,}|pul-[0-9a-f]{40}(?!\w)"
    r"|sgp_(?:(?:[0-9a-fA-F]{16}|local)_)?[0-9a-fA-F]{40}|sq[uap]_[0-9a-f]{40}(?!\w)|ATATT3[\w=-]{100,}|lin_api_[0-9A-Za-z]{40}|PMAK-[0-9a-f]{24}-[0-9a-f]{34}"
    r"|pnu_[0-9A-Za-z]{36}|dp\.(?:pt|st|ct|sa|scim|audit)\.[0-9A-Za-z.]{40,}|hv[sb]\.[\w-]{20,}|ops_eyJ[\w+/-]{200,}={0,3}|A3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})(?:-[A-Z0-9]{5}){3}"
    r"|AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}|sha256~[\w-]{43}|gl(?:c_[A-Za-z0-9+/]{32,400}={0,3}|sa_[A-Za-z0-9]{32}_[0-9A-Fa-f]{8})"
    r"|sntry[su]_[\w+/=-]{40,}|NR(?:AK-[A-Z0-9a-z]{27}|II-[\w-]{32}|JS-[0-9a-f]{19})(?!\w)|ntn_\d{11}[0-9A-Za-z]{35}"
    # models, payments, mail, talk
    r"|sk-(?!ssh-|ecdsa-)[\w-]{20,}|pplx-[0-9A-Za-z]{48}|(?:sk|rk|pk)_(?:live|test|prod)_[0-9A-Za-z]{16,}|FLW(?:PUB|SEC)K_TEST-[0-9a-hA-H]{12,32}(?:-X)?"
    r"|EZ[AT]K[0-9A-Za-z]{54}|shippo_(?:live|test)_[0-9a-fA-F]{40}|sq0(?:csp|atp)-[\w-]{20,}|shp(?:at|ss|ca|pa)_[0-9a-fA-F]{32}|duffel_(?:test|live)_[\w=-]{43}"
    r"|SG\.[\w=-]{16,}(?:\.[\w=-]{16,})?|xkeysib-[0-9a-f]{64}-[0-9A-Za-z]{16}|(?:pub)?key-[0-9a-f]{32}(?!\w)|rdme_[0-9a-z]{70}|tfp_[\w=.-]{40,}"
    r"|xox[abeprs]-[\w-]{20,}|xapp-\d-[A-Z0-9]+-\d+-[0-9a-z]{20,}|SK[0-9a-fA-F]{32}(?!\w)|EAA[A-Z][0-9A-Za-z]{100,}"
    r"|hooks\.slack\.com/(?:services|workflows|triggers)/[\w+/]{40,60}|oapi\.dingtalk\.com/robot/send\?access_token=[0-9a-f]{64}"
    r"|qyapi\.weixin\.qq\.com/cgi-bin/webhook/send\?key=[0-9a-f-]{36}|open\.(?:feishu\.cn|larksuite\.com)/open-apis/bot/v2/hook/[0-9a-f-]{36}"
    r"|eyJ[\w-]{8,}\.eyJ[\w-]{8,}(?:\.[\w-]{8,}|\.?(?=[\s\"']|\Z))"
)
"""What their issuers begin in a set way: key ids, tokens, and addresses that let in whoever knows them."""
_BOT: Final = re.compile(r"(?<![\w:])\d{8,10}:AA[\w-]{33}(?![\w-])")  # Telegram
_AZURE: Final = re.compile(r"(?<![\w~.-])[\w~.-]{3}\dQ~[\w~.-]{31,34}(?![\w~.-])")
_CURL: Final = re.compile(r"""[^\n\x00]{0,160}?\s(?:-u|--user)[ =]{0,2}["']?[^\s"':/<]{0,64}:["']?([^\s"'>]{3,80})""")
_WORD: Final = re.compile(r"(?:test|pass\w*|pwd|x+|y+|\.+|[A-Z_]*(?:PASS|TOKEN|SECRET)[A-Z_]*|\[.*)", re.IGNORECASE)
_RANDOM: Final = re.compile(r"([A-Za-z0-9+/_=-]{20,180})[\"'`]")
NO_KEY: Final = re.compile(
    r"(?:public|pub|foreign|primary|partition|sort|hash|range|cache|storage|natural|unique|index|idx|group|bucket|object|lookup|composite"
    r"|translation|message|i18n|locale|query|row|map|dict|meta|tag|site|recaptcha|reference|ref|parent|file|image|asset|hot|host|websocket)"
    r"[-_ ]?key",
    re.IGNORECASE,
)
"""Names of keys that open nothing."""
_FILLED: Final = re.compile(r"[xX]{6}|[*#.]{6}|\.{4}\Z|[0-9a-f]{12}[xX]{3}\Z|EXAMPLE(?:KEY)?(?![A-Za-z0-9])")
"""A key that a manual blots out, or says to be none: those of Amazon's manuals end in EXAMPLE."""
_BLOCK: Final = re.compile(
    r"-----BEGIN (?:[A-Z]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----"
    r"(?:(?=[^-<]{0,400}[A-Za-z0-9+/]{12})[^-<]{8,8000}-----END [A-Z ]{1,40}-----"
    r"|(?:\s|\\[nr])+[A-Za-z0-9+/=\s\\]{40,8000})"  # whole, or cut off
)
_LINK: Final = re.compile(r"://([^\s/:@\"'<>\[\]]{1,64}):([^\s/@\"'<>\[\]]{3,64})@(?=[\w.\[-])")
_SCHEME: Final = re.compile(
    r"[\"']?\s?[:=]\s?[\"']?(?:Bearer|Basic)\s+(?=[\w+/=.-]{8})|(?<=bearer) (?=[\w+/=.-]{16})", re.IGNORECASE
)
_STRONG: Final = re.compile(
    r"(?=[!-~]*[A-Za-z])(?=[!-~]*\d)(?=[A-Za-z\d]*[!@#$%^&*?~+-])[A-Za-z\d!@#$%^&*?~_+.-]{6,64}(?![\w!@#$%^&*?~+-])"
)
"""What hardly is anything else: letters, digits and a sign."""
_LONG: Final = re.compile(
    r"(?=[\w+/-]*[a-z])(?=[\w+/-]*\d)(?=[\w+/-]*(?:[A-Z]|\d[a-z]+\d[a-z]+\d))[A-Za-z0-9][A-Za-z0-9_+/-]{19,}={0,2}(?![\w!@#$%^&*?~+.(-])"
)
"""Letters of both cases and digits in one long run, or a long hash: behind a label and a blank."""
_CARD_CODE: Final = re.compile(r"[\"']?[\s:：=#]{1,3}(?:is |是|为)?[\"']?(\d{3,4})(?!\w|[.%-]\d)")
_CARD_LABELS: Final = ("cvv", "cvc", "cvv2", "cvc2", "安全码", "security code")
_DIGITS: Final = re.compile(r"\d{4,12}(?![\w.:/%-])(?!\s?[年月日位个次字条])")
_DIGIT_LABELS: Final = ("密码", "口令", "验证码", "密碼", "驗證碼", "code", "otp", "passcode")
_IDENTIFIER: Final = re.compile(r"[A-Za-z_.\[\]]+$|(?:[a-z]+\d?_)+[a-z]+$")
_LONGEST: Final = 512
_VALUE: Final = re.compile(r"[!#-&*-;=?-~]{4,512}")  # no space, quote, bracket, angle or parenthesis
_QUOTED: Final = re.compile(r"([\"'`])((?=[^\s\"'`]*[!-/:-@\[-^{-~])(?:(?!\1)[!-~]){8,128})\1")
"""Up to the quote that ends it: a secret may hold any other sign."""
_NO_SECRET: Final = re.compile(
    r"[*•xX.\-_#]+$|#(?:[0-9a-f]{3}){1,2}$|(?:true|false|none)\W+$|(?:null|none|true|false|undefined|required|optional|string|password|passwd|secret|token|changeme\?|"
    r"cv[cvn]2?|number|boolean|object|text|base64|hidden|bool|int|integer|str|float|bytes|any|date|datetime|list|dict|array|bearer|basic|lambda.*|/.*|[a-z]{2,5}_|"
    r"(?!eyJ)[a-z][a-z0-9+.-]{1,11}://.*|function.*|return|this\..*|self\..*|os\..*|process\..*|config\..*|"
    r"req\..*|data\..*|\d{1,3}|\$\{?.*|\{\{?.*|%.*%|<.*|\[.*|\(.*)$",
    re.IGNORECASE,
)
_APPROVAL: Final = re.compile(r"授权码[\s:：=是为]{1,4}[0-9A-Z]{4,6}(?![0-9A-Za-z])")
"""The answer of a card's issuer to a payment (ISO 8583, field 38), nobody's secret; those of mail boxes are longer."""
_KNOWN_TO_ALL: Final = re.compile(
    r"(?:出厂|默认|缺省|预设|default|factory)\s?(?:登录|初始|管理员?)?(?:密码|口令|password)\W{0,4}[是为is]{0,2}\s?[\"']?"
    r"(?:admin(?:istrator)?|root|guest|user|password|pass|default|support|public|private|123|1234|12345|123456|12345678|123456789"
    r"|0000|00000000|1111|6666|666666|8888|888888|88888888)(?![A-Za-z0-9!@#$%^&*_])",
    re.IGNORECASE,
)
"""What a manual says that every new device of a kind answers to."""
_ATTRIBUTE: Final = re.compile(r"[A-Za-z][\w:.-]*=$")  # the next one of the same element: type="password" name=
_LABEL: Final = label_id("credential")
_TOLD: Final = re.compile(
    r"(?:密码|口令)(?:[改换设]|重置)[成为]了?[\s:：]{0,3}[“\"']?(?=[!-~]*\d)([A-Za-z0-9!@#$%^&*_+.-]{5,31}[A-Za-z0-9!@#$%^&*_+-])(?![A-Za-z0-9])"
    r"|[pP][iI][nN]\" ?: ?\"(\d{4,8})\"|[pP][sS][kK]\" ?: ?\"([!#-~]{8,63})\"|psk=\"([!#-~]{8,63})\""
)
"""A password said to be a new one; a door's code and a wireless network's key as programs keep them."""
_BEFORE_TOLD: Final = frozenset(["", *'"_ \t\n'])
_ENDS: Final = "\"',;，；。)）}]&"
_SIGNS: Final = frozenset(":：=是为>\"'")
_SIGN: Final = np.zeros(65536, np.bool_)
_SIGN[[ord(c) for c in _SIGNS]] = True
_NO_GAP: Final = frozenset(",{)")  # a list, what is nested, the end of a call
_GAP: Final = 9  # characters between a label and its value
IN_A_PROGRAM, _IN_DATA, _TOLD_BY_SOMEBODY = 0, 1, 2
"""Where a labelled value stands: a plain word is a password in `"password": "sunshine"`, none in `password="tiger"`."""
_PASSWORD: Final = re.compile("pass|pwd", re.IGNORECASE)
_NO_TOKEN: Final = re.compile(
    r"(?:next|previous|continuation|page|paging|change|client|request|idempotency|sync|sequence|input|output|cancel(?:lation)?"
    r"|start|end|first|last|stop|pad|eos|bos|unk|mask)[-_ ]?(?:request|page|continuation)?[-_ ]?tokens?\Z",
    re.IGNORECASE,
)
"""Tokens that open nothing: of the next page, of a request that may come twice, of a language."""
_NO_OTHER: Final = re.compile(r"[@$]?(?:[A-Z]?[a-z_]+|[A-Z_]+\d?)(?:[-.$@/][A-Z]?[a-z_]*[0-9]?)*[\"']?(?![\w+/=~-])")
"""What tells a token of a language from one that lets in: words without digits, {token: "keyword.$0"}."""
_NUMBERED: Final = re.compile(r"\w{0,3}(?:token|secret|key) ?[=:] ?\d{1,5}(?!\w)", re.IGNORECASE)  # ACCESS_TOKEN = 1256
_ATTRIBUTES: Final = re.compile(r"[A-Za-z_]\w{0,23}(?:\.[A-Za-z_]\w{0,23})+")
_ESCAPE: Final = re.compile(r"\\u[0-9A-Fa-f]{4}")
_MEMBER: Final = re.compile(r"\\?\"\s{0,2}:\s{0,2}\\?\"")
_FIELD: Final = re.compile(r"[^\s&\"']{1,63}&")
_FEWEST: Final = 2  # letters and digits
_BARE_NUMBER: Final = re.compile(r"0x[0-9A-Fa-f]{1,16}")
_VERSION: Final = re.compile(r"[~^]?\d{1,3}(?:\.\d{1,4}){2}")  # of a package whose name ends in password
_BORDER: Final = "-----"  # around the first and the last line of a key, which alone are none


def find(view: View) -> Iterator[Candidate]:
    """Every secret is one finding over its value only."""
    text, words = view.text, view.words
    for start in words.start[words.of("marks/key")].tolist():
        if text.startswith("BEGIN", start):
            found = _BLOCK.match(text, max(0, start - 5))
        else:
            found = (
                None if start and (text[start - 1].isalnum() or text[start - 1] == "+") else _KEYS.match(text, start)
            )
        if found and (
            "..." not in found.group() if text.startswith("BEGIN", start) else not _FILLED.search(found.group())
        ):
            yield Candidate(found.start(), found.end(), "credential", 0.97, "form", _DETECTOR, found.group())
    for start in words.start[words.of("marks/key_within")].tolist():
        form = _AZURE if text[start] == "Q" else _BOT
        found = form.search(text, max(0, start - 12), start + 48)
        if found and not _FILLED.search(found.group()):
            yield Candidate(*found.span(), "credential", 0.95, "form", _DETECTOR, found.group())
    for start in words.start[words.of("marks/curl")].tolist():
        found = _CURL.match(text, start, start + 240)
        if found and not (_NO_SECRET.match(found[1]) or _WORD.fullmatch(found[1]) or is_placeholder(found[1])):
            yield Candidate(*found.span(1), "credential", 0.85, "form", _DETECTOR, found[1])
    for end in words.end[words.of("marks/some_key")].tolist():
        found = _RANDOM.match(text, end, end + 200)
        named = found is None or is_name(found[1]) or NO_KEY.search(text, max(0, end - 40), end)
        if found and not named and is_random(found[1]):
            yield Candidate(*found.span(1), "credential", 0.75, "form", _DETECTOR, found[1])
    for start in words.start[words.of("marks/link")].tolist():
        found = _LINK.match(text, start, start + 200)
        if found and not is_sample_login(found[1], found[2], text, found.end()):
            yield Candidate(*found.span(2), "credential", 0.96, "form", _DETECTOR, found[2])
    for start in words.start[words.of("marks/told_secret")].tolist():
        found = _TOLD.match(text, start, start + 96)
        if (
            found
            and (not text[start].isascii() or text[max(0, start - 1) : start] in _BEFORE_TOLD)
            and not _FILLED.search(found[found.lastindex or 1])
        ):
            value = found[found.lastindex or 1]
            yield Candidate(*found.span(found.lastindex or 1), "credential", 0.85, "context", _DETECTOR, value)
    labelled = view.labelled
    chosen = np.flatnonzero((labelled.label == _LABEL) & (labelled.value > labelled.end))
    chosen = chosen[_signed(view, labelled.end[chosen])]
    for start, end, at in zip(
        labelled.start[chosen].tolist(), labelled.end[chosen].tolist(), labelled.value[chosen].tolist(), strict=True
    ):
        gap = text[end:at]
        if _is_public(text, end) or (
            gap == ":" and text[start - 1 : start] == ":"
        ):  # part of a path: arn:…:secret:name
            continue
        if text[max(0, end - 13) : end].lower().endswith(_CARD_LABELS) and (code := _CARD_CODE.match(text, end)):
            yield Candidate(*code.span(1), "credential", 0.85, "context", _DETECTOR, code[1])
            continue
        if scheme := _SCHEME.match(text, end):
            at = scheme.end()
        elif gap.isspace() or gap in _CLOSED or gap.strip() == "`":
            if "\n" not in gap and (found := _behind_blank(text, end, at)):
                yield Candidate(*found.span(), "credential", 0.8, "context", _DETECTOR, found.group())
            continue
        elif (
            "\n" in gap
            or gap[0] == "["
            or "==" in gap
            or ("[" in gap and "=" not in gap)
            or not _NO_GAP.isdisjoint(gap)
            or _SIGNS.isdisjoint(gap)
            or text[max(0, end - 14) : end].lower() == "publickeytoken"
        ) or (text[max(start, end - 5) : end].lower() == "token" and _NO_OTHER.match(text, at, at + _LONGEST)):
            continue
        quoted = text[at - 1] in "\"'" or not text[end - 1].isascii()
        if not text[end - 1].isascii():
            place = _TOLD_BY_SOMEBODY
        elif _opens_nothing(text, start, end, at):
            continue
        elif _PASSWORD.search(text, start, end) and (
            _MEMBER.fullmatch(gap) or (gap == "=" and _FIELD.match(text, at, at + 64))
        ):
            place = _IN_DATA
        else:
            place = IN_A_PROGRAM
        if candidate := secret_at(
            text, at, min(len(text), at + _LONGEST), quoted or scheme is not None or place == _IN_DATA, place
        ):
            yield candidate
    for start, end in view.cells[view.cells[:, 2] == _LABEL, :2].tolist():
        while start < end and text[start] in "\"' \t":
            start += 1
        candidate = secret_at(text, start, end, True, _TOLD_BY_SOMEBODY)
        if candidate and not (candidate.value.isidentifier() and text[candidate.end : candidate.end + 1] == "("):
            yield candidate  # and no call of a function: sysdate()


def _opens_nothing(text: str, start: int, end: int, at: int) -> bool:
    """Whether a label names a token of a page or a language, or a number stands behind it."""
    return (
        _NO_TOKEN.search(text, max(0, end - 40), end) is not None
        or _NUMBERED.match(text, max(start, end - 6), at + 8) is not None
        or _COUNTER.search(text, max(0, start - 12), at + 14) is not None
        or _KIND.search(text, max(0, start - 48), start) is not None
        or text[max(0, start - 5) : start] in (".svg?", ".png?")  # a picture's, for all to see
    )


def _is_code(text: str, start: int, value: str) -> bool:
    """Whether a value is a piece of a program: conn->passwd, "Bearer "+token, "%v\\n"; or goes on in another script."""
    end = start + len(value)
    if value.endswith("-") and text[end : end + 1] == ">":
        return True
    if _TYPE.match(value) and text[start - 1 : start] not in _QUOTES:
        return True
    if value.endswith("\\") or _BINARY.search(value) or _V4.fullmatch(value):
        return True
    if value[0] in "?+" and _EXPANSION.search(text, max(0, start - 40), start):
        return True
    if value[0] == "u" and text[start - 1 : start] == "\\" and _POINT.fullmatch(value):
        return True
    if _PATTERN.search(value):
        return True
    if value.startswith("#") and text[start - 1 : start] == " ":  # a comment
        return True
    if value.startswith(("+", ".")) and text[start - 1 : start] in _QUOTES:
        return True
    behind = text[end : end + 1]
    return _PRINTED.fullmatch(value) is not None or (behind.isalpha() and not behind.isascii() and behind < "\u2e80")


_QUOTES: Final = frozenset("\"'`")
_CLOSED: Final = frozenset({'" ', "' "})  # the end of a text in quotes, behind which something else begins
_PATTERN: Final = re.compile(r"\\[sSdDwWb][+*]|%\{")  # of a regular expression, of a template
_PRINTED: Final = re.compile(r"%[#+.\d]{0,3}[A-Za-z](?:\\[nrt]|\W)*|%[svqdw]\\[nrt]\w*\W*")
_TYPE: Final = re.compile(
    r"(?:\w+\.)*[A-Z]\w*\{|[\w.]+\{\Z|[a-z-]+\{[a-z-]+:\Z|(?:[A-Z][a-z0-9]+){2,8}(?<=Key|ken|ret|ord|ial)(?:s|Parameter|Data)?\Z"
)
"""A type or a value made of its fields: oauth2.Token{, Ed25519PrivateKey."""
_BINARY: Final = re.compile(r"/(?:binary|integer|bytes|utf8)\Z")  # Erlang: OldPassword:Size/binary
_V4: Final = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_EXPANSION: Final = re.compile(r"\$\{\w+:?\Z")  # of a shell: ${PASSWORD:?must be set}
_POINT: Final = re.compile(r"u[0-9A-Fa-f]{4}")  # \u0000
_KIND: Final = re.compile(r"\w::\w*\Z")  # the name of a kind of thing: "AWS::Location::APIKey"
_COUNTER: Final = re.compile(r"[?&]\w{0,10}token=\d{1,12}(?!\w)", re.IGNORECASE)  # &token=710779655&lang


def _behind_blank(text: str, end: int, at: int) -> re.Match[str] | None:
    """What nothing but a blank parts from its label: 密码 Xxx1!; only what hardly is a word of the sentence."""
    found = _STRONG.match(text, at) or _LONG.match(text, at)
    if found and text[max(0, at - 6) : at].lower() == "basic " and is_sample_basic(found.group()):
        return None
    if found and text[end - 1].isascii() and not (found.group()[0].isalnum() and _is_mixed(found.group())):
        return None
    if found is None and text[max(0, end - 9) : end].lower().endswith(_DIGIT_LABELS):
        found = _DIGITS.match(text, at)
    return found


def _is_mixed(value: str) -> bool:
    """Whether digits stand among letters, in words of no language; or all is one hash."""
    return _HEX.fullmatch(value) is not None or is_random(value) or (len(value) <= 20 and not _NAME.fullmatch(value))


def _is_public(text: str, end: int) -> bool:
    """Whether a label that ends there labels what is no secret, for all that its words say."""
    if text[end - 1] == "码" and text.startswith("授权", max(0, end - 3)):
        return _APPROVAL.match(text, end - 3) is not None
    return text[end - 1] in "码令dD" and _KNOWN_TO_ALL.search(text, max(0, end - 18), end + 24) is not None


def is_random(value: str) -> bool:
    """Whether a value is drawn from many signs, without the words of a name in it."""
    plain = value.rstrip("=")
    words = re.findall(r"[A-Z]?[a-z]{5,}|[A-Z]{6,}", plain)
    drawn = len(set(plain)) >= (10 if _HEX.fullmatch(plain) else 14)
    turns = len(re.findall(r"[a-z]+|[A-Z]+|\d+", plain))
    if _SENTENCE.fullmatch(plain):
        return False
    told = any(map(str.isdigit, plain)) and turns * 4 >= len(plain) and sum(map(len, words)) * 2 < len(plain)
    return drawn and told and not _FILLED.search(plain)


_NAME: Final = re.compile(r"[A-Za-z]+\d{0,2}(?:[-_.:+~][A-Za-z]*\d{0,2})*")
"""The name of a function, a file or a version rather than a secret."""
_SENTENCE: Final = re.compile(r"[A-Za-z]+(?:_(?:[A-Za-z]+|\d{1,5})){4,}")  # Property_0_is_missing_in_type_1_2324
_HEX: Final = re.compile(r"[0-9a-f-]{20,}|[0-9A-F-]{20,}")


def _is_none(text: str, end: int, value: str, place: int) -> bool:
    """Whether a value behind a Latin label is a word of a program, a text, or stands for what is to be put there."""
    value = _ESCAPE.sub("u", value.rstrip("?!.,:"))
    if sum(map(str.isalnum, value)) < _FEWEST or is_template(value) or is_placeholder(value) or is_name(value):
        return True
    if is_word(value) and (place == IN_A_PROGRAM or not value.islower() or is_prose(text, end)):
        return True
    return _VERSION.fullmatch(value) is not None or (
        _BARE_NUMBER.fullmatch(value) is not None and place == IN_A_PROGRAM
    )


def _signed(view: View, ends: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Whether a sign stands shortly behind each label, or a blank as in `Bearer eyJ…`."""
    signed: NDArray[np.bool_] = view.units[np.minimum(ends, len(view.units) - 1)] == ord(" ")
    for step in range(_GAP):
        signed |= _SIGN[view.units[np.minimum(ends + step, len(view.units) - 1)]]
    return signed


def secret_at(text: str, start: int, end: int, sure: bool, place: int) -> Candidate | None:
    """The secret that begins at `start`; one that could be a name in a program is believed only where `sure`, and a
    plain word not in a program (`place`)."""
    found = _VALUE.match(text, start, end)
    if found is None:
        return None
    value = found.group()
    if quoted := _QUOTED.match(text, start - 1, min(len(text), start + _LONGEST)):
        value = quoted[2]
    else:
        for sign in _ENDS:
            value = value.partition(sign)[0]
        if text[start - 1] == "`":
            value = value.partition("`")[0]
    if (
        len(value) < 4
        or value.startswith(("!=", "="))
        or "`" in value
        or _BORDER in value
        or _FILLED.search(value)
        or _ATTRIBUTE.match(value)
        or _NO_SECRET.match(value)
        or not any(c.isalnum() for c in value)
    ):
        return None
    if ("[" in value and not sure) or _is_code(text, start, value):
        return None
    if value.isascii() and text[max(0, start - 6) : start].lower() == "basic " and is_sample_basic(value):
        return None
    if place == _TOLD_BY_SOMEBODY and (("_" in value and is_placeholder(value)) or value.startswith(("#{", "${"))):
        return None
    if place != _TOLD_BY_SOMEBODY and _is_none(text, start + len(value), value, place):
        return None
    if not sure and (
        _IDENTIFIER.match(value)
        or _ATTRIBUTES.fullmatch(value)
        or text[start + len(value) : start + len(value) + 1] in ("(", "[")
    ):
        return None
    return Candidate(start, start + len(value), "credential", 0.85, "context", _DETECTOR, value)
