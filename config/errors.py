"""What can be wrong with a configuration.

Exception
└── ConfigError (every ConfigProblem of one attempt)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar


def N_(template: str) -> str:
    """Mark `template` for the message catalogue; the text itself is returned unchanged."""
    return template


def printable(text: str) -> str:
    """Return `text` as one line; control characters, bidirectional overrides and undecodable bytes become escapes."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigProblem:
    """One thing to put right: in which file, at which key, and why.

    `key` is the dotted name as in docs/configuration.md (`stores[1].path` for the second store), or empty when the
    file as a whole is meant. `template` is the message id of the reason, `facts` fill it.
    """

    file: Path
    key: str
    template: str
    facts: Mapping[str, object]

    @property
    def reason(self) -> str:
        """The reason in English."""
        return self.template.format(**self.facts)

    @property
    def where(self) -> str:
        """File and key as one printable text."""
        file = printable(str(self.file))
        return f"{file}: {printable(self.key)}" if self.key else file

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}"


class ConfigError(Exception):
    """The configuration cannot be used; `problems` holds every reason found, never only the first."""

    code: ClassVar[str] = "config-unusable"
    template: ClassVar[str] = N_("the configuration cannot be used:\n{problems}")

    def __init__(self, *, problems: tuple[ConfigProblem, ...]) -> None:
        lines = "\n".join(f"  {problem}" for problem in problems)
        super().__init__(self.template.format(problems=lines))
        self.problems = problems
        self.facts: dict[str, object] = {"problems": lines}
