"""The page an administrator follows: its commands, packages, units and findings are the program's."""

import re
import subprocess
from pathlib import Path

import pytest

from bodycam_custody.installation.diagnosis import Sign
from bodycam_custody.installation.doctor import installed_place
from tests.docs.program import check_command
from tests.docs.reading import ROOT, command_lines, rows, section, text_of, ticked

PAGE = "docs/installation.md"
AS_THE_STATION = "runuser -u custody -- "


def lines() -> list[str]:
    return [line.removeprefix(AS_THE_STATION) for line in command_lines(PAGE)]


def test_every_command_of_the_program_exists_with_its_options() -> None:
    ours = [line for line in lines() if line.startswith("custody ")]
    assert {"custody doctor", "custody status", "custody dock list"} <= set(ours)
    assert any(line.startswith("custody init ") for line in ours)
    for line in ours:
        check_command(re.sub(r"\$\(cat [^)]*\)", "KEY", line))


def test_every_make_target_exists() -> None:
    named = [line.split()[1] for line in lines() if line.startswith("make ")]
    targets = set(re.findall(r"^([a-z-]+):", text_of("Makefile"), re.M))
    assert {"install", "wheelhouse"} <= set(named) <= targets


def test_every_unit_is_on_the_page_and_no_other() -> None:
    listed = {ticked(unit)[0] for unit, _, _ in rows(section(PAGE, "What runs"))}
    # A socket that only starts its service of the same name is not told apart from it.
    units = {path.name for path in (ROOT / "systemd").glob("*.service")} | {"bodycam-custody.socket"}
    assert listed == units


def test_every_finding_of_the_doctor_is_on_the_page() -> None:
    listed = [ticked(code)[0] for code, _ in rows(section(PAGE, "What doctor finds"))]
    assert listed == [sign.value for sign in Sign]


def test_what_cannot_be_told_says_so() -> None:
    told = {ticked(code)[0]: text for code, text in rows(section(PAGE, "What doctor finds"))}
    assert {code for code, text in told.items() if text.startswith("cannot tell")} == {
        sign.value for sign in Sign if "UNKNOWN" in sign.name
    }


def test_the_shell_reads_every_block() -> None:
    script = "\n".join(command_lines(PAGE))
    checked = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, timeout=20)
    assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.install
@pytest.mark.timeout(600)
def test_make_install_puts_everything_below_destdir_and_nothing_elsewhere(tmp_path: Path) -> None:
    destdir, wheelhouse = tmp_path / "destdir", tmp_path / "wheelhouse"
    for command in (["make", "wheelhouse"], ["make", "install", f"DESTDIR={destdir}"]):
        done = subprocess.run(
            [*command, f"WHEELHOUSE={wheelhouse}"], cwd=ROOT, capture_output=True, text=True, timeout=500
        )
        assert done.returncode == 0, done.stdout + done.stderr
    prefix = destdir / "opt/bodycam-custody"
    for name in ("custody", "custody-mount", "custody-probe", "custody-keep", "custody-unlock"):
        first = (prefix / "bin" / name).read_text(encoding="utf-8").splitlines()[0]
        assert first == "#!/opt/bodycam-custody/bin/python"
    shown = subprocess.run(
        [prefix / "bin/python", prefix / "bin/custody", "--version"], capture_output=True, text=True, timeout=60
    )
    assert (shown.returncode, shown.stdout.split()[0]) == (0, "custody")
    for source in (ROOT / "systemd").iterdir():
        assert installed_place(source.name, destdir).read_bytes() == source.read_bytes()
    link = destdir / "usr/local/bin/custody"
    assert str(link.readlink()) == "/opt/bodycam-custody/bin/custody"
    traces = [path for path in (prefix / "bin").iterdir() if path.is_file() and not path.is_symlink()]
    assert not any(str(destdir).encode() in path.read_bytes() for path in traces)
