"""Making a stored score again: is it the same, does it differ, or is something that made it not here any more?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import orjson
from sqlmodel import Session

from models.artifacts import packaged_artifacts
from models.domain.conversation import Conversation
from models.domain.playbook import Playbook
from models.domain.rubric import Rubric
from models.errors import AttuneError
from models.interchange import parse_conversation
from models.qa import list_rubrics, load_rubric
from models.scorers.compliance import list_playbooks
from service.core.errors import NotFoundError
from service.db.engine import Database
from service.playbooks.registry import load_published
from service.qa.differences import Difference, differences
from service.rubrics.registry import rubrics_called, spec_of
from service.scoring import repository
from service.scoring.on_demand import EngineOnDemand
from service.scoring.provenance import Part, Provenance, artifact_parts, code_part, parse_part, part_of
from service.scoring.repository import StoredScore

__all__ = ["Difference", "Missing", "ScoreVerification", "find_score", "playbook_of", "rubric_of", "verify_score"]

_CODE = "versions.code"  # told apart: other code may well make the same score


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that made the score and cannot be had here.

    Attributes:
        what: Which part of what made it.
        wanted: Id, version and the beginning of the hash.
        available: Those of the same kind that are here.
        message: In Chinese.
        message_en: In English.
    """

    what: Literal["revision", "playbook", "rubric", "artifact", "encoder"]
    wanted: str
    available: Sequence[str]
    message: str
    message_en: str


@dataclass(frozen=True, slots=True)
class ScoreVerification:
    """What came of it.

    Attributes:
        score_id: The score.
        conversation_id: Whose.
        revision: Of the conversation.
        outcome: ``cannot`` where something is ``missing``; ``identical`` where everything but the version of the code
            is as it was.
        differences: Every path that differs.
        missing: What is not here.
        code: The code that made it; the version alone for a score that has no provenance.
        code_here: The code that made it again.
    """

    score_id: int
    conversation_id: str
    revision: int
    outcome: Literal["identical", "differs", "cannot"]
    differences: Sequence[Difference]
    missing: Sequence[Missing]
    code: str
    code_here: str


def verify_score(
    database: Database, engine: EngineOnDemand, score_id: int, *, only_agent: str | None = None
) -> ScoreVerification:
    """Make a score again from the stored revision, with the playbook, rubric and artifact that it names.

    These are looked for by their hashes among what the settings name, what is packaged and what was published. The
    model runs outside any transaction. Nothing is stored.

    Args:
        database: Where the score is.
        engine: The engine of the settings; another one is opened for another artifact.
        score_id: Which score.
        only_agent: Who may see this agent's conversations only.

    Raises:
        NotFoundError: There is no such score.
    """
    with database.transaction() as session:
        score = find_score(session, score_id, only_agent=only_agent)
        document = repository.document_of(session, score.conversation_id, score.revision)
        wanted = _Wanted.of(score)
        playbooks = _playbooks(session, wanted.label("playbook"))
        rubrics = (*rubrics_called(session, wanted.label("rubric")), *list_rubrics())  # the others are told of
    conversation, problem = _read(document, score)
    missing = [problem] if problem else []
    with _engine_for(engine, wanted) as (fitting, here, absent):
        missing += absent
        playbook = _choose("playbook", wanted, here.playbook, playbooks, missing)
        rubric = _choose("rubric", wanted, here.rubric, rubrics, missing)
        if missing or conversation is None:
            return _result(score, "cannot", (), missing)
        again = orjson.loads(orjson.dumps(fitting.score(conversation, playbook, rubric)))
    found = [one for one in differences(score.bundle, again) if one.path != _CODE]
    return _result(score, "differs" if found else "identical", found, ())


def find_score(session: Session, score_id: int, *, only_agent: str | None = None) -> StoredScore:
    """Return a score.

    Raises:
        NotFoundError: There is none of that id, or it is another agent's.
    """
    score = repository.get(session, score_id, only_agent) if score_id < 2**63 else None
    if score is None:
        raise NotFoundError(f"no score {score_id}", f"没有评分 {score_id}", location=str(score_id))
    return score


def rubric_of(session: Session, score: StoredScore, own_rubric: str) -> Rubric | None:
    """Return the rubric that made a score: packaged, published or of the settings; ``None`` where it is not here."""
    wanted = _Wanted.of(score)
    name = wanted.label("rubric").partition("+")[0]
    known = (*rubrics_called(session, name), load_rubric(own_rubric))
    return next((one for one in known if spec_of(one) == name and wanted.is_it("rubric", part_of(one))), None)


def playbook_of(session: Session, score: StoredScore, own: Playbook) -> Playbook | None:
    """Return the playbook that made a score: packaged, published or ``own``; ``None`` where it is not here."""
    wanted = _Wanted.of(score)
    known = (*_playbooks(session, wanted.label("playbook")), own)
    return next((one for one in known if wanted.is_it("playbook", part_of(one))), None)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What made a score: by hash where it has a provenance, else by the labels in its versions."""

    versions: Mapping[str, str]
    provenance: Mapping[str, Any] | None

    @classmethod
    def of(cls, score: StoredScore) -> _Wanted:
        return cls(score.bundle["versions"], score.provenance)

    def label(self, kind: str) -> str:
        return self.versions["model" if kind == "artifact" else kind].partition("/")[0]

    def is_it(self, kind: str, part: Part) -> bool:
        if self.provenance is not None:
            return bool(self.provenance[kind]["hash"] == part.hash)
        name, _, digits = self.label(kind).partition("+")
        return name == f"{part.id}@{part.version}" and part.hash.removeprefix("sha256:").startswith(digits)

    def shown(self, kind: str) -> str:
        return self.label(kind) if self.provenance is None else str(parse_part(self.provenance[kind]))


def _read(document: Mapping[str, Any] | None, score: StoredScore) -> tuple[Conversation | None, Missing | None]:
    wanted = f"{score.conversation_id} #{score.revision}"
    if document is None:
        return None, Missing("revision", wanted, (), "该修订版本已不存在", "this revision is not stored any more")
    try:
        return parse_conversation(document), None
    except AttuneError as error:
        said = f"当前版本无法读取该修订：{error.message_zh}", f"this revision cannot be read now: {error.message_en}"
        return None, Missing("revision", wanted, (), *said)


def _playbooks(session: Session, label: str) -> list[Playbook]:
    found = list(list_playbooks())
    try:
        found.append(load_published(session, label.partition("+")[0]))
    except AttuneError:  # it was not published here, or cannot be read by this version: told as missing
        return found
    return found


def _choose(
    kind: Literal["playbook", "rubric"],
    wanted: _Wanted,
    own: Part,
    known: Sequence[Any],
    missing: list[Missing],
) -> Any:
    """Return the one that made the score, ``None`` where it is the settings' own; note where it is not here."""
    if wanted.is_it(kind, own):
        return None
    fitting: Playbook | Rubric
    for fitting in known:
        if wanted.is_it(kind, part_of(fitting)):
            return fitting
    name, name_en = {"playbook": ("话术手册", "playbook"), "rubric": ("评分标准", "rubric")}[kind]
    same_name = f"{wanted.label(kind).partition('@')[0]}@"
    here = sorted(
        {str(own), *(str(part_of(one)) for one in known)}, key=lambda one: (not one.startswith(same_name), one)
    )
    shown = wanted.shown(kind)
    missing.append(Missing(kind, shown, here, f"此处没有{name} {shown}", f"the {name_en} {shown} is not here"))
    return None


@contextmanager
def _engine_for(
    engine: EngineOnDemand, wanted: _Wanted
) -> Iterator[tuple[EngineOnDemand, Provenance, Sequence[Missing]]]:
    """Yield an engine with the artifact that made the score, if there is one, and what it is made of."""
    here = engine.provenance()
    encoder = wanted.provenance["encoder"] if wanted.provenance is not None else here.encoder
    if wanted.is_it("artifact", here.artifact) and encoder == here.encoder:
        yield engine, here, ()
        return
    known = {str(here.artifact): here.artifact}
    if engine.settings.engine == "pipeline":
        for name in packaged_artifacts():
            part, _ = artifact_parts(name)
            known[str(part)] = part
            if wanted.is_it("artifact", part):
                other = EngineOnDemand(engine.settings.model_copy(update={"artifact": name, "encoder": None}))
                try:
                    theirs = other.provenance()
                    fits = wanted.provenance is None or theirs.encoder == encoder
                    yield other, theirs, () if fits else (_no_encoder(encoder, theirs.encoder),)
                finally:
                    other.close()
                return
    if wanted.is_it("artifact", here.artifact):
        yield engine, here, (_no_encoder(encoder, here.encoder),)
        return
    shown = wanted.shown("artifact")
    message = f"此处没有模型包 {shown}", f"the model artifact {shown} is not here"
    yield engine, here, (Missing("artifact", shown, sorted(known), *message),)


def _no_encoder(wanted: str, here: str) -> Missing:
    shown = wanted[:12]
    return Missing("encoder", shown, (here[:12],), f"此处没有编码器 {shown}", f"the encoder {shown} is not here")


def _result(
    score: StoredScore,
    outcome: Literal["identical", "differs", "cannot"],
    found: Sequence[Difference],
    missing: Sequence[Missing],
) -> ScoreVerification:
    code = score.bundle["versions"]["code"]
    return ScoreVerification(
        score_id=score.id,
        conversation_id=score.conversation_id,
        revision=score.revision,
        outcome=outcome,
        differences=tuple(found),
        missing=tuple(missing),
        code=str(parse_part(score.provenance["code"])) if score.provenance else code,
        code_here=str(code_part()),
    )
