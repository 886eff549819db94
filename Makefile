# Needs git, make and Node 20 or newer; everything else comes from npm, Go or apt when it is first needed.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
# Node 24 and the tools of package.json go before whatever the machine has.
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

INSTALLED := node_modules/.package-lock.json
STATIC := check-format check-lint check-types check-unused check-generated

# Runs a check silently; only a failure shows what it printed.
quietly = out=$$($(1) 2>&1) || { printf '%s\n%s failed\n' "$$out" '$(2)'; exit 1; }

.PHONY: help demo test test-kernel check static check-unit generate clean $(STATIC)

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1|\2/p' Makefile | while IFS='|' read -r name text; do printf '%-14s %s\n' "$$name" "$$text"; done

demo: $(INSTALLED) ## a control plane, two nodes and three clients on this machine; needs root (DEMO_ONCE=1 ends by itself)
	@node tools/demo/main.ts

test: $(INSTALLED) ## every tier in turn, with seconds and counts
	+@node tools/test-tiers.ts static unit contract api netns

test-kernel: $(INSTALLED) ## the data plane on a kernel with WireGuard, emulated by qemu; for machines without the module
	@node tools/qemu/main.ts

check: $(INSTALLED) ## format, lint, types, unit tests, unused code, generated files
	@start=$$SECONDS; $(MAKE) --no-print-directory -k -j2 --output-sync=target check-unit $(STATIC); echo "check passed in $$((SECONDS - start)) s"

generate: $(INSTALLED) ## write crds/, policies and reference docs from the source
	@node tools/generate.ts

clean: ## remove what npm, builds and tests left here (not the Kubernetes cache)
	@rm -rf node_modules dist .work

static: $(INSTALLED)
	@$(MAKE) --no-print-directory -k -j2 --output-sync=target $(STATIC)

check-format:
	@$(call quietly,oxfmt --check .,format)
check-lint:
	@$(call quietly,oxlint .,lint)
check-types:
	@$(call quietly,tsc -p . --noEmit,types)
check-unused:
	@$(call quietly,knip --no-progress,unused code)
check-generated:
	@$(call quietly,node tools/generate.ts --check,generated files)
check-unit:
	@$(call quietly,NO_COLOR=1 vitest run --project unit,unit tests)

$(INSTALLED): package-lock.json
	@echo 'npm ci'
	@npm ci --loglevel=error
	@touch $@
