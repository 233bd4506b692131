"""A packaged playbook or rubric never changes under its version: scores name only ``id@version`` of them."""

from __future__ import annotations

from models.qa import list_rubrics
from models.scorers.compliance import list_playbooks

# A red test here means: count ``version`` up in the YAML file, keep the old file, and add a line.
PUBLISHED = {
    "complaint-zh@1": "sha256:11b346d562b7c57a1dd673873688bc7f7892e454682870ed75c5942495b2e86a",
    "ecommerce-zh@1": "sha256:fbac4e95cd2c1ac08f1d58d968825dbdae676af17182fa66065cd68ddbeb94cc",
    "ecommerce-zh@2": "sha256:9dc579bc0069a564088748ed117e052f44b41c7883b50818051f51e9327ad9dc",
    "service-en@1": "sha256:a50ff49e3dcd0eea8f864036b2772043aa3b4c605318c8f303a635e1f2c0f00a",
    "aftersale@1": "sha256:e4cebed4b231bcd8d1e22bbc9069e83351f82fa9e3deee60dd1efa640aa6dc49",
    "complaint@1": "sha256:623945c4b9e76e37ddd6cf6dfca30b06bc030e0f06a785bf5fa371a7c8c1dacd",
    "presale@1": "sha256:d79b38734182f50cd88957a1f047ecd41693ba7a94e2e320e487d3046675adcb",
    "ecommerce-zh@3": "sha256:83789ca259751f377fc167c99fd0e2e1893bb84bb0066390b1c0abc5f507957b",
    "default@1": "sha256:d29d120254f2cc0ebdfc990591eed22b36527a9441379c11db1fe2bb12a705b7",
}


def test_published_versions_keep_their_content() -> None:
    found = {f"{item.id}@{item.version}": item.hash for item in (*list_playbooks(), *list_rubrics())}
    assert found == PUBLISHED
