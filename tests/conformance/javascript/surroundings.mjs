// What a test's person has besides the app: a mailbox, an authenticator app, a clock that can be moved.
import { createHmac } from "node:crypto";

export class Person {
  constructor(endpoint, pool, address) {
    this.endpoint = endpoint;
    this.pool = pool;
    this.address = address;
  }

  async #told(path, options) {
    const answer = await fetch(`${this.endpoint}/_poolgate/${path}`, options);
    if (!answer.ok) throw new Error(`${path}: HTTP status ${answer.status}`);
    return answer.json();
  }

  // The code in the newest message.
  async code() {
    const query = new URLSearchParams({ pool: this.pool, recipient: this.address });
    const { messages } = await this.#told(`outbox?${query}`);
    return messages.at(-1).code;
  }

  async wait(seconds) {
    await this.#told("clock", { method: "POST", body: JSON.stringify({ advance_seconds: seconds }) });
  }

  // The next code of an authenticator app; waits for the next step, since each counts once.
  async totp(secret) {
    await this.wait(30);
    const { now } = await this.#told("clock");
    const step = Buffer.alloc(8);
    step.writeBigUInt64BE(BigInt(Math.floor(Date.parse(now) / 30000)));
    const mac = createHmac("sha1", fromBase32(secret)).update(step).digest();
    const number = mac.readUInt32BE(mac.at(-1) & 15) & 0x7fffffff;
    return String(number % 1000000).padStart(6, "0");
  }
}

function fromBase32(text) {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...text].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, "0")).join("");
  return Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
}

// Prints what a journey told, or the error that ended it.
export async function tell(journey) {
  const told = {};
  try {
    await journey(told);
  } catch (error) {
    told.error = error.name;
    told.message = error.message;
    told.stack = error.stack;
  }
  // Ends here: timers that an app would keep running must not hold the test.
  process.stdout.write(`${JSON.stringify(told)}\n`, () => process.exit());
}
