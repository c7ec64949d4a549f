# The entry points. Everything is installed into .venv and .trunkline, nothing by hand; see the README.
SCENARIO ?= examples/workshop.yml
LAB ?= inventory/lab.clab.yml
ARGS ?=
BENCH ?= all

bootstrap = @sh api/trunkline/dev/bootstrap.sh
dev = @.venv/bin/python -m trunkline.dev
ansible_test = @.venv/bin/python -m trunkline.dev.ansible_test

.DEFAULT_GOAL := help
.PHONY: help demo up down clean env test lint sanity pictures bench netbox-template image

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## from nothing to routers that talk: NetBox, lab, API, orders, pings (SCENARIO=file LAB=file for another network)
	$(bootstrap) embedded
	$(dev) demo --scenario '$(SCENARIO)' --lab '$(LAB)'

up: ## everything of the demo but the orders
	$(bootstrap) embedded
	$(dev) up --scenario '$(SCENARIO)' --lab '$(LAB)'

down: ## stop everything; the data stays
	$(dev) down

clean: down ## stop everything and remove the data
	@rm -rf .trunkline .venv

env: ## print the exports that let a client in: eval "$$(make -s env)"
	$(dev) env

# With TRUNKLINE_TEST_NETBOX_URL and TRUNKLINE_TEST_NETBOX_TOKEN the tests use that NetBox, whatever its version.
test: ## every test, against the real NetBox and real routers (ARGS="-k name" chooses)
	$(bootstrap) embedded,test,lint
	@.venv/bin/pytest $(or $(ARGS),--numprocesses 2 --dist loadfile)

lint: ## ruff, mypy, ansible-lint, yamllint, antsibull-changelog, ansible-test
	$(bootstrap) embedded,test,lint
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/yamllint --strict .
	@.venv/bin/ansible-lint
	@cd collections/ansible_collections/trunkline/network && $(CURDIR)/.venv/bin/antsibull-changelog lint
	$(ansible_test) sanity units

sanity: ## ansible-test sanity and units on the collection alone (in lint, too)
	$(bootstrap) embedded,test,lint
	$(ansible_test) sanity units

pictures: ## the README's pictures, out of the screenshots that `make test ARGS=tests/ui` has left
	@mkdir -p docs/images
	@cd .trunkline/screenshots && cp dashboard-light.png map-light.png run-waiting-light.png plan-warning.png $(CURDIR)/docs/images/

bench: ## side by side with the peers, and where the time goes: BENCH=netbox, api, run, scale, or all (ARGS="--rounds 1 --sizes 1,10")
	$(bootstrap) embedded bench
	$(dev) bench --which '$(BENCH)' $(ARGS)

netbox-template: ## run NetBox's migrations once and keep the schema (minutes; needed after a NetBox upgrade)
	$(bootstrap) embedded
	$(dev) netbox-template

image: ## prove the Dockerfile's steps in a bare Debian tree, without Docker (minutes; root, debootstrap, a Debian mirror)
	$(bootstrap) embedded
	@.venv/bin/python -m trunkline.dev.image
