"""What operators watch exists: every metric of the dashboard and the alerts is one of ours."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from mixbot.metrics import Metrics
from tests.conftest import Scene
from tests.test_lifecycle import get

DEPLOY = Path(__file__).parent.parent / "deploy"
OURS = re.compile(r"\bmixbot_[a-z_]+")
LABELS = re.compile(r"\{(?P<pairs>[^}]*)\}|by \((?P<names>[^)]*)\)")
FOREIGN = {"instance", "job", "le"}  # Prometheus' own


def expressions(file: str) -> list[str]:
    text = (DEPLOY / file).read_text(encoding="utf-8")
    if file.endswith(".json"):
        panels = json.loads(text)["panels"]
        return [target["expr"] for panel in panels for target in panel["targets"]]
    groups = yaml.safe_load(text)["groups"]
    return [rule["expr"] for group in groups for rule in group["rules"]]


@pytest.mark.parametrize("file", ["grafana.json", "alerts.yml"])
async def test_what_is_watched_is_measured(file: str, scene: Scene) -> None:
    scene.parts.bot.metrics.step("start", "done")
    scene.parts.bot.metrics.uploaded("published")
    await scene.use(scene.ada, "mixcloud search", query="jazz")
    _status, told = await get(scene, "/metrics")
    names = set(re.findall(r"^(mixbot_\w+)", told, re.MULTILINE))
    labels = set(re.findall(r'[{,](\w+)="', told)) | FOREIGN
    found = expressions(file)
    assert len(found) > 5
    for expression in found:
        assert set(OURS.findall(expression)) <= names, expression
        for match in LABELS.finditer(expression):
            asked = match["names"] or re.sub(r'[=~!]+"[^"]*"', "", match["pairs"])
            assert {name.strip() for name in asked.split(",")} <= labels, expression


@pytest.mark.parametrize("file", ["grafana.json", "alerts.yml"])
def test_one_service_is_not_taken_for_the_other(file: str) -> None:
    """What is asked of both is told apart wherever it is added up."""
    for name in ("mixbot_upstream_", "mixbot_gate_closed_"):
        about_both = [one for one in expressions(file) if name in one]
        assert about_both
        for expression in about_both:
            added_up = re.findall(r"(?:sum|max)([^(]*\([^)]*\))", expression)
            assert all("service" in names for names in added_up)


def test_every_alert_says_what_is_wrong() -> None:
    groups = yaml.safe_load((DEPLOY / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    for rule in (rule for group in groups for rule in group["rules"]):
        assert rule["annotations"]["summary"]
        assert rule["labels"]["severity"] in ("page", "ticket", "info")


def test_every_metric_says_what_it_is() -> None:
    told = Metrics().text().decode()
    names = set(re.findall(r"^# TYPE (\w+)", told, re.MULTILINE))
    assert names == set(re.findall(r"^# HELP (\w+) \w", told, re.MULTILINE))
