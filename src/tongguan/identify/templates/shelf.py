"""Templates that come with Tongguan, and those of a user."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path

from tongguan.errors import BadPack, NotFound
from tongguan.identify.templates.checking import template_of
from tongguan.identify.templates.pack import Template
from tongguan.identify.templates.reading import read_bytes, read_path

__all__ = ["check_template", "load_templates", "own_ids"]


@cache
def _own() -> dict[str, Template]:
    found = {}
    for file in sorted(files(__package__).joinpath("packs").iterdir(), key=lambda f: f.name):
        if file.name.endswith(".yaml"):
            template = template_of(read_bytes(file.read_bytes(), file.name))
            found[template.id] = template
    return found


def own_ids() -> tuple[str, ...]:
    """Ids of the templates that come with Tongguan, those of every sector."""
    return tuple(_own())


def check_template(path: Path | str) -> Template:
    """The template in a file. Raises BadPack with one message: file, line, field, and what was expected."""
    return template_of(read_path(Path(path)))


def load_templates(
    ids: Sequence[str] | None = None, *, sector: str | None = None, paths: Sequence[Path] = ()
) -> tuple[Template, ...]:
    """Our templates by their ids (where none are given: those for every sector and for the given one), then `paths`.

    A template of a user takes the place of ours of the same id. Raises NotFound for an unknown id, BadPack for a file
    that is malformed or an id that two files have.
    """
    own = _own()
    unknown = [id for id in ids or () if id not in own]
    if unknown:
        raise NotFound(f"no template {unknown[0]!r}; there are {', '.join(own)}")
    chosen = {id: own[id] for id in (ids if ids is not None else own)}
    if ids is None:
        chosen = {id: template for id, template in chosen.items() if template.sector in (None, sector)}
    given: dict[str, Template] = {}
    for path in paths:
        template = check_template(path)
        if template.id in given:
            raise BadPack(f"{path}: another file has the id {template.id!r} too; give one of them another id")
        given[template.id] = template
    return tuple((chosen | given).values())
