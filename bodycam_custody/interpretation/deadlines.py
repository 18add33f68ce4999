"""The 24 hours: was a recording handed over in time? (R38, A3 art. 7)"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bodycam_custody.model import Handover, HandoverReason, Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The answer, its reason, and the moment the hours ran out; `due` is None when the end is not known."""

    handover: Handover
    reason: HandoverReason
    due: datetime | None


def judge_handover(
    *, ended: Instant | None, missing: HandoverReason, handed_over_at: datetime | None, at_dock: bool, hours: int
) -> Verdict:
    """Judge one recording.

    `ended` is the end of the recording (of the last split), None with the reason `missing` when it cannot be told;
    `handed_over_at` is the docking or the acceptance, whichever the rule set names. The limit itself is still in time.
    Uncertainty that reaches across the limit makes the verdict undeterminable, never on time.
    """
    if ended is None:
        return Verdict(handover=Handover.UNDETERMINABLE, reason=missing, due=None)
    due = ended.at + timedelta(hours=hours)
    if ended.uncertainty_s is None:
        return Verdict(handover=Handover.UNDETERMINABLE, reason=HandoverReason.NO_CLOCK_UNCERTAINTY, due=due)
    if handed_over_at is None:
        return Verdict(handover=Handover.UNDETERMINABLE, reason=HandoverReason.AWAITING_ACCEPTANCE, due=due)
    doubt = timedelta(seconds=ended.uncertainty_s)
    past_due = handed_over_at - due
    if past_due <= -doubt:
        reason = HandoverReason.DOCKED_WITHIN_HOURS if at_dock else HandoverReason.ACCEPTED_WITHIN_HOURS
        return Verdict(handover=Handover.ON_TIME, reason=reason, due=due)
    if past_due > doubt:
        reason = HandoverReason.DOCKED_AFTER_HOURS if at_dock else HandoverReason.ACCEPTED_AFTER_HOURS
        return Verdict(handover=Handover.LATE, reason=reason, due=due)
    return Verdict(handover=Handover.UNDETERMINABLE, reason=HandoverReason.WITHIN_CLOCK_UNCERTAINTY, due=due)


def judge_perhaps(known: Verdict, perhaps: Verdict) -> Verdict:
    """Return the verdict where a recording was there at one moment, and perhaps earlier: what both say, or neither."""
    if perhaps.handover is known.handover:
        return known
    return Verdict(handover=Handover.UNDETERMINABLE, reason=HandoverReason.ARRIVAL_UNPROVEN, due=known.due)
