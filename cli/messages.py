"""Errors, problems and findings in the user's language."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from bodycam_custody.errors import StatedError
from cli.language import _
from cli.wire import Problem
from config.errors import ConfigError


@runtime_checkable
class _Phrase(Protocol):
    """An error or a part of one: a template and what fills it."""

    @property
    def template(self) -> str: ...

    @property
    def facts(self) -> Mapping[str, object]: ...


class StationProblemError(Exception):
    """The station answered with a problem; `problem` is what it said."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(english(problem))
        self.problem = problem


def filled(template: str, facts: Mapping[str, object]) -> str:
    """Return the template in the user's language with the facts in it.

    A newer station may name facts this template does not know, or leave one out: then everything it said is shown
    rather than nothing.
    """
    try:
        return _(template).format(**{name: _spoken(value) for name, value in facts.items()})
    except (KeyError, IndexError, ValueError):
        rest = ", ".join(f"{name}={value}" for name, value in facts.items())
        return _(template) + f" ({rest})"


def _spoken(value: object) -> object:
    """Return a fact in the user's language where it is a phrase of ours; names and values stay as they are."""
    if isinstance(value, _Phrase):
        return filled(value.template, value.facts)
    if isinstance(value, dict):
        return filled(value["template"], value["facts"])
    return _(value) if isinstance(value, str) and " " in value else value


def english(problem: Problem) -> str:
    """Return the problem as its source text has it."""
    return _english(problem["template"], problem["facts"])


def _english(template: str, facts: Mapping[str, object]) -> str:
    said = {
        name: _english(fact["template"], fact["facts"]) if isinstance(fact, dict) else fact
        for name, fact in facts.items()
    }
    try:
        return template.format(**said)
    except (KeyError, IndexError, ValueError):
        return template


def told(problem: Problem) -> str:
    """Return what the problem says, in the user's language."""
    return filled(problem["template"], problem["facts"])


def problem_of(error: StationProblemError | StatedError | ConfigError) -> Problem:
    """Return the error as the problem it states, ready for JSON."""
    if isinstance(error, StationProblemError):
        return error.problem
    return {"code": error.code, "template": error.template, "facts": _travelling(error.facts)}


def _travelling(facts: Mapping[str, object]) -> dict[str, object]:
    travelling: dict[str, object] = {}
    for name, fact in facts.items():
        if isinstance(fact, _Phrase):
            travelling[name] = {"template": fact.template, "facts": _travelling(fact.facts)}
        else:
            travelling[name] = fact if isinstance(fact, str | int | None) else str(fact)
    return travelling


def explained(error: StationProblemError | StatedError | ConfigError) -> str:
    """Return what went wrong and what to do, in the user's language."""
    if isinstance(error, ConfigError):
        lines = [f"  {problem.where}: {filled(problem.template, problem.facts)}" for problem in error.problems]
        return filled(error.template, {"problems": "\n".join(lines)})
    return told(problem_of(error))
