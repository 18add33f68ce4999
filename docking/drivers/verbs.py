"""The only things ever said to a recorder.

The same channels carry verbs that format the card or reset the recorder. What is not a `Verb` here cannot be sent:
a `Channel` takes a `Command`, a `Command` takes a `Verb`, and no value can hold the separators that would start
another one.
"""

import re
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Final, assert_never

from docking.drivers.secret import Secret


class DriverName(StrEnum):
    """The families of recorders that can be spoken to; the text is part of the report."""

    AMBARELLA = "ambarella"
    BC_PLUS = "bc-plus"


class ValueKind(Enum):
    """What stands behind a verb."""

    NOTHING = "nothing"
    PASSWORD = "password"  # noqa: S105  # the kind, not one
    DATE = "date"
    TIME = "time"


class Verb(Enum):
    """The allow-list. A member is the family, the word on the wire, and what kind of value goes with it."""

    AMBARELLA_LOG_IN = (DriverName.AMBARELLA, b"Ver", ValueKind.PASSWORD)
    AMBARELLA_READ_ID = (DriverName.AMBARELLA, b"Gdv", ValueKind.PASSWORD)
    AMBARELLA_ENTER_STORAGE = (DriverName.AMBARELLA, b"ATH", ValueKind.PASSWORD)
    AMBARELLA_SET_DATE = (DriverName.AMBARELLA, b"Sdt", ValueKind.DATE)
    AMBARELLA_SET_TIME = (DriverName.AMBARELLA, b"Stm", ValueKind.TIME)
    BC_LOG_IN = (DriverName.BC_PLUS, b"LOGIN=", ValueKind.PASSWORD)
    BC_ENTER_STORAGE = (DriverName.BC_PLUS, b"UDISKEN=1", ValueKind.NOTHING)
    BC_READ_BATTERY = (DriverName.BC_PLUS, b"BATVAL?", ValueKind.NOTHING)
    BC_READ_CLOCK = (DriverName.BC_PLUS, b"SYSTIME?", ValueKind.NOTHING)

    @property
    def family(self) -> DriverName:
        """Whose verb this is."""
        return self.value[0]

    @property
    def word(self) -> bytes:
        """The verb as it stands on the wire."""
        return self.value[1]

    @property
    def value_kind(self) -> ValueKind:
        """What has to go with it."""
        return self.value[2]


_DIGITS: Final = {ValueKind.DATE: re.compile(r"[0-9]{8}"), ValueKind.TIME: re.compile(r"[0-9]{6}")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One thing to say: a verb of the allow-list with the kind of value it takes, and no other."""

    verb: Verb
    value: Secret | str | None = None

    def __post_init__(self) -> None:
        # Types are checked at run time too: this is the gate, and a caller without mypy must not pass it.
        if type(self.verb) is not Verb:
            raise ValueError("not a verb that may be sent to a recorder")
        if not self._fits():
            raise ValueError(f"{self.verb.name} does not take this value; it takes: {self.verb.value_kind.value}")

    def _fits(self) -> bool:
        kind = self.verb.value_kind
        if kind is ValueKind.NOTHING:
            return self.value is None
        if kind is ValueKind.PASSWORD:
            return type(self.value) is Secret
        return type(self.value) is str and _DIGITS[kind].fullmatch(self.value) is not None

    def encoded(self) -> bytes:
        """Return the bytes to send; they hold the password where there is one."""
        value = self.value.reveal() if isinstance(self.value, Secret) else (self.value or "").encode("ascii")
        match self.verb.family:
            case DriverName.AMBARELLA:
                return b"@%s;%d;%s;#" % (self.verb.word, len(value), value)
            case DriverName.BC_PLUS:
                return b"BC+%s%s\r\n" % (self.verb.word, value)
            case family:
                assert_never(family)
