// Lighthouse on the release build, see scripts/bench.sh.

import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: "bench",
  testMatch: "*.ts",
  globalSetup: "./harness/global-setup.ts",
  outputDir: "../target/end2end/bench-results",
  workers: 1,
  timeout: 600_000,
  reporter: [["line"]],
});
