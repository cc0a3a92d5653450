# Kubemuster. `make help` lists the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help

VERSION ?= dev
PROVIDERS := gke aks eks kubeconfig
MODULE := github.com/kubemuster/kubemuster
TOOL := go tool -modfile=tools/go.mod
PROTOBUF := (cd internal/pluginpb && go tool -modfile=../../tools/go.mod buf generate)
GO_FILES := $$(git ls-files --cached --others --exclude-standard '*.go' | grep -v '\.pb\.go$$')

.PHONY: help build demo test test-rego lint bench generate clean

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

build: ## Build bin/kubemuster and the auth plugins, and lock the plugins.
	@mkdir -p bin/plugins bin/.built
	go build -ldflags '-s -w -X $(MODULE)/internal/cli.version=$(VERSION) -X main.version=$(VERSION)' -o bin/.built/ ./cmd/scanner $(addprefix ./plugins/,$(PROVIDERS))
	@mv bin/.built/scanner bin/kubemuster
	@for p in $(PROVIDERS); do mv bin/.built/$$p bin/plugins/kubemuster-auth-$$p; done; rmdir bin/.built
	@bin/kubemuster plugins lock --plugin-dir bin/plugins $(addprefix --grant ,$(PROVIDERS))

demo: build ## Scan three clouds on this machine, with nothing to sign up for.
	@mkdir -p out
	go run ./test/demo -- bin/kubemuster scan -o table -o sarif=out/demo.sarif -o html=out/demo.html --allow-incomplete
	@echo "The reports are out/demo.html, for your browser, and out/demo.sarif."

test: ## Run every test: units, checks, and end to end on a real API server.
	$(TOOL) opa test policies/checks policies/lib --fail-on-empty --threshold 95 --coverage --format json >/dev/null
	go test -race -timeout 30m ./...
	cd test/e2e && go test -timeout 30m ./...

lint: ## Check formatting, vet, staticcheck, the Rego, the protocol's code and go.mod.
	@out=$$($(TOOL) gofumpt -l $(GO_FILES)); if [ -n "$$out" ]; then echo "not gofumpt-clean:"; echo "$$out"; exit 1; fi
	go vet ./...
	cd test/e2e && go vet ./...
	$(TOOL) staticcheck ./...
	$(TOOL) opa check --strict policies/checks policies/lib
	@out=$$($(TOOL) opa fmt --list policies); if [ -n "$$out" ]; then echo "not formatted (opa fmt --write):"; echo "$$out"; exit 1; fi
	go mod tidy -diff
	cd tools && go mod tidy -diff
	cd test/e2e && go mod tidy -diff
	@tmp=$$(mktemp -d) && trap 'rm -rf "$$tmp"' EXIT && cp internal/pluginpb/*.pb.go "$$tmp" && $(PROTOBUF) && \
		for f in internal/pluginpb/*.pb.go; do diff -q "$$f" "$$tmp" >/dev/null || { echo "$$f was stale; make generate has renewed it"; exit 1; }; done

bench: ## Measure a scan beside a bare list, on a real API server; PODS=, DEPLOYMENTS=, NODES= and ROUNDS= say how much.
	cd test/e2e && go run ./bench -pods $(or $(PODS),10000) -deployments $(or $(DEPLOYMENTS),0) -nodes $(or $(NODES),0) -rounds $(or $(ROUNDS),5)
	go test ./internal/policy -run '^$$' -bench . -benchmem
	go test ./internal/report -run '^$$' -bench . -benchtime 1x

generate: ## Write generated code anew.
	$(PROTOBUF)
	go run ./docs/generate

clean: ## Remove what build and demo made.
	rm -rf bin out
