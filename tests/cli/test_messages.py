"""Errors are told in the user's language, with everything they state."""

import json
from pathlib import Path

import pytest

from bodycam_custody.errors import PersonRefusedError, StationMissingError
from bodycam_custody.people import parse_person
from cli.messages import StationProblemError, explained, filled, problem_of, told
from config.errors import ConfigError, ConfigProblem


def test_an_error_says_in_english_what_its_template_says() -> None:
    error = StationMissingError(state="/s", expected="ledger.db")
    assert explained(error) == str(error)


@pytest.mark.usefixtures("in_chinese")
def test_an_error_is_told_in_chinese_with_its_facts() -> None:
    told = explained(StationMissingError(state="/s", expected="ledger.db"))
    assert told != str(StationMissingError(state="/s", expected="ledger.db"))
    assert "/s" in told
    assert "custody init" in told


def test_every_problem_of_a_configuration_is_told() -> None:
    problems = tuple(
        ConfigProblem(file=Path("/c.toml"), key=key, template="is wrong, found {found}", facts={"found": key})
        for key in ("station.agency", "stores[1].path")
    )
    told = explained(ConfigError(problems=problems))
    assert "/c.toml: station.agency: is wrong, found station.agency" in told
    assert "/c.toml: stores[1].path: is wrong, found stores[1].path" in told


def test_a_problem_of_a_newer_station_is_shown_whole_rather_than_not_at_all() -> None:
    assert filled("disk {disk} is {how}", {"disk": "sda", "size": 3}) == "disk {disk} is {how} (disk=sda, size=3)"


@pytest.mark.usefixtures("in_chinese")
def test_a_reason_inside_an_error_is_told_in_chinese_too_on_both_ways() -> None:
    with pytest.raises(PersonRefusedError) as caught:
        parse_person("li")
    in_process = explained(caught.value)
    over_the_socket = told(json.loads(json.dumps(problem_of(caught.value))))
    assert in_process == over_the_socket
    assert "li" in in_process
    assert "three parts" not in in_process


def test_a_reason_inside_a_problem_is_told_in_english() -> None:
    inner = {"template": "{count} entries", "facts": {"count": 3}}
    assert (
        str(StationProblemError({"code": "x", "template": "bad: {why}", "facts": {"why": inner}})) == "bad: 3 entries"
    )
    assert filled("bad: {why}", {"why": inner}) == "bad: 3 entries"


def test_facts_that_json_does_not_know_become_text() -> None:
    error = StationMissingError(state=Path("/s"), expected="ledger.db")
    assert problem_of(error)["facts"] == {"state": "/s", "expected": "ledger.db"}


def test_a_problem_of_the_station_keeps_its_code() -> None:
    problem = StationProblemError({"code": "x-y", "template": "a {b}", "facts": {"b": 1}})
    assert str(problem) == "a 1"
    assert problem_of(problem)["code"] == "x-y"
