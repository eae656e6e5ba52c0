// A name server on the loopback interface (UDP and TCP, the same port) whose TXT records a test sets as it goes.

import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { createServer, type Server, type Socket as Stream } from "node:net";
import { AUTHORITATIVE_ANSWER, decode, encode, streamEncode, TRUNCATED_RESPONSE, type Packet } from "dns-packet";

export interface DnsOptions {
  /** Default: a free one. */
  port?: number;
  /** Names and values that are there from the start. */
  records?: Record<string, string[]>;
}

/** `answer` is the ordinary state; `silent` takes the question and never answers; `slow` waits for a time first. */
export type DnsMode = { kind: "answer" } | { kind: "servfail" } | { kind: "refused" } | { kind: "silent" } | { kind: "slow"; milliseconds: number };

export interface Question {
  name: string;
  type: string;
  transport: "udp" | "tcp";
}

export interface DnsServer {
  /** dns://127.0.0.1:PORT */
  url: string;
  /** 127.0.0.1:PORT, as resolvers want it. */
  address: string;
  port: number;
  /** What was asked, oldest first. */
  questions: Question[];
  /** Replaces the TXT records of a name. A value longer than 255 bytes is sent in several strings of one record. */
  set(name: string, values: string[]): void;
  /** The name does not exist any more (NXDOMAIN). */
  remove(name: string): void;
  /** How all questions are answered, or with a name only the questions for it. */
  mode(mode: DnsMode["kind"] | DnsMode, name?: string): void;
  stop(): Promise<void>;
}

const rcodes = { NOERROR: 0, SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 };

/** Starts it. */
export async function start(options: DnsOptions = {}): Promise<DnsServer> {
  const records = new Map<string, string[]>();
  const modes = new Map<string, DnsMode>();
  let general: DnsMode = { kind: "answer" };
  const questions: Question[] = [];
  const timers = new Set<NodeJS.Timeout>();
  const streams = new Set<Stream>();
  const normal = (name: string) => name.toLowerCase().replace(/\.$/, "");

  function answer(query: Packet, rcode: number, answers: Packet["answers"] = []): Packet {
    // The response code has no field of its own in dns-packet: it is the lowest four bits of the flags.
    return { type: "response", id: query.id, flags: AUTHORITATIVE_ANSWER | ((query.flags ?? 0) & 0x0100) | rcode, questions: query.questions, answers };
  }

  function lookUp(query: Packet): Packet {
    const asked = query.questions?.[0];
    if (!asked) return answer(query, rcodes.REFUSED);
    const name = normal(asked.name);
    const values = records.get(name);
    if (values) {
      const answers = values.map((value) => ({ type: "TXT" as const, name: asked.name, ttl: 0, data: strings(value) }));
      return answer(query, rcodes.NOERROR, asked.type === "TXT" ? answers : []);
    }
    // A name above an existing one exists itself, without records (RFC 8020).
    const hasChildren = [...records.keys()].some((known) => known.endsWith(`.${name}`));
    return answer(query, hasChildren ? rcodes.NOERROR : rcodes.NXDOMAIN);
  }

  function handle(message: Buffer, transport: Question["transport"], reply: (packet: Packet, limit: number) => void): void {
    let query: Packet;
    try {
      query = decode(message);
    } catch {
      return; // Not a DNS message.
    }
    if (query.type !== "query") return;
    const asked = query.questions?.[0];
    if (asked) questions.push({ name: normal(asked.name), type: asked.type, transport });
    const optional = query.additionals?.find((record) => record.type === "OPT");
    const limit = optional?.type === "OPT" ? Math.max(512, optional.udpPayloadSize) : 512;
    const mode = modes.get(normal(asked?.name ?? "")) ?? general;
    if (mode.kind === "servfail") reply(answer(query, rcodes.SERVFAIL), limit);
    else if (mode.kind === "refused") reply(answer(query, rcodes.REFUSED), limit);
    else if (mode.kind === "answer") reply(lookUp(query), limit);
    else if (mode.kind === "slow") {
      const timer = setTimeout(() => {
        timers.delete(timer);
        reply(lookUp(query), limit);
      }, mode.milliseconds);
      timers.add(timer);
    }
  }

  const onDatagram = (socket: Socket) => (message: Buffer, from: RemoteInfo) =>
    handle(message, "udp", (packet, limit) => {
      let bytes = encode(packet);
      if (bytes.length > limit) bytes = encode({ ...packet, flags: (packet.flags ?? 0) | TRUNCATED_RESPONSE, answers: [] });
      socket.send(bytes, from.port, from.address);
    });

  const onStream = (stream: Stream) => {
    streams.add(stream);
    stream.once("close", () => streams.delete(stream));
    stream.on("error", () => stream.destroy());
    let pending = Buffer.alloc(0);
    stream.on("data", (chunk) => {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
        const end = 2 + pending.readUInt16BE(0);
        handle(pending.subarray(2, end), "tcp", (packet) => stream.writable && stream.write(streamEncode(packet)));
        pending = pending.subarray(end);
      }
    });
  };

  const { socket, server, port } = await bind(options.port ?? 0, onStream);
  socket.on("message", onDatagram(socket));
  for (const [name, values] of Object.entries(options.records ?? {})) records.set(normal(name), values);

  return {
    url: `dns://127.0.0.1:${port}`,
    address: `127.0.0.1:${port}`,
    port,
    questions,
    set: (name, values) => void records.set(normal(name), values),
    remove: (name) => void records.delete(normal(name)),
    mode(mode, name) {
      const wanted: DnsMode = typeof mode === "object" ? mode : mode === "slow" ? { kind: "slow", milliseconds: 3000 } : { kind: mode };
      if (name === undefined) {
        general = wanted;
        modes.clear();
      } else modes.set(normal(name), wanted);
    },
    async stop() {
      for (const timer of timers) clearTimeout(timer);
      for (const stream of streams) stream.destroy();
      await Promise.all([new Promise<void>((done) => socket.close(done)), new Promise<void>((done) => server.close(() => done()))]);
    },
  };
}

/** A character string of a TXT record holds 255 bytes at most (RFC 1035 §3.3). */
function strings(value: string): Buffer[] {
  const bytes = Buffer.from(value);
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length || at === 0; at += 255) parts.push(bytes.subarray(at, at + 255));
  return parts;
}

/** A port that is free for UDP and TCP both; tries anew when somebody has the other one. */
async function bind(wanted: number, onStream: (stream: Stream) => void): Promise<{ socket: Socket; server: Server; port: number }> {
  for (let attempt = 1; ; attempt += 1) {
    const socket = createSocket("udp4");
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.bind(wanted, "127.0.0.1", resolve);
    });
    const { port } = socket.address();
    const server = createServer(onStream);
    try {
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(port, "127.0.0.1", resolve);
      });
      return { socket, server, port };
    } catch (error) {
      socket.close();
      if (wanted !== 0 || attempt === 10) throw error;
    }
  }
}
