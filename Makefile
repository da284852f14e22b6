# The commands of the project; `make` alone lists them.

BUILD := build
JOBS := $(shell nproc)
PREFIX ?= /usr/local
SCRIPTS := $(addprefix scripts/,deb deps larder stack) $(wildcard scripts/lib/*.sh) .ci/run \
	$(addprefix tests/package/,run next_version steps.sh inside_systemd inside_spawn_fcgi) \
	$(addprefix tests/deploy/,install manuals units environment addresses) tests/bare_debian tests/machine.sh $(addprefix tests/fresh/,run inside) tests/containers/run \
	deploy/render_settings deploy/container/larder-container

# A shell would go elsewhere than the recipes say, or read a startup file first.
unexport CDPATH ENV BASH_ENV POSIXLY_CORRECT GREP_OPTIONS GREP_COLORS

.DEFAULT_GOAL := help
.PHONY: help run up down status logs migrate build install deb test test-corpus test-fresh test-package test-containers bench bench-quick growth profile model coherence sanitize programs bench-programs lint clean

help:
	@sed -n 's/^\([a-z-]*\):.*## /  make \1	/p' Makefile | expand -t 20
	@echo 'STACK=directory (default var) and API_PORT=port keep several stacks apart.'

run: build ## install what is missing, build, and serve until Ctrl-C
	@scripts/stack run

up: build ## the same in the background
	@scripts/stack up

down: ## stop the stack; its data stays
	@scripts/stack down

status: ## address, process ids and sockets of the stack
	@scripts/stack status

logs: ## the last lines of its logs
	@scripts/stack logs

migrate: build ## bring the schema of the stack's database up to date
	@scripts/stack migrate

build: ## build the programs
	@scripts/deps run build
	@cmake -S . -B $(BUILD) -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DLARDER_TESTS=OFF \
		--log-level=WARNING
	@cmake --build $(BUILD) --parallel $(JOBS)

install: build ## install below PREFIX (default /usr/local), in DESTDIR if that is set
	@cmake -S . -B $(BUILD) -DCMAKE_INSTALL_PREFIX=$(PREFIX) --log-level=WARNING
	@cmake --build $(BUILD) --parallel $(JOBS)
	@DESTDIR=$(DESTDIR) cmake --install $(BUILD)

deb: ## build the Debian package, in build/deb
	@scripts/deps build package
	@scripts/deb

test-fresh: ## try make run and make test on a bare Debian of its own, as root
	@scripts/deps package
	@tests/fresh/run

test-package: deb ## try the package on a bare Debian of its own, as root
	@scripts/deps package
	@tests/package/run

test-containers: ## build the images and serve from them, as root
	@scripts/deps run package
	@tests/containers/run

# What the targets below test.
programs:
	@scripts/deps run build test
	@cmake -S . -B $(BUILD) -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DLARDER_TESTS=ON \
		--log-level=WARNING
	@cmake --build $(BUILD) --parallel $(JOBS)

test: programs ## build everything and run the tests
	@cd $(BUILD) && ctest --output-on-failure -j $(JOBS)

test-corpus: programs ## post and read back every record of Debian's package index
	@$(BUILD)/bin/larder-tests-corpus -- all

model: ## check the larger instances of the models, which takes minutes
	@scripts/deps run build test
	@tests/model/check --large

coherence: programs ## look for stale answers, first without faults, then with all of them
	@$(BUILD)/bin/larder-coherence --seconds 60 --faults none
	@$(BUILD)/bin/larder-coherence --seconds 300 --faults all

bench-programs:
	@scripts/deps run build test bench
	@cmake -S . -B $(BUILD) -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DLARDER_TESTS=ON \
		--log-level=WARNING
	@cmake --build $(BUILD) --parallel $(JOBS) \
		--target larder-worker larder-feed larder-load larder-floor

bench: bench-programs ## compare speed with floors and peers; BENCH='--only item' chooses
	@tests/bench/run $(BENCH)

bench-quick: bench-programs ## the same in two minutes
	@tests/bench/run --quick $(BENCH)

growth: bench-programs ## measure how cost grows, with plots in build/bench/growth; GROWTH='--quick'
	@tests/bench/growth $(GROWTH)

profile: bench-programs ## profile a worker under a load; PROFILE='--row mix' chooses it
	@scripts/deps profile
	@tests/bench/profile $(PROFILE)

sanitize: ## run unit and integration tests with AddressSanitizer and UBSan
	@scripts/deps run build test
	@cmake -S . -B $(BUILD)/sanitize -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DLARDER_TESTS=ON \
		-DLARDER_SANITIZE=address,undefined --log-level=WARNING
	@cmake --build $(BUILD)/sanitize --parallel $(JOBS)
	@rm -rf $(BUILD)/sanitize/logs
	@cd $(BUILD)/sanitize && LARDER_TEST_LOGS=$(CURDIR)/$(BUILD)/sanitize/logs \
		LSAN_OPTIONS=suppressions=$(CURDIR)/tests/sanitize.supp:print_suppressions=0 \
		ctest --output-on-failure -j $(JOBS) -L 'unit|integration'
	@! grep -rE 'Sanitizer|runtime error' $(BUILD)/sanitize/logs

lint: ## check scripts with shellcheck and C++ with clang-tidy
	@scripts/deps run build test lint
	shellcheck -x $(SCRIPTS)
	@cmake -S . -B $(BUILD) -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DLARDER_TESTS=ON \
		--log-level=WARNING
	run-clang-tidy-19 -clang-tidy-binary clang-tidy-19 -quiet -p $(BUILD) -j $(JOBS) \
		'$(CURDIR)/fcgi_app/.*\.cpp$$'

clean: ## delete what was built; the data of a stack stays
	rm -rf $(BUILD)
