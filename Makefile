# What a contributor types; see CONTRIBUTING.md.
PYTHON ?= $(if $(wildcard .venv/bin/python),.venv/bin/python,python3)

.PHONY: docs docs-kept docs-pictures

# The documentation site, offline: build/site/index.html. Needs pip install -e '.[docs]'.
docs:
	$(PYTHON) docs/site/build.py

# What pages keep of the program and of benchmarks/, for who reads them without the site.
docs-kept:
	$(PYTHON) docs/site/kept.py

# What the tutorial and the gallery show, made anew by the program itself (some minutes).
docs-pictures:
	$(PYTHON) docs/draw_overview.py
	$(PYTHON) docs/draw_tutorial.py
	$(PYTHON) docs/draw_gallery.py
