# `make demo` on a fresh Debian 12 or 13 installs what is missing and shows a station at work.

VENV ?= .venv
# The demonstration always gets a folder of its own: demo-station, then demo-station-2, …
DEMO ?= demo-station
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

bin := $(VENV)/bin
# Where `make install` puts things, below DESTDIR; the units name the same places.
DESTDIR ?=
# A folder of wheels for an installation without network; made by `make wheelhouse` on a machine with the same Python.
WHEELHOUSE ?=
prefix := /opt/bodycam-custody
local := /usr/local
shipped = $(DESTDIR)$(prefix)/share/bodycam-custody/systemd

packages := bodycam_custody docking hashing archive cli config
wheel_test := build/wheel-test

# The first interpreter that is new enough and can make an environment; Debian 12 has 3.11, Debian 13 has 3.13.
find_python = for python in python3 python3.14 python3.13 python3.12 python3.11; do \
    if $$python -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then break; fi; done

.PHONY: help demo check lint types imports test crash station-test bench wheel wheel-test wheelhouse install install-test messages messages-check catalogs clean

help:
	@echo 'make demo            install what is missing and show a station at work in a fresh folder'
	@echo 'make check           formatting, lint, types, import directions and tests'
	@echo 'make test            the tests alone'
	@echo 'make crash           kills and power cuts (minutes, best as root)'
	@echo 'make station-test    a whole station in a virtual machine (minutes, as root)'
	@echo 'make bench           speed and memory against what a station would otherwise use (minutes)'
	@echo 'make wheel           build dist/*.whl'
	@echo 'make wheel-test      install the wheel in an environment of its own and try it'
	@echo 'make install         install the program and its units (DESTDIR=, WHEELHOUSE=dir for no network)'
	@echo 'make wheelhouse      collect every wheel that an installation without network needs in wheelhouse/'
	@echo 'make install-test    try make install in a folder (a minute)'
	@echo 'make messages        bring the message catalogues up to date with the code'
	@echo 'make messages-check  fail when a message is new, untranslated or translated with other fields'
	@echo 'make clean           remove build results, never a demonstration'

$(bin)/installed: pyproject.toml
	@.ci/host-packages
	@$(find_python); echo "Setting up $(VENV) with $$($$python --version)"; $$python -m venv $(VENV)
	@$(bin)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

# An editable install reads the compiled catalogues in the source tree.
catalogs: $(bin)/installed
	@$(bin)/python -m cli.build_catalogs

demo: catalogs
	@folder='$(DEMO)'; number=1; \
	while [ -e "$$folder" ]; do number=$$((number + 1)); folder='$(DEMO)'-$$number; done; \
	$(bin)/custody demo --dir "$$folder"

check: lint types imports test

lint: $(bin)/installed
	$(bin)/ruff format --check .
	$(bin)/ruff check .

types: $(bin)/installed
	$(bin)/mypy --strict

imports: $(bin)/installed
	$(bin)/lint-imports --no-logo

test: catalogs
	$(bin)/python -m pytest

crash: catalogs
	$(bin)/python -m pytest -rs -m crash tests/crash

station-test: catalogs
	$(bin)/python -m tests.station
	$(bin)/python -m pytest -rs -m station tests/station

bench: catalogs
	$(bin)/python -m tests.bench

wheel: $(bin)/installed
	rm -rf dist
	$(bin)/python -m build --wheel

# Run from a folder without our sources, so that only the installed packages can be found.
wheel-test: wheel
	rm -rf $(wheel_test)
	$(find_python); $$python -m venv $(wheel_test)/venv
	$(wheel_test)/venv/bin/python -m pip install --quiet --disable-pip-version-check dist/*.whl
	cd $(wheel_test) && venv/bin/custody --help
	cd $(wheel_test) && venv/bin/custody demo --dir station
	cd $(wheel_test) && venv/bin/custody audit verify station/primary station/backup --trust station/trust

# pip of our own, which never becomes part of the installation.
build/pip/installed:
	@mkdir -p build
	@$(find_python); $$python -m venv build/pip
	@touch $@

wheelhouse: build/pip/installed
	build/pip/bin/python -m pip wheel --quiet --disable-pip-version-check --wheel-dir '$(or $(WHEELHOUSE),wheelhouse)' .

# Whatever was installed there before is replaced; state, stores and configuration are not touched.
install: build/pip/installed
ifeq ($(WHEELHOUSE),)
	rm -rf build/wheelhouse
	$(MAKE) --no-print-directory wheelhouse WHEELHOUSE=build/wheelhouse
endif
	umask 022; $(find_python); $$python -m venv --clear --without-pip '$(DESTDIR)$(prefix)'
	umask 022; build/pip/bin/python -m pip --quiet --disable-pip-version-check --python '$(DESTDIR)$(prefix)/bin/python' \
	    install --no-index --no-compile --find-links '$(or $(WHEELHOUSE),build/wheelhouse)' bodycam-custody
ifneq ($(DESTDIR),)
	# The programs begin with the interpreter they will have, not with the folder they were staged in.
	grep -rlI --null -F '$(DESTDIR)$(prefix)' '$(DESTDIR)$(prefix)/bin' '$(DESTDIR)$(prefix)/pyvenv.cfg' \
	    | xargs -0 -r sed -i 's|$(DESTDIR)$(prefix)|$(prefix)|g'
endif
	umask 022; '$(DESTDIR)$(prefix)/bin/python' -m compileall -q -s '$(DESTDIR)' '$(DESTDIR)$(prefix)/lib'
	install -d '$(DESTDIR)$(local)/bin'
	ln -sfn '$(prefix)/bin/custody' '$(DESTDIR)$(local)/bin/custody'
	install -d '$(DESTDIR)$(local)/lib/systemd/system' '$(DESTDIR)$(local)/lib/udev/rules.d' \
	    '$(DESTDIR)$(local)/lib/sysusers.d' '$(DESTDIR)$(local)/lib/tmpfiles.d'
	install -m 0644 '$(shipped)'/*.service '$(shipped)'/*.socket '$(shipped)'/*.timer '$(DESTDIR)$(local)/lib/systemd/system'
	install -m 0644 '$(shipped)'/*.rules '$(DESTDIR)$(local)/lib/udev/rules.d'
	install -m 0644 '$(shipped)/sysusers.conf' '$(DESTDIR)$(local)/lib/sysusers.d/bodycam-custody.conf'
	install -m 0644 '$(shipped)/tmpfiles.conf' '$(DESTDIR)$(local)/lib/tmpfiles.d/bodycam-custody.conf'
ifeq ($(DESTDIR),)
	systemd-sysusers bodycam-custody.conf
	systemd-tmpfiles --create bodycam-custody.conf
	if [ -d /run/systemd/system ]; then systemctl daemon-reload && udevadm control --reload; fi
endif

install-test: catalogs
	$(bin)/python -m pytest -rs -m install tests/docs

extract = $(bin)/pybabel --quiet extract --no-default-keywords --keywords=N_ --keywords=_ --keywords=ngettext:1,2 --sort-by-file \
    --add-location=file --no-wrap --project=bodycam-custody --output=build/messages.pot $(packages)
update = $(bin)/pybabel --quiet update --domain=messages --input-file=build/messages.pot --output-dir=cli/locale \
    --locale=zh_CN --init-missing --no-fuzzy-matching --no-wrap --ignore-pot-creation-date

messages: $(bin)/installed
	mkdir -p build
	$(extract)
	$(update)
	$(bin)/python -m cli.build_catalogs --check build/messages.pot

messages-check: $(bin)/installed
	mkdir -p build
	$(extract)
	$(bin)/python -m cli.build_catalogs --check build/messages.pot

clean:
	rm -rf build dist wheelhouse $(VENV) .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	rm -f cli/locale/*/LC_MESSAGES/*.mo
