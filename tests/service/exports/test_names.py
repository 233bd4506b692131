"""What criteria are called: by the version that made the score, packaged, published or of the settings."""

from __future__ import annotations

from pathlib import Path

from models.qa import load_rubric, parse_rubric
from models.scorers.compliance import list_playbooks
from service.exports.columns import Words
from service.exports.names import CriterionNames
from service.rubrics.registry import publish_text
from tests.service.rubrics.sheets import sheet


def _text(version: int, zh: str, en: str) -> str:
    return sheet("mine", version, f'{{id: script, source: "check:*", weight: 5, title: {{zh: {zh}, en: {en}}}}}')


def test_published_rubrics_have_names_in_all_versions(database) -> None:
    with database.transaction() as session:
        for version, zh, en in ((1, "话术", "Script"), (2, "规范用语", "Phrases")):
            publish_text(session, _text(version, zh, en), "me", list_playbooks())
        names = CriterionNames(session, "default")
        digits = parse_rubric(_text(2, "规范用语", "Phrases"), "test").hash.removeprefix("sha256:")[:8]
        assert names.of("shop@1", "mine@1", "script") == Words("话术", "Script")
        assert names.of("shop@1", f"mine@2+{digits}", "script") == Words("规范用语", "Phrases")
        assert names.of("shop@1", "mine@2+00000000", "script") == Words("script", "script")  # other content
        assert names.of("shop@1", "mine@3", "script") == Words("script", "script")
        check = list_playbooks()[0].checks[0]
        playbook = f"{list_playbooks()[0].id}@{list_playbooks()[0].version}"
        assert names.of(playbook, "mine@1", f"script.{check.id}") == Words(check.title.zh, check.title.en)
        [packaged, *_] = load_rubric("default").criteria
        assert names.of("shop@1", "default@1", packaged.id) == Words(packaged.title_zh, packaged.title_en)


def test_a_rubric_of_the_settings_has_names(database, tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(_text(7, "话术", "Script"), encoding="utf-8")
    with database.transaction() as session:
        assert CriterionNames(session, str(path)).of("shop@1", "mine@7", "script") == Words("话术", "Script")
