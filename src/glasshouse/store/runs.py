"""Run folders: one per run, each explains itself, each resumes only with the config it was made with."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glasshouse.errors import StoreError
from glasshouse.records import Measurement
from glasshouse.store.atomic import read_json, write_json, write_text
from glasshouse.store.hashing import canonical_json, json_hash, plain_json
from glasshouse.store.jsonl import read_rows
from glasshouse.store.layout import (
    DONE_FILE,
    MEASUREMENTS_FILE,
    README_FILE,
    REPORT_HTML,
    RUN_FILE,
    STAGE_FILE,
    STAGES_FILE,
)
from glasshouse.store.measurements import append_measurements, measurement_row, read_measurements
from glasshouse.store.provenance import code_state, now, provenance
from glasshouse.store.run_readme import readme_text
from glasshouse.store.stage import StageFolder, Store


class RunFolder:
    """One run on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def manifest(self) -> dict[str, Any]:
        """What run.json says."""
        return dict(read_json(self.path / RUN_FILE))

    @property
    def config(self) -> dict[str, Any]:
        return dict(self.manifest["config"])

    @property
    def code(self) -> str:
        """The commit that works on it: of the process that made it or resumed it last."""
        manifest = self.manifest
        return str([manifest["provenance"], *manifest["resumed"]][-1]["code"])

    def measurements(self) -> list[Measurement]:
        """Every measurement of the run, in the order they were added."""
        return read_measurements(self.path / MEASUREMENTS_FILE)

    def append_measurements(self, measurements: Iterable[Measurement]) -> int:
        """Adds the measurements that are not there yet; how many that were.

        Raises:
            StoreError: an id is there with other content.
        """
        return append_measurements(self.path / MEASUREMENTS_FILE, measurements)

    def record_stages(self, folders: Iterable[StageFolder]) -> None:
        """Notes finished stages that this run used; each once, however often it is called."""
        stages = self.stages()
        known = {stage["hash"] for stage in stages}
        new = [folder for folder in folders if folder.key.hash not in known]
        if new:
            write_json(self.path / STAGES_FILE, [*stages, *map(_stage_row, new)])

    def stages(self) -> list[dict[str, Any]]:
        """The stages that were used."""
        path = self.path / STAGES_FILE
        return list(read_json(path)) if path.exists() else []

    def write(self, file: str, value: Any) -> None:
        """Replaces one of the run's files: a JSON value, or JSON Lines where its name ends so."""
        if file.endswith(".jsonl"):
            write_text(
                self.path / file,
                "".join(json.dumps(plain_json(row), ensure_ascii=False) + "\n" for row in value),
            )
        else:
            write_json(self.path / file, plain_json(value))

    def read(self, file: str) -> Any:
        """What one of the run's files holds; None where it was not written."""
        path = self.path / file
        if not path.exists():
            return None
        return read_rows(path).rows if file.endswith(".jsonl") else read_json(path)


@dataclass(frozen=True)
class RunSummary:
    """One line of `glasshouse runs list`."""

    name: str
    created: str
    code: str
    title: str
    stages: int
    measurements: int
    reported: bool
    """Whether there is a report."""


def create_run(
    store: Store, name: str, config: Mapping[str, Any], about: Mapping[str, Any] | None = None
) -> RunFolder:
    """The folder of a run, made, or found again for resuming.

    Args:
        store: where runs are kept.
        name: a folder's name.
        config: everything that decides the numbers, as JSON; a dataclass goes through `dataclasses.asdict`.
        about: words about the run for people (`title`, `question` …; `glasshouse.reports.load` has them all).

    Raises:
        StoreError: the run was made with another config (the keys are named), or cannot be written.
    """
    _check_name(name)
    run = RunFolder(store.runs / name)
    config, words = plain_json(config), plain_json(about or {})
    if (run.path / RUN_FILE).exists():
        _resume(run, config, words)
    else:
        manifest = {
            "name": name,
            "created": now(),
            "about": words,
            "config": config,
            "config_hash": json_hash(config),
        }
        write_json(run.path / RUN_FILE, manifest | {"provenance": provenance(), "resumed": []})
    write_text(run.path / README_FILE, readme_text(run.manifest))
    return run


def open_run(store: Store, name: str) -> RunFolder:
    """A run that is there, by its name or by its folder.

    Raises:
        StoreError: there is none.
    """
    for path in (store.runs / name, Path(name)):
        if (path / RUN_FILE).is_file():
            return RunFolder(path)
    names = ", ".join(run.name for run in list_runs(store)[-5:])
    raise StoreError(
        f"There is no run {name!r} in {store.runs}.",
        f"There are: {names}." if names else "It has no runs yet.",
    )


def list_runs(store: Store) -> list[RunSummary]:
    """Every run, the oldest first."""
    folders = [RunFolder(path.parent) for path in store.runs.glob(f"*/{RUN_FILE}")]
    return sorted((_summary(run) for run in folders), key=lambda run: (run.created, run.name))


def export_measurements(run: RunFolder) -> str:
    """Every measurement as JSON Lines, one row each."""
    return "".join(
        json.dumps(measurement_row(m), ensure_ascii=False, allow_nan=False) + "\n" for m in run.measurements()
    )


def import_measurements(run: RunFolder, path: Path) -> int:
    """Adds the measurements of an exported file; those that are there already are left alone.

    Returns:
        How many were added.

    Raises:
        StoreError: as `read_export`, or an id has another content here.
    """
    return run.append_measurements(read_export(path))


def read_export(path: Path) -> list[Measurement]:
    """The measurements of an exported file.

    Raises:
        StoreError: the file is missing or cut off, or a row is no measurement.
    """
    if not path.is_file():
        raise StoreError(f"There is no file {path}.", "Make one with `glasshouse runs export RUN > FILE`.")
    if read_rows(path).torn:
        raise StoreError(f"The last line of {path} is cut off.", "Export it again.")
    return read_measurements(path)


def changed_keys(before: Any, after: Any, path: str = "") -> list[str]:
    """Where two configs differ, as dotted keys with both values.

    Example:
        >>> changed_keys({"safety": {"steps": 100}, "seed": 1}, {"safety": {"steps": 50}, "seed": 1})
        ['safety.steps (100 -> 50)']
    """
    if isinstance(before, dict) and isinstance(after, dict):
        keys = sorted({*before, *after})
        inside = [(f"{path}.{key}" if path else key, before.get(key), after.get(key)) for key in keys]
        return [change for name, old, new in inside for change in changed_keys(old, new, name)]
    same = canonical_json(before) == canonical_json(after)
    return [] if same else [f"{path} ({_short(before)} -> {_short(after)})"]


def _resume(run: RunFolder, config: Mapping[str, Any], about: Mapping[str, Any]) -> None:
    manifest = run.manifest
    if changes := changed_keys(manifest["config"], config):
        raise StoreError(
            f"The run {run.name} was made with another config: {', '.join(changes)}.",
            "Resume it with the config it has, or give the new run another name.",
        )
    if code_state() != run.code:
        manifest["resumed"].append({"code": code_state(), "date": now()})
    write_json(run.path / RUN_FILE, manifest | {"about": about or manifest["about"]})


def _summary(run: RunFolder) -> RunSummary:
    manifest = run.manifest
    return RunSummary(
        name=run.name,
        created=manifest["created"],
        code=run.code,
        title=manifest["about"].get("title", ""),
        stages=len(run.stages()),
        measurements=len(read_rows(run.path / MEASUREMENTS_FILE).rows),
        reported=(run.path / REPORT_HTML).exists(),
    )


def _check_name(name: str) -> None:
    if not name or name.startswith(".") or any(not (c.isalnum() or c in "._-") for c in name):
        raise StoreError(f"{name!r} is no name for a run.", "Use letters, digits, `-`, `_` and `.`.")


def _short(value: Any, most: int = 40) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= most else text[: most - 1] + "…"


def _stage_row(folder: StageFolder) -> dict[str, Any]:
    manifest, done = read_json(folder.path / STAGE_FILE), read_json(folder.path / DONE_FILE)
    row = {key: manifest[key] for key in ("kind", "version", "hash", "inputs", "provenance")}
    where = f"{folder.path.parent.name}/{folder.path.name}"
    return {**row, "folder": where, "finished": done["finished"]}
