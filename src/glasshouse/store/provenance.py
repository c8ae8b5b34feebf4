"""Where a number was made: which code, which versions, which machine, how busy it was."""

import os
import platform
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = (
    "glasshouse",
    "torch",
    "transformers",
    "peft",
    "trl",
    "accelerate",
    "datasets",
    "safetensors",
    "tokenizers",
    "inspect-ai",
    "numpy",
    "scipy",
)
"""Packages whose version can change a number."""


def provenance() -> dict[str, Any]:
    """Code, versions, hardware, load and date, as JSON."""
    return {
        "code": code_state(),
        "versions": package_versions(),
        "hardware": hardware(),
        "load_average": load_average(),
        "date": now(),
    }


@cache
def code_state() -> str:
    """The commit of the source tree that runs, `+dirty` where files differ; else the package's version."""
    source = Path(__file__).parents[1]
    commit = _git(source, "rev-parse", "HEAD")
    if not commit or not _git(source, "ls-files", "--", __file__):
        return f"glasshouse {_version('glasshouse') or 'of unknown version'}"
    return commit + ("+dirty" if _git(source, "status", "--porcelain", "--", str(source)) else "")


def package_versions(packages: Sequence[str] = PACKAGES) -> dict[str, str | None]:
    """Installed versions, None where a package is missing; nothing is imported."""
    return {name: _version(name) for name in packages} | {"python": platform.python_version()}


@cache
def hardware() -> dict[str, Any]:
    """Processor, cores this process may use, memory and graphics cards."""
    return {
        "cpu": _cpu_name(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_bytes": _memory_bytes(),
        "gpus": _gpu_names(),
        "system": platform.platform(),
    }


def load_average() -> float | None:
    """Processes that wanted to run, averaged over the last minute; None where the system does not say."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def now() -> str:
    """Date and time in UTC to the second, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@cache
def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _git(folder: Path, *arguments: str) -> str:
    """What git answers, empty where it cannot."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=30
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        names = [
            line.split(":", 1)[1] for line in info.read_text().splitlines() if line.startswith("model name")
        ]
        if names:
            return names[0].strip()
    return platform.processor() or platform.machine()


def _memory_bytes() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return None


def _gpu_names() -> list[str]:
    """Names that the NVIDIA driver lists; reading them needs no torch."""
    lines = [
        line
        for path in sorted(Path("/proc/driver/nvidia/gpus").glob("*/information"))
        for line in path.read_text().splitlines()
    ]
    return [line.split(":", 1)[1].strip() for line in lines if line.startswith("Model:")]
