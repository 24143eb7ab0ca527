# Two commands: `make demo` and `make test`. PYTHON names another interpreter, VENV another place.
PYTHON ?= $(shell for p in python3.11 python3.10 python3.9 python3 python; do \
  $$p -c "" 2>/dev/null && echo $$p && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
WORKERS ?= 2

.PHONY: demo web test test-slow test-export outside lint format install install-dev clean

demo: install
	$(BIN)/python tools/demo.py

# The page in the browser on which to paint the hole; Ctrl-C ends it.
web: $(VENV)/.installed-web
	$(BIN)/python -m inpainting.web

test: install-dev
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m "not slow"

# Whole trainings, killed processes, servers under load: what takes minutes, one at a time.
test-slow: install-dev
	$(BIN)/python -m pytest -m slow

# What ONNX, OpenVINO and TensorFlow Lite make of the models, in an environment of its own.
test-export: $(VENV)-export/.installed
	$(VENV)-export/bin/python -m pytest -m export tests/serving/conversion

# The exported model and the server, checked by programs that are not ours, each in an environment
# of its own; KEEP=false deletes these afterwards.
KEEP ?= true
outside: install-dev
	$(BIN)/python tools/outside_checks/run.py --environments=$(VENV)-outside --keep=$(KEEP)

lint: install-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: install-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

install: $(VENV)/.installed
install-dev: $(VENV)/.installed-dev

# TensorFlow 2.15 has wheels for Python 3.9 to 3.11 and no other.
$(VENV)/.python:
	@$(PYTHON) tools/check_python.py
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.python requirements.txt constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.installed-web: $(VENV)/.installed requirements-web.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-web.txt
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.txt requirements-web.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

$(VENV)-export/.installed: requirements.txt requirements-export.txt constraints.txt
	@$(PYTHON) tools/check_python.py
	@$(PYTHON) -m venv $(VENV)-export
	$(VENV)-export/bin/python -m pip install --quiet --disable-pip-version-check \
	  -r requirements-export.txt $$(grep ^pytest== requirements-dev.txt)
	@touch $@

clean:
	rm -rf $(VENV) $(VENV)-export $(VENV)-outside demo .pytest_cache .mypy_cache .ruff_cache
