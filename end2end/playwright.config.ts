// Every journey runs twice: with JavaScript (`js`) and without (`nojs`).

import { defineConfig, devices } from "@playwright/test";
import { launchOptions } from "./harness/browser";

const browser = { ...devices["Desktop Chrome"], launchOptions };

export default defineConfig({
  testDir: "tests",
  globalSetup: "./harness/global-setup.ts",
  outputDir: "../target/end2end/results",
  // Some tests wait for half a minute or more, so there is one more than cores.
  workers: 3,
  fullyParallel: false,
  // A busy build machine may miss a deadline once; a test that needs another try is listed as flaky.
  retries: process.env.CI ? 1 : 0,
  forbidOnly: !!process.env.CI,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: process.env.CI ? [["list"]] : [["list"], ["html", { outputFolder: "../target/end2end/report", open: "never" }]],
  use: {
    locale: "en-GB",
    timezoneId: "UTC",
    // A trace of every action takes a good part of a run; where there is another try, that one is traced.
    trace: process.env.CI ? "on-first-retry" : "retain-on-failure",
    screenshot: "only-on-failure",
  },
  projects: [
    { name: "js", use: { ...browser } },
    { name: "nojs", use: { ...browser, javaScriptEnabled: false } },
    // The identity providers that the journeys sign in with, by themselves; without the portal: --config providers
    { name: "providers", testDir: "providers/self-check" },
  ],
});
