"""Everything that is wrong with one sealed bag: the three stock-tool checks and what they do not see.

`sha256sum -c` of the manifest alone passes when clip and manifest were changed together, and `bagit` accepts a bag
without its tagmanifest: so the signature, the tagmanifest and the manifest are always all checked.
"""

import os
import re
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from archive.bag import (
    BAG_INFO,
    BAGIT_TXT,
    BAGIT_TXT_BYTES,
    COVERED_TAGS,
    MANIFEST,
    SIGNATURE,
    TAGMANIFEST,
    is_payload_name,
)
from archive.bag_findings import BagDamage, BagFinding
from archive.durable import drop_cache as forget_pages
from hashing.digest import CHUNK_BYTES, Digest, digest_stream
from hashing.errors import N_, HashingError, shown

VerifySignature = Callable[[bytes, bytes], None]

# A manifest line of ours has under 100 bytes; nobody needs more than a few thousand sidecars to one clip.
MAX_TAG_BYTES = 1024 * 1024

_FOLDERS = frozenset({"data", "custody"})
_MANIFEST_LINE = re.compile(rb"([0-9a-f]{64})  ([^\n]+)\n")
_OXUM_LINE = re.compile(rb"^Payload-Oxum:[ \t]*([^\n]*)$", re.MULTILINE)
_SPECIAL_KINDS = {
    stat.S_IFLNK: N_("a symbolic link"),
    stat.S_IFIFO: N_("a FIFO"),
    stat.S_IFSOCK: N_("a socket"),
    stat.S_IFBLK: N_("a block device"),
    stat.S_IFCHR: N_("a character device"),
    stat.S_IFREG: N_("a regular file"),
}


@dataclass(slots=True, kw_only=True)
class _Bag:
    """What is known of a bag while it is checked: the regular files in it, and what was found so far."""

    path: Path
    is_cache_dropped: bool
    buffer: bytearray = field(default_factory=lambda: bytearray(CHUNK_BYTES))
    sizes: dict[str, int] = field(default_factory=dict)
    unlisted: set[str] = field(default_factory=set)
    """Folders that could not be listed to the end: what is not in `sizes` may lie there all the same."""
    findings: list[BagFinding] = field(default_factory=list)

    def report(self, code: BagDamage, place: str, **facts: str | int) -> None:
        self.findings.append(BagFinding(code=code, place=shown(place), facts=facts))

    def is_absent(self, name: str) -> bool:
        """Return whether a file is known not to be there; one in a folder that nobody could list is not."""
        return name not in self.sizes and not {"", name.rpartition("/")[0]} & self.unlisted


def check_bag(
    path: Path, *, verify_signature: VerifySignature, expected_tagmanifest: Digest | None, drop_cache: bool = True
) -> tuple[BagFinding, ...]:
    """Return everything that is wrong with the bag at `path`, in order of code and place; empty means it is whole.

    `verify_signature` gets the tagmanifest and the signature file and raises a HashingError when it does not accept
    them. `expected_tagmanifest` is what the ledger says; None leaves that question open, and then a bag that somebody
    with the station's key made afresh passes. With `drop_cache` every file is read from the medium as far as the
    kernel allows (pages not yet written stay). Only regular files are opened, no link is followed, nothing is changed.

    What could not be read is reported as that and nothing is concluded from it: a medium that fails is no forgery.

    Not checked: what clip.json says, modes and owners, and whether this is the place where the bag belongs.
    """
    # 1 list what is there, opening nothing; 2 read each tag file once, for its digest and its meaning;
    # 3 tagmanifest: ledger, signature; 4 what the tagmanifest covers; 5 what the manifest covers;
    # 6 what neither lists; 7 Payload-Oxum.
    bag = _Bag(path=path, is_cache_dropped=drop_cache)
    _list_files(bag)  # 1
    tags = {
        name: data for name in (*COVERED_TAGS, TAGMANIFEST, SIGNATURE) if (data := _read_tag(bag, name)) is not None
    }
    _check_tagmanifest(bag, tags, verify_signature, expected_tagmanifest)  # 3
    _check_tags(bag, tags)  # 4
    if MANIFEST in tags or bag.is_absent(MANIFEST):
        listed = _check_payload(bag, tags)  # 5
        for name in bag.sizes.keys() - listed - {*COVERED_TAGS, TAGMANIFEST, SIGNATURE}:  # 6
            bag.report(BagDamage.EXTRA, name)
    _check_oxum(bag, tags)  # 7
    return tuple(sorted(bag.findings, key=lambda finding: (finding.code, finding.place)))


def _list_files(bag: _Bag) -> None:
    pending = [""]
    while pending:
        folder = pending.pop()
        try:
            if not folder and not stat.S_ISDIR(bag.path.lstat().st_mode):
                bag.report(BagDamage.SPECIAL, ".", kind=_kind(bag.path.lstat().st_mode))
                return
            with os.scandir(bag.path / folder) as entries:
                for entry in entries:
                    pending += _list_entry(bag, folder, entry)
        except FileNotFoundError:
            bag.report(BagDamage.MISSING, folder or ".")
        except OSError as err:
            bag.unlisted.add(folder)
            bag.report(BagDamage.UNREADABLE, folder or ".", reason=err.strerror or str(err))


def _list_entry(bag: _Bag, folder: str, entry: os.DirEntry[str]) -> list[str]:
    """Note a file; return the folder to look into next, if it is one that a bag has."""
    name = f"{folder}/{entry.name}" if folder else entry.name
    found = entry.stat(follow_symlinks=False)
    if stat.S_ISREG(found.st_mode):
        bag.sizes[name] = found.st_size
    elif not stat.S_ISDIR(found.st_mode):
        bag.report(BagDamage.SPECIAL, name, kind=_kind(found.st_mode))
    elif name in _FOLDERS:
        return [name]
    else:
        bag.report(BagDamage.EXTRA, name)
    return []


def _kind(mode: int) -> str:
    return _SPECIAL_KINDS[stat.S_IFMT(mode)]


def _open(bag: _Bag, name: str) -> int:
    # Listed as a regular file a moment ago; a link or FIFO put there since must neither be followed nor waited for.
    fd = os.open(bag.path / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if bag.is_cache_dropped:
        forget_pages(fd)
    return fd


def _read_tag(bag: _Bag, name: str) -> bytes | None:
    if name not in bag.sizes:
        if bag.is_absent(name):
            bag.report(BagDamage.MISSING, name)
        return None
    try:
        with os.fdopen(_open(bag, name), "rb") as file:
            data = file.read(MAX_TAG_BYTES + 1)
    except OSError as err:
        bag.report(BagDamage.UNREADABLE, name, reason=err.strerror or str(err))
        return None
    if len(data) > MAX_TAG_BYTES:
        bag.report(BagDamage.MALFORMED, name, line=data.count(b"\n") + 1)
        return None
    return data


def _check_tagmanifest(
    bag: _Bag, tags: Mapping[str, bytes], verify_signature: VerifySignature, expected: Digest | None
) -> None:
    if TAGMANIFEST not in tags:
        return
    found = Digest.of(tags[TAGMANIFEST])
    if expected is not None and found != expected:
        bag.report(BagDamage.LEDGER_MISMATCH, TAGMANIFEST, expected=expected.hex, found=found.hex)
    if SIGNATURE not in tags:
        return
    try:
        verify_signature(tags[TAGMANIFEST], tags[SIGNATURE])
    except HashingError as err:
        bag.report(BagDamage.SIGNATURE_REFUSED, SIGNATURE, reason=str(err.facts.get("problem", err)))


def _check_tags(bag: _Bag, tags: Mapping[str, bytes]) -> None:
    covered = _parse_manifest(bag, TAGMANIFEST, tags, lambda name: name in COVERED_TAGS)
    for name in COVERED_TAGS:
        if name not in covered and TAGMANIFEST in tags:
            bag.report(BagDamage.NOT_COVERED, name)
        elif name in covered and name in tags and (found := Digest.of(tags[name]).hex) != covered[name]:
            bag.report(BagDamage.TAG_CHANGED, name, expected=covered[name], found=found)
    if tags.get(BAGIT_TXT, BAGIT_TXT_BYTES) != BAGIT_TXT_BYTES:
        bag.report(BagDamage.MALFORMED, BAGIT_TXT, line=1)


def _check_payload(bag: _Bag, tags: Mapping[str, bytes]) -> set[str]:
    """Check every file that the manifest lists; return their names."""
    listed = _parse_manifest(bag, MANIFEST, tags, is_payload_name)
    for name, expected in listed.items():
        if name not in bag.sizes:
            if bag.is_absent(name):
                bag.report(BagDamage.PAYLOAD_MISSING, name, expected=expected)
            continue
        try:
            with os.fdopen(_open(bag, name), "rb", buffering=0) as file:
                found = digest_stream(file, bag.buffer)[0].hex
        except OSError as err:
            bag.report(BagDamage.UNREADABLE, name, reason=err.strerror or str(err))
            continue
        if found != expected:
            bag.report(BagDamage.PAYLOAD_CHANGED, name, expected=expected, found=found)
    return set(listed)


def _parse_manifest(
    bag: _Bag, manifest: str, tags: Mapping[str, bytes], is_allowed: Callable[[str], bool]
) -> dict[str, str]:
    """Return digest by name; a line that says anything else, or a name twice, is reported and not used."""
    digests: dict[str, str] = {}
    for number, line in enumerate(tags.get(manifest, b"").splitlines(keepends=True), start=1):
        match = _MANIFEST_LINE.fullmatch(line)
        name = os.fsdecode(match[2]) if match else ""
        if match is None or name in digests:
            bag.report(BagDamage.MALFORMED, manifest, line=number)
        elif not is_allowed(name):
            bag.report(BagDamage.UNSAFE_NAME, manifest, line=number, name=shown(name))
        else:
            digests[name] = match[1].decode("ascii")
    return digests


def _check_oxum(bag: _Bag, tags: Mapping[str, bytes]) -> None:
    if BAG_INFO not in tags or {"", "data"} & bag.unlisted:
        return
    sizes = [size for name, size in bag.sizes.items() if name.startswith("data/")]
    found = f"{sum(sizes)}.{len(sizes)}"
    stated = [value.decode("utf-8", "backslashreplace") for value in _OXUM_LINE.findall(tags[BAG_INFO])]
    if stated != [found]:
        bag.report(BagDamage.OXUM_WRONG, BAG_INFO, expected=shown(", ".join(stated)), found=found)
