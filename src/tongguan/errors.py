"""The small tree of errors.

    TongguanError
    ├── BadInput          what the user gave cannot be used (exit code 2)
    │   ├── BadCapture    not a capture, or one that cannot be read at all
    │   ├── BadFacts      facts of a decision that are malformed
    │   ├── BadOrg        an organisation file that is malformed
    │   ├── BadPack       a zone's or region's list that is malformed
    │   ├── BadPlugin     a part that another package adds and that cannot be used
    │   ├── BadSettings   settings that are malformed
    │   ├── NotFound      a record that is not there
    │   ├── Conflict      a change that what is there already forbids
    │   └── CannotWrite   an output place that cannot be written
    ├── Denied            somebody may not do what was asked; says which permission is missing
    ├── Missing           an optional part that is not installed
    ├── Unavailable       a part outside of us that does not answer (a server, an HSM, a chain)
    └── Broken            stored state that contradicts itself (a tampered log, a damaged ledger)

Messages say what happened, what was expected and what to do. They never hold values of personal data or secrets.
A damaged *part* of an input is no error: it is a `BlindSpot`, and the run goes on.
"""


class TongguanError(Exception):
    """Anything that ends a command with one clear message. `text`: the message in both languages, {"zh": …, "en": …},
    where it comes in both; the terminal says the English one."""

    exit_code = 2

    def __init__(self, message: str | dict[str, str] = "") -> None:
        super().__init__(message if isinstance(message, str) else message["en"])
        self.text = None if isinstance(message, str) else message


class BadInput(TongguanError):
    """What the user gave cannot be used."""


class BadCapture(BadInput):
    """Not a capture, or one of which not even the header can be read."""


class BadFacts(BadInput):
    """Facts of a decision that are malformed."""


class BadOrg(BadInput):
    """An organisation file that is malformed; the message names the line."""


class BadPack(BadInput):
    """A zone's or region's list (a data pack) that is malformed; the message names file, line and field."""


class BadPlugin(BadInput):
    """A part that another package adds and that cannot be used; the message names both, and how to switch it off."""


class BadSettings(BadInput):
    """Settings that are malformed; the message names the key and what was expected."""


class NotFound(BadInput):
    """A record that is not there; the message names its kind and how it was asked for."""


class Conflict(BadInput):
    """A change that what is there already forbids: a name that is taken, a state that does not allow it."""


class CannotWrite(BadInput):
    """An output place that cannot be written."""


class Denied(TongguanError):
    """Somebody may not do what was asked. `text` says why, in both languages: {"zh": …, "en": …}.

    `scope`: they may do it, but not to this record; to them it looks as if the record were not there.
    """

    def __init__(self, text: dict[str, str], *, scope: bool = False) -> None:
        super().__init__(text)
        self.text: dict[str, str] = text
        self.scope = scope


class Missing(TongguanError):
    """An optional part that is not installed; the message says how to get it."""


class Unavailable(TongguanError):
    """A part outside of us that does not answer now; nothing was lost, and it may be tried again."""


class Broken(TongguanError):
    """Stored state that contradicts itself."""
