"""People: the register, one person, a text to sign, a decision."""

import shlex
from pathlib import Path

from cli.labels import ROLE, label
from cli.language import _
from cli.tables import pairs, table
from cli.wire import Decided, People, Person, PersonDetail, ToSign


def people_text(people: People, columns: int | None) -> str:
    """Return the register as a table, those out of office last."""
    headers = (_("Person"), _("Office"), _("Stands in for"), _("Last day"), _("Unix user"), _("Key"))
    in_order = sorted(people["items"], key=lambda one: not one["roles"])
    parts = [table(headers, [_row(one) for one in in_order], columns=columns), ""]
    if people["recovery_keys"]:
        parts.append(_("Recovery keys: {keys}").format(keys=", ".join(people["recovery_keys"])))
    else:
        parts.append(_("No recovery keys: when too few are left who can decide, nobody can be appointed any more."))
    return "\n".join(parts)


def person_text(person: PersonDetail, columns: int | None) -> str:
    """Return one person with all appointments and keys."""
    appointments = [
        (
            label(ROLE, one["role"]),
            one["since"] or "–",
            one["until"] or "–",
            one["deputy_for"] or "–",
            str(one["entry"]),
            "–" if one["ended_by"] is None else str(one["ended_by"]),
        )
        for one in person["appointments"]
    ]
    keys = [
        (one["fingerprint"], str(one["entry"]), "–" if one["replaced_by"] is None else str(one["replaced_by"]))
        for one in person["keys"]
    ]
    headers = (_("Office"), _("From"), _("Last day"), _("Stands in for"), _("Entry"), _("Ended by entry"))
    return "\n".join(
        [
            pairs([(_("Person"), person["person"]), (_("Today"), _roles(person))]),
            "",
            table(headers, appointments, columns=columns),
            "",
            table((_("Key"), _("Entry"), _("Replaced by entry")), keys, columns=columns),
        ]
    )


def to_sign_text(asked: ToSign, file: Path | None) -> str:
    """Return who signs what with which command, and how the signatures come back."""
    place = "TEXT" if file is None else shlex.quote(str(file))
    sign = f"ssh-keygen -Y sign -n {asked['namespace']} -f KEY {place}"
    back = " ".join(f"--signature {one}=FILE" for one in asked["signers"])
    lines = [
        _("Entered as request {request}. It counts when all of these have signed the text: {signers}").format(
            request=asked["request"], signers=", ".join(asked["signers"])
        ),
        _("Each signs where the key is, best on another machine:"),
        f"  {sign}",
        _("Then hand the signatures in:"),
        f"  custody people decide {asked['request']} {back}",
    ]
    return "\n".join(lines if file else [*lines, "", asked["text"].rstrip("\n")])


def decided_text(decided: Decided) -> str:
    """Return what is in force now."""
    return _("Decided: entry {entry} about {person}. It is in force from now on.").format(
        entry=decided["entry"], person=decided["person"]
    )


def _row(person: Person) -> tuple[str, ...]:
    return (
        person["person"],
        _roles(person),
        ", ".join(person["deputy_for"]) or "–",
        person["until"] or "–",
        "–" if person["uid"] is None else str(person["uid"]),
        person["fingerprint"] or "–",
    )


def _roles(person: Person) -> str:
    return _(", ").join(label(ROLE, role) for role in person["roles"]) or _("out of office")
