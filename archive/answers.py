"""Answers to questions that cannot always be answered."""

from enum import StrEnum


class Answer(StrEnum):
    """Yes, no, or an honest third answer. The text is part of ledger entries."""

    YES = "yes"
    NO = "no"
    CANNOT_TELL = "cannot-tell"
