"""SMTP and FTP: messages with their parts, files with the connections that carry them."""

from __future__ import annotations

import base64

import dialogues
from dialogues import MEMBERS
from speaking import CLIENT, ENDS, SERVER, Turn, whole

from tongguan.capture.limits import Limits
from tongguan.capture.protocols import Ends, Store
from tongguan.capture.protocols.mail import read_mail
from tongguan.model import BlindKind, Endpoint


def mail(message: bytes) -> list[Turn]:
    stuffed = message.replace(b"\r\n.", b"\r\n..")
    return [
        (SERVER, b"220 mx.abroad.example ESMTP\r\n"),
        (CLIENT, b"EHLO a\r\nMAIL FROM:<a@corp.example>\r\nRCPT TO:<b@abroad.example>\r\nDATA\r\n"),
        (SERVER, b"250 a\r\n250 b\r\n250 c\r\n354 d\r\n"),
        (CLIENT, stuffed + b"\r\n.\r\n"),
        (SERVER, b"250 done\r\n"),
    ]


def test_two_messages_of_one_connection() -> None:
    heard = whole(dialogues.SMTP)
    first, second = heard.said
    assert (first.uid, second.uid) == ("C1-1-0", "C1-2-0")
    assert first.application == "abroad.example"
    assert first.account == "chen"
    assert first.names == ("mx.abroad.example",)
    assert ("会员.csv", "text/csv", MEMBERS) in first.contents
    assert (None, "text/plain", b".hidden dot\r\nsee the list") in first.contents
    assert ("headers", "text/plain", "Subject: 会员名单".encode()) in first.contents
    assert (None, "text/plain", b"abc\r\n.\r\nde") in second.contents
    assert not heard.spots


def test_a_mail_is_a_delivery_to_each_domain() -> None:
    turns = mail(b"Subject: list\r\n\r\nsee below\r\n")
    several = b"RCPT TO:<b@corp.example>\r\nRCPT TO:<c@Abroad.example>\r\nRCPT TO:<d@abroad.example>\r\n"
    turns[1] = (CLIENT, turns[1][1].replace(b"RCPT TO:<b@abroad.example>\r\n", several))
    turns[2] = (SERVER, b"250 a\r\n250 b\r\n250 c\r\n250 c\r\n250 c\r\n354 d\r\n")
    said = whole(turns).said
    assert [one.application for one in said] == ["corp.example", "abroad.example"]
    assert said[0].contents == said[1].contents
    assert len({one.uid for one in said}) == 2


def test_the_rows_are_zeeks() -> None:
    rows = whole(dialogues.SMTP).log("smtp")
    assert len(rows) == 2
    assert rows[0]["mailfrom"] == "chen@corp.example"
    assert rows[0]["rcptto"] == ["desk@abroad.example"]
    assert rows[0]["from"] == "陈晓明 <chen@corp.example>"
    assert rows[0]["subject"] == "会员名单"
    assert rows[0]["helo"] == "mail.corp.example"
    assert rows[0]["last_reply"] == "250 2.0.0 queued as 1"
    assert rows[1]["subject"] == "hello"


def test_secrets_of_a_login_stand_nowhere() -> None:
    assert "secret" not in repr(whole(dialogues.SMTP)).lower()
    login: list[Turn] = [(SERVER, b"220 a ESMTP\r\n"), (CLIENT, b"EHLO a\r\n"), (SERVER, b"250 a\r\n")]
    login += [
        (CLIENT, b"AUTH LOGIN\r\n"),
        (SERVER, b"334 VXNlcm5hbWU6\r\n"),
        (CLIENT, base64.b64encode(b"lin") + b"\r\n"),
    ]
    login += [
        (SERVER, b"334 UGFzc3dvcmQ6\r\n"),
        (CLIENT, base64.b64encode(b"s3cret") + b"\r\n"),
        (SERVER, b"235 ok\r\n"),
    ]
    heard = whole([*login, *mail(b"Subject: x\r\n\r\nbody")[1:]])
    assert heard.said[0].account == "lin"
    assert "s3cret" not in repr(heard)


def test_tls_after_starttls_is_counted_as_sealed() -> None:
    import ssl

    start: list[Turn] = [(SERVER, b"220 a ESMTP\r\n"), (CLIENT, b"EHLO a\r\n"), (SERVER, b"250-a\r\n250 STARTTLS\r\n")]
    start += [(CLIENT, b"STARTTLS\r\n"), (SERVER, b"220 go\r\n")]
    heard = whole([*start, *dialogues.tls(ssl.TLSVersion.TLSv1_2)])
    assert [(one.protocol, one.names[0]) for one in heard.said] == [("tls", "pay.abroad.example")] * 2
    assert {spot[0] for spot in heard.spots} == {BlindKind.ENCRYPTED}
    assert heard.log("smtp")[0]["tls"] is True


def test_a_refused_message_is_none() -> None:
    turns = mail(b"x")[:2]
    heard = whole(
        [*turns, (SERVER, b"250 a\r\n250 b\r\n550 c\r\n554 d\r\n"), (CLIENT, b"QUIT\r\n"), (SERVER, b"221 e\r\n")]
    )
    assert not heard.said


def test_a_gap_in_a_message() -> None:
    turns = mail(b"Subject: x\r\n\r\nfirst line")
    turns[3:3] = [(CLIENT, b"Subject: x\r\n\r\nfirst "), (CLIENT, 100)]
    turns[5] = (CLIENT, b" last\r\n.\r\n")
    heard = whole(turns)
    assert heard.said[0].contents[-1][2] == b"first \n last\r\n"
    assert heard.spots == [(BlindKind.GAP, "bytes missing from the capture", 100)]


def test_odd_mails_are_read_as_far_as_possible() -> None:
    nested = b"Content-Type: message/rfc822\r\n\r\nFrom: c@d.example\r\nSubject: inner\r\n\r\ninner body"
    found = read_mail(memoryview(nested), Store(Limits()), "u", stuffed=False)
    assert [bytes(c.source) for c in found.contents] == [b"From: c@d.example\nSubject: inner", b"inner body"]
    sealed = b"Content-Type: application/pkcs7-mime\r\n\r\nMIIB"
    assert read_mail(memoryview(sealed), Store(Limits()), "u").blind_spots[0].kind is BlindKind.ENCRYPTED
    deep = (
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(40)) + b"\r\nx"
    )
    assert read_mail(memoryview(deep), Store(Limits()), "u").blind_spots[0].kind is BlindKind.UNSUPPORTED
    gbk = "Subject: 会员名单\r\n\r\n正文".encode("gb18030")
    assert read_mail(memoryview(gbk), Store(Limits()), "u").headers["subject"] == "会员名单"


# ---- FTP -------------------------------------------------------------------------------------------------------------


def test_a_control_connection_announces_its_data_connections() -> None:
    heard = whole(dialogues.FTP)
    assert [one.listeners[0] for one in heard.expected] == [
        Endpoint("203.0.113.9", 50_000),
        Endpoint("10.20.0.5", 50_001),
        Endpoint("203.0.113.9", 50_002),
    ]
    rows = heard.log("ftp")
    assert [(row["command"], row["reply_code"]) for row in rows] == [
        ("PASV", 227),
        ("STOR", 226),
        ("PORT", 200),
        ("RETR", 226),
        ("EPSV", 229),
    ]
    assert rows[1]["arg"] == "ftp://203.0.113.9/out/members.csv"
    assert rows[0]["data_channel.resp_p"] == 50_000
    assert "secret" not in repr(heard)


def test_data_connections_carry_files_either_way() -> None:
    up, down, _ = whole(dialogues.FTP).expected
    passive = Ends("C2", Endpoint("10.20.0.5", 51_000), Endpoint("203.0.113.9", 50_000))
    sent = whole([(CLIENT, MEMBERS)], layer=up.layer(passive))
    assert [(one.operation, one.account, one.direction) for one in sent.said] == [
        ("STOR members.csv", "payroll", CLIENT)
    ]
    assert sent.bodies() == [MEMBERS]
    active = Ends("C3", Endpoint("203.0.113.9", 20), Endpoint("10.20.0.5", 50_001))
    layer = down.layer(active)
    assert layer.ends.server.ip == "203.0.113.9"
    fetched = whole([(CLIENT, b"a report")], layer=layer)
    assert [(one.operation, one.direction) for one in fetched.said] == [("RETR report.txt", SERVER)]


def test_a_missing_command_does_not_shift_the_replies() -> None:
    turns = list(dialogues.FTP)
    turns[5] = (CLIENT, 10)
    heard = whole(turns)
    assert [(row["command"], row["reply_code"]) for row in heard.log("ftp")][:2] == [("PASV", 227), ("STOR", 226)]
    assert heard.spots[0][0] is BlindKind.GAP


def test_the_greeting_alone_does_not_decide() -> None:
    assert whole([(SERVER, b"220 ready\r\n"), (CLIENT, b"EHLO a\r\n")]).service == "smtp"
    assert whole([(SERVER, b"220 ready\r\n"), (CLIENT, b"USER a\r\n")]).service == "ftp"
    assert whole([(SERVER, b"220 mx ESMTP\r\n"), (CLIENT, b"QUIT\r\n")]).service == "smtp"
    assert whole([(CLIENT, b"hello\r\n"), (SERVER, b"220 ready\r\n")], ENDS).service == ""
