"""What is known of one recorder family: its folders, file names, file types and zone."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from docking.local_time import LocalMoment, local_moment
from docking.source import FileType


class TimeSource(StrEnum):
    """Where a recording time may come from; a profile lists them best first."""

    CONTAINER = "container"
    NAME = "name"
    FILESYSTEM = "filesystem"


@dataclass(frozen=True, slots=True, kw_only=True)
class NameFacts:
    """What a file name says; a claim of the recorder, and of whoever could rename the file.

    `started_at` is None where the name has no time, an impossible one, or no known zone; it may be later by
    `started_doubt_s`, in the hour in which clocks are changed.
    """

    police_id: str | None
    device_id: str | None
    started_at: datetime | None
    sequence: int | None
    is_marked_important: bool
    started_doubt_s: float = 0.0

    def __post_init__(self) -> None:
        if self.started_at is not None and self.started_at.tzinfo is None:
            raise ValueError("a naive recording time")


@dataclass(frozen=True, slots=True, kw_only=True)
class NameGrammar:
    """A pattern for whole file names (ASCII case aside).

    Groups: police, device, started (read with `time_format`), sequence, important (present means marked).
    """

    pattern: re.Pattern[str]
    time_format: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecorderProfile:
    """One recorder family. `zone` None means that times in names have no known zone and are not used."""

    name: str
    title: str
    zone: ZoneInfo | None
    clip_folders: tuple[str, ...]
    grammars: tuple[NameGrammar, ...]
    types: Mapping[str, FileType]
    time_sources: tuple[TimeSource, ...]

    def file_type(self, path: bytes) -> FileType:
        """Return what the extension says; `unknown` for one that no list names. The content is not looked at."""
        name = path.rpartition(b"/")[2]
        stem, dot, extension = name.rpartition(b".")
        if not (stem and dot):
            return FileType.UNKNOWN
        return self.types.get(extension.lower().decode("ascii", "replace"), FileType.UNKNOWN)

    def is_clip_folder(self, path: bytes) -> bool:
        """Return whether the file `path` lies in or below a folder where this family keeps recordings."""
        folded = path.lower().decode("utf-8", "surrogateescape")
        return any(folded.startswith(folder + "/") for folder in self.clip_folders)

    def fits_name(self, path: bytes) -> bool:
        """Return whether a grammar of this family fits the file name of `path`."""
        return self._match(path) is not None

    def parse_name(self, path: bytes) -> NameFacts | None:
        """Return what the file name of `path` says, None where no grammar of this family fits."""
        match = self._match(path)
        return None if match is None else self._facts(*match)

    def _match(self, path: bytes) -> tuple[NameGrammar, Mapping[str, str | None]] | None:
        try:
            name = path.rpartition(b"/")[2].decode("ascii")
        except UnicodeDecodeError:
            return None
        for grammar in self.grammars:
            found = grammar.pattern.fullmatch(name)
            if found:
                return grammar, found.groupdict()
        return None

    def _facts(self, grammar: NameGrammar, groups: Mapping[str, str | None]) -> NameFacts:
        sequence = groups.get("sequence")
        started = self._started(grammar, groups.get("started"))
        return NameFacts(
            police_id=_assigned(groups.get("police")),
            device_id=_assigned(groups.get("device")),
            started_at=None if started is None else started.at,
            started_doubt_s=0.0 if started is None else started.doubt_s,
            sequence=int(sequence) if sequence else None,
            is_marked_important=bool(groups.get("important")),
        )

    def _started(self, grammar: NameGrammar, text: str | None) -> LocalMoment | None:
        if not text or grammar.time_format is None or self.zone is None:
            return None
        try:
            # A grammar's format has no zone: the profile says it.
            return local_moment(datetime.strptime(text, grammar.time_format), self.zone)  # noqa: DTZ007
        except (ValueError, OverflowError):
            return None


def _assigned(identifier: str | None) -> str | None:
    # GA/T 947 recorders carry zeros until somebody assigns a number.
    return identifier if identifier and identifier.strip("0") else None
