"""The OpenAPI document: committed, true, and proof against what a fuzzer sends."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

from service.app import openapi_document

_COMMITTED = Path(__file__).parents[3] / "docs" / "reference" / "openapi.json"

# A 405 from the router names only the methods of the first route it met.
_NOT_CHECKED = {"allow_header_conformance", "unsupported_method"}
# The format has rules that JSON Schema cannot say (times in order), so what fits the schema may still be refused.
_NOT_CHECKED |= {"positive_data_acceptance"}
# Of many conversations each is refused by itself, in an answer that is 207.
_REFUSED_ONE_BY_ONE = ("post", "/v1/conversations")


def test_the_committed_document_is_the_codes() -> None:
    assert json.loads(_COMMITTED.read_text(encoding="utf-8")) == json.loads(json.dumps(openapi_document())), (
        "the API changed: attune openapi > docs/reference/openapi.json"
    )


def test_every_operation_is_described() -> None:
    for path, item in openapi_document()["paths"].items():
        for method, operation in item.items():
            assert operation["summary"], (method, path)
            assert operation["description"], (method, path)


def test_the_api_process_imports_no_model_library() -> None:
    heavy = {"torch", "transformers", "sentence_transformers", "onnxruntime", "scipy", "sklearn"}
    program = f"import sys, service.app; print(sorted(sys.modules.keys() & {heavy!r}))"
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert output.stdout.strip() == "[]"


_OPERATIONS = [(method, path) for path, item in openapi_document()["paths"].items() for method in item]


@pytest.mark.parametrize(("method", "path"), _OPERATIONS)
def test_nothing_a_fuzzer_sends_is_answered_otherwise_than_described(method: str, path: str, client) -> None:
    load_all_checks()
    checks = [
        check
        for name, check in zip(CHECKS.get_all_names(), CHECKS.get_all(), strict=True)
        if name not in _NOT_CHECKED
        and not (name == "negative_data_rejection" and (method, path) == _REFUSED_ONE_BY_ONE)
    ]
    operation = schemathesis.openapi.from_asgi("/v1/openapi.json", client.app)[path][method]

    @settings(max_examples=25, suppress_health_check=list(HealthCheck), deadline=None, derandomize=True)
    @given(
        case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
        | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
    )
    def fuzz(case) -> None:
        case.call_and_validate(checks=checks, headers={"Authorization": client.headers["authorization"]})

    fuzz()
