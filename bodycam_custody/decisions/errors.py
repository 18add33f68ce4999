"""Decisions that cannot be taken as they were handed in.

CustodyError
├── SignatureMissingError
├── SignerWithoutKeyError
├── SignersError
├── AppointmentDatesError
├── AppointmentRunsError
├── DeputyError
├── KeyNeededError
├── KeyKnownError
├── KeyTakenError
├── UidTakenError
├── NotAppointedError
├── TooFewLeftError
├── DecisionRequestError
└── DecisionWithoutRequestError
"""

from bodycam_custody.errors import CustodyError
from hashing.errors import N_


class SignatureMissingError(CustodyError):
    """One of those who decide did not sign."""

    code = "signature-missing"
    template = N_(
        "the decision needs the signature of {person}, and there is none (A3 art. 10). Sign the text where the key is: "
        "ssh-keygen -Y sign -n {namespace} -f KEY TEXT"
    )


class SignerWithoutKeyError(CustodyError):
    """No key signs for a person at this place."""

    code = "signer-without-key"
    template = N_(
        "no key signs for {person} at ledger position {seq}: the person is not registered, or the key was replaced. "
        "Ask: custody people show {person}"
    )


class SignersError(CustodyError):
    """Those named may not decide this."""

    code = "deciders-refused"
    template = N_(
        "{by} cannot decide this: {reason} It takes two who are in office and whom it does not concern, or two "
        "recovery keys (A3 art. 7)"
    )


class AppointmentDatesError(CustodyError):
    """An appointment would begin in the past, or end before it begins."""

    code = "appointment-dates"
    template = N_(
        "{person} cannot be appointed from {since} to {until}: expected a first day not before today ({today}) and a "
        "last day not before the first; nobody is appointed afterwards (A3 art. 7)"
    )


class AppointmentRunsError(CustodyError):
    """The person has the role already."""

    code = "appointment-runs"
    template = N_("{person} is appointed as {role} already, until {until}; end that appointment first")


class DeputyError(CustodyError):
    """A deputy stands in for somebody in that role, and for a time."""

    code = "deputy-refused"
    template = N_(
        "{person} cannot stand in for {deputy_for} as {role}: expected another person who holds that role on the first "
        "day, and a last day (--until)"
    )


class KeyNeededError(CustodyError):
    """Nobody is appointed without a key."""

    code = "key-needed"
    template = N_("{person} is new here: expected a public key (--key FILE), found none")


class KeyKnownError(CustodyError):
    """Who is appointed again keeps the key they have."""

    code = "key-known"
    template = N_(
        "{person} has a key already and keeps it: leave --key out, or change it with: "
        "custody people change-key {person}"
    )


class KeyTakenError(CustodyError):
    """A key tells one person."""

    code = "key-taken"
    template = N_(
        "the key {fingerprint} cannot become the key of {person}: it was registered before ({holder}); make a new one "
        "with: ssh-keygen -t ed25519"
    )


class UidTakenError(CustodyError):
    """A Unix uid tells one person."""

    code = "uid-taken"
    template = N_("the Unix user {uid} is {person}; expected one that nobody else works as")


class NotAppointedError(CustodyError):
    """There is no such appointment to end."""

    code = "not-appointed"
    template = N_("{person} is not appointed as {role}; see: custody people show {person}")


class TooFewLeftError(CustodyError):
    """An appointment is not ended when fewer than two could decide afterwards."""

    code = "too-few-left"
    template = N_(
        "ending the appointment of {person} as {role} would leave {left} who can decide, expected two or more: appoint "
        "somebody else first"
    )


class DecisionRequestError(CustodyError):
    """There is nothing to decide at this place of the ledger."""

    code = "decision-request"
    template = N_(
        "entry {seq} cannot be decided: {reason} Ask again with custody people appoint, end or change-key, and sign "
        "the new text"
    )


class DecisionWithoutRequestError(CustodyError):
    """A decision without the request it says it is on."""

    code = "decision-without-request"
    template = N_("no entry before it asks for exactly this and is undecided (request {request})")
