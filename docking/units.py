"""Which files of a card belong together: a recording and the sidecars its recorder wrote beside it."""

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from docking.inventory import Inventory
from docking.profiles import RecorderProfile
from docking.source import FileType, SourceFile

# Marking a clip as important renames it, but not always its sidecar (facts: `_IMP`, `<seq>IMP`).
_IMPORTANT_MARK = re.compile(rb"(?:(?<=\d)|(?<=[^_])_)imp\Z")

# Where a still and a clip share a stem, the sidecar was written for the clip.
_RECORDING_ORDER: Final = {FileType.VIDEO: 0, FileType.AUDIO: 1, FileType.PHOTO: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureUnit:
    """A file and the sidecars that are sealed with it; `main` is itself a sidecar where its recording is missing."""

    main: SourceFile
    sidecars: tuple[SourceFile, ...]


def group_units(inventory: Inventory, profile: RecorderProfile) -> tuple[CaptureUnit, ...]:
    """Put every file of `inventory` into exactly one unit, sorted by the path of its main file.

    A sidecar goes with the recording of the same stem in its folder, whatever the letter case and important marks;
    failing that, with the only recording of that stem in the profile's clip folders (locking moves clips). A sidecar
    without recording, or with several to choose from elsewhere, is a unit of its own: nothing is guessed or dropped.
    """
    recordings = _Recordings(inventory, profile)
    sidecars: dict[bytes, list[SourceFile]] = defaultdict(list)
    mains: list[SourceFile] = []
    for file in inventory.files:
        recording = recordings.of_sidecar(file) if file.file_type is FileType.SIDECAR else None
        if recording is None:
            mains.append(file)
        else:
            sidecars[recording.path].append(file)
    return tuple(CaptureUnit(main=main, sidecars=tuple(sidecars.get(main.path, ()))) for main in mains)


class _Recordings:
    """The recordings of one card, found by what a sidecar's name says."""

    def __init__(self, inventory: Inventory, profile: RecorderProfile) -> None:
        self._profile = profile
        self._in_folder: dict[tuple[bytes, bytes], list[SourceFile]] = defaultdict(list)
        self._in_clip_folders: dict[bytes, list[SourceFile]] = defaultdict(list)
        for file in inventory.files:
            if file.file_type not in _RECORDING_ORDER:
                continue
            folder, name = _split(file.path)
            # A sidecar may repeat the whole name (clip.mp4.xml) or only the stem (clip.xml).
            for key in {_key(name), _key(_stem(name))}:
                self._in_folder[folder, key].append(file)
            if profile.is_clip_folder(file.path):
                self._in_clip_folders[_key(_stem(name))].append(file)

    def of_sidecar(self, sidecar: SourceFile) -> SourceFile | None:
        folder, name = _split(sidecar.path)
        stem = _stem(name)
        beside = self._in_folder.get((folder, _key(stem)))
        if beside:
            return min(beside, key=lambda recording: _distance(recording, stem))
        elsewhere = self._in_clip_folders.get(_key(stem), [])
        if len(elsewhere) == 1 and self._profile.is_clip_folder(sidecar.path):
            return elsewhere[0]
        return None


def _distance(recording: SourceFile, stem: bytes) -> tuple[bool, bool, int, bytes]:
    """Order recordings by how surely a sidecar with `stem` was written for them."""
    name = _split(recording.path)[1]
    exact = stem in {name, _stem(name)}
    same_case_aside = stem.lower() in {name.lower(), _stem(name).lower()}
    return (not exact, not same_case_aside, _RECORDING_ORDER[recording.file_type], recording.path)


def _split(path: bytes) -> tuple[bytes, bytes]:
    folder, _, name = path.rpartition(b"/")
    return folder, name


def _stem(name: bytes) -> bytes:
    stem, dot, _ = name.rpartition(b".")
    return stem if dot and stem else name


def _key(stem: bytes) -> bytes:
    """Return what equal stems share: ASCII case and important mark aside; other bytes are compared as they are."""
    return _IMPORTANT_MARK.sub(b"", stem.lower())
