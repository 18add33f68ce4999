"""One thing that is wrong, and what an answer is made of."""

from typing import Any, Literal, TypedDict

# The facts of an error or an entry differ by its code; their values are JSON.
Facts = dict[str, Any]
Answer = Literal["yes", "no", "cannot-tell"]


class Problem(TypedDict):
    """One thing that is wrong: a template (message id) and what fills it."""

    code: str
    template: str
    facts: Facts
