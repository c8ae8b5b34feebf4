import json

import pytest

from glasshouse.store.provenance import code_state, package_versions, provenance


def test_provenance_is_json_and_says_which_code_and_machine():
    found = json.loads(json.dumps(provenance()))
    assert found["versions"]["torch"]
    assert found["versions"]["python"].startswith("3.")
    assert found["hardware"]["cores"] >= 1
    assert found["hardware"]["memory_bytes"] > 2**28
    assert found["date"].endswith("+00:00")


def test_the_code_is_a_commit_or_a_version():
    commit = code_state().removesuffix("+dirty")
    assert len(commit) == 40 or commit.startswith("glasshouse ")


@pytest.mark.parametrize(("package", "there"), [("numpy", True), ("no-such-package-at-all", False)])
def test_a_missing_package_has_no_version(package, there):
    assert (package_versions([package])[package] is not None) is there
