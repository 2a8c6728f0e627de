"""Files of the current filter: the same rows, harmless to spreadsheet programs, sealed in the audit log."""

from __future__ import annotations

import csv
import io
import json
from hashlib import sha256

import docx
import httpx
import openpyxl
import pytest
from console_house import AUDITOR, OFFICER, form_token

from tongguan.service.console import exports
from tongguan.service.console.pages import flows
from tongguan.trust import check_proof

LISTS = ["/flows/export", "/flows/export?view=exchanges", "/recipients/export", "/alerts/export", "/coverage/export",
         "/audit/export"]  # fmt: skip


@pytest.mark.parametrize("form", list(exports.FORMATS))
@pytest.mark.parametrize("path", LISTS)
def test_a_file_is_sealed_before_it_leaves(client: httpx.Client, auditor: httpx.Client, path: str, form: str) -> None:
    answer = (auditor if "audit" in path else client).get(
        path, params=dict(httpx.QueryParams(path.partition("?")[2])) | {"format": form}
    )
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith('attachment; filename="tongguan-')
    entry = auditor.get("/audit.json", params={"entry": answer.headers["x-audit-entry"]}).json()["chosen"]
    assert entry["kind"] == "export" and entry["actor"] == (AUDITOR if "audit" in path else OFFICER)
    assert entry["body"]["sha256"] == sha256(answer.content).hexdigest() and entry["body"]["format"] == form


def test_the_formats_hold_the_same_rows(client: httpx.Client) -> None:
    asked = {"country": "SG"}
    got = {form: client.get("/flows/export", params={**asked, "format": form}).content for form in exports.FORMATS}
    plain = list(csv.reader(io.StringIO(got["csv"].decode("utf-8-sig"))))
    assert len(plain) == 1 + 3 and {row[2] for row in plain[1:]} == {"SG"}
    sheet = openpyxl.load_workbook(io.BytesIO(got["xlsx"])).active
    assert [[("" if c is None else str(c)) for c in row] for row in sheet.iter_rows(values_only=True)] == plain
    table = docx.Document(io.BytesIO(got["docx"])).tables[0]
    assert [[cell.text for cell in row.cells] for row in table.rows] == plain
    assert [["" if v is None else str(v) for v in row.values()] for row in json.loads(got["json"])] == plain[1:]


@pytest.mark.parametrize("form", list(exports.FORMATS))
def test_a_file_that_holds_a_part_says_so(
    client: httpx.Client, auditor: httpx.Client, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    whole = client.get("/flows/export", params={"view": "exchanges", "format": "json"})
    of = len(whole.json())
    assert "first" not in whole.headers["content-disposition"]
    monkeypatch.setattr(flows, "EXPORT_LIMIT", 5)
    answer = client.get("/flows/export", params={"view": "exchanges", "format": form, "lang": "en"})
    assert f"-first-5-of-{of}-" in answer.headers["content-disposition"]
    last = {
        "csv": lambda: list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))[-1][0],
        "xlsx": lambda: list(openpyxl.load_workbook(io.BytesIO(answer.content)).active.values)[-1][0],
        "docx": lambda: docx.Document(io.BytesIO(answer.content)).tables[0].rows[-1].cells[0].text,
        "json": lambda: next(iter(answer.json()[-1].values())),
    }[form]()
    assert last == f"The first 5 of {of:,} rows only: narrow the filter"
    body = auditor.get("/audit.json", params={"entry": answer.headers["x-audit-entry"]}).json()["chosen"]["body"]
    assert (body["rows"], body["of"]) == (5, of)
    client.get("/flows", params={"lang": "zh"})


def test_a_document_holds_what_is_hostile_to_it() -> None:
    rows = [["<w:t>&", 'two\nlines "', "a\x00b\x1b"], ["", None, 1.5]]
    table = docx.Document(io.BytesIO(exports._docx((["a", "b", "c"], rows)))).tables[0]
    assert [[cell.text for cell in row.cells] for row in table.rows][1:] == [
        ["<w:t>&", 'two\nlines "', "ab"],
        ["", "", "1.5"],
    ]


def test_what_was_searched_for_is_in_the_log_as_a_hash_only(client: httpx.Client, auditor: httpx.Client) -> None:
    number = "13800138000"
    seen = []
    for asked in ({"q": number}, {"recipient": number}, {"q": number, "country": "SG", "day_from": "2026-01-31"},
                  {"q": "wangxiaoming"}, {"recipient": "王小明"}, {"type": f"phone{number}"}):  # fmt: skip
        answer = client.get("/flows/export", params=asked)
        entry = auditor.get("/audit.json", params={"entry": answer.headers["x-audit-entry"]}).json()["chosen"]
        seen.append(entry["body"]["filter"])
        assert set(seen[-1]) == set(asked)
        assert not any(text in str(entry) for text in (number, "wangxiaoming", "王小明"))
    assert len(seen[0]["q"]["hmac_sha256"]) == 64 and seen[0]["q"] == seen[2]["q"] != seen[3]["q"]
    assert (seen[2]["country"], seen[2]["day_from"]) == ("SG", "2026-01-31")


def test_an_unknown_format_is_csv(client: httpx.Client) -> None:
    assert client.get("/flows/export?format=exe").headers["content-type"].startswith("text/csv")


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1", "＠SUM", "﹣1"]
)
def test_a_text_that_looks_like_a_formula_is_defused(text: str) -> None:
    table = ["a"], [[text]]
    rows = list(csv.reader(io.StringIO(exports.FORMATS["csv"][0](table).decode("utf-8-sig"))))
    assert rows[1][0].startswith("'")
    sheet = openpyxl.load_workbook(io.BytesIO(exports.FORMATS["xlsx"][0](table))).active
    assert str(sheet["A2"].value).startswith("'") and sheet["A2"].data_type != "f"


@pytest.mark.parametrize("text", ["", "a=1", "（甲）", "1-2", "甲＝乙"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    rows = list(csv.reader(io.StringIO(exports.FORMATS["csv"][0]((["a", "b"], [[text, "x"]])).decode("utf-8-sig"))))
    assert rows[1][0] == text


def test_odd_characters_do_not_break_a_workbook() -> None:
    rows = [["a\x00b<&>\x1f", -5], [None, True]]
    sheet = openpyxl.load_workbook(io.BytesIO(exports.FORMATS["xlsx"][0]((["text", "n"], rows)))).active
    assert list(sheet.iter_rows(values_only=True)) == [("text", "n"), ("ab<&>", -5), (None, "True")]
    exports.FORMATS["docx"][0]((["text", "n"], rows))


def test_an_inclusion_proof_holds_away_from_the_log(auditor: httpx.Client) -> None:
    page = auditor.get("/audit.json").json()
    index = auditor.get("/audit.json?kind=run").json()["list"]["rows"][-1]["index"]
    answer = auditor.get(f"/audit/proof/{index}")
    assert answer.headers["content-disposition"] == f'attachment; filename="tongguan-proof-{index}.json"'
    document = answer.json()
    assert check_proof(document, page["verifier"])
    document["entry"] = document["entry"].replace("15640", "15641")
    assert not check_proof(document, page["verifier"])


def test_the_verification_is_logged_and_shown(auditor: httpx.Client) -> None:
    answer = auditor.post("/audit/verify", data={"csrf": form_token(auditor.get("/audit").text)})
    assert answer.status_code == 303
    data = auditor.get(answer.headers["location"], headers={"accept": "application/json"}).json()
    assert data["verified"]["ok"] and data["verified"]["problems"] == []
    assert data["list"]["rows"][0]["kind"] == "verify"
    assert auditor.get("/audit.json?verified=0").json()["verified"] is None  # an entry of another kind is no verdict
