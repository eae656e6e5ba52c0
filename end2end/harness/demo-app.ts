// `portico demo-app`: an application of somebody's that signs people in through the portal, as a process of its own.

import { binary, start, answers, end, freePort } from "./server";
import type { OwnApplication, World } from "./world";

const secret = "a secret that application and portal agree on";

export interface DemoApp {
  url: string;
  client: string;
  stop(): Promise<void>;
}

/** Declares a client of the application and starts it. The tile of the application begins its sign-in. */
export async function startDemoApp(world: World, app: OwnApplication): Promise<DemoApp> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const client = `${app.slug}-web`;
  await world.declare({
    applications: [
      {
        slug: app.slug,
        launch_url: `${url}/`,
        clients: [
          {
            client_id: client,
            name: "Demonstration",
            secret,
            redirect_uris: [`${url}/callback`],
            post_logout_redirect_uris: [`${url}/`],
            initiate_login_uri: `${url}/login`,
            backchannel_logout_uri: `${url}/backchannel-logout`,
            grant_types: ["authorization_code"],
          },
        ],
      },
    ],
  });
  const options = ["--listen", `127.0.0.1:${port}`, "--issuer", process.env.E2E_URL ?? "", "--client-id", client, "--name", app.name];
  const child = start(`demo-app-${client}`, binary(), ["demo-app", ...options, "--scope", app.scope], {
    ...process.env,
    DEMO_APP_CLIENT_SECRET: secret,
  });
  await answers("portico demo-app", `${url}/healthz`, child, 30);
  return {
    url,
    client,
    stop: () => end(child),
  };
}
