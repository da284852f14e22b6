# The commands of the project; `make` alone lists them.

BUILD := build
JOBS := $(shell nproc)
SCRIPTS := scripts/deps scripts/stack $(wildcard scripts/lib/*.sh) .ci/run

.DEFAULT_GOAL := help
.PHONY: help run up down status logs migrate build test lint clean

help:
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile | expand -t 16
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

migrate: ## bring the schema of the stack's database up to date
	@scripts/stack migrate

build: ## build the programs
	@scripts/deps run build
	@cmake -S . -B $(BUILD) -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DLARDER_TESTS=OFF \
		--log-level=WARNING
	@cmake --build $(BUILD) --parallel $(JOBS)

test: ## build everything and run the tests
	@scripts/deps run build test
	@cmake -S . -B $(BUILD) -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DLARDER_TESTS=ON \
		--log-level=WARNING
	@cmake --build $(BUILD) --parallel $(JOBS)
	@cd $(BUILD) && ctest --output-on-failure

lint: ## check scripts with shellcheck and C++ with clang-tidy
	@scripts/deps run build test lint
	shellcheck -x $(SCRIPTS)
	@cmake -S . -B $(BUILD) -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DLARDER_TESTS=ON \
		--log-level=WARNING
	run-clang-tidy-19 -clang-tidy-binary clang-tidy-19 -quiet -p $(BUILD) -j $(JOBS) '$(CURDIR)/(fcgi_app|tests)/.*\.cpp$$'

clean: ## delete what was built; the data of a stack stays
	rm -rf $(BUILD)
