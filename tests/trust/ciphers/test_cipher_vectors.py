"""Published vectors of the standards, as hexadecimal facts; all must agree."""

from binascii import unhexlify as h

import pytest

from tongguan.trust.ciphers import DecryptingKey, SigningKey, VerifyingKey, derive, digest, mac, new_hash, sm2
from tongguan.trust.ciphers.aead import aead
from tongguan.trust.ciphers.interoperation import (
    encode_sm2_ciphertext,
    unauthenticated_cbc_decrypt,
    unauthenticated_cbc_encrypt,
    unauthenticated_ctr,
    with_given_iv_gcm_decrypt,
    with_given_iv_gcm_encrypt,
)

# GB/T 32905-2016, annex A; FIPS 180-4's examples
HASHED = [
    ("sm3", b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
    ("sm3", b"abcd" * 16, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
    ("sha256", b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ("sha256", b"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    (
        "sha256",
        b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    ),
    ("sha256", b"a" * 1_000_000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
]


@pytest.mark.parametrize(("name", "data", "expected"), HASHED)
def test_hashes(name, data, expected):
    assert digest(name, data).hex() == expected
    piecewise = new_hash(name)
    for at in range(0, len(data), 63):
        piecewise.update(data[at : at + 63])
    assert piecewise.digest().hex() == expected


# RFC 4231 (test case 5 truncates)
MACS = [
    (b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    (b"Jefe", b"what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
    (b"\xaa" * 20, b"\xdd" * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
    (bytes(range(1, 26)), b"\xcd" * 50, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
    (b"\x0c" * 20, b"Test With Truncation", "a3b6167473100ee06e0c796c2955552b"),
    (
        b"\xaa" * 131,
        b"Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ),
    (
        b"\xaa" * 131,
        b"This is a test using a larger than block-size key and a larger than block-size data. The key needs to be "
        b"hashed before being used by the HMAC algorithm.",
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
    ),
]


@pytest.mark.parametrize(("key", "data", "expected"), MACS)
def test_hmac_sha256(key, data, expected):
    assert mac("sha256", key, data).hex().startswith(expected)


# RFC 5869, annex A.1 to A.3
DERIVED = [
    (
        b"\x0b" * 22,
        h("000102030405060708090a0b0c"),
        h("f0f1f2f3f4f5f6f7f8f9"),
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
    ),
    (
        bytes(range(0x50)),
        bytes(range(0x60, 0xB0)),
        bytes(range(0xB0, 0x100)),
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8"
        "367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
    ),
    (b"\x0b" * 22, b"", b"", "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"),
]


@pytest.mark.parametrize(("key", "salt", "info", "expected"), DERIVED)
def test_hkdf_sha256(key, salt, info, expected):
    assert derive("sha256", key, salt=salt, info=info, length=len(expected) // 2).hex() == expected


SM4_KEY = h("0123456789abcdeffedcba9876543210")


def test_sm4_block():
    """GB/T 32907-2016, annex A.1: one block, seen as the key stream of CTR over zeros."""
    assert unauthenticated_ctr("sm4", SM4_KEY, SM4_KEY, bytes(16)).hex() == "681edf34d206965e86b3e94f536e4246"


def test_sm4_a_million_times():
    """GB/T 32907-2016, annex A.2. CBC over zero blocks enciphers its IV again and again."""
    chained = unauthenticated_cbc_encrypt("sm4", SM4_KEY, SM4_KEY, bytes(16 * 1_000_000))
    assert chained[-32:-16].hex() == "595298c7c6fd271f0402f804c33d3f66"


def test_sm4_modes():
    """draft-ribose-cfrg-sm4-10, annex A.2.2 (CBC without padding) and A.2.5 (CTR)."""
    iv = bytes(range(16))
    plain = h("aaaaaaaabbbbbbbbccccccccddddddddeeeeeeeeffffffffaaaaaaaabbbbbbbb")
    chained = unauthenticated_cbc_encrypt("sm4", SM4_KEY, iv, plain)
    assert chained[:32].hex() == "78ebb11cc40b0a48312aaeb2040244cb4cb7016951909226979b0d15dc6a8f6d"
    assert unauthenticated_cbc_decrypt("sm4", SM4_KEY, iv, chained) == plain
    plain = b"".join(bytes([one]) * 8 for one in (0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF, 0xAA, 0xBB))
    counted = h(
        "ac3236cb970cc20791364c395a1342d1a3cbc1878c6f30cd074cce385cdd70c7f234bc0e24c11980fd1286310ce37b926e02fcd0faa0baf3"
        "8b2933851d824514"
    )
    assert unauthenticated_ctr("sm4", SM4_KEY, iv, plain) == counted
    assert unauthenticated_ctr("sm4", SM4_KEY, iv, counted) == plain


def test_aes_modes():
    """NIST SP 800-38A, F.2.5 (CBC-AES256) and F.5.5 (CTR-AES256)."""
    key = h("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4")
    block = h("6bc1bee22e409f96e93d7e117393172a")
    chained = unauthenticated_cbc_encrypt("aes", key, bytes(range(16)), block)
    assert chained[:16].hex() == "f58c4c04d6e5f1ba779eabfb5f7bfbd6"
    counter = h("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff")
    assert unauthenticated_ctr("aes", key, counter, block).hex() == "601ec313775789a5b7a7f504bbf3d228"


AEAD_VECTORS = [
    (  # RFC 8998, A.1
        "sm4-gcm",
        "0123456789abcdeffedcba9876543210",
        "00001234567800000000abcd",
        "feedfacedeadbeeffeedfacedeadbeefabaddad2",
        "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccddddddddddddddddeeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeee"
        "aaaaaaaaaaaaaaaa",
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397"
        "b4024a2691233b8d",
        "83de3541e4c2b58177e065a9bf7b62ec",
    ),
    (  # McGrew & Viega, "The Galois/Counter Mode of Operation", test cases 13, 14 and 16, which NIST took over
        "aes-256-gcm",
        "00" * 32,
        "00" * 12,
        "",
        "",
        "",
        "530f8afbc74536b9a963b4f1c4cb738b",
    ),
    (
        "aes-256-gcm",
        "00" * 32,
        "00" * 12,
        "",
        "00" * 16,
        "cea7403d4d606b6e074ec5d3baf39d18",
        "d0d1c8a799996bf0265b98b5d48ab919",
    ),
    (
        "aes-256-gcm",
        "feffe9928665731c6d6a8f9467308308" * 2,
        "cafebabefacedbaddecaf888",
        "feedfacedeadbeeffeedfacedeadbeefabaddad2",
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657"
        "ba637b39",
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0a"
        "bcc9f662",
        "76fc6ece0f4e1768cddf8853bb2d551b",
    ),
    (  # RFC 8439, 2.8.2
        "chacha20-poly1305",
        "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
        "070000004041424344454647",
        "50515253c0c1c2c3c4c5c6c7",
        b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be "
        b"it.".hex(),
        "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de0a9e060b29"
        "05d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b"
        "6116",
        "1ae10b594f09e26a7e902ecbd0600691",
    ),
]


@pytest.mark.parametrize(("name", "key", "nonce", "associated", "plain", "cipher", "tag"), AEAD_VECTORS)
def test_authenticated_ciphers(name, key, nonce, associated, plain, cipher, tag):
    plain, expected = h(plain), h(cipher + tag)
    keyed = aead(name).keyed(h(key))
    sealed, opened = bytearray(len(expected)), bytearray(len(plain))
    keyed.seal_into(h(nonce), plain, h(associated), memoryview(sealed))
    assert sealed == expected
    keyed.open_into(h(nonce), memoryview(sealed), h(associated), memoryview(opened))
    assert opened == plain
    if name != "chacha20-poly1305":
        block = name.partition("-")[0]
        given = {"iv": h(nonce), "aad": h(associated)}
        assert with_given_iv_gcm_encrypt(block, h(key), plaintext=plain, **given) == expected
        assert with_given_iv_gcm_decrypt(block, h(key), ciphertext=expected, **given) == plain


# RFC 8032, 7.1: tests 1 to 3
ED25519 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24"
        "655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aee"
        "b00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28d"
        "c027beceea1ec40a",
    ),
]


@pytest.mark.parametrize(("secret", "public", "message", "signature"), ED25519)
def test_ed25519(secret, public, message, signature):
    key = SigningKey.load("ed25519", h(secret))
    assert key.public.encoded.hex() == public
    assert key.sign(h(message)).hex() == signature
    assert VerifyingKey.load("ed25519", h(public)).verify(h(message), h(signature))


# GB/T 32918.5-2017, annexes A and C, over the recommended curve
SM2_SECRET = h("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8")
SM2_PUBLIC = h(
    "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a"
    "6632f6072da9ad13"
)
SM2_R = "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
SM2_S = "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"


def test_sm2_signature():
    public = VerifyingKey.load("sm2", SM2_PUBLIC)
    identity = sm2.identity_hash(SM2_PUBLIC)
    assert identity.hex() == "b2e14c5c79c6df5b85f4fe7ed8db7a262b9da7e07ccb0ea9f4747b8ccda8a4f3"
    hashed = digest("sm3", identity + b"message digest")
    assert hashed.hex() == "f0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640"
    signature = h("3046022100" + SM2_R + "022100" + SM2_S)
    assert public.verify(b"message digest", signature)
    assert not public.verify(b"message digesu", signature)
    assert SigningKey.load("sm2", SM2_SECRET).public == public


def test_sm2_encryption():
    point = (
        "0404ebfc718e8d1798620432268e77feb6415e2ede0e073c0f4f640ecd2e149a73e858f9d81e5430a57b36daab8f950a3c64e6ee6a63094d99"
        "283aff767e124df0"
    )
    check = "59983c18f809e262923c53aec295d30383b54e39d609d160afcb1908d0bd8766"
    body = "21886ca989ca9c7d58087307ca93092d651efa"
    key = DecryptingKey.load("sm2", SM2_SECRET)
    for parts, order in ((point + check + body, "C1C3C2"), (point + body + check, "C1C2C3")):
        assert key.decrypt(encode_sm2_ciphertext(h(parts), order)) == b"encryption standard"
