"""Words to mails: Jinja2 templates in text and HTML. A missing value is an error, never a blank."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from cleanly.platform.mail.messages import Template
from cleanly.platform.mail.rules import greeting_name, masked, one_line

_SUBJECT_LENGTH_MAX = 150


def _parts(value: str) -> list[tuple[str, list[list[str]]]]:
    """JSON of titles, each with its lines of cells; every cell one line."""
    return [
        (one_line(title), [[one_line(cell) for cell in cells] for cells in lines]) for title, lines in json.loads(value)
    ]


# How a value is made fit to be read; all others become one line.
_FITTED: Mapping[str, Callable[[str], object]] = {"name": greeting_name, "email": masked, "figures": _parts}


@dataclass(frozen=True, slots=True)
class Words:
    """What a mail says."""

    subject: str
    text: str
    html: str


class Templates:
    """The compiled templates. `product` and `base` (where links point) are the same in all mails."""

    def __init__(self, *, product: str, base: str) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=select_autoescape(["html"], default=False),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        self._same = {"product": product, "base": base}

    def render(self, template: Template, values: Mapping[str, str]) -> Words:
        """Write the mail.

        Raises:
            jinja2.UndefinedError: a value is missing.
        """
        fitted: dict[str, object] = dict(self._same)
        fitted |= {name: _FITTED.get(name, one_line)(value) for name, value in values.items()}
        plain = self._environment.get_template(f"{template}.txt")
        # The subject is a block of the text, so that a line break in a value can't end it early.
        subject = one_line("".join(plain.blocks["subject"](plain.new_context(fitted))))[:_SUBJECT_LENGTH_MAX]
        rich = self._environment.get_template(f"{template}.html")
        return Words(subject=subject, text=plain.render(fitted), html=rich.render(fitted, subject=subject))

    def page(self, name: str, values: Mapping[str, Any]) -> str:
        """Render another file of the folder, such as the mailbox."""
        return self._environment.get_template(name).render(values)
