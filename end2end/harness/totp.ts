// What an authenticator app does: time-based one-time codes (RFC 6238: SHA-1, six digits, 30 seconds).

import { createHmac } from "node:crypto";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** RFC 4648 base32, with the spaces of keys that are typed by hand. */
function bytesOf(key: string): Buffer {
  let bits = "";
  for (const letter of key.toUpperCase().replace(/[\s=-]/g, "")) {
    const value = alphabet.indexOf(letter);
    if (value < 0) throw new Error(`not base32: ${letter}`);
    bits += value.toString(2).padStart(5, "0");
  }
  const bytes = bits.match(/.{8}/g) ?? [];
  return Buffer.from(bytes.map((byte) => Number.parseInt(byte, 2)));
}

/** The code of a key now, or some steps of 30 seconds later: each works once, and one step of tolerance is allowed. */
export function totp(key: string, stepsLater = 0): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + stepsLater));
  const digest = createHmac("sha1", bytesOf(key)).update(counter).digest();
  const offset = digest.readUInt8(digest.length - 1) & 0xf;
  return String((digest.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}
