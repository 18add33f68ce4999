"""`custody audit …`."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli import output
from cli.exit_codes import ExitCode
from cli.invocation import AsJson, invocation_of
from cli.language import _

app = typer.Typer(help=_("Checks by and for those outside the station."), no_args_is_help=True, rich_markup_mode=None)
_EXIT_OF = {"yes": ExitCode.DONE, "no": ExitCode.BROKEN, "cannot-tell": ExitCode.CANNOT_TELL}


def _days(text: str) -> int:
    found = re.fullmatch(r"([0-9]{1,5})d?", text)
    if found is None:
        raise typer.BadParameter(_("expected a number of days such as 7 or 7d, found {text}").format(text=text))
    return int(found[1])


@app.command(help=_("Verify stores with nothing but the trust folder: no station, no daemon, no database."))
def verify(
    stores: Annotated[list[Path], typer.Argument(metavar="STORE...", help=_("Folders of the stores."))],
    trust: Annotated[
        Path, typer.Option(metavar="DIR", help=_("Trust folder, from the auditor and not from the store."))
    ],
    seen: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help=_("Checkpoint or receipt kept outside; may be repeated."))
    ] = None,
    max_age_days: Annotated[
        int | None,
        typer.Option("--max-age", metavar="D", parser=_days, help=_("Days after which the newest head is too old.")),
    ] = None,
    as_json: AsJson = False,
) -> ExitCode:
    """Verify what stores hold; needs no configuration."""
    from bodycam_custody.audit import verify_evidence
    from cli.progress import progress
    from cli.views.audit import audit_text

    with progress(task="audit", unit="bags", as_json=as_json) as shown:
        report = verify_evidence(
            stores,
            trust=trust,
            seen=seen or [],
            max_age_days=max_age_days,
            now=datetime.now(UTC),
            on_progress=lambda done, total: shown.update(done=done, total=total, step="verifying"),
        )
    value = report.to_json()
    output.show(value, lambda: audit_text(value), as_json=as_json)
    return _EXIT_OF[report.answer.value]


@app.command(help=_("Sign the head of the ledger now; hand the result to someone outside."))
def checkpoint(
    context: typer.Context,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help=_("Also write the checkpoint to this new file."))
    ] = None,
    as_json: AsJson = False,
) -> ExitCode:
    """Make a checkpoint."""
    from cli.client import connect
    from cli.views.audit import checkpoint_text

    if out is not None and out.exists():
        raise typer.BadParameter(_("{file} is there already; choose a new file").format(file=out))
    with connect(invocation_of(context).settings()) as station:
        head = station.checkpoint()
    if out is not None:
        with out.open("x", encoding="utf-8") as file:
            file.write(head["note"])
    output.show(head, lambda: checkpoint_text(head, out), as_json=as_json)
    return ExitCode.DONE
