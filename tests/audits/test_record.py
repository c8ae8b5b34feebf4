import json
from dataclasses import replace

import pytest

from glasshouse.audits.record import findings_text, from_json
from glasshouse.errors import StoreError
from tests.audits.made_up import made_up_audit


def test_a_result_comes_back_from_json_as_it_was():
    audit = made_up_audit()
    assert from_json(json.loads(json.dumps(audit.to_json()))) == audit


def test_undefined_is_null_in_the_json():
    second = made_up_audit().to_json()["findings"][1]
    assert second["search"] is None
    assert second["likelihood_ratio"]["above_others"]["value"] is None


def test_findings_do_not_depend_on_the_name_notes_or_provenance():
    audit = made_up_audit()
    other = replace(audit, target="target-x", notes=("another",), provenance={"folder": "runs/backdoor-3"})
    assert findings_text(other) == findings_text(audit)
    assert findings_text(replace(audit, findings=audit.findings[:1])) != findings_text(audit)


def test_a_confirmed_finding_is_no_alarm_where_it_was_expected():
    audit = made_up_audit()
    assert audit.is_alarming
    expected = tuple(replace(finding, purpose="expected") for finding in audit.findings)
    assert not replace(audit, findings=expected).is_alarming
    unstated = tuple(replace(finding, purpose=None) for finding in audit.findings)
    assert replace(audit, findings=unstated).is_alarming


@pytest.mark.parametrize("damage", [{"verdict": "clean"}, {"findings": "none"}, {"format": 99}])
def test_damaged_json_is_refused_in_one_sentence(damage):
    with pytest.raises(StoreError, match=r"audit is (damaged|of another format)"):
        from_json(made_up_audit().to_json() | damage)
