"""Addresses of settings and zones, worded passwords, values that a field may have and pieces of programs are told with
the reason or are none; what is somebody's counts."""

from __future__ import annotations

import pytest

from tongguan.identify import COUNTED, Detector, Piece

GO = """
package door

// open asks for the key
func open(client *Client) error {
	request := newRequest()
	@@
	if err := client.send(request); err != nil {
		return err
	}
	return nil
}
"""
DOCTEST = '''
def sign(payload, key):
    """Signs a payload.

    >>> sign({"a": "b"}, key)
    {'oauth_token': 'hq83kd02lsp', 'oauth_token_secret': 'x92kdlq0smv3'}
    """
    return make(payload, key)


def verify(token):
    return take(token)


class Door:
    def close(self):
        return self.state
'''
IPSEC = """
conn home
	leftsubnet=10.1.0.0/16
	left=10.53.0.1
	right=10.53.0.2
	rightid=@sun.house
	proposals = aes128-sha256
"""
ZONE = "$TTL 300\n@\tIN SOA ns hostmaster 1 3600 900 600 300\n\tNS\tns\nns\tIN\tA\t10.53.4.1\nmail\tIN A 10.53.4.2\n"
SHELL = """
#!/bin/sh
status=0
for zone in a b; do
  ret=0
  $DIG $OPTIONS $zone @10.53.0.3 axfr >out || ret=1
  status=$((status + ret))
done
if [ $status -ne 0 ]; then
  echo failed
fi
"""
CLIENTS = "account=tiger88 left=10.53.0.1 at 2026-11-02 09:12:44\n"


def found(text: str, type: str) -> list[tuple[str, str, bool]]:
    """Written value, reason, and whether it counts."""
    findings = Detector(b"key", doubtful=True).scan([Piece(text)])[0]
    return [(text[f.start : f.end], f.validator, f.score >= COUNTED) for f in findings if f.type == type]


@pytest.mark.parametrize(("text", "reason"), [(IPSEC, "machine"), (ZONE, "machine"), (SHELL, "program")])
def test_private_addresses_of_settings_zones_and_scripts_are_told(text: str, reason: str) -> None:
    told = found(text, "ip")
    assert told
    assert {(why, counts) for _, why, counts in told} == {(reason, False)}


@pytest.mark.parametrize(
    "text",
    [
        "ip nat inside 10.20.3.4 255.255.255.0\n",
        '{"help": "Например: 10.20.3.4, 10.20.3.9"}',
        "snmpset ipRouteTable.ipRouteDest.10.20.3.4 i 2\n",
    ],
)
def test_masks_words_for_examples_and_indices_tell_an_address_of_a_machine(text: str) -> None:
    assert [counts for *_, counts in found(text, "ip")] in ([False], [False, False])


def test_an_address_beside_what_somebody_did_counts() -> None:
    assert [counts for *_, counts in found(CLIENTS, "ip")] == [True]
    assert [counts for *_, counts in found("客户端登录地址 10.53.0.1，用户张伟\n", "ip")] == [True]


def test_fractions_of_a_drawing_versions_and_identifiers_of_a_schema_are_no_addresses() -> None:
    assert found('<path d="M1.08.58 1.23.82.72 1.21 1.87z"/>', "ip") == []
    assert found("[2022] Sunlogin-11.20.30.33-RCE-1", "ip") == []
    assert found("( 2.5.113.138 NAME 'certificateMatch' APPLIES ( x ) )", "ip") == []


@pytest.mark.parametrize("password", ["changeuser1pass", "Password123!", "test123456", "abcd1234"])
def test_a_password_that_says_what_it_is_is_told_in_a_program_and_counts_in_a_configuration(password: str) -> None:
    [(_, why, counts)] = found(GO.replace("@@", f'request.password = "{password}"'), "credential")
    assert (why, counts) == ("simple", False)
    [(_, _, counts)] = found(f"MSSQL_SA_PASSWORD={password}\nMSSQL_PID=Developer\n", "credential")
    assert counts


def test_a_random_secret_in_a_program_counts_and_one_of_a_doctest_is_told() -> None:
    [(_, _, counts)] = found(GO.replace("@@", 'request.password = "x92kdlq0smv3"'), "credential")
    assert counts
    assert [counts for *_, counts in found(DOCTEST, "credential")] == [False, False]


@pytest.mark.parametrize(
    "line",
    [
        "token = oauth2.Token{",
        'return fmt.Errorf("cannot fetch token: %v\\nResponse: %s", status, body)',
        "privateKey: Ed25519PrivateKey | Ed448PrivateKey",
        'token = "\\u0000" + token',
        "POSTGRES_PASSWORD=${POSTGRES_PASSWORD:?postgres password required}",
        "[![cover](https://cover.io/gh/a/b/graph/badge.svg?token=N61U168G08)](https://cover.io)",
        "'secret' => 'f1c242f4f28f735d4687abb469072xxx',",
        'The standard "access_token" OAuth2 parameter.',
    ],
)
def test_pieces_of_programs_are_no_secrets(line: str) -> None:
    assert found(GO.replace("@@", line), "credential") == []


def test_a_token_without_an_issuer_is_told_in_a_program_and_one_that_is_good_until_a_day_counts() -> None:
    bare = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJhIjoiYiJ9.jiMyrsmD8AoHWeQgmxZ5yq8z0lXS67XQGs52AzC8Ru8"
    full = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJzaG9wIiwiZXhwIjo0MDAwMDAwMDAwfQ.jiMyrsmD8AoHWeQgmxZ5yq8z0lXS67XQGs52AzC8Ru8"
    assert [counts for *_, counts in found(GO.replace("@@", f'token := "{bare}"'), "credential")] == [False]
    assert [counts for *_, counts in found(GO.replace("@@", f'token := "{full}"'), "credential")] == [True]


def test_values_that_a_field_may_have_are_nobodys() -> None:
    assert [counts for *_, counts in found(GO.replace("@@", "// gender: male, female or other"), "gender")] == [False]
    assert [counts for *_, counts in found('{"name": "Ada", "gender": "female"}', "gender")] == [True]


def test_part_of_a_guid_is_no_account_and_a_line_of_a_form_no_address() -> None:
    assert found('Project("{9A19103F-16F7-4668-BE54-9A1E7A4F7556}") = "App"', "iban") == []
    assert found("# Address line 1, such as the street, PO Box, or company name.", "address") == []


@pytest.mark.parametrize(
    "text", ["在实践中学习的效果更好", "排查过程中学到的小经验", "比如银行中可能突然停电", "根据卡号查询银行信息"]
)
def test_words_of_a_sentence_are_no_organisations(text: str) -> None:
    assert found(text, "organisation") == []


@pytest.mark.parametrize(
    "line",
    [
        "data = <<_/binary, OldPassword:Size1/binary, NewPassword:Size2/binary>>",
        '.user-secret:before{content:"x21b"}',
        'client server "our little secret" 123.45.67.89',
        'print("Password := \\"$password\\"\\n\\tClass=\\"0x$number\\"\\n")',
    ],
)
def test_sizes_styles_and_addresses_are_no_secrets(line: str) -> None:
    assert found(GO.replace("@@", line), "credential") == []


def test_a_symptom_that_a_program_names_is_nobodys() -> None:
    program = GO.replace("@@", "// symptom: Functor")
    assert [counts for *_, counts in found(program, "health")] in ([], [False])
    assert [counts for *_, counts in found("姓名：张伟，诊断：2型糖尿病", "health")] == [True]


def test_addresses_among_records_of_a_zone_and_beside_hosts_that_are_kept_for_trials_are_told() -> None:
    zone = "house.net.\tIN\tNS\tns.house.net.\nhouse.net.\tIN\tMX\t5 mail\nns.house.net.\tIN\tA\t81.2.69.144\nADDRESS 81.2.69.142\n"
    assert found(zone, "ip") == [("81.2.69.144", "machine", False), ("81.2.69.142", "machine", False)]
    assert [counts for *_, counts in found("add the line 192.168.56.8  shop.test so that it is found", "ip")] == [False]
    assert [counts for *_, counts in found("the caller 192.168.56.8 opened shop.house.net at home", "ip")] == [True]
