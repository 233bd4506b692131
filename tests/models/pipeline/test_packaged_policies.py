"""A packaged playbook or rubric never changes under its version: scores name only ``id@version`` of them."""

from __future__ import annotations

from models.qa import list_rubrics
from models.scorers.compliance import list_playbooks

# A red test here means: count ``version`` up in the YAML file, keep the old file, and add a line.
PUBLISHED = {
    "complaint-zh@1": "sha256:63bee73f2a19d990a7c0d842269d13fdf8f1d6d66e8f98f5d50106ddf0589c60",
    "ecommerce-zh@1": "sha256:fbac4e95cd2c1ac08f1d58d968825dbdae676af17182fa66065cd68ddbeb94cc",
    "ecommerce-zh@2": "sha256:9dc579bc0069a564088748ed117e052f44b41c7883b50818051f51e9327ad9dc",
    "ecommerce-zh@3": "sha256:217184f5cbd2e42fdd023c132cda23c9f3650e289e0dada6abae3a19e24de541",
    "outbound-followup-zh@1": "sha256:0ef952254d629d59cc03d568ce0cce85bbf7590734230733afd8f3c2a8eb7522",
    "presale-zh@1": "sha256:55bc7aaa7076a90effe772309a7ebcf09ab2025d29d2f4cc6187a99e80559be7",
    "return-refund-zh@1": "sha256:a2b24770bbc852b276c0b6c69ba494da2756dd15668768dac659c8f7cf123343",
    "service-en@1": "sha256:8dec2b82262916908bc28612a9c3420758c33d917490159a7514fd3c75ba9dee",
    "aftersale@1": "sha256:e4cebed4b231bcd8d1e22bbc9069e83351f82fa9e3deee60dd1efa640aa6dc49",
    "complaint@1": "sha256:623945c4b9e76e37ddd6cf6dfca30b06bc030e0f06a785bf5fa371a7c8c1dacd",
    "presale@1": "sha256:d79b38734182f50cd88957a1f047ecd41693ba7a94e2e320e487d3046675adcb",
    "default@1": "sha256:d29d120254f2cc0ebdfc990591eed22b36527a9441379c11db1fe2bb12a705b7",
}


def test_published_versions_keep_their_content() -> None:
    found = {f"{item.id}@{item.version}": item.hash for item in (*list_playbooks(), *list_rubrics())}
    assert found == PUBLISHED
