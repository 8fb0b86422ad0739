# make run: the page · make test: all tests · make test-long: those that take minutes
# make check: style and types
# make eval: the sample question set · make bench: speed and retrieval
# make fuzz TARGET=parser MINUTES=10: also question, citations, loader, answer
# make wheelhouse: everything to install from, in one folder; make run OFFLINE=wheelhouse: from there

PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 7860
# Passed on to pytest: make test TESTS="tests/test_parser.py -x"
TESTS ?=
# Processes that share the tests, a file at a time
JOBS ?= 2
# CMRC 2018 development set, in SQuAD form
CMRC ?= ../shared/benchmarks/cmrc2018_dev.json

# For the wheelhouse: further extras, such as EXTRAS=ocr,dev
WHEELHOUSE ?= wheelhouse
EXTRAS ?=
# A wheelhouse to install from; set, nothing is asked of the network.
OFFLINE ?=

# For make fuzz
TARGET ?= parser
MINUTES ?= 10

VENV := .venv
VENV_PYTHON := $(CURDIR)/$(VENV)/bin/python
EVAL := .cache/eval

# Spinning OpenMP threads slow every call threefold where cores are shared.
export OMP_WAIT_POLICY ?= passive
export PIP_DISABLE_PIP_VERSION_CHECK ?= 1

ifneq ($(OFFLINE),)
export PIP_NO_INDEX := 1
export PIP_FIND_LINKS := $(abspath $(OFFLINE))
endif

.PHONY: run test test-long check eval bench fuzz wheelhouse clean

run: $(VENV)/run.stamp
	@if [ -n "$(OFFLINE)" ] && [ ! -e data/models ] && [ -z "$$BULLETIN_DATA_DIR" ]; then \
		mkdir -p data && cp -R "$(OFFLINE)/models" data/models; \
	fi
	@status=$$($(VENV_PYTHON) -m rag status --json) || exit 1; \
	case "$$status" in *'"issues": 0,'*) \
		echo "库里还没有快报，先装入 samples/ 里的示例"; \
		$(VENV_PYTHON) -m ingest samples/*.txt;; \
	esac
	$(VENV_PYTHON) app.py --host $(HOST) --port $(PORT)

test: $(VENV)/dev.stamp
	$(VENV_PYTHON) -m pytest -n $(JOBS) --dist loadfile $(TESTS)

# Those that take minutes, among them a hundred kills while files are taken in.
test-long: $(VENV)/dev.stamp
	$(VENV_PYTHON) -m pytest -m long $(TESTS)
	BULLETIN_TEST_KILLS=100 $(VENV_PYTHON) -m pytest tests/test_indexer.py -k kill_9 $(TESTS)

check: $(VENV)/dev.stamp
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy

# In a folder of its own, where no .env is read, so that neither the user's index nor the user's
# settings have a part in the figures.
eval: $(VENV)/run.stamp
	mkdir -p .cache/models $(EVAL)/data
	test -e $(EVAL)/data/models || ln -s ../../models $(EVAL)/data/models
	cd $(EVAL) && env -u BULLETIN_CHROMA_URL BULLETIN_DATA_DIR=data \
		$(VENV_PYTHON) -m ingest $(CURDIR)/samples/*.txt
	cd $(EVAL) && env -u BULLETIN_CHROMA_URL BULLETIN_DATA_DIR=data BULLETIN_TODAY=2025-11-21 \
		$(VENV_PYTHON) -m rag evaluate $(CURDIR)/samples/qa.jsonl --out results

bench: $(VENV)/dev.stamp
	@test -f "$(CMRC)" || { echo "没有 $(CMRC)，请用 make bench CMRC=cmrc2018_dev.json 指定"; exit 1; }
	$(VENV_PYTHON) -m benchmarks.ingest
	$(VENV_PYTHON) -m benchmarks.embeddings $(CMRC)

# Wheels for this system, processor and Python; the model folder for every one. The wheel of the
# product itself would be older than the files beside it after the next change.
fuzz: $(VENV)/dev.stamp
	$(VENV_PYTHON) -m pip install --quiet --editable ".[dev,fuzz]"
	$(VENV_PYTHON) -m tests.fuzz_run $(TARGET) --minutes $(MINUTES)

wheelhouse: $(VENV)/run.stamp
	mkdir -p $(WHEELHOUSE)
	$(VENV_PYTHON) -m pip wheel --quiet --wheel-dir $(WHEELHOUSE) \
		"$(CURDIR)$(if $(EXTRAS),[$(EXTRAS)])" "setuptools>=77"
	rm -f $(WHEELHOUSE)/bulletin_qa-*.whl
	$(VENV_PYTHON) -c 'import sys; from pathlib import Path; \
		from rag.embedding_model import DEFAULT_MODEL_NAME, ensure_default_model; \
		ensure_default_model(Path(sys.argv[1]) / "models" / DEFAULT_MODEL_NAME)' $(WHEELHOUSE)
	cd $(WHEELHOUSE) && find . -type f ! -name SHA256SUMS ! -name '.*' -print0 | sort -z | \
		xargs -0 sha256sum > SHA256SUMS
	@du -sh $(WHEELHOUSE)

# Everything that was built; data/ stays.
clean:
	rm -rf $(VENV) .cache build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/made.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "需要 Python 3.11 或更高版本，可用 make PYTHON=python3.12 … 指定"; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/run.stamp: pyproject.toml | $(VENV)/made.stamp
	@echo "安装依赖，第一次需要几分钟"
	$(VENV_PYTHON) -m pip install --quiet --editable .
	@touch $@

$(VENV)/dev.stamp: pyproject.toml | $(VENV)/made.stamp
	@echo "安装依赖和测试工具，第一次需要几分钟"
	$(VENV_PYTHON) -m pip install --quiet --editable ".[dev]"
	@touch $@ $(VENV)/run.stamp
