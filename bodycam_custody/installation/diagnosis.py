"""What `custody doctor` can find: coded findings, each with the way to mend it.

A code is part of the interface: it is never renamed and never reused. The table in docs/installation.md is compared
with this one by a test.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from archive.answers import Answer
from hashing.canonical import Json
from hashing.errors import N_


class Sign(StrEnum):
    """What a finding is about; the values are its codes."""

    UNITS_UNKNOWN = "D001"
    UNIT_MISSING = "D002"
    UNIT_CHANGED = "D003"
    PROGRAM_CHANGED = "D004"
    PROGRAM_UNKNOWN = "D005"
    STATE_MISSING = "D010"
    STATE_OPEN = "D011"
    KEYS_UNUSABLE = "D012"
    KEYS_UNKNOWN = "D013"
    KEYS_NOT_ROOTS = "D014"
    SLIPS_MISSING = "D015"
    SLIPS_OPEN = "D016"
    NOTES_MISSING = "D017"
    NOTES_OPEN = "D018"
    CONFIG_OPEN = "D019"
    STORE_MISSING = "D020"
    STORE_OPEN = "D021"
    STORES_SHARE_DISK = "D022"
    DISKS_UNKNOWN = "D023"
    STORE_PLAIN = "D024"
    STORE_CIPHER_UNKNOWN = "D025"
    STORE_CHANGEABLE = "D026"
    CLOCK_FREE = "D030"
    CLOCK_UNKNOWN = "D031"
    PROBE_MISSING = "D040"
    PROBE_OPEN = "D041"
    PROFILE_UNUSABLE = "D050"
    FAMILIES_UNUSABLE = "D051"
    FAMILIES_OPEN = "D052"
    CLEAR_MISSING = "D060"
    SWEEP_OFF = "D070"
    KEEP_MISSING = "D071"


TEMPLATES: Mapping[Sign, str] = {
    Sign.UNITS_UNKNOWN: N_(
        "There are no units to compare with at {path}: the program was not installed by `make install`. Install it so, "
        "or check the units yourself."
    ),
    Sign.UNIT_MISSING: N_("Expected {name} in {path}, found nothing. Run `make install` again."),
    Sign.UNIT_CHANGED: N_(
        "{path} is not as the program brought it. Put changes into a drop-in (`systemctl edit {name}`), then run `make "
        "install` again."
    ),
    Sign.PROGRAM_CHANGED: N_(
        "{path} is not the file of the wheel. Nobody may change the program: run `make install` again, and find out "
        "who did."
    ),
    Sign.PROGRAM_UNKNOWN: N_(
        "The files of the program cannot be compared with their wheel: it is an editable installation. Install the "
        "wheel with `make install`."
    ),
    Sign.STATE_MISSING: N_("{path}: expected the state folder, found nothing. Run `custody init` as the user custody."),
    Sign.STATE_OPEN: N_("{path}: expected mode 0700, found {mode}: others can reach it. Run: chmod 0700 {path}"),
    Sign.KEYS_UNUSABLE: N_("The station's keys cannot be used: {reason}"),
    Sign.KEYS_UNKNOWN: N_("{path} cannot be read by uid {uid}. Run this command as root to check the keys."),
    Sign.KEYS_NOT_ROOTS: N_(
        "{path} belongs to uid {uid}, so the daemon could change the keys. systemd hands it copies; run: chown -R "
        "root:root {path}"
    ),
    Sign.SLIPS_MISSING: N_(
        "{path}: expected the folder of dock slips, found nothing. Run: systemd-tmpfiles --create bodycam-custody.conf"
    ),
    Sign.SLIPS_OPEN: N_(
        "{path}: expected a folder of uid {expected} that nobody else can write, found owner uid {uid} and mode "
        "{mode}: whoever can write there can announce a card. Run: systemd-tmpfiles --create bodycam-custody.conf"
    ),
    Sign.NOTES_MISSING: N_(
        "{path}: expected the folder in which a root helper leaves its notes, found nothing. Run: systemd-tmpfiles "
        "--create bodycam-custody.conf"
    ),
    Sign.NOTES_OPEN: N_(
        "{path}: expected a folder of uid {expected} that nobody else can write, found owner uid {uid} and mode "
        "{mode}: whoever can write there can say what a recorder is. Run: systemd-tmpfiles --create "
        "bodycam-custody.conf"
    ),
    Sign.STORE_MISSING: N_(
        "Store {store}: nothing is mounted or made at {path}. Mount its disk, then run doctor again."
    ),
    Sign.STORE_OPEN: N_(
        "Store {store}: expected {path} to be closed to others and owned by uid {expected}, found owner uid {uid} and "
        "mode {mode}. Run: chown {expected} {path} && chmod 0750 {path}"
    ),
    Sign.STORES_SHARE_DISK: N_(
        "At least two stores lie on one disk; one failure takes both (A3 art. 7). Move one to a disk of its own."
    ),
    Sign.DISKS_UNKNOWN: N_(
        "It cannot be told whether the stores lie on different disks (A3 art. 7). Use local disks, each with a "
        "filesystem of its own."
    ),
    Sign.STORE_PLAIN: N_(
        "Store {store}: {path} is not on an encrypted volume; whoever takes the disk can read it. Make the filesystem "
        "on a LUKS volume (cryptsetup luksFormat)."
    ),
    Sign.STORE_CIPHER_UNKNOWN: N_(
        "Store {store}: it cannot be told whether {path} is encrypted. If the disk encrypts by itself, note that in "
        "your records."
    ),
    Sign.STORE_CHANGEABLE: N_(
        "Store {store}: the filesystem at {path} cannot make a sealed bag immutable, so the station's own programs "
        "could change it. Make an ext4, xfs or btrfs filesystem there."
    ),
    Sign.CLOCK_FREE: N_(
        "The clock of this machine is not synchronised; every time in the ledger rests on it. Run: timedatectl set-ntp "
        "true, and check with: timedatectl"
    ),
    Sign.CLOCK_UNKNOWN: N_("It cannot be told whether the clock is synchronised. Check with: timedatectl"),
    Sign.PROBE_MISSING: N_(
        "Recordings cannot be looked into: ffprobe or {launcher} is not there, and every clip waits. Run: apt-get "
        "install ffmpeg"
    ),
    Sign.PROBE_OPEN: N_(
        "Recordings are looked into with limits only ({launcher}). Start the service with: systemctl enable --now "
        "custody-probe.socket, or install bubblewrap."
    ),
    Sign.PROFILE_UNUSABLE: N_("The recorder profiles cannot be used: {reason}"),
    Sign.FAMILIES_UNUSABLE: N_("The list of recorder families cannot be used: {reason}"),
    Sign.FAMILIES_OPEN: N_(
        "{path}: expected a file of root that nobody else can write, found owner uid {uid} and mode {mode}: it decides "
        "which devices are given a password. Run: chown root:root {path} && chmod 0644 {path}"
    ),
    Sign.CONFIG_OPEN: N_(
        "{path}: expected to be root's and writable by nobody else, found owner uid {uid} and mode {mode}: it says "
        "which cards are read and which may be cleared. Run: chown root:root {path} && chmod go-w {path}"
    ),
    Sign.CLEAR_MISSING: N_(
        "The rule set clears recorders after their receipt, but nothing listens at {path}, so no card can be cleared. "
        "Run: systemctl enable --now custody-clear.socket"
    ),
    Sign.SWEEP_OFF: N_(
        "The timer of the nightly sweep is not enabled ({path} is not there): after a night without power nobody looks "
        "for missing copies until the daemon does. Run: systemctl enable --now custody-sweep.timer"
    ),
    Sign.KEEP_MISSING: N_(
        "Nothing listens at {path}, so no sealed bag is made immutable and the station's own programs could change it. "
        "Run: systemctl enable --now custody-keep.socket"
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """One thing to mend; `answer` is no (it is wrong) or cannot-tell."""

    sign: Sign
    answer: Answer
    facts: Mapping[str, Json]

    @property
    def template(self) -> str:
        """The sentence, to be filled with the facts."""
        return TEMPLATES[self.sign]

    def to_json(self) -> dict[str, Json]:
        """Return the finding as `custody doctor --json` prints it."""
        return {
            "code": self.sign.value,
            "answer": self.answer.value,
            "template": self.template,
            "facts": dict(self.facts),
        }


def wrong(sign: Sign, **facts: Json) -> Diagnosis:
    """Return a finding that something is wrong."""
    return Diagnosis(sign=sign, answer=Answer.NO, facts=facts)


def untold(sign: Sign, **facts: Json) -> Diagnosis:
    """Return a finding that something cannot be told."""
    return Diagnosis(sign=sign, answer=Answer.CANNOT_TELL, facts=facts)


def overall(found: Sequence[Diagnosis]) -> Answer:
    """Return yes where nothing was found, no where anything is wrong, else cannot-tell."""
    answers = {one.answer for one in found}
    if Answer.NO in answers:
        return Answer.NO
    return Answer.CANNOT_TELL if answers else Answer.YES
