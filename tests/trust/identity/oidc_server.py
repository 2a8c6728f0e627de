"""npm's oidc-provider as a real OpenID provider for tests, and a person who signs in there."""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

import httpx
from joserfc.jwk import ECKey, OKPKey, RSAKey

HERE = Path(__file__).parent
MODULES = Path(os.environ.get("TONGGUAN_NODE_MODULES") or HERE.parents[2] / "node_modules")
NODE = shutil.which("node")
THERE = NODE is not None and (MODULES / "oidc-provider").is_dir()
SECRET = "a secret of the tests & nothing else"
START_S = 30


@dataclass
class Server:
    issuer: str
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        self.process.kill()
        self.process.wait(10)


@contextmanager
def oidc_server(redirect_uris: Sequence[str], *, back: Sequence[str] = (), conform: bool = True) -> Iterator[Server]:
    """Clients: `tongguan` (secret by Basic), `public` (none), `post` (secret in the form), and `es256`, `ps256`,
    `eddsa` with ID tokens signed so. `conform`: the person's claims come by userinfo only, else in the ID token."""
    keys = [
        RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"}),
        ECKey.generate_key("P-256", {"kid": "ec", "use": "sig"}),
        OKPKey.generate_key("Ed25519", {"kid": "okp", "use": "sig"}),
    ]
    shared = {
        "redirect_uris": list(redirect_uris),
        "post_logout_redirect_uris": list(back),
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
    }
    clients = [
        {"client_id": "tongguan", "client_secret": SECRET, **shared},
        {"client_id": "public", "token_endpoint_auth_method": "none", **shared},
        {"client_id": "post", "client_secret": SECRET, "token_endpoint_auth_method": "client_secret_post", **shared},
        *(
            {"client_id": alg.lower(), "client_secret": SECRET, "id_token_signed_response_alg": alg, **shared}
            for alg in ("PS256", "ES256", "EdDSA")
        ),
    ]
    config = {"clients": clients, "jwks": {"keys": [key.as_dict(private=True) for key in keys]}, "conform": conform}
    process = subprocess.Popen(
        [str(NODE), str(HERE / "oidc_server.mjs"), json.dumps(config), str(MODULES)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        ready, _, _ = select.select([process.stdout], [], [], START_S)
        line = process.stdout.readline() if ready else b""
        assert line, "the provider did not start"
        yield Server(json.loads(line)["issuer"], process)
    finally:
        process.kill()
        process.wait(10)
        process.stdout.close()


class Person:
    """Somebody with a browser: follows the provider's pages and stops where it sends them back to us."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.client = httpx.Client(timeout=20)

    def go(self, address: str, home: str) -> str:
        """From the address that we sent them to, to the address under `home` that the provider sends them back to."""
        answer = self.client.get(address)
        for _ in range(12):
            if answer.is_redirect:
                target = urljoin(str(answer.url), answer.headers["location"])
                if target.startswith(home):
                    return target
                answer = self.client.get(target)
                continue
            assert answer.status_code == 200, answer.text
            action = re.search(r'action="([^"]+)"', answer.text)
            prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)
            assert action and prompt, answer.text
            form = {"prompt": prompt[1], "login": self.name, "password": "any"}
            answer = self.client.post(urljoin(str(answer.url), action[1]), data=form)
        raise AssertionError("the provider goes in circles")

    def cancel(self, address: str, home: str) -> str:
        """Leave the provider's sign-in page by its way out."""
        answer = self.client.get(address)
        while answer.is_redirect:
            answer = self.client.get(urljoin(str(answer.url), answer.headers["location"]))
        abort = re.search(r'href="([^"]+/abort)"', answer.text)
        assert abort, answer.text
        answer = self.client.get(urljoin(str(answer.url), abort[1]))
        while answer.is_redirect:
            target = urljoin(str(answer.url), answer.headers["location"])
            if target.startswith(home):
                return target
            answer = self.client.get(target)
        raise AssertionError(answer.text)
