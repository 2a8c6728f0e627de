"""Ciphers: how close sealed streams come to the bare cipher, and how fast the small operations are.

    python bench/bench_ciphers.py [megabytes, 1024]

Each stream goes from file to file, on a memory file system where there is one. Beside it stand the bare cipher over
the same data in memory (what it could be at most), a mere copy from file to file (what it could be at most if ciphers
cost nothing), and others' ways of sealing files, where they are installed: gmssl-pyx, age (pyrage), Tink.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

from tongguan.trust import ciphers
from tongguan.trust.ciphers.aead import TAG_SIZE, aead
from tongguan.trust.ciphers.streams import CHUNK_LOG2

CHUNK = 1 << CHUNK_LOG2
MEMORY = Path("/dev/shm")


def best(work, turns=3):
    """Seconds of the fastest of a few turns."""
    times = []
    for _ in range(turns):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


def timed(work):
    """Seconds by the clock, and seconds of processor time, which others on the machine disturb less."""
    began, spent = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - began, time.process_time() - spent


def piped(source, target, work):
    with source.open("rb", buffering=0) as reader, target.open("wb", buffering=0) as writer:
        work(reader, writer)


def copy(reader, writer):
    block = bytearray(CHUNK)
    while got := reader.readinto(block):
        writer.write(memoryview(block)[:got])


def streams(folder, size):
    plain, sealed, back = folder / "plain", folder / "sealed", folder / "back"
    data = os.urandom(1 << 20) * (size >> 20)
    plain.write_bytes(data)
    copied = size / best(lambda: piped(plain, back, copy)) / 1e6
    print(f"{size >> 20} MiB in {folder}, {len(os.sched_getaffinity(0))} processors; a mere copy {copied:,.0f} MB/s\n")
    print(
        "| cipher | bare MB/s | seal_stream MB/s | unseal_stream MB/s | seal : bare | seal : slower of bare and copy "
        "| in processor time, seal : bare |"
    )
    print("|---|---|---|---|---|---|---|")
    for name in ciphers.AEADS:
        key = ciphers.generate_key(name)
        cipher, out = aead(name).keyed(key), memoryview(bytearray(CHUNK + TAG_SIZE))
        view = memoryview(data)

        def bare(cipher=cipher, out=out, view=view):
            for at in range(0, size, CHUNK):
                cipher.seal_into(at.to_bytes(12), view[at : at + CHUNK], b"bench", out)

        def seal(reader, writer, name=name, key=key):
            ciphers.seal_stream(name, key, b"bench", reader, writer)

        def unseal(reader, writer, key=key):
            ciphers.unseal_stream(key, b"bench", reader, writer)

        works = bare, lambda seal=seal: piped(plain, sealed, seal), lambda unseal=unseal: piped(sealed, back, unseal)
        rounds = [[timed(work) for work in works] for _ in range(2 if name == "sm4-gcm" else 5)]
        walls = [min(wall for wall, _ in turns) for turns in zip(*rounds, strict=True)]
        spent = [min(cpu for _, cpu in turns) for turns in zip(*rounds, strict=True)]
        bare_speed, sealing, opening = (size / wall / 1e6 for wall in walls)
        assert back.read_bytes() == data
        print(
            f"| {name} | {bare_speed:,.0f} | {sealing:,.0f} | {opening:,.0f} | {sealing / bare_speed:.2f} "
            f"| {sealing / min(bare_speed, copied):.2f} | {spent[0] / spent[1]:.2f} |",
            flush=True,
        )
    peers(plain, sealed, size)


def peers(plain, sealed, size):
    """Others' sealing of the same file, where they can be imported."""
    print("\n| peer | MB/s |\n|---|---|")
    try:
        import gmssl_pyx

        block = bytes(CHUNK)
        part = min(size, 128 << 20)
        took = best(
            lambda: [gmssl_pyx.sm4_gcm_encrypt(bytes(16), bytes(12), b"", block) for _ in range(part // CHUNK)], 1
        )
        print(f"| gmssl-pyx SM4-GCM, in memory | {part / took / 1e6:,.0f} |")
    except ImportError:
        print("| gmssl-pyx | not installed |")
    try:
        import pyrage

        recipient = pyrage.x25519.Identity.generate().to_public()
        took = best(lambda: pyrage.encrypt_file(str(plain), str(sealed), [recipient]), 1)
        print(f"| age (pyrage), ChaCha20-Poly1305, file to file | {size / took / 1e6:,.0f} |")
    except ImportError:
        print("| age (pyrage) | not installed |")
    try:
        import tink
        from tink import streaming_aead

        streaming_aead.register()
        template = streaming_aead.streaming_aead_key_templates.AES256_GCM_HKDF_1MB
        primitive = tink.new_keyset_handle(template).primitive(streaming_aead.StreamingAead)

        def seal():
            with (
                plain.open("rb") as reader,
                sealed.open("wb") as file,
                primitive.new_encrypting_stream(file, b"bench") as writer,
            ):
                while block := reader.read(1 << 20):
                    writer.write(block)

        print(f"| Tink streaming AES-256-GCM, file to file | {size / best(seal, 1) / 1e6:,.0f} |")
    except ImportError:
        print("| Tink | not installed |")


def small():
    """Operations on 100 bytes, per second."""
    data = bytes(100)
    print("\n| operation | per second |\n|---|---|")

    def show(name, work, count):
        took = best(lambda: [work() for _ in range(count)])
        print(f"| {name} | {count / took:,.0f} |")

    for name in ciphers.AEADS:
        key = ciphers.generate_key(name)
        sealed = ciphers.seal(name, key, data, b"bench")
        show(f"seal {name}", lambda name=name, key=key: ciphers.seal(name, key, data, b"bench"), 5000)
        show(f"unseal {name}", lambda key=key, sealed=sealed: ciphers.unseal(key, sealed, b"bench"), 5000)
    for name in ciphers.HASHES:
        show(f"digest {name}", lambda name=name: ciphers.digest(name, data), 20000)
        show(f"mac {name}", lambda name=name: ciphers.mac(name, b"key", data), 20000)
    for name in ciphers.SIGNATURES:
        key = ciphers.SigningKey.generate(name)
        signature = key.sign(data)
        show(f"sign {name}", lambda key=key: key.sign(data), 100 if "rsa" in name else 500)
        show(f"verify {name}", lambda key=key, signature=signature: key.public.verify(data, signature), 500)
    for name in ciphers.ENCRYPTIONS:
        key = ciphers.DecryptingKey.generate(name)
        ciphertext = key.public.encrypt(data)
        show(f"encrypt {name}", lambda key=key: key.public.encrypt(data), 300)
        show(f"decrypt {name}", lambda key=key, ciphertext=ciphertext: key.decrypt(ciphertext), 100)
    peer_small(data)


def peer_small(data):
    import gmssl_pyx

    public, secret = gmssl_pyx.sm2_key_generate()
    for name, count, work in (
        ("peer: gmssl-pyx sm2_sign", 200, lambda: gmssl_pyx.sm2_sign(secret, public, data)),
        ("peer: gmssl-pyx SM4-GCM", 5000, lambda: gmssl_pyx.sm4_gcm_encrypt(bytes(16), bytes(12), b"", data)),
    ):
        print(f"| {name} | {count / best(lambda work=work, count=count: [work() for _ in range(count)]):,.0f} |")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as place:
        streams(Path(place), int(sys.argv[1] if len(sys.argv) > 1 else 1024) << 20)
    small()
