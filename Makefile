# Two commands do everything a new user needs: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
export HF_HUB_OFFLINE ?= 1
export TOKENIZERS_PARALLELISM := false
export TRL_EXPERIMENTAL_SILENCE := 1

.PHONY: demo test check-long phantom introspection introspection-scaling clean

demo: $(READY)
	$(BIN)/glasshouse demo

test: $(READY)
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/lint-imports
	$(BIN)/mypy
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n auto --maxprocesses 4

check-long: $(READY)
	$(BIN)/python -m pytest -q -m long

# Re-makes everything that is derived from the phantom's recipe.
phantom: $(READY)
	$(BIN)/glasshouse phantom make

# The studies of introspection on the phantom: hours; each goes on where it was stopped.
introspection: $(READY)
	$(BIN)/glasshouse run introspection

introspection-scaling: $(READY)
	$(BIN)/glasshouse run introspection-scaling

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -c constraints.txt torch
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[dev]"
	touch $(READY)

clean:
	rm -rf $(VENV) build dist src/*.egg-info .pytest_cache .mypy_cache .ruff_cache
