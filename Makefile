# Portico: `make run` starts the demo, `make test` runs every check. The work is done by scripts/.
.PHONY: run test dev bench screenshots fmt lint unit e2e deny setup

run:
	@scripts/run.sh
test:
	@scripts/test.sh
dev:
	@scripts/dev.sh
bench:
	@scripts/bench.sh
screenshots:
	@scripts/screenshots.sh
setup:
	@scripts/setup.sh test
fmt:
	@bash -c 'source scripts/env.sh && cargo fmt --all'
lint unit e2e deny:
	@scripts/test.sh $@
