"""What names of files, folders, members of archives and attachments hold, and names that hold nothing."""

from __future__ import annotations

import io
import json
import time
import zipfile
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from tongguan.identify import UNREAD, Detector, Once, Piece, explaining, extract, identify_lines, is_unread, named
from tongguan.model import Content

KEY = b"a key of tests"
DETECTOR = Detector(KEY)


def found(name: str) -> list[tuple[str, str]]:
    [findings] = DETECTOR.scan([named(name)])
    return [(one.type, name[one.start : one.end]) for one in findings]


# Written before the code, by patterns of what applicants, schools and hospitals are told to call their files.
TOLD = {
    "身份证_张三_13812345678.jpg": [("person_name", "张三"), ("phone", "13812345678")],
    "简历-李娜.pdf": [("person_name", "李娜")],
    "李娜的简历（1）.docx": [("person_name", "李娜")],
    "王小明_Java工程师_简历_v3.pdf": [("person_name", "王小明")],
    "离职证明/王五 110101199003071233.docx": [("person_name", "王五"), ("id_card", "110101199003071233")],
    "王五+110101199003071233+新生审核1.zip": [("person_name", "王五"), ("id_card", "110101199003071233")],
    "员工/体检报告_赵六.pdf": [("person_name", "赵六")],
    "员工档案/赵六/离职证明.pdf": [("person_name", "赵六")],
    "身份证/欧阳建国.jpg": [("person_name", "欧阳建国")],
    "王五20230102-身份证_副本.jpg": [("person_name", "王五")],
    "叶伟1973年07月20日-身份证.jpg": [("person_name", "叶伟")],
    "病历_李四_肝癌.pdf": [("person_name", "李四"), ("health", "肝癌")],
    "任浩-劳动合同(1).pdf": [("person_name", "任浩")],
    "租房合同_周伟_1971年03月30日.doc": [("person_name", "周伟")],
    "护照_李想_E12345678.png": [("person_name", "李想"), ("passport", "E12345678")],
    "买买提·吐逊_户口本.jpg": [("person_name", "买买提·吐逊")],
    "13912345678.jpg": [("phone", "13912345678")],
    "录音_138-1234-5678_20240105.m4a": [("phone", "138-1234-5678")],
    "张三13812345678.vcf": [("person_name", "张三"), ("phone", "13812345678")],
    "lina@example.com.pst": [("email", "lina@example.com")],
    "导出_lina@example.com_2023.zip": [("email", "lina@example.com")],
    "6222021234567890128.xlsx": [("bank_card", "6222021234567890128")],
    "Resume_John_Smith.pdf": [("person_name", "John_Smith")],
    "Maria Petrova - CV.docx": [("person_name", "Maria Petrova")],
    "姓名：钱伟 手机：13912345678.txt": [("person_name", "钱伟"), ("phone", "13912345678")],
    "db_password=Tr0ub4dor-3x.txt": [("credential", "Tr0ub4dor-3x")],
}

# From listings of systems, packages, cameras and shared drives.
NOTHING = (
    "IMG_20240101_123456.jpg", "VID20231224_235959.mp4", "1700000000000.jpg", "wx_camera_1612345678901.mp4",
    "mmexport1515501132976.jpg", "Screenshot_20230501_101112_com.tencent.mm.jpg", "DSC_0042.NEF",
    "15234567890_1a2b3c4d5e_b.jpg", "4446395931067711077", "d41d8cd98f00b204e9800998ecf8427e.bin",
    "3f2504e0-4f89-11d3-9a0c-0305e82c3301.pdf", "node_modules/react@18.2.0.min.js", "x@0024session.frm",
    "getty@tty1.service", "en@boldquot.header", "opencv_python-4.14.0.94.dist-info/RECORD", "libfoo.so.10.0.0.1",
    "site-packages/passport_local/__init__.py", "resume.py", "cv.cpp", "Resume_Template_2024.docx",
    "Software_Engineer_Resume.pdf", "password.py", "token_key.h", "简历模板.docx", "简历/模板.docx", "简历范文.pdf",
    "我的简历.pdf", "身份证正面.jpg", "爸爸身份证.jpg", "企业法人身份证.jpg", "离职证明模板.docx", "劳动合同_终稿.docx",
    "体检通知_20240301.pdf", "合同/方正.pdf", "惠州社保政策2012.doc", "入职培训_沈阳_20211230.pptx", "糖尿病诊疗指南.pdf",
    "简历-高级工程师.pdf", "成绩单_汇总_2023.xlsx", "工资明细_安全部.xlsx", "大学化学A2023期末回忆版.pdf",
    "微积分A（1）期中样题（2013）.pdf", "练习题答案_646808678.pdf", "绩效考核_方案_2024.docx", "银行流水_2023.03.pdf",
)  # fmt: skip


@pytest.mark.parametrize("name", TOLD)
def test_names_that_tell(name: str) -> None:
    assert found(name) == TOLD[name]


@pytest.mark.parametrize("name", NOTHING)
def test_names_that_tell_nothing(name: str) -> None:
    assert found(name) == []


def test_a_name_is_found_alone_or_with_others_alike() -> None:
    names = [*TOLD, *NOTHING, *TOLD]
    together = DETECTOR.scan_apart([[named(name)] for name in names])
    assert [[(f.type, n[f.start : f.end]) for f in one[0]] for n, one in zip(names, together, strict=True)] == [
        found(name) for name in names
    ]


def test_text_beside_a_name_is_read_as_before() -> None:
    text = Piece("联系电话 13700137000")
    alone = DETECTOR.scan([text])
    assert DETECTOR.scan([text, named("简历-李娜.pdf")])[0] == alone[0]
    assert DETECTOR.scan([named("简历-李娜.pdf"), text])[1][0].digest == alone[0][0].digest


# ---- lines of the command


def lines(path: Path, **more: Any) -> list[dict[str, Any]]:
    return [line for line in identify_lines([path], KEY, **more) if line.get("place") == "name"]


def test_a_file_by_its_name_alone(tmp_path: Path) -> None:
    file = tmp_path / "身份证_张三_13812345678.jpg"
    file.write_bytes(b"")
    masked, shown = lines(file), lines(file, reveal=True, explain=True)
    assert [line["type"] for line in masked] == ["person_name", "phone"]
    for line in shown:
        assert line["path"][line["start"] : line["end"]] == line["text"]
        assert (line["path"], line["member"], line["record"], line["piece"]) == (str(file), None, None, None)
        assert line["why"][0] == explaining._say("name")
    assert all(line["text"] not in ("张三", "13812345678") for line in masked)


def test_a_folder_tells_of_its_own_name_once(tmp_path: Path) -> None:
    folder = tmp_path / "简历" / "张三_13812345678"
    folder.mkdir(parents=True)
    for name in ("a.txt", "b.txt", "李娜.pdf"):
        (folder / name).write_text("nothing")
    told = [(Path(line["path"]).name, line["text"]) for line in lines(tmp_path / "简历", reveal=True)]
    assert told == [("a.txt", "张三"), ("a.txt", "13812345678"), ("李娜.pdf", "李娜")]


@pytest.mark.parametrize("given", [".", "sub", "sub/", "./sub"])
def test_offsets_are_those_of_the_path_shown(given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "简历-李娜.txt").write_text("nothing")
    monkeypatch.chdir(tmp_path)
    [line] = lines(Path(given), reveal=True)
    assert line["path"][line["start"] : line["end"]] == "李娜" == line["text"]


def test_folders_above_what_was_given_are_not_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "简历" / "李娜"
    folder.mkdir(parents=True)
    (folder / "notes.txt").write_text("nothing")
    assert lines(folder / "notes.txt") == []


# ---- archives, mail and forms


def members_of(data: bytes, name: str = "a.zip", media_type: str = "") -> list[tuple[str | None, str, str]]:
    names, once = extract(Content(name, media_type, len(data), data)).names, Once()
    return [
        (piece.member, one.type, piece.text[one.start : one.end])
        for piece, findings in zip(names, DETECTOR.scan(names), strict=True)
        for one in once.new(piece, findings)
    ]


def archive(*names: str | bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name in names:
            info = zipfile.ZipInfo("x" * len(name) if isinstance(name, bytes) else name)
            file.writestr(info, b"\xff\xd8\xff\xe0\0\x10JFIF" + bytes(90))
    data = out.getvalue()
    for name in names:
        if isinstance(name, bytes):
            data = data.replace(b"x" * len(name), name)
    return data


def test_members_whatever_they_hold() -> None:
    data = archive("员工/体检报告_赵六.jpg", "员工/readme.jpg", "员工/身份证_李娜_13912345678.jpg")
    assert members_of(data) == [
        ("员工/体检报告_赵六.jpg", "person_name", "赵六"),
        ("员工/身份证_李娜_13912345678.jpg", "person_name", "李娜"),
        ("员工/身份证_李娜_13912345678.jpg", "phone", "13912345678"),
    ]


def test_a_folder_in_an_archive_tells_once() -> None:
    data = archive("张三_13812345678/1.jpg", "张三_13812345678/2.jpg", "13912345678/3.jpg")
    assert [text for _, _, text in members_of(data)] == ["张三", "13812345678", "13912345678"]


def test_an_archive_within_an_archive() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("简历_李娜.zip", archive("13912345678.jpg"))
    assert members_of(out.getvalue()) == [
        ("简历_李娜.zip", "person_name", "李娜"),
        ("简历_李娜.zip/13912345678.jpg", "phone", "13912345678"),
    ]


def test_names_of_an_old_system_in_an_archive() -> None:
    assert members_of(archive("简历_李娜.jpg".encode("gb18030"))) == [("简历_李娜.jpg", "person_name", "李娜")]


def test_attachments_and_files_of_forms() -> None:
    mail = EmailMessage()
    mail["Subject"] = "x"
    mail.set_content("nothing")
    mail.add_attachment(b"\x89PNG\r\n\x1a\n" + bytes(90), "image", "png", filename="护照_李娜.png")
    assert members_of(bytes(mail), "a.eml", "message/rfc822") == [("护照_李娜.png", "person_name", "李娜")]
    form = (
        '--b\r\nContent-Disposition: form-data; name="f"; filename="简历-王五.bin"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n\x01\x02\x03\r\n--b--\r\n"
    ).encode()
    assert members_of(form, "body", "multipart/form-data") == [("简历-王五.bin", "person_name", "王五")]


def test_many_members_are_bounded() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for n in range(20_000):
            file.writestr(f"报告/{n:05}/IMG_20240101_{n:06}.txt", b"")
    data = out.getvalue()
    names = extract(Content("a.zip", "", len(data), data)).names
    assert len(names) == 20_000
    started = time.process_time()
    assert not any(DETECTOR.scan(names))
    assert time.process_time() - started < 10  # 30 microseconds a name where nothing else runs


# ---- bytes that are no UTF-8


def test_names_of_an_old_system_on_a_drive(tmp_path: Path) -> None:
    raw = "简历_李娜.txt".encode("gb18030").decode("utf-8", "surrogateescape")
    (tmp_path / raw).write_text("nothing")
    [line] = lines(tmp_path, reveal=True)
    assert line["text"] == "李娜"
    assert named("人事/" + raw).text == "人事/简历_李娜.txt"
    assert named("人事/" + raw.encode("utf-8", "backslashreplace").decode()).text == "人事/简历_李娜.txt"


def test_names_in_no_known_encoding_are_told(tmp_path: Path) -> None:
    raw = b"\xff\xfe\x80\x81.txt".decode("utf-8", "surrogateescape")
    (tmp_path / raw).write_text("nothing")
    assert is_unread(raw) and not is_unread("简历_李娜.txt") and not is_unread("naïve.txt")
    spots = [line for line in identify_lines([tmp_path], KEY) if "blind_spot" in line]
    assert [(spot["blind_spot"], spot["detail"]) for spot in spots] == [("unreadable", UNREAD)]
    assert "\ufffd" in named("a\ud83d.txt").text


def test_values_in_names_stay_masked_in_lines(tmp_path: Path) -> None:
    file = tmp_path / "db_password=Tr0ub4dor&3.txt"
    file.write_text("nothing")
    [line] = lines(file)
    del line["path"]  # without which nobody could find the file
    assert "Tr0ub4dor&3" not in json.dumps(line)
