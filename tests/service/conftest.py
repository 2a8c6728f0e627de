"""The fixtures of the console."""

from console_house import (
    AUDITOR,
    GATE,
    OFFICER,
    ORG,
    PASSWORD,
    add_user,
    app,
    auditor,
    client,
    form_token,
    new_app,
    served,
    signed_in,
    stranger,
)

__all__ = [
    "AUDITOR",
    "GATE",
    "OFFICER",
    "ORG",
    "PASSWORD",
    "add_user",
    "app",
    "auditor",
    "client",
    "form_token",
    "new_app",
    "served",
    "signed_in",
    "stranger",
]
