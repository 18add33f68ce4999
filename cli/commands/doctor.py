"""`custody doctor`."""

import typer

from cli import output
from cli.exit_codes import ExitCode
from cli.invocation import AsJson, invocation_of

_EXIT_OF = {"yes": ExitCode.DONE, "no": ExitCode.NOT_ALL_SAFE, "cannot-tell": ExitCode.CANNOT_TELL}


def doctor(context: typer.Context, as_json: AsJson = False) -> ExitCode:
    """Check the installation; works without a daemon and changes nothing."""
    from bodycam_custody.installation.diagnosis import overall
    from bodycam_custody.installation.doctor import examine
    from cli.views.doctor import doctor_text

    found = list(examine(invocation_of(context).settings()))
    answer = overall(found).value
    report = {"answer": answer, "findings": [one.to_json() for one in found]}
    output.show(report, lambda: doctor_text(report), as_json=as_json)
    return _EXIT_OF[answer]
