"""What is wrong with an installation, and how to mend it."""

from typing import Any

from cli.labels import label
from cli.language import N_
from cli.messages import filled

_ANSWER = {
    "yes": N_("HEALTHY: nothing was found that must be mended."),
    "no": N_("TO MEND: the findings below say what and how."),
    "cannot-tell": N_("CANNOT TELL: nothing was found wrong, but not everything could be looked at."),
}
_KIND = {"no": N_("wrong"), "cannot-tell": N_("cannot tell")}


# The report is JSON as `custody doctor --json` prints it; the facts differ by finding.
def doctor_text(report: dict[str, Any]) -> str:
    """Return the report: the answer first, then every finding."""
    lines = [label(_ANSWER, report["answer"])]
    for finding in report["findings"]:
        sentence = filled(finding["template"], finding["facts"])
        lines.append(f"{finding['code']}  {label(_KIND, finding['answer'])}\n  {sentence}")
    return "\n\n".join(lines)
