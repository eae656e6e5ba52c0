// Runs once before all tests: starts the servers, tells the workers where they are, stops them at the end.

import { startEverything } from "./server";

export default async function globalSetup() {
  const { portal, mail, names, stop } = await startEverything();
  process.env.E2E_URL = portal.address;
  process.env.E2E_PLACE = JSON.stringify(portal.place);
  process.env.E2E_MAIL = mail.address;
  process.env.E2E_NAMES = names.control;
  return stop;
}
