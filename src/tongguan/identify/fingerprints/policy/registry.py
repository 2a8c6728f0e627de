"""The policies of a workspace: registered under names, with every version that there was, switched on or off.

policies/
  customers/
    policy.json         its versions, and whether it is on; sealed with the workspace's key
    0001.yaml 0002.yaml what was written
    lock                held by whoever changes the policy
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from tongguan import whole_file
from tongguan.errors import Broken, Conflict, NotFound
from tongguan.identify.fingerprints.policy.evaluation import Policy
from tongguan.identify.fingerprints.policy.reading import parse_policy
from tongguan.identify.fingerprints.records import (
    good_name,
    locked,
    names_in,
    read_record,
    write_record,
)
from tongguan.wording import wording

__all__ = ["Policies", "Registered", "Version"]

_RECORD: Final = "policy.json"
_say: Final = wording(__package__, "faults.yaml").both
_MOST: Final = 9999  # versions of one policy


@dataclass(frozen=True, slots=True)
class Version:
    """One text of a policy: its ordinal from 1, its SHA-256, when (seconds since the epoch) and by whom."""

    number: int
    sha256: str
    made: float
    by: str
    rules: int
    title: str  # what the policy calls itself


@dataclass(frozen=True, slots=True)
class Registered:
    """A policy under a name. The last version is the one in force, where the policy is on."""

    name: str
    enabled: bool
    versions: tuple[Version, ...]

    @property
    def latest(self) -> Version:
        return self.versions[-1]

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name, "enabled": self.enabled, "title": self.latest.title, "rules": self.latest.rules,
            "version": self.latest.number, "sha256": self.latest.sha256, "changed": self.latest.made,
            "versions": [asdict(version) for version in self.versions],
        }  # fmt: skip


class Policies:
    """The policies in a folder. All methods raise Broken where a record or a text was altered, CannotWrite."""

    def __init__(self, folder: Path, key: bytes) -> None:
        self.folder = folder
        self._key = key

    # ---- what there is

    def names(self) -> list[str]:
        """Of all policies, in order."""
        return names_in(self.folder, _RECORD)

    def all(self) -> list[Registered]:
        return [self.get(name) for name in self.names()]

    def get(self, name: str) -> Registered:
        """Raises NotFound."""
        about = read_record(self.folder / good_name(name) / _RECORD, self._key)
        if about is None:
            raise NotFound(_say("policy.none", name=name))
        try:
            versions = tuple(Version(**version) for version in about["versions"])
            found = Registered(about["name"], about["enabled"], versions)
        except (KeyError, TypeError):
            raise Broken(_say("record.format", name=name)) from None
        if found.name != good_name(name) or not versions:
            raise Broken(_say("record.other", name=name, other=found.name))
        return found

    def text(self, name: str, version: int | None = None) -> str:
        """What was written, in the latest version or in one of them. Raises NotFound."""
        found = self.get(name)
        one = next((v for v in found.versions if v.number == (version or found.latest.number)), None)
        if one is None:
            raise NotFound(_say("version.none", name=name, version=version, last=found.latest.number))
        try:
            data = (self.folder / found.name / _file(one.number)).read_bytes()
        except OSError:
            data = b""
        if hashlib.sha256(data).hexdigest() != one.sha256:
            raise Broken(_say("version.altered", name=name, version=one.number))
        return data.decode()

    def policy(self, name: str, version: int | None = None) -> Policy:
        """The policy, read. Raises NotFound, BadInput."""
        return parse_policy(self.text(name, version), name)

    def enabled(self) -> list[tuple[Registered, Policy]]:
        """All that are on, with what is in force of them."""
        return [(found, self.policy(found.name)) for found in self.all() if found.enabled]

    # ---- changes

    def register(self, name: str, text: str, by: str, *, enabled: bool = True) -> Registered:
        """A new policy, or a new version of one that is there, which stays on or off as it was.

        Raises BadInput where the text is malformed, Conflict where it is the version in force already.
        """
        policy = parse_policy(text, name)
        data = text.encode()
        folder = self.folder / good_name(name)
        try:
            with locked(folder):
                known = self.get(name) if (folder / _RECORD).exists() else Registered(folder.name, enabled, ())
                digest = hashlib.sha256(data).hexdigest()
                if known.versions and known.latest.sha256 == digest:
                    raise Conflict(_say("version.same", name=name, version=known.latest.number))
                number = known.latest.number + 1 if known.versions else 1
                if number > _MOST:
                    raise Conflict(_say("version.many", name=name, most=_MOST))
                whole_file.replace(folder / _file(number), data)
                version = Version(number, digest, time.time(), by, len(policy.rules), policy.name)
                found = replace(known, versions=(*known.versions, version))
                self._write(found)
                return found
        finally:
            if not (folder / _RECORD).exists():
                _clear(folder)

    def enable(self, name: str, enabled: bool) -> Registered:
        """Switch a policy on or off. Raises NotFound."""
        found = self.get(name)
        with locked(self.folder / found.name):
            found = replace(self.get(name), enabled=enabled)
            self._write(found)
        return found

    def remove(self, name: str) -> Registered | None:
        """Remove a policy with all its versions; gives what it was, None where its record is damaged. Raises
        NotFound."""
        folder = self.folder / good_name(name)
        if not (folder / _RECORD).exists():
            self.get(name)
        with locked(folder):
            try:
                found = self.get(name)
            except Broken:
                found = None
            (folder / _RECORD).unlink(missing_ok=True)
        _clear(folder)
        return found

    def _write(self, found: Registered) -> None:
        about = {"name": found.name, "enabled": found.enabled, "versions": [asdict(v) for v in found.versions]}
        write_record(self.folder / found.name / _RECORD, self._key, about)


def _file(number: int) -> str:
    return f"{number:04d}.yaml"


def _clear(folder: Path) -> None:
    """Remove the folder of a policy that is no more, unless somebody makes one there now."""
    with contextlib.suppress(OSError, Conflict), locked(folder):
        if not (folder / _RECORD).exists():
            for path in folder.iterdir():
                path.unlink()
            folder.rmdir()
