"""What can be wrong with a sealed bag: one stable code and one sentence per kind (docs/bag-format.md, "Findings")."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from archive.answers import Answer
from hashing.errors import N_


class BagDamage(StrEnum):
    """The codes; each is part of the interface, never renamed and never used again for something else."""

    MISSING = "B001"
    EXTRA = "B002"
    SPECIAL = "B003"
    UNREADABLE = "B004"
    LEDGER_MISMATCH = "B010"
    SIGNATURE_REFUSED = "B011"
    NOT_COVERED = "B012"
    TAG_CHANGED = "B013"
    MALFORMED = "B020"
    UNSAFE_NAME = "B021"
    OXUM_WRONG = "B022"
    PAYLOAD_MISSING = "B030"
    PAYLOAD_CHANGED = "B031"


TEMPLATES: Mapping[BagDamage, str] = {
    BagDamage.MISSING: N_("{place}: every sealed bag has this file, but it is missing here."),
    BagDamage.EXTRA: N_("{place}: no manifest of the bag lists this; it was put there after sealing."),
    BagDamage.SPECIAL: N_(
        "{place}: expected a regular file or a folder, found something else ({kind}); it was not opened."
    ),
    BagDamage.UNREADABLE: N_("{place}: it cannot be read ({reason})."),
    BagDamage.LEDGER_MISMATCH: N_(
        "{place}: the ledger says sha256 {expected}, found {found}; this is not the bag that was sealed."
    ),
    BagDamage.SIGNATURE_REFUSED: N_("{place}: the station's signature is not accepted: {reason}."),
    BagDamage.NOT_COVERED: N_("{place}: the signed tagmanifest does not list this file, so nothing vouches for it."),
    BagDamage.TAG_CHANGED: N_("{place}: the tagmanifest says sha256 {expected}, found {found}."),
    BagDamage.MALFORMED: N_("{place}: line {line} is not as the bag format asks."),
    BagDamage.UNSAFE_NAME: N_("{place}: line {line} lists {name}, which is no name a bag may hold; it was not opened."),
    BagDamage.OXUM_WRONG: N_("{place}: Payload-Oxum says {expected}, found {found} (bytes.files)."),
    BagDamage.PAYLOAD_MISSING: N_(
        "{place}: the manifest lists this recording with sha256 {expected}, but it is missing."
    ),
    BagDamage.PAYLOAD_CHANGED: N_(
        "{place}: the manifest says sha256 {expected}, found {found}; the recording was changed."
    ),
}


def answer_of(findings: Iterable["BagFinding"]) -> Answer:
    """Return whether a bag with these findings is whole; where anything could not be read nobody can tell."""
    codes = {finding.code for finding in findings}
    if BagDamage.UNREADABLE in codes:
        return Answer.CANNOT_TELL
    return Answer.NO if codes else Answer.YES


@dataclass(frozen=True, slots=True, kw_only=True)
class BagFinding:
    """One thing that is wrong; `place` is a path inside the bag, made printable (`.` is the bag itself)."""

    code: BagDamage
    place: str
    facts: Mapping[str, str | int]

    @property
    def template(self) -> str:
        """The English sentence with named fields, which is the message id of its translation."""
        return TEMPLATES[self.code]

    @property
    def text(self) -> str:
        """The sentence in English."""
        return self.template.format(place=self.place, **self.facts)
