"""Office documents, PDF and mail, made by the libraries that people make them with."""

from __future__ import annotations

import datetime as dt
import io
import random
import zlib
from email.message import EmailMessage

import docx
import openpyxl
import pytest
from openpyxl.comments import Comment
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import FreeText
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen import canvas

from tongguan.model import BlindKind


def workbook() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "客户"
    sheet.append(["姓名", "手机", "证件号", "生日", "余额"])
    sheet.append(["张三", 13800138000, 110101199003070001, dt.date(1990, 3, 7), 12.5])
    sheet.append(["李\n四", "13900139000", None, None, True])
    sheet["A2"].comment = Comment("推荐人：王五", "录入员")
    hidden = book.create_sheet("隐藏")
    hidden.sheet_state = "hidden"
    hidden["C5"] = "赵六"
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def document() -> bytes:
    paper = docx.Document()
    paper.core_properties.author = "钱七"
    paper.add_paragraph("联系人：").add_run("张三").bold = True
    paper.paragraphs[0].add_run("，手机138").italic = True
    paper.paragraphs[0].add_run("00138000")
    paper.sections[0].header.paragraphs[0].text = "页眉 孙八"
    for rows in (
        [["姓名", "手机"], ["李四", "13900139000"], ["王五", "13700137000"]],
        [["姓名", "赵六", "性别", "男"], ["电话", "13600136000", "", ""]],
    ):
        table = paper.add_table(len(rows), len(rows[0]))
        for row, values in zip(table.rows, rows, strict=True):
            for cell, value in zip(row.cells, values, strict=True):
                cell.text = value
    buffer = io.BytesIO()
    paper.save(buffer)
    return buffer.getvalue()


def pdf(encrypt: str | None = None, text: str | None = "姓名：张三  手机：13800138000") -> bytes:
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    buffer = io.BytesIO()
    sheet = canvas.Canvas(buffer, encrypt=encrypt)
    for line in (text, "第二页"):
        sheet.setFont("STSong-Light", 12)
        if line and text:
            sheet.drawString(100, 700, line)
        else:
            sheet.rect(10, 10, 100, 100, fill=1)
        sheet.showPage()
    sheet.save()
    return buffer.getvalue()


def test_each_sheet_is_a_table(opened, rows, cells) -> None:
    found = opened(workbook(), "members.xlsx")
    first, second = (p for p in found.pieces if p.kind == "table")
    assert (first.member, first.columns) == ("客户", ("姓名", "手机", "证件号", "生日", "余额"))
    assert rows(first)[1] == "张三\t13800138000\t110101199003070000\t1990-03-07\t12.5\n"  # a sheet keeps 15 digits
    assert ("李 四", 0) in cells(first)
    assert (second.member, second.text.strip()) == ("隐藏", "赵六")
    assert found.blind_spots == []


def test_notes_of_a_workbook_are_read(opened) -> None:
    assert any("王五" in p.text for p in opened(workbook()).pieces if p.kind != "table")


def test_a_workbook_with_a_wrong_name_is_still_a_workbook(opened) -> None:
    assert opened(workbook(), "members.csv", "text/csv").pieces[0].kind == "table"


def test_a_document_gives_text_tables_and_forms(opened, rows) -> None:
    found = opened(document(), "paper.docx")
    prose = next(p for p in found.pieces if p.kind == "prose" and p.member is None)
    table = next(p for p in found.pieces if p.kind == "table")
    form = next(p for p in found.pieces if p.kind == "form" and p.member is None)
    assert prose.text == "联系人：张三，手机13800138000"
    assert table.columns == ("姓名", "手机")
    assert len(rows(table)) == 3
    assert "赵六" in form.text
    assert len(rows(form)) == 1
    assert any("孙八" in p.text and p.member == "word/header1.xml" for p in found.pieces)
    assert any("creator: 钱七" in p.text for p in found.pieces)
    assert found.blind_spots == []


def test_what_is_embedded_in_a_document_is_opened(opened) -> None:
    import zipfile

    buffer = io.BytesIO(document())
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("word/embeddings/Microsoft_Excel_Sheet1.xlsx", workbook())
    found = opened(buffer.getvalue(), "paper.docx")
    assert any(p.member == "word/embeddings/Microsoft_Excel_Sheet1.xlsx/客户" for p in found.pieces)


def test_pdf_text_is_read(opened) -> None:
    found = opened(pdf(), "paper.pdf")
    assert "13800138000" in found.pieces[0].text
    assert "第二页" in found.pieces[0].text
    assert found.blind_spots == []


def test_a_page_whose_stream_is_torn_is_told(opened) -> None:
    content = b"BT /F1 12 Tf 72 700 Td (phone 13800138000) Tj ET\n" + random.Random(7).randbytes(3000)
    packed = zlib.compress(content)
    sound = b"%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n" + (
        b"2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1>>\nendobj\n"
        b"3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R>>\nendobj\n"
        b"4 0 obj\n<</Length %d/Filter/FlateDecode>>\nstream\n" % len(packed)
    )
    end = b"\nendstream\nendobj\ntrailer\n<</Root 1 0 R/Size 5>>\nstartxref\n0\n%%EOF\n"
    wrong_sum = packed[:-4] + b"\0\0\0\0"
    torn = packed[:2] + b"\xff" * 20 + packed[22:]
    damaged = [
        any("damaged" in spot.detail for spot in opened(sound + stream + end, "a.pdf").blind_spots)
        for stream in (packed, wrong_sum, torn)
    ]
    assert damaged == [False, False, True]


def test_pdf_attachments_and_notes_are_read(opened) -> None:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf())))
    writer.add_attachment("list.csv", b"name,phone\nzhang,13900139000\n")
    writer.add_annotation(0, FreeText(text="note 13700137000", rect=(50, 550, 200, 650)))
    buffer = io.BytesIO()
    writer.write(buffer)
    pieces = {p.member: p.text for p in opened(buffer.getvalue()).pieces}
    assert "13900139000" in pieces["list.csv"]
    assert "13700137000" in pieces["annotations"]


def test_pages_without_text_are_blind_spots_where_nothing_recognises_it(opened, without_ocr) -> None:
    found = opened(pdf(text=None), "scan.pdf")
    [spot] = found.blind_spots
    assert (spot.kind, spot.count) == (BlindKind.UNSUPPORTED, 2)
    assert "pip install 'tongguan[ocr]'" in spot.detail


def test_fields_of_a_pdf_form_are_read(opened) -> None:
    buffer = io.BytesIO()
    sheet = canvas.Canvas(buffer)
    sheet.drawString(100, 700, "Form")
    sheet.acroForm.textfield(name="phone", value="13700137000", x=100, y=600)
    sheet.save()
    found = opened(buffer.getvalue())
    assert any("13700137000" in p.text for p in found.pieces if p.member == "annotations")
    assert found.blind_spots == []


def test_a_pdf_with_a_password_is_encrypted(opened) -> None:
    found = opened(pdf(encrypt="secret"), "secret.pdf")
    assert found.pieces == []
    assert [s.kind for s in found.blind_spots] == [BlindKind.ENCRYPTED]


def test_rtf_in_a_chinese_code_page(opened) -> None:
    found = opened(rb"{\rtf1\ansi\ansicpg936 \'d5\'c5\'c8\'fd 13800138000\par hello}", "a.doc", "application/msword")
    assert "张三" in found.pieces[0].text
    assert "13800138000" in found.pieces[0].text


def message() -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "张三 <zhang@example.com>"
    mail["To"] = "李四 <li@example.com>, wang@example.com"
    mail["Subject"] = "名单：赵六"
    mail.set_content("您好，附件是名单。", charset="gb18030")
    mail.add_alternative("<html><body><p>您好，附件是<b>名单</b>。</p></body></html>", subtype="html")
    mail.add_attachment(workbook(), maintype="application", subtype="octet-stream", filename="名单.xlsx")
    return mail


def test_mail_gives_headers_bodies_and_attachments(opened, rows) -> None:
    found = opened(message().as_bytes(), "a.eml")
    headers = found.pieces[0]
    assert headers.kind == "form"
    assert [row.strip() for row in rows(headers)] == [
        "From: 张三 <zhang@example.com>",
        "To: 李四 <li@example.com>",
        "To: wang@example.com",
        "Subject: 名单：赵六",
    ]
    assert sum("附件是名单" in p.text for p in found.pieces) == 2
    assert any(p.member == "名单.xlsx/客户" for p in found.pieces)
    assert found.blind_spots == []


def test_a_message_inside_a_message(opened) -> None:
    outer = EmailMessage()
    outer["From"] = "a@example.com"
    outer["To"] = "b@example.com"
    outer["Message-ID"] = "<1@example.com>"
    outer.set_content("see below")
    outer.add_attachment(message())
    texts = [p.text for p in opened(outer.as_bytes()).pieces]
    assert any("zhang@example.com" in t for t in texts)
    assert any("附件是名单" in t for t in texts)


def test_no_header_that_speaks_of_a_person_is_dropped(opened) -> None:
    raw = b"From: a@b.cn\r\nTo: c@d.cn\r\nMessage-ID: <1@b.cn>\r\nX-Customer-Phone: 13800138000\r\n"
    raw += (
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n13900139000\r\n--x\r\n\r\nbody\r\n--x--\r\n13700137000\r\n"
    )
    text = "\n".join(p.text for p in opened(raw).pieces)
    assert all(phone in text for phone in ("13800138000", "13900139000", "13700137000", "body"))


@pytest.mark.parametrize(
    "raw", [b"From: \xd5\xc5\xc8\xfd <a@b.cn>\r\nTo: c@d.cn\r\nSubject: \xc3\xfb\xb5\xa5\r\n\r\nbody\r\n"]
)
def test_headers_in_raw_gb18030(opened, raw: bytes) -> None:
    assert "张三 <a@b.cn>" in opened(raw).pieces[0].text
