// Takes pictures of pages, see scripts/screenshots.sh. Not a test: nothing is compared.

import { defineConfig, devices } from "@playwright/test";
import { launchOptions } from "./harness/browser";

export default defineConfig({
  testDir: "screenshots",
  testMatch: "*.ts",
  globalSetup: "./harness/global-setup.ts",
  outputDir: "../target/end2end/screenshot-results",
  workers: 1,
  timeout: 120_000,
  reporter: [["list"]],
  use: { ...devices["Desktop Chrome"], launchOptions, locale: "en-GB", timezoneId: "UTC" },
});
