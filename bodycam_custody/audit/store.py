"""A store folder itself: its signed marker, what lies at its top, and which bags are on the disk."""

import re
from dataclasses import dataclass
from pathlib import Path

from archive.marker import MARKER_NAME, SIGNATURE_NAME, parse_marker
from archive.store import BALLAST_NAME, CLIPS, LEDGER, QUARANTINE, STAGING, TOMBSTONES
from archive.store_readme import README_NAME
from bodycam_custody.audit.codes import (
    LINK_OR_SPECIAL,
    MARKER_OTHER_ORIGIN,
    MARKER_UNSIGNED,
    NO_BAGS,
    NO_MARKER,
    STRAY,
    UNREADABLE,
)
from bodycam_custody.audit.errors import EvidenceUnreadableError, NoStoreError
from bodycam_custody.audit.files import FolderContents, UnreadableError, list_folder, read_regular
from bodycam_custody.audit.findings import Findings
from bodycam_custody.audit.trust import MAX_TRUST_FILE_BYTES, Trust
from hashing.errors import HashingError, shown

# What a store has at its top, and what every ext file system adds. The two dotted folders hold nothing that counts.
_TOP = frozenset({CLIPS, LEDGER, TOMBSTONES, STAGING, QUARANTINE, BALLAST_NAME, README_NAME, "lost+found"})
_MARKER_FILES = frozenset({MARKER_NAME, SIGNATURE_NAME})

# clips/YYYY/MM/DD: what a name may look like on each level above the bags.
_DATE_LEVELS = (re.compile(r"[0-9]{4}"), re.compile(r"[0-9]{2}"), re.compile(r"[0-9]{2}"))


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFolder:
    """What a store folder is and holds, before anything is compared with a ledger."""

    path: Path
    store_id: str | None
    """As signed by the station; None when nobody signs for it."""
    bag_paths: frozenset[str]
    """Every folder on the disk that stands where a bag stands."""
    has_bags: bool
    """False for a ledger without its bags: neither marker nor clips."""


def list_store(path: Path) -> FolderContents:
    """Return the top of the store folder at `path`, which may itself be a link: the auditor named it.

    Raises:
        EvidenceUnreadableError: there is no such folder, or it may not be read.
        NoStoreError: nothing of a store is in it.
    """
    try:
        contents = list_folder(path.resolve())
    except UnreadableError as err:
        raise EvidenceUnreadableError(path=shown(path), reason=str(err)) from err
    names = {*contents.folders, *contents.files, *(name for name, _ in contents.specials)}
    if not names & {CLIPS, LEDGER, MARKER_NAME}:
        raise NoStoreError(path=shown(path))
    return contents


def check_store(path: Path, trust: Trust, findings: Findings) -> StoreFolder:
    """Return what the store folder is and holds.

    Raises:
        EvidenceUnreadableError, NoStoreError: it is no folder of a store.
    """
    contents = list_store(path)
    for name, kind in contents.specials:
        findings.add(LINK_OR_SPECIAL, name, file_kind=kind)
    for name in (*contents.folders, *contents.files):
        if name not in _TOP | _MARKER_FILES:
            findings.add(STRAY, name)
    has_marker, has_clips = MARKER_NAME in contents.files, CLIPS in contents.folders
    store_id = None
    if has_marker:
        store_id = _read_marker(path, trust, findings)
    elif has_clips:
        findings.add(NO_MARKER, MARKER_NAME)
    elif not any(name in {CLIPS, MARKER_NAME} for name, _ in contents.specials):
        findings.add(NO_BAGS, str(path))
    return StoreFolder(
        path=path,
        store_id=store_id,
        bag_paths=frozenset(_bags_below(path, findings)) if has_clips else frozenset(),
        has_bags=has_marker or has_clips,
    )


def _read_marker(path: Path, trust: Trust, findings: Findings) -> str | None:
    name = MARKER_NAME
    try:
        data = read_regular(path / MARKER_NAME, MAX_TRUST_FILE_BYTES)
        name = SIGNATURE_NAME
        signature = read_regular(path / SIGNATURE_NAME, MAX_TRUST_FILE_BYTES)
    except UnreadableError as err:
        findings.add(MARKER_UNSIGNED, name, reason=str(err))
        return None
    try:
        trust.verify_marker(data, signature)
        marker = parse_marker(data)
    except (HashingError, ValueError) as err:
        findings.add(MARKER_UNSIGNED, MARKER_NAME, reason=str(err))
        return None
    # Deliberately not compared: file system and disk, which differ on a copy that an auditor was given.
    if marker.origin != trust.verifier.name:
        findings.add(MARKER_OTHER_ORIGIN, MARKER_NAME, found=marker.origin, expected=trust.verifier.name)
        return None
    return marker.store_id


def _bags_below(path: Path, findings: Findings) -> list[str]:
    folders = [CLIPS]
    for pattern in _DATE_LEVELS:
        below = []
        for folder in folders:
            contents = _listed(path, folder, findings)
            for name in (*contents.folders, *contents.files):
                if pattern.fullmatch(name) and name in contents.folders:
                    below.append(f"{folder}/{name}")
                else:
                    findings.add(STRAY, f"{folder}/{name}")
        folders = below
    bags = []
    for folder in folders:
        contents = _listed(path, folder, findings)
        bags += [f"{folder}/{name}" for name in contents.folders]
        for name in contents.files:
            findings.add(STRAY, f"{folder}/{name}")
    return bags


def _listed(path: Path, folder: str, findings: Findings) -> FolderContents:
    try:
        contents = list_folder(path / folder)
    except UnreadableError as err:
        findings.add(UNREADABLE, folder, reason=str(err))
        return FolderContents(folders=(), files=(), specials=())
    for name, kind in contents.specials:
        findings.add(LINK_OR_SPECIAL, f"{folder}/{name}", file_kind=kind)
    return contents
