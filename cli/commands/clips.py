"""`custody clips …`."""

from typing import Annotated

import typer

from cli import output
from cli.answers import show_answer
from cli.exit_codes import ExitCode
from cli.invocation import AsJson, ClipId, invocation_of
from cli.language import _

app = typer.Typer(help=_("Clips: everything taken in, one by one."), no_args_is_help=True, rich_markup_mode=None)
_EXIT_OF = {"yes": ExitCode.DONE, "no": ExitCode.BROKEN, "cannot-tell": ExitCode.CANNOT_TELL}


@app.command("list", help=_("List clips."))
def list_clips(
    context: typer.Context,
    state: Annotated[
        str | None,
        typer.Option(help=_("Only clips in this state: sealed, safe, safe-one-disk, safe-disks-unproven, damaged.")),
    ] = None,
    docking: Annotated[str | None, typer.Option(metavar="ID", help=_("Only clips of this docking."))] = None,
    as_json: AsJson = False,
) -> ExitCode:
    """List clips, all pages."""
    from cli.views.clips import clips_text

    show_answer(
        context,
        lambda station: station.clips(state=state, docking_id=docking),
        lambda found, zone: clips_text(found, zone, output.columns()),
        as_json=as_json,
    )
    return ExitCode.DONE


@app.command(help=_("Show everything known of one clip."))
def show(context: typer.Context, clip_id: ClipId, as_json: AsJson = False) -> ExitCode:
    """Show one clip."""
    from cli.views.clip import clip_text

    show_answer(context, lambda station: station.clip(clip_id), clip_text, as_json=as_json)
    return ExitCode.DONE


@app.command(help=_("Show the whole life of one clip: every ledger entry with time, actor and proof."))
def history(context: typer.Context, clip_id: ClipId, as_json: AsJson = False) -> ExitCode:
    """Show every ledger entry about one clip."""
    from cli.views.history import history_text

    show_answer(context, lambda station: station.history(clip_id), history_text, as_json=as_json)
    return ExitCode.DONE


@app.command(help=_("Re-read every copy of one clip and compare it with the ledger; the check itself is recorded."))
def verify(context: typer.Context, clip_id: ClipId, as_json: AsJson = False) -> ExitCode:
    """Verify every copy of one clip."""
    from cli.client import connect
    from cli.views.clip import check_text

    settings = invocation_of(context).settings()
    with connect(settings) as station:
        found = station.verify_clip(clip_id)
    output.show(found, lambda: check_text(found), as_json=as_json)
    return _EXIT_OF[found["answer"]]
