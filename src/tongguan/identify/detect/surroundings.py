"""What the lines around a place in a text are: those of a program, of its tests, of a manual, of the plan of a network.

Judged for a block of its piece at a time, once for all that is found in it. Never by the name or place of a file.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Sequence
from itertools import islice
from typing import Final

from tongguan.identify.detect.view import BREAK, Candidate, View

__all__ = ["DOUBTFUL", "REACH", "Surroundings", "is_beside", "speaks_of_persons"]

DOUBTFUL: Final = 0.3
"""The score of what is rather nobody's: it is told, with the reason, and below what is counted."""
REACH: Final = 240  # characters to either side in which somebody, or a host, is looked for

_BLOCK: Final = 4096  # characters that are judged together
_AROUND: Final = 512  # characters beside a block that are looked at as well
_ENOUGH: Final = 3  # lines of a program
_SHARE: Final = 8  # at least one line in so many
_MARKS: Final = 2  # of a test, of a manual

_PROGRAM: Final = re.compile(
    r"\n[ \t]*(?:\"(?:\"\"|[^\n]*\\n\",?\n)|(?![{\d<\"\n])(?:"  # records, rows and markup begin otherwise
    # Python, and what other languages share with it
    r"def \w+\(|async def |class \w+(?:[(:{]| \{|\n)|import [\w{*]|from [\w.]+ import|assert\w*[ (]|return(?:;| \S|\n)"
    r"|elif |except[ :]|raise |(?:with|if|for|while) [^\n]*[:{]\n|else:\n|try:\n"
    r"|self\.\w|@\w+[\w.]*(?:\(|\n)|>>> |\x27\x27\x27"
    r"|\w+ = \w+\(|[A-Za-z_][\w.]*\([^\n]*[(,)\[{][,;]?\n|\((?!NULL|null)[A-Za-z_]\w*, |\x27[^\n]*\\n\x27,?\n"
    r"|\x27[\w-]+\x27: "
    # C, Java, Go, JavaScript, Rust, PHP
    r"|#\s?(?:include|define|ifn?def|endif)|(?:public|private|protected|static|final|const|let|var|func|fn|function|package"
    r"|namespace|using|struct|export|type|impl|pub) \w|\}?\)[;,]?\n|\};\n|\} else|// |/\*|\* @|\*/|\*\n|\w+ := "
    r"|(?!INSERT|insert|VALUES|REPLACE|[(\d\x27\"<{])[^\n\u4e00-\u9fff]*;\n|[^\n\"\u4e00-\u9fff]*[\w)=(>] ?\{\n"
    # shells and plain configurations
    r"|#!/|fi\n|done\n|esac\n|echo |then\n|[$#] [a-z]|[a-z][a-z0-9_.-]*:\n"
    # manual pages, reStructuredText, Markdown
    r"|[.\x27](?:SH|SS|TP|PP|IP|B|I|BR|RS|RE|nf|fi|br|sp|Pp|It|El|Dl|Sh|Nm|Xr|Fl|Ar|Cm)\b|\.\. [\w-]+::|[^\n]*::\n"
    r"|`{3}|:\w+:`"
    r"))"
)
"""Beginnings and ends of lines that programs and manuals have, and records, dumps and letters have not."""

_TESTS: Final = re.compile(
    r"\n[ \t]*(?=[A-Za-z@#$(=-])(?:"
    # Python; Go; Java, C#, Kotlin; Rust
    r"(?:async )?def test_?\w*\(|class Test\w*[(:]|self\.assert\w+\(|@(?:pytest|mock|patch|unittest)\b|with pytest\."
    r"|func (?:\([^)\n]*\) )?Test\w+\(|t\.(?:Run|Fatalf?|Errorf?|Helper|Parallel)\(|(?:require|assert)\.[A-Z]\w+\("
    r"|@(?:Test|BeforeEach|ParameterizedTest|Mock)\b|assert[A-Z]\w+\(|#\[(?:\w+::)?test\]"
    # JavaScript, Ruby; PHP; C and C++; Perl, shells
    r"|(?:it|describe|test|context|specify|scenario|beforeEach|let!?)[ (]+[\x27\"`:{(]|expect\(|assert\.[a-z]\w*\("
    r"|(?:public )?function test\w+\(|\$this->(?:assert\w+|expect\w+|createMock)\(|(?:static|self)::assert"
    r"|=== TEST \d|--- (?:request|config|response_body|error_code)"
    r"|EXPECT_\w+\(|TEST(?:_[A-Z]+)?\(|START_TEST\(|fail_unless\(|is_deeply\("
    r")"
)
"""Lines that only tests have, in the usual frameworks."""
_ASSERTS: Final = re.compile(r"\n[ \t]*(?=[aAoi])(?:assert[ (]|assert_\w+[ (!]|assert!\(|ASSERT_\w+\(|ok\(|is\()")
"""Lines that tests are full of, and programs may have."""
_MANUAL: Final = re.compile(
    r"\n[ \t]*(?:[-*] |\d\. )?`{3}|(?<![`\w])`[^`\n]{1,80}`(?!`)|\n\n#{1,4} [^\n]+\n\n|\n[ \t]*\.\. [\w-]+::"
    r"|[^\n:]::\n|<(?:programlisting|screen|literallayout|pre|kbd)\b|\n\.(?:SH|TP|nf|Sh|Bd)\b|``[^`\n]+``"
)
"""Marks of what programs, commands and their output are set in: Markdown, reStructuredText, DocBook, HTML, troff."""
_CODE: Final = re.compile(
    r"\n[ \t]*(?=[A-Za-z_#}/*>$-])(?:def \w+\(|class \w+(?:[(:{]| \{|\n| extends)|import [\w{*]|from [\w.]+ import|"
    r"return(?:;| \S)|self\.\w|>>> "
    r"|#\s?(?:include|define|ifn?def|endif)|(?:public|private|protected|static|const|let|var|func|fn|function|package"
    r"|namespace|using|struct|interface|impl|pub) \w|\};\n|\} else|// |/\*|\*/|\*\n|\w+ := |local \w+="
    r"|export (?:default|const|function|class|async|type|interface)\b"
    r"|end\n|[^\n]{1,60} do \|\w+\|\n|\w+(?:\.\w+){2,} = |fi\n|done\n|use \w+"
    r"|local \w+ = |--[- ]?[|@]|(?:if|elif|while) (?:\[|test |!)|\w+=\$\(|\$[A-Z]\w+ |EOF\n)"
)
"""Lines of programs that are neither configurations nor dumps."""
_SIGNS: Final[dict[re.Pattern[str], tuple[str, ...]]] = {
    _MANUAL: ("`", "\n\n#", ".. ", "::\n", "<programlisting", "<screen", "<literallayout", "<pre", "<kbd", "\n."),
}
"""Signs of which each of these marks holds one: looked for first, as most texts have none."""
_PLAN: Final = re.compile(
    r"(?<![A-Za-z])(?:ipsec|ikev?[12]|(?:left|right)(?:id|cert|subnet|firewall)|(?:local|remote)_(?:addrs|ts)|[a-z]*proposals"
    r"|updown|vips?|subnet|netmask|gateway|vlan|mtu|dns[12]?|nameserver|interface|iface|bridge|bond\d|eth\d|resolv|listen"
    r"|(?:stub|forward|auth)-addr|primaries|axfr|ansible_\w+|IN[ \t]+(?:SOA|NS|A|AAAA|MX|CNAME))(?![A-Za-z])"
)
"""Names of what networks are made of, as settings have them."""
_RECORDS: Final = re.compile(r"[ \t]IN[ \t]+(?:SOA|NS|A|AAAA|MX|CNAME|TXT|PTR)(?![A-Za-z])")
"""As zones and answers of name servers are written (RFC 1035, section 5)."""
_SCHEMA: Final = re.compile(
    r"\n[ \t]*(?:- )?[\"\x27]?(?:type[\"\x27]?: ?[\"\x27]?(?:string|object|integer|array|number|boolean)"
    r"|examples?[\"\x27]?:|description[\"\x27]?:|properties[\"\x27]?:|schema[\"\x27]?:|\$ref[\"\x27]?:|format[\"\x27]?:|required[\"\x27]?:)"
)
"""Lines of OpenAPI and JSON Schema."""
_FIELDS: Final = 8
_WRITTEN: Final = ("(", "`", "::", "properties")
"""One of these stands in every program and manual, and in few other texts."""
_NUMBERING: Final = re.compile(
    r"(?i:e\.?164|rfc ?3966|national[ _]?(?:significant)?[ _]?number|country(?:[ _]calling)?[ _]?code|area[ _]?code"
    r"|calling[ _]code|phone[ _]?numbers?[ _]?(?:util|kit|parse|match|format)|libphonenumber"
    r"|(?:parse|format|valid(?:ate)?|possible)[ _]?(?:phone)?[ _]?number"
    r"|as[ _]?you[ _]?type|phonenumbers?\.|international[ _]?format|trunk prefix|national prefix|region[ _]?code)"
)
"""Words for the parts and the writings of telephone numbers."""
_DUMP: Final = re.compile(r"(?i:INSERT INTO|CREATE TABLE|REPLACE INTO) ")
_FENCE: Final = re.compile(r"(?:\A|\n)[ \t]*(?:[-*] |\d\. )?(?:`{3}|~{3})")
_MACHINES: Final = (
    "netmask", "gateway", "subnet", "vlan", "cidr", "dns1", "nic", "virtualmachine", "virtual_machine", "instance",
    "hypervisor", "datacenter", "data_center", "cluster", "imageid", "image_id", "image_ref", "flavor", "memory",
    "cpu", "loadbalancer", "load_balancer", "vpc", "macaddr", "mac_addr", "container", "isdefault", "is_default",
    "networkid", "network_id", "zone", "node", "server", "firewall", "dhcp", "router", "hostname", '"port', '"ttl',
    "pool", "router-id", "router bgp", "vrf", "loopback", "interface ", "neighbor ", "remote-as", "vxlan", "ospf",
    "ipsec", "ikev", "leftid", "rightid", "leftcert", "_addrs", "proposals", "updown", "ip route", "mtu",
)  # fmt: skip
_PERSONS: Final = (
    "user", "login", "log_in", "session", "account", "customer", "client", "visitor", "member", "email", "e-mail",
    "phone", "mobile", "browser", "referer", "referrer", "remoteaddr", "remote_addr", "remote_ip", "remoteip", '"src',
    "source_ip", "sourceip", "forwarded", "geo", "nick", "realname", "real_name", "passenger", "patient", "buyer",
    "order", "timestamp", '"ts"', '"time"',
)  # fmt: skip
"""Words of what persons do: where they stand an address may be theirs."""
_KINDS: Final = 4  # different words of machines
_MACHINES_HAN: Final = (
    "路由", "网关", "子网", "网段", "掩码", "端口", "集群", "节点", "主机", "服务器", "服务端", "客户端", "协议",
    "数据包", "报文", "监听", "组件", "配置", "部署", "实例", "副本", "拓扑", "域名", "宿主机", "容器", "镜像",
    "四元组", "防火墙", "负载均衡", "接口", "网卡", "带宽", "转发",
)  # fmt: skip
_PERSONS_HAN: Final = re.compile(
    "姓名|手机号|身份证|工号|员工|同事|客户(?!端)|会员|住址|订单|患者|学生|学号|登录(?:人|地|IP|账)|登陆|访客|访问者"
    "|归属地|报案|举报|嫌疑|投诉|被告|注册|签到|先生|女士"
)
_KINDS_HAN: Final = 5


_SIGNS[_SCHEMA] = ("description", "properties")
_SIGNS[_RECORDS] = (" IN ", "\tIN")


class Surroundings:
    """Of the places in one view, which ask by the same offsets."""

    def __init__(self, view: View) -> None:
        self._text = view.text
        self._breaks: list[int] = view.breaks.tolist()
        self._judged: dict[tuple[int, int], str] = {}
        self._marked: dict[re.Pattern[str], dict[tuple[int, int], int]] = {}
        self._written: dict[tuple[int, int], bool] = {}
        self._last = (0, 0), (0, 0)  # a block, and what `_span` says of the places in it

    def kind(self, start: int) -> str:
        """ "program" among lines of a program or a manual, "machine" among records of machines, or nothing."""
        span = self._span(start)
        if span not in self._judged:
            self._judged[span] = _kind(self._text, *span)
        return self._judged[span]

    def is_test(self, start: int) -> bool:
        """Whether it stands among the tests of a program."""
        tests = self._count(start, _TESTS)
        return tests > 0 and tests + self._count(start, _ASSERTS) >= _MARKS

    def is_manual(self, start: int) -> bool:
        """Whether it stands in a text that sets commands and programs apart."""
        return self._count(start, _MANUAL) >= _MARKS

    def is_fenced(self, start: int) -> bool:
        """Whether it stands between the fences of Markdown."""
        low, _ = self._span(start)
        return sum(1 for _ in _FENCE.finditer(self._text, low, start)) % 2 == 1

    def is_code(self, start: int) -> bool:
        """Whether it stands among lines of a program, not of a configuration or a dump of tables."""
        return self._count(start, _CODE) >= _ENOUGH and not self._count(start, _DUMP)

    def is_schema(self, start: int) -> bool:
        """Whether it stands in the description of an interface: names of fields with their types and examples."""
        return self._count(start, _SCHEMA, _FIELDS) >= _FIELDS

    def is_plan(self, start: int) -> bool:
        """Whether it stands among settings of a network, of which two are named at least."""
        return self._count(start, _PLAN) >= _MARKS

    def is_zone(self, start: int) -> bool:
        """Whether it stands among records of a zone of the DNS."""
        return self._count(start, _RECORDS) >= _ENOUGH

    def is_written(self, start: int) -> bool:
        """Whether it stands among lines of a program, its tests, a manual or the description of an interface."""
        span = self._span(start)
        if span not in self._written:
            hopeful = any(self._text.find(sign, *span) >= 0 for sign in _WRITTEN)
            self._written[span] = hopeful and (
                self.is_code(start) or self.is_test(start) or self.is_manual(start) or self.is_schema(start)
            )
        return self._written[span]

    def may_hold_samples(self, start: int) -> bool:
        """Whether its block may hold numbers that are samples: of a program, a manual, or beside a pattern."""
        return self.is_written(start) or self._text.find("\\d", *self._span(start)) >= 0

    def block_end(self, start: int) -> int:
        """Where the places end that are judged together with this one."""
        self._span(start)
        return self._last[0][1]

    def speaks_of_numbering(self, start: int) -> bool:
        """Whether it stands among lines about how telephone numbers are made and written."""
        return self._count(start, _NUMBERING) >= _ENOUGH

    def _count(self, start: int, marks: re.Pattern[str], most: int = _ENOUGH) -> int:
        """How many marks the block of a place has, as far as it matters."""
        span = self._span(start)
        counted = self._marked.setdefault(marks, {})
        if span not in counted:
            hopeful = any(self._text.find(sign, *span) >= 0 for sign in _SIGNS.get(marks, ("\n",)))
            found = islice(marks.finditer(self._text, *span), most) if hopeful else ()
            counted[span] = sum(1 for _ in found)
        return counted[span]

    def _span(self, start: int) -> tuple[int, int]:
        """The block of a place, and what stands beside it in its piece."""
        (low, high), span = self._last
        if low <= start < high:
            return span
        piece = bisect_left(self._breaks, start)
        begin = self._breaks[piece - 1] + len(BREAK) - 1 if piece else 0
        end = self._breaks[piece] if piece < len(self._breaks) else len(self._text)
        block = begin + (start - begin) // _BLOCK * _BLOCK
        span = max(begin, block - _AROUND), min(end, block + _BLOCK + _AROUND)
        self._last = (max(begin, block), min(end + 1, block + _BLOCK)), span
        return span


def speaks_of_persons(part: str) -> bool:
    """Whether a word for persons, or for what they do, stands in it."""
    words = part.lower()
    return _PERSONS_HAN.search(part) is not None or any(word in words for word in _PERSONS)


def _kind(text: str, low: int, high: int) -> str:
    """What the lines of a stretch of text are."""
    wanted = max(_ENOUGH, -(-text.count("\n", low, high) // _SHARE))
    if next(islice(_PROGRAM.finditer(text, low, high), wanted - 1, None), None):
        return "program"
    part = text[low:high]
    if _PERSONS_HAN.search(part):
        return ""
    if sum(word in part for word in _MACHINES_HAN) >= _KINDS_HAN:
        return "machine"
    words = part.lower()
    if sum(word in words for word in _MACHINES) < _KINDS or any(word in words for word in _PERSONS):
        return ""
    return "" if _HAN.search(part) else "machine"


_HAN: Final = re.compile("[\u4e00-\u9fff]")


def is_beside(
    candidates: Sequence[Candidate], place: int, types: Collection[str], most: int, above: float = 0.0
) -> bool:
    """Whether something of these types, and of more than this score, stands within `REACH` of a candidate, which is of
    none of them itself; so many before and behind it are looked at."""
    here = candidates[place].start
    return any(
        other.type in types and other.score > above and abs(other.start - here) <= REACH
        for other in candidates[max(0, place - most) : place + most + 1]
    )
