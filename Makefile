# Convscope. `make run` and `make test` are all the set-up there is: they install what is missing, then do their work.

SHELL := /bin/bash
.DEFAULT_GOAL := help
SOURCES := $(shell find . -name '*.go' -o -name '*.s' -o -name '*.json' -o -name '*.svg' -o -name '*.otf' -o -name 'go.mod' | grep -v '^./build/')

# Where the generator of the vector kernels lives: a module of its own, so that the application does not carry it.
GEN := nn/kernel/gen

.PHONY: run quick test check bench cnn tour test-real kills clean help deps

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

deps:
	@scripts/deps

run: deps build/convscope ## install what is missing and start Convscope (without a display: the tour, on a virtual one)
	@scripts/run build/convscope

quick: deps ## what to run after each change: format, build, vet, short tests of what changed (under two minutes)
	@scripts/quick

test: deps build/convscope ## install what tests need and run them all, the tour in a real window too
	go test ./...
	CGO_ENABLED=0 go test -tags noasm ./nn/kernel/... ./nn
	GODEBUG=cpu.avx512f=off go test ./nn ./nn/train
	go test -race -short $$(scripts/windowless)
	@scripts/tour build/convscope build/tour

check: deps ## vet (also for Windows and macOS), staticcheck, gofumpt, rules between folders, generated code, known vulnerabilities
	@scripts/check $(GEN)

bench: deps build/convscope build/cnn ## speed of the engine, beside PyTorch and ONNX Runtime where they are installed, and of the window
	go test -run '^$$' -bench . -benchtime 1s ./nn/kernel/... ./nn ./nn/train ./nn/data ./widgets/...
	go run ./cmd/peers build/cnn docs/performance.md
	scripts/latency build/convscope

cnn: build/cnn ## build the command line, build/cnn
	@echo "built build/cnn; try: build/cnn help"

tour: deps build/convscope ## walk the main job in a real window; pictures in build/tour
	@scripts/tour build/convscope build/tour

test-real: build/cnn ## train on real data: make test-real DATA=folder with mnist/ and cifar10.tar.gz
	@scripts/test-real build/cnn "$(DATA)"

kills: build/cnn ## kill trainings at 100 random moments, go on, and compare their weights to the bit
	@scripts/kills build/cnn 100

build/convscope: $(SOURCES)
	go build -o $@ ./cmd/convscope

build/cnn: $(SOURCES)
	CGO_ENABLED=0 go build -trimpath -o $@ ./cmd/cnn

clean: ## delete what was built
	rm -rf build
