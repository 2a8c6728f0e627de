"""How fast keys are used, beside the bare cipher and the bare token in the same run.

    python bench/bench_keys.py [--seconds SECONDS] [--suite international|guomi]

Each figure is calls a second over that time on one thread, the best of three. Values have 32 bytes. A use of a key is
more than its cipher: the row is read anew and held against its MAC, permission, policy and state are checked, and the
log entry is on disk before the result is handed out. So three logs are shown: the real one (an entry, a signature and a
sync to disk for each use), the real one with 1,000 values under one entry (`seal_many`), and none (entries counted).
`bare`: `cryptography`'s AESGCM with a random nonce; `sealed`: `ciphers.seal`, which makes a key for every message.
HSM figures appear where SoftHSM and python-pkcs11 are installed; bare is the token's AES-GCM and AES key wrap.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tongguan.trust.access import Grant, Principal, load_policy
from tongguan.trust.approvals import Approvals
from tongguan.trust.audit import AuditLog
from tongguan.trust.ciphers import SUITES, Suite, generate_key, seal
from tongguan.trust.database import Database
from tongguan.trust.keys import KeyService, open_master
from tongguan.trust.settings import Master as MasterSettings

BY = Principal("bench", "system", (Grant("security_administrator"), Grant("compliance_officer")), id="bench")
VALUE, CONTEXT = bytes(32), b"table/17/column"
BATCH = 1000
MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")


def rate(call: Callable[[], object], seconds: float, each: int = 1) -> float:
    """Calls a second, times `each`; the best of three."""
    best = 0.0
    for _ in range(3):
        count, started = 0, time.perf_counter()
        while (spent := time.perf_counter() - started) < seconds / 3:
            call()
            count += 1
        best = max(best, count * each / spent)
    return best


def show(name: str, found: float, bare: float | None = None) -> None:
    ratio = f"{found / bare:10.3f} of bare" if bare else ""
    print(f"{name:46} {found:12,.0f} /s {ratio}")


def uses(home: Path, seconds: float, suite: Suite) -> None:
    raw, key = AESGCM(secrets.token_bytes(32)), generate_key(suite.aead)
    bare = rate(lambda: (nonce := os.urandom(12)) + raw.encrypt(nonce, VALUE, CONTEXT), seconds)
    show("bare AESGCM.encrypt", bare)
    show("sealed: ciphers.seal", rate(lambda: seal(suite.aead, key, VALUE, CONTEXT), seconds), bare)
    counted: list[int] = [0]

    def none(kind: str, actor: str, body: object) -> int:
        counted[0] += 1
        return counted[0]

    database, policy = Database(home / "trust.db"), load_policy()
    with AuditLog(home / "audit.db") as log:
        for name, record in (("real log", log.append), ("no log", none)):
            master = open_master(MasterSettings(), home, suite=suite)
            keys = KeyService(database, master, record, policy, Approvals(database, record, policy), suite)
            sealing = keys.ensure(name="bench-seal", purpose="seal", owner="bench", by=BY).id
            wrapping = keys.ensure(name="bench-wrap", purpose="wrap", owner="bench", by=BY).id
            sealed = keys.seal(sealing, VALUE, CONTEXT, BY)
            _, wrapped = keys.data_key(wrapping, CONTEXT, BY)
            plain, forms = [(VALUE, CONTEXT)] * BATCH, [(sealed, CONTEXT)] * BATCH
            calls: list[tuple[str, Callable[[], object], int]] = [
                ("seal", lambda k=keys, id=sealing: k.seal(id, VALUE, CONTEXT, BY), 1),
                ("unseal", lambda k=keys, id=sealing, s=sealed: k.unseal(id, s, CONTEXT, BY), 1),
                ("seal_many", lambda k=keys, id=sealing, v=plain: k.seal_many(id, v, BY), BATCH),
                ("unseal_many", lambda k=keys, id=sealing, v=forms: k.unseal_many(id, v, BY), BATCH),
                ("data_key", lambda k=keys, id=wrapping: k.data_key(id, CONTEXT, BY), 1),
                ("open_data_key", lambda k=keys, id=wrapping, w=wrapped: k.open_data_key(id, w, CONTEXT, BY), 1),
            ]
            for what, call, each in calls:
                show(f"{what}, {name}", rate(call, seconds, each), bare)
            keys.close()
    database.close()
    started = time.perf_counter()
    open_master(MasterSettings(), home, suite=suite)
    print(f"{'passphrase: open (argon2id, 64 MiB)':46} {(time.perf_counter() - started) * 1000:12,.0f} ms")


def hsm(folder: Path, seconds: float) -> None:
    if not MODULE.exists() or not shutil.which("softhsm2-util"):
        print("HSM: softhsm2 is not installed")
        return
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
    os.environ |= {"SOFTHSM2_CONF": str(folder / "softhsm2.conf"), "TONGGUAN_BENCH_PIN": "729104"}
    command = ["softhsm2-util", "--init-token", "--free", "--label", "bench", "--pin", "729104", "--so-pin", "72910401"]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    import pkcs11
    from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass

    from tongguan.trust.keys.hsm import HsmMaster

    settings = MasterSettings(kind="pkcs11", module=str(MODULE), token="bench", pin_env="TONGGUAN_BENCH_PIN")
    master = HsmMaster(settings)
    generation = master.generate()
    session = pkcs11.lib(str(MODULE)).get_token(token_label="bench").open(rw=True)
    (key,) = session.get_objects({Attribute.LABEL: settings.key})

    def gcm() -> bytes:
        nonce = os.urandom(12)
        parameters = pkcs11.GCMParams(nonce, CONTEXT, 128)
        return nonce + key.encrypt(VALUE, mechanism=Mechanism.AES_GCM, mechanism_param=parameters)

    secret = {
        Attribute.CLASS: ObjectClass.SECRET_KEY,
        Attribute.KEY_TYPE: KeyType.GENERIC_SECRET,
        Attribute.TOKEN: False,
        Attribute.EXTRACTABLE: True,
        Attribute.SENSITIVE: False,
        Attribute.VALUE: VALUE,
    }

    def key_wrap() -> bytes:
        handle = session.create_object(secret)
        wrapped = key.wrap_key(handle, mechanism=Mechanism.AES_KEY_WRAP)
        handle.destroy()
        return bytes(wrapped)

    bare = rate(gcm, seconds)
    show("bare token AES-GCM", bare)
    show("HSM wrap (AES-GCM)", rate(lambda: master.wrap(generation, VALUE, CONTEXT), seconds), bare)
    wrapped = master.wrap(generation, VALUE, CONTEXT)
    show("HSM unwrap (AES-GCM)", rate(lambda: master.unwrap(generation, wrapped, CONTEXT), seconds), bare)
    bare = rate(key_wrap, seconds)
    show("bare token AES key wrap", bare)
    second = HsmMaster(settings, method="key-wrap")
    show("HSM wrap (AES key wrap)", rate(lambda: second.wrap(generation, VALUE, CONTEXT), seconds), bare)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--seconds", type=float, default=3.0, help="time for each figure")
    arguments.add_argument("--suite", choices=sorted(SUITES), default="international")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="tongguan-bench-") as folder:
        home = Path(folder) / "home"
        home.mkdir()
        uses(home, chosen.seconds, SUITES[chosen.suite])
        hsm(Path(folder), chosen.seconds)


if __name__ == "__main__":
    main()
