# The commands of the project; `make` alone lists them.

BUILD := build
JOBS := $(shell nproc)
PREFIX ?= /usr/local
SCRIPTS := $(addprefix scripts/,deb deps larder stack) $(wildcard scripts/lib/*.sh) .ci/run \
	$(addprefix tests/package/,run next_version steps.sh inside_systemd inside_spawn_fcgi) \
	$(addprefix tests/deploy/,install manuals units environment addresses settings_file) tests/bare_debian tests/machine.sh tests/fuzz/run $(addprefix tests/fresh/,run inside) tests/containers/run \
	deploy/render_settings deploy/container/larder-container

# A shell would go elsewhere than the recipes say, or read a startup file first.
unexport CDPATH ENV BASH_ENV POSIXLY_CORRECT GREP_OPTIONS GREP_COLORS

.DEFAULT_GOAL := help
.PHONY: help run up down status logs migrate build install deb test test-corpus test-fresh test-package test-containers bench bench-quick growth profile model coherence fuzz sanitize sanitize-threads sanitize-quick format programs bench-programs lint clean

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

test-fresh: ## try make run and make test on a bare Debian 12 and 13, as root; DEBIAN=trixie chooses
	@scripts/deps package
	@tests/fresh/run

test-package: deb ## try the package on a bare Debian 12 and 13, as root; DEBIAN=trixie chooses
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
		--target larder-worker larder-feed larder-schema larder-token larder-bulk larder-load larder-floor

bench: bench-programs ## compare speed with floors and peers; BENCH='--only item' chooses
	@tests/bench/run $(BENCH)

bench-quick: bench-programs ## the same in two minutes
	@tests/bench/run --quick $(BENCH)

growth: bench-programs ## measure how cost grows, with plots in build/bench/growth; GROWTH='--quick'
	@tests/bench/growth $(GROWTH)

profile: bench-programs ## profile a worker under a load; PROFILE='--row mix' chooses it
	@scripts/deps profile
	@tests/bench/profile $(PROFILE)

comma := ,

# sanitized NAME,SANITIZERS,TARGETS,TESTS,PREFIX: builds in build/NAME and runs. A report fails it, also
# one in the log of a worker, which no test may ever read.
define sanitized
@scripts/deps run build test
@cmake -S . -B $(BUILD)/$(1) -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DLARDER_TESTS=ON \
	-DLARDER_SANITIZE=$(2) --log-level=WARNING
@cmake --build $(BUILD)/$(1) --parallel $(JOBS) $(3)
@rm -rf $(BUILD)/$(1)/logs
@cd $(BUILD)/$(1) && LARDER_TEST_LOGS=$(CURDIR)/$(BUILD)/$(1)/logs \
	LSAN_OPTIONS=suppressions=$(CURDIR)/tests/sanitize.supp:print_suppressions=0 \
	TSAN_OPTIONS=suppressions=$(CURDIR)/tests/tsan.supp:print_suppressions=0 \
	$(5) ctest --output-on-failure -j $(JOBS) $(4)
@! grep -rE 'Sanitizer|runtime error' $(BUILD)/$(1)/logs
endef

# g++ 12's ThreadSanitizer cannot start where the kernel takes more than 28 bits of an address at random
# (vm.mmap_rnd_bits); a container may not allow that to be switched off, and then need not.
UNRANDOMIZED = $(shell setarch -R true 2>/dev/null && echo setarch -R)
QUICK_TARGETS := --target larder-worker larder-feed larder-schema larder-token larder-bulk larder-tests-unit larder-tests-rude
QUICK_TESTS := -R '^(unit|integration\.rude)$$'

sanitize: ## run unit and integration tests with AddressSanitizer and UBSan
	$(call sanitized,sanitize,address$(comma)undefined,,-L 'unit|integration')

sanitize-threads: ## the same with ThreadSanitizer
	$(call sanitized,sanitize-threads,thread,,-L 'unit|integration',$(UNRANDOMIZED))

sanitize-quick: ## unit tests and rude clients with all sanitizers
	$(call sanitized,sanitize,address$(comma)undefined,$(QUICK_TARGETS),$(QUICK_TESTS))
	$(call sanitized,sanitize-threads,thread,$(QUICK_TARGETS),$(QUICK_TESTS),$(UNRANDOMIZED))

fuzz: ## feed the parsers with random input, FUZZ_SECONDS (60) each; FUZZ='json redis' chooses
	@scripts/deps build fuzz
	@cmake -S . -B $(BUILD)/fuzz -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DLARDER_FUZZ=ON \
		-DCMAKE_CXX_COMPILER=clang++-19 -DLARDER_SANITIZE=address,undefined --log-level=WARNING
	@cmake --build $(BUILD)/fuzz --parallel $(JOBS)
	@tests/fuzz/run $(FUZZ)

lint: ## check scripts with shellcheck and C++ with clang-tidy
	@scripts/deps run build test lint
	shellcheck -x $(SCRIPTS)
	@cmake -S . -B $(BUILD) -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DLARDER_TESTS=ON \
		--log-level=WARNING
	run-clang-tidy-19 -clang-tidy-binary clang-tidy-19 -quiet -p $(BUILD) -j $(JOBS) \
		'$(CURDIR)/fcgi_app/.*\.cpp$$'

format: ## check that C++ is as clang-format writes it, and scripts with shellcheck
	@scripts/deps lint
	@git ls-files -z '*.cpp' '*.hpp' | xargs -0 clang-format-19 --dry-run -Werror
	shellcheck -x $(SCRIPTS)

clean: ## delete what was built; the data of a stack stays
	rm -rf $(BUILD)
