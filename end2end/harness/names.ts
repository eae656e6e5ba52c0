// The name server that the portal asks for partners' records. It runs where the portal was started; tests in other processes set its
// records over HTTP.

import type { IncomingMessage } from "node:http";
import * as dns from "../providers/dns";
import { close, listen } from "../providers/support";

export interface NameServer {
  /** What the portal asks, 127.0.0.1:PORT */
  address: string;
  /** Where tests set records. */
  control: string;
  stop(): Promise<void>;
}

async function json(request: IncomingMessage): Promise<{ name: string; values: string[] }> {
  let text = "";
  for await (const part of request.setEncoding("utf8")) text += part;
  return JSON.parse(text);
}

/** Starts it without any record. */
export async function startNames(): Promise<NameServer> {
  const names = await dns.start();
  const { server, port } = await listen((request, response) => {
    json(request).then(
      ({ name, values }) => {
        if (values.length > 0) names.set(name, values);
        else names.remove(name);
        response.end();
      },
      () => response.writeHead(400).end(),
    );
  });
  return {
    address: names.address,
    control: `http://127.0.0.1:${port}`,
    stop: async () => {
      await Promise.all([names.stop(), close(server)]);
    },
  };
}

/** The records of the DNS, as a test sets them. */
export class Names {
  constructor(private readonly control: string) {}

  /** Replaces the TXT records of a name; without values the name is unknown again. */
  async set(name: string, ...values: string[]): Promise<void> {
    const answer = await fetch(this.control, { method: "POST", body: JSON.stringify({ name, values }) });
    if (!answer.ok) throw new Error(`the name server did not take the records of ${name}: ${answer.status}`);
  }
}
