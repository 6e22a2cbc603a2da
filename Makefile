# make run   set up and start maildesk on its embedded defaults (ARGS=--exit: show and stop)
# make test  set up and run every check and test
# make check the fast part of it: style, types, layers
# make bench measure, see docs/performance.md
# make fuzz  try mails, tokens and Authentication-Results at random for 5 minutes (ARGS=SECONDS)
# make clean remove .venv and var

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test check bench fuzz clean

run: $(VENV)/.run
	@$(BIN)/maildesk demo $(ARGS)

test: $(VENV)/.test
	@sh tests/install-servers.sh
	@$(MAKE) --no-print-directory check
	@# Many tests start processes of ours: with bytecode kept they start in half the time.
	@# Three workers on two cores: the live tests wait for a third of their time.
	env -u PYTHONDONTWRITEBYTECODE $(BIN)/pytest -n 3 --dist loadgroup $(ARGS)

check: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench: $(VENV)/.test
	@$(BIN)/maildesk bench $(ARGS)

fuzz: $(VENV)/.test
	@$(BIN)/python tests/fuzz/fuzz_commands.py $(ARGS)

$(VENV)/bin/pip:
	@command -v $(PYTHON) >/dev/null \
	  || { echo "there is no $(PYTHON) here: apt-get install python3-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "maildesk needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
	  || { rm -rf $(VENV); echo "Python has no venv here. Mend it with: apt-get install python3-venv"; exit 1; }

$(VENV)/.run: pyproject.toml constraints.txt | $(VENV)/bin/pip
	@echo "Installing maildesk into $(VENV) (once; about half a minute)"
	@$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.test: pyproject.toml constraints.txt | $(VENV)/bin/pip
	@echo "Installing maildesk and its test tools into $(VENV) (once; about a minute)"
	@$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt -e '.[test]'
	@touch $@ $(VENV)/.run

clean:
	rm -rf $(VENV) var
