"""HTML: what is read on the page, its tables, fields and scripts."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

PAGE = """<!DOCTYPE html><html><head><title>客户 &amp; 订单</title><style>.a{color:red}</style>
<script>var data={"list":[{"name":"王五"},{"name":"赵六"}]};</script></head><body>
<!-- 负责人：钱七 13700137000 -->
<h1>名单</h1><p>联系人 <b>张</b><i>三</i>，手机138<span>0013</span>8000。<p>第二段&#24352;&nbsp;&eacute;
<table><thead><tr><th>姓名</th><th>手机</th></tr></thead>
<tr><td>李四<td>13900139000</tr><tr><td><a href="/u?id=110101199003070000">孙八</a></td><td></td></tr></table>
<form><input type="hidden" name="id_card" value="11010119900307 &lt;x&gt;"><input name=phone value=13600136000></form>
<img src="x.png" alt="周九的照片"><a href="mailto:wu@example.com">写信</a>
<ul><li>姓名：郑一</li><li>电话：13500135000</li></ul></body></html>"""


def pieces_of(opened, kind: str, page: str = PAGE):
    return [p for p in opened(page.encode(), "a.html", "text/html").pieces if p.kind == kind]


def test_what_is_read_on_the_page(opened, rows) -> None:
    [prose] = pieces_of(opened, "prose")
    assert "联系人 张三，手机13800138000。" in prose.text
    assert "客户 & 订单" in prose.text
    assert "第二段张 é" in prose.text
    assert "李四" not in prose.text
    assert "color" not in prose.text
    assert any("郑一" in row and "13500135000" in row for row in rows(prose))


def test_a_table_is_a_table(opened, rows, cells) -> None:
    [table] = pieces_of(opened, "table")
    assert table.columns == ("姓名", "手机")
    assert len(rows(table)) == 3
    assert cells(table)[2:] == [("李四", 0), ("13900139000", 1), ("孙八", 0)]


def test_fields_and_speaking_attributes_are_read(opened) -> None:
    [form] = pieces_of(opened, "form")
    for line in ("id_card: 11010119900307 <x>", "phone: 13600136000", "alt: 周九的照片", "href: mailto:wu@example.com"):
        assert line in form.text.split("\n")
    assert "110101199003070000" in form.text


def test_scripts_and_comments_are_code(opened, rows) -> None:
    script, comment = pieces_of(opened, "code")
    assert len(rows(script)) == 3
    assert "钱七" in comment.text


def test_cards_that_look_alike_are_records(opened, rows) -> None:
    card = '<div class="card"><div>{0}</div><div>{1}</div></div>'
    page = "<html><body>" + "".join(card.format(n, 13800138000 + i) for i, n in enumerate(["张三", "李四", "王五"]))
    [prose] = pieces_of(opened, "prose", page)
    assert [sum(n in row for n in ("张三", "李四", "王五")) for row in rows(prose)] == [1, 1, 1]


def test_layout_tables_are_not_taken_for_data(opened) -> None:
    page = (
        "<html><table><tr><td>左</td><td><table><tr><th>姓名</th><th>号</th></tr><tr><td>张三</td><td>138001</td></tr>"
    )
    page += "</table></td></tr><tr><td>脚</td><td>注</td></tr></table>"
    found = opened(page.encode(), None, "text/html").pieces
    assert [p.columns for p in found if p.kind == "table"] == [("姓名", "号")]
    assert all(word in found[0].text for word in "左脚注")


def test_an_attribute_that_is_never_closed_swallows_nothing(opened) -> None:
    found = opened('<html><body><p style="x>张三 13800138000</p><p>end</p>'.encode(), "a.html").pieces
    assert "13800138000" in "".join(p.text for p in found)


def test_a_page_of_nothing_but_tags_is_not_lost(opened) -> None:
    found = opened(b"<html><body><br></body></html>").pieces
    assert found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.quiet = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.quiet += tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self.quiet -= tag in ("script", "style") and self.quiet > 0

    def handle_data(self, data: str) -> None:
        if not self.quiet:
            self.words += data.split()


tags = st.sampled_from(["p", "div", "b", "td", "tr", "table", "li", "span", "h1", "form", "br", "pre"])
bits = st.one_of(
    tags.map(lambda t: f"<{t}>"),
    tags.map(lambda t: f"</{t}>"),
    tags.map(lambda t: f'<{t} class="x" data-a=1>'),
    st.text(alphabet="ab1张é\u3000 \n", min_size=1, max_size=6),
    st.sampled_from(["&amp;", "&#24352;", "&nbsp;", "&zzz;", "a<b ", "<!-- c -->", "<!x>", "<script>var a</script>"]),
)


@given(st.lists(bits, max_size=30))
def test_no_character_on_the_page_is_lost(parts: list[str]) -> None:
    from tongguan.identify.extract.markup import html

    page = "<html>" + "".join(parts) + "</html>"
    reader = _Reader()
    reader.feed(page)
    reader.close()
    expected = sorted("".join(reader.words).replace("\u3000", ""))
    found = "".join(p.text for p in html(page.encode(), None) if p.kind in ("prose", "table"))
    assert sorted("".join(found.split())) == expected
