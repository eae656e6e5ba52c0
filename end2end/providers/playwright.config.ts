// Proves the providers themselves, without the portal: npx playwright test --config end2end/providers

import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: "self-check",
  outputDir: "../../target/end2end/providers",
  workers: 2,
  retries: 0,
  forbidOnly: !!process.env.CI,
  timeout: 60_000,
  reporter: [["list"]],
});
