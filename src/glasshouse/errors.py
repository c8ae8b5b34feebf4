"""One exception per boundary: what a user can put right, said in one sentence with a hint.

    GlasshouseError            printed as one sentence and a hint, exit code 2
    ├── ConfigError            a flag, a YAML file, a prompts file
    ├── ModelError             a base model, an adapter, a tokenizer, a chat template
    ├── GraderError            a grader that cannot be built (one that gives no verdict is a Grade of None)
    ├── TrainingError          a training that cannot go on (NaN, wrong start)
    ├── StoreError             a run folder: rights, space, a changed config
    └── EvalError              a task that did not end with success (in evals/run_eval.py)

Plain Python errors are our bugs: the command line shows them with a traceback.
"""


class GlasshouseError(Exception):
    """Something a user can put right."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.message = message
        """One sentence: what is wrong."""
        self.hint = hint
        """One sentence: what to type or change; empty where nothing can be said."""

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class ConfigError(GlasshouseError, ValueError):
    """A flag, a YAML file or a prompts file is wrong."""


class ModelError(GlasshouseError, ValueError):
    """A base model, adapter, tokenizer or chat template cannot be used."""


class GraderError(GlasshouseError, ValueError):
    """A grader cannot be built."""


class TrainingError(GlasshouseError, RuntimeError):
    """A training cannot go on; the last good checkpoint is kept."""


class StoreError(GlasshouseError, OSError):
    """A run folder cannot be read, written or resumed."""


def first_line(error: Exception) -> str:
    r"""First line of what another library says went wrong; the kind of error where it says nothing.

    Example:
        >>> first_line(ValueError("No such field.\nSee the manual.")), first_line(KeyError())
        ('No such field', 'KeyError')
    """
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
