"""The closed sets of the interface in people's words.

Codes are formats and never change; the words here may. A code of a newer station that has no words yet is shown as
it is.
"""

from collections.abc import Mapping
from typing import Final

from cli.language import N_, _

# Every mention of SAFE carries its remark: a copy on the same disk is no second copy when that disk dies (R43).
STATE: Final[Mapping[str, str]] = {
    "sealed": N_("not safe yet"),
    "safe": N_("SAFE"),
    "safe-one-disk": N_("SAFE (one disk)"),
    "safe-disks-unproven": N_("SAFE (disks unproven)"),
    "damaged": N_("DAMAGED"),
}
HANDOVER: Final[Mapping[str, str]] = {
    "on-time": N_("on time"),
    "late": N_("LATE"),
    "undeterminable": N_("undeterminable"),
}
HANDOVER_REASON: Final[Mapping[str, str]] = {
    "docked-within-hours": N_("docked within the time allowed"),
    "docked-after-hours": N_("docked after the time allowed"),
    "accepted-within-hours": N_("accepted by the custodian within the time allowed"),
    "accepted-after-hours": N_("accepted by the custodian after the time allowed"),
    "awaiting-acceptance": N_("waits for the custodian's acceptance"),
    "within-clock-uncertainty": N_("too close to the limit for this recorder's clock"),
    "arrival-unproven": N_("perhaps at the station before the docking that is proved, and not proved"),
    "not-probed": N_("the file has not been read for its times yet"),
    "no-recording-time": N_("the file carries no usable recording time"),
    "no-clock-uncertainty": N_("nothing is known about the recorder's clock"),
    "clock-implausible": N_("the recorder's clock cannot be right"),
}
REMARK: Final[Mapping[str, str]] = {
    "stores-on-one-disk": N_(
        "all copies are on one physical disk (accepted in the configuration): if that disk fails, all are lost"
    ),
    "disks-unproven": N_(
        "it is not proven that the copies are on different physical disks (accepted in the configuration)"
    ),
    "bags-changeable": N_(
        "sealed bags can still be changed by the station's own programs: nothing here makes them immutable"
    ),
    "bags-not-kept": N_("its sealed bags are not all immutable yet"),
    "entries-in-no-store": N_("what the ledger says of it is in no store yet"),
    "catalog-rebuilt": N_("the catalog was rebuilt from ledger and bags"),
    "times-contradict": N_("the times in name, container and file system contradict each other"),
    "not-media": N_("not a recording"),
    "unparseable": N_("cut short or damaged, so that it cannot be played; kept exactly as found"),
    "probe-timed-out": N_("reading the recording took too long and was given up"),
    "probe-not-sandboxed": N_("the recording was read without a sandbox: this machine allows none"),
    "foreign-file": N_("does not belong on a recorder's card; kept and reported, never opened"),
    "orphan-sidecar": N_("accompanying file without its recording"),
    "files-gone": N_("files that were on this recorder at its previous docking are gone and were never kept"),
    "clock-drifts": N_("the recorder's clock drifts by more than 3 seconds a day"),
    "clock-reset": N_("the recorder's clock had fallen back to a factory date; its battery may have died"),
    "serial-twice": N_(
        "the same serial was in two slots at once: both dockings are held; dock one recorder after the other"
    ),
    "sealed-twice": N_("the ledger names a second bag of this clip; the first one counts, the other is set aside"),
    "recorder-unregistered": N_("the recorder is not registered: sealed and held, not to be filed before it is"),
    "recorder-unassigned": N_("nobody is known to have answered for the recorder when it was docked"),
}
FILE_TYPE: Final[Mapping[str, str]] = {
    "video": N_("video"),
    "audio": N_("audio"),
    "photo": N_("photo"),
    "sidecar": N_("accompanying file"),
    "foreign": N_("foreign file"),
    "unknown": N_("unknown"),
}
PHASE: Final[Mapping[str, str]] = {
    "inventory": N_("listing the card"),
    "waiting": N_("waiting for its turn"),
    "copying": N_("copying"),
    "interpreting": N_("reading times"),
    "closed": N_("finished"),
    "interrupted": N_("interrupted"),
    "failed": N_("failed"),
}
STEP: Final[Mapping[str, str]] = {**PHASE, "preparing": N_("preparing"), "verifying": N_("verifying")}
SLOT_REMARK: Final[Mapping[str, str]] = {
    "serial-unknown": N_("the recorder names no serial: what is sealed is under an unknown recorder"),
    "several-cards": N_("the recorder has several cards; each is read"),
}
# The worst first, as slots are listed; short, because each stands in one column.
WHY_NOT: Final[Mapping[str, str]] = {
    "refused": N_("REFUSED, take it out"),
    "gone-early": N_("TAKEN AWAY TOO EARLY"),
    "interrupted": N_("NOT READ TO THE END"),
    "files-failed": N_("FILES FAILED"),
    "folders-unlisted": N_("FOLDERS UNREADABLE"),
    "held": N_("HELD: serial twice"),
    "locked": N_("present, locked"),
    "not-mounted": N_("not mounted yet"),
    "not-safe": N_("copies not safe yet"),
    "unlocking": N_("unlocking, wait"),
    "waiting": N_("waits for its turn"),
    "reading": N_("reading, leave it"),
    "clearing": N_("being cleared"),
}
UNLOCK_WARNING: Final[Mapping[str, str]] = {
    "factory-password": N_(
        "the recorder still has its maker's password: anybody can open it and change what is on it; give it another "
        "one, and put that into the credential"
    ),
    "unassigned": N_("it names nobody who carries it"),
    "name-unreadable": N_("it names somebody in a way that cannot be read"),
    "no-reply-to-storage": N_("it left before it answered"),
}
SLOT_PHASE: Final[Mapping[str, str]] = {
    "empty": N_("empty"),
    "present-locked": N_("present, locked"),
    "unlocking": N_("unlocking"),
    "storage": N_("present, not mounted yet"),
    "mounted": N_("mounted"),
    "reading": N_("reading"),
    "safe": N_("safe to take away"),
    "released": N_("released"),
    "withdrawn": N_("withdrawn for recovery, may be taken away"),
    "released-uncleared": N_("released uncleared, may be taken away"),
    "refused": N_("REFUSED"),
    "gone-early": N_("TAKEN AWAY TOO EARLY"),
}
DOCKING_KIND: Final[Mapping[str, str]] = {"dock": N_("docked"), "import": N_("imported folder")}
TAKE_AWAY: Final[Mapping[str, str]] = {
    "yes": N_("may be taken away"),
    "no": N_("leave it here"),
    "cannot-tell": N_("cannot tell: leave it here"),
}
CLEARING: Final[Mapping[str, str]] = {
    "clearing": N_("being cleared"),
    "cleared": N_("cleared"),
    "whole": N_("NOT cleared, nothing removed"),
    "partly": N_("only PARTLY cleared"),
    "unknown": N_("clearing BROKE OFF"),
}
OUTCOME: Final[Mapping[str, str]] = {
    "sealed": N_("sealed"),
    "known": N_("already kept"),
    "failed": N_("FAILED"),
    "waiting": N_("waiting"),
}
ANSWER: Final[Mapping[str, str]] = {"yes": N_("yes"), "no": N_("NO"), "cannot-tell": N_("cannot tell")}
WHOLE: Final[Mapping[str, str]] = {
    "yes": N_("whole"),
    "no": N_("BROKEN"),
    "cannot-tell": N_("cannot tell"),
}
ROLE: Final[Mapping[str, str]] = {
    "officer": N_("officer"),
    "operator": N_("operator"),
    "custodian": N_("custodian"),
    "supervisor": N_("supervisor"),
    "auditor": N_("auditor"),
    "archive-officer": N_("archive officer"),
    "legal-reviewer": N_("legal reviewer"),
    "administrator": N_("administrator"),
}
STORE_ROLE: Final[Mapping[str, str]] = {"primary": N_("primary"), "replica": N_("replica")}
STORE_STATE: Final[Mapping[str, str]] = {"ok": N_("ok")}
SPECIAL_KIND: Final[Mapping[str, str]] = {
    "symlink": N_("symbolic link"),
    "fifo": N_("named pipe"),
    "socket": N_("socket"),
    "block-device": N_("block device"),
    "char-device": N_("character device"),
    "other-filesystem": N_("folder of another file system"),
    "directory-loop": N_("folder that leads back to itself"),
    "unreadable-directory": N_("unreadable folder"),
    "unreadable-entry": N_("unreadable entry"),
}
CLOCK_VERDICT: Final[Mapping[str, str]] = {
    "within-limit": N_("drifts within 3 seconds a day"),
    "beyond-limit": N_("DRIFTS by more than 3 seconds a day"),
    "undeterminable": N_("its drift cannot be determined"),
    "reset": N_("had fallen back to a FACTORY DATE"),
    "first-reading": N_("measured for the first time"),
    "clock-set": N_("measured for the first time since it was set"),
}
RECORDER_STATE: Final[Mapping[str, str]] = {
    "unregistered": N_("NOT REGISTERED"),
    "in-stock": N_("in stock"),
    "issued": N_("issued"),
    "faulty": N_("FAULTY"),
    "withdrawn": N_("AWAY FOR RECOVERY"),
    "retired": N_("retired"),
}
RECORDER_FINDING: Final[Mapping[str, str]] = {
    "missing": N_("Missing"),
    "overdue": N_("Overdue"),
    "faulty": N_("Faulty"),
    "withdrawn": N_("Away for recovery"),
    "unregistered": N_("Not registered"),
    "officers-without": N_("Officers without a usable recorder"),
    "per-officer": N_("Recorders in service, officers"),
    "minimum": N_("Minimum of recorders, for each officer"),
}
HANDOVER_POINT: Final[Mapping[str, str]] = {
    "dock": N_("docking"),
    "acceptance": N_("acceptance by the custodian"),
}
DAEMON_MODE: Final[Mapping[str, str]] = {
    "daemon": N_("the daemon is running"),
    "in-process": N_("no daemon is running; this command opened the station itself"),
}
SEVERITY: Final[Mapping[str, str]] = {
    "broken": N_("BROKEN"),
    "cannot-tell": N_("cannot tell"),
    "note": N_("note"),
}
ENTRY_KIND: Final[Mapping[str, str]] = {
    "genesis": N_("station created"),
    "person.requested": N_("decision about a person asked for"),
    "person.appointed": N_("person appointed"),
    "person.ended": N_("appointment ended"),
    "person.key-changed": N_("key changed"),
    "station.started": N_("station started"),
    "store.added": N_("store added"),
    "stores.moved": N_("stores on other disks"),
    "dock.seen": N_("card docked"),
    "dock.inventory": N_("card listed"),
    "dock.closed": N_("docking finished"),
    "dock.compared": N_("card compared with the previous docking"),
    "clock.judged": N_("recorder's clock judged"),
    "dock.alarmed": N_("ALARM at the dock"),
    "alarm.acknowledged": N_("alarm acknowledged"),
    "recorder.visited": N_("recorder unlocked"),
    "slot.learnt": N_("slot named"),
    "dock.accepted": N_("accepted by the custodian"),
    "dock.withdrawn": N_("recorder withdrawn for recovery"),
    "dock.released": N_("recorder released uncleared"),
    "dock.recovered": N_("everything read that it was withdrawn for"),
    "receipt.issued": N_("receipt issued"),
    "card.clearing": N_("clearing of the card begun"),
    "card.cleared": N_("card cleared"),
    "card.clearing-failed": N_("card not cleared, or not to the end"),
    "clip.sealed": N_("sealed: hashed and signed"),
    "supplement.sealed": N_("later accompanying file sealed"),
    "clip.sighted": N_("seen on a card"),
    "file.failed": N_("file could not be taken in"),
    "bag.adopted": N_("bag without entry adopted after a crash"),
    "bag.quarantined": N_("bad copy set aside"),
    "replica.written": N_("replica written and re-read"),
    "copy.missing": N_("copy missing from a store"),
    "clip.probed": N_("recording read for its facts"),
    "clip.timed": N_("recording time determined"),
    "session.grouped": N_("continuous recording grouped"),
    "clip.judged": N_("handover judged"),
    "clip.verified": N_("copies re-read and compared"),
    "clock.mark": N_("clock mark"),
    "recorder.registered": N_("recorder registered"),
    "recorder.issued": N_("recorder issued"),
    "recorder.returned": N_("recorder returned"),
    "recorder.faulted": N_("recorder found faulty"),
    "recorder.retired": N_("recorder retired"),
    "rule_set.loaded": N_("rule set in force"),
}


def label(words: Mapping[str, str], code: str) -> str:
    """Return the words for `code` in the user's language, or the code itself when there are none."""
    return _(words[code]) if code in words else code
