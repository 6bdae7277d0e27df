// @ts-check
// The conversation with the server, with a server and a clock that the test holds.

import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";

import { Conversation } from "../../pages/lab/drag/conversation.js";

const LOOK_MS = 250;

/** A clock that stands still until it is told to go on. */
class Clock {
  now = 0;
  /** @type {Map<number, { at: number, act: () => void }>} */
  timers = new Map();
  next = 0;

  /** @param {() => void} act @param {number} ms */
  later(act, ms) {
    this.next += 1;
    this.timers.set(this.next, { at: this.now + ms, act });
    return this.next;
  }

  /** @param {number} timer */
  never(timer) {
    this.timers.delete(timer);
  }

  /** @param {number} ms */
  pass(ms) {
    const end = this.now + ms;
    for (;;) {
      const due = [...this.timers].filter(([, { at }]) => at <= end).sort((a, b) => a[1].at - b[1].at)[0];
      if (!due) break;
      this.timers.delete(due[0]);
      this.now = due[1].at;
      due[1].act();
    }
    this.now = end;
  }
}

/** A server session: it takes acts in order and says its state. */
class Server {
  /** @param {string | undefined} session @param {number} value */
  constructor(session, value) {
    this.session = session;
    this.value = value;
    this.answered = 0;
  }

  /** @param {any} message */
  take(message) {
    if (message.serial <= this.answered) return;
    if (message.session !== undefined && message.session !== this.session) return;
    this.answered = message.serial;
    this.value = message.value;
  }

  get says() {
    return { session: this.session, answered: this.answered, state: { value: this.value } };
  }
}

describe("conversation", () => {
  /** @type {Clock} */
  let clock;
  /** @type {{ connected: boolean, running: boolean }} */
  let app;
  /** @type {any[]} */
  let sent;
  /** @type {Conversation} */
  let talk;
  let gaveIn = 0;

  beforeEach(() => {
    clock = new Clock();
    app = { connected: true, running: false };
    sent = [];
    gaveIn = 0;
    talk = new Conversation(
      // As Streamlit does: what is sent without a connection is gone.
      (message) => app.connected && sent.push(message),
      () => (gaveIn += 1),
      { app: () => app, later: (act, ms) => clock.later(act, ms), never: (timer) => clock.never(timer) }
    );
  });

  it("takes over what the server says at first, and goes on counting from there", () => {
    assert.equal(talk.hear({ session: "a", answered: 7, state: { value: 1 } }, false), "theirs");
    talk.tell({ value: 2 });
    assert.deepEqual(sent, [{ value: 2, serial: 8, session: "a" }]);
  });

  it("tells nothing that the server knows", () => {
    talk.hear({ session: "a", answered: 0, state: { value: 1 } }, false);
    assert.equal(talk.tell({ value: 1 }), false);
    assert.deepEqual(sent, []);
  });

  it("lets an answer to an older act move nothing", () => {
    const server = new Server("a", 0);
    talk.hear(server.says, false);
    talk.tell({ value: 1 });
    talk.tell({ value: 2 });
    server.take(sent[0]);
    assert.equal(talk.hear(server.says, false), "late");
    server.take(sent[1]);
    assert.equal(talk.hear(server.says, false), "known");
    assert.equal(talk.act, null);
  });

  it("lets an answer that says it in other words not call back a hand that has moved on", () => {
    talk.hear({ session: "a", answered: 0, state: { value: 0 } }, false);
    talk.tell({ value: 0.123456 });
    assert.equal(talk.hear({ session: "a", answered: 1, state: { value: 0.1235 } }, true), "known");
    // But a hand at rest shows what the server made of it.
    talk.tell({ value: 0.987654 });
    assert.equal(talk.hear({ session: "a", answered: 2, state: { value: 0.9877 } }, false), "theirs");
  });

  it("takes over a change from elsewhere, even under a hand", () => {
    talk.hear({ session: "a", answered: 0, state: { value: 0 } }, false);
    talk.tell({ value: 1 });
    talk.hear({ session: "a", answered: 1, state: { value: 1 } }, false);
    assert.equal(talk.hear({ session: "a", answered: 1, state: { value: 9 } }, true), "theirs");
  });

  it("leaves a hand alone where a run has changed nothing here", () => {
    talk.hear({ session: "a", answered: 0, state: { value: 0 } }, false);
    assert.equal(talk.hear({ session: "a", answered: 0, state: { value: 0 } }, true), "known");
  });

  it("keeps an act during a cut and sends it once the app is connected and at rest", () => {
    const server = new Server("a", 0);
    talk.hear(server.says, false);
    app.connected = false;
    talk.tell({ value: 1 });
    clock.pass(60_000);
    assert.deepEqual(sent, []);
    app = { connected: true, running: true };
    clock.pass(10 * LOOK_MS);
    assert.deepEqual(sent, []);
    app.running = false;
    clock.pass(3 * LOOK_MS);
    assert.deepEqual(sent, [{ value: 1, serial: 1, session: "a" }]);
    server.take(sent[0]);
    assert.equal(talk.hear(server.says, false), "known");
    clock.pass(600_000);
    assert.equal(sent.length, 1);
    assert.equal(clock.timers.size, 0);
  });

  it("sends of several acts during a cut only the last", () => {
    talk.hear({ session: "a", answered: 0, state: { value: 0 } }, false);
    app.connected = false;
    for (const value of [1, 2, 3]) talk.tell({ value });
    app.connected = true;
    clock.pass(2000);
    assert.deepEqual(sent, [{ value: 3, serial: 3, session: "a" }]);
  });

  it("sends again what a cut may have swallowed, once for each cut", () => {
    talk.hear({ session: "a", answered: 0, state: { value: 0 } }, false);
    talk.tell({ value: 1 });
    for (const count of [2, 3]) {
      app.connected = false;
      clock.pass(2 * LOOK_MS);
      app.connected = true;
      clock.pass(8 * LOOK_MS);
      assert.equal(sent.length, count);
    }
    assert.equal(new Set(sent.map(({ serial }) => serial)).size, 1);
  });

  it("tells a new session anew what the old one has not answered", () => {
    const old = new Server("a", 0);
    talk.hear({ ...old.says, answered: 4 }, false);
    talk.tell({ value: 1 });
    // The server was killed before it answered; the new one knows of no act.
    const server = new Server("b", 0);
    assert.equal(talk.hear(server.says, false), "late");
    clock.pass(3 * LOOK_MS);
    assert.deepEqual(sent.at(-1), { value: 1, serial: 1, session: "b" });
    server.take(sent.at(-1));
    assert.equal(talk.hear(server.says, false), "known");
    assert.equal(server.value, 1);
    clock.pass(600_000);
    assert.equal(sent.length, 2);
  });

  it("takes over what a new session says where nothing was left to answer", () => {
    talk.hear({ session: "a", answered: 0, state: { value: 0 } }, false);
    talk.tell({ value: 1 });
    talk.hear({ session: "a", answered: 1, state: { value: 1 } }, false);
    assert.equal(talk.hear({ session: "b", answered: 0, state: { value: 5 } }, true), "theirs");
    // Counters have started anew: the next act is the first of this session.
    talk.tell({ value: 6 });
    assert.deepEqual(sent.at(-1), { value: 6, serial: 1, session: "b" });
  });

  it("goes on where a new session knows the state, as from the address", () => {
    talk.hear({ session: "a", answered: 0, state: { value: 0 } }, false);
    assert.equal(talk.hear({ session: "b", answered: 0, state: { value: 0 } }, true), "known");
  });

  it("gives in to a server that has refused an act, and never sends it in a loop", () => {
    talk.hear({ session: "a", answered: 0, state: { value: 0 } }, false);
    talk.tell({ value: -1 });
    app.running = true;
    clock.pass(60_000);
    assert.equal(gaveIn, 0);
    app.running = false;
    clock.pass(60_000);
    assert.equal(gaveIn, 1);
    assert.equal(sent.length, 1);
    // What it says counts from then on, though it says what it said before.
    assert.equal(talk.hear({ session: "a", answered: 0, state: { value: 0 } }, false), "theirs");
    talk.tell({ value: 3 });
    assert.equal(sent.at(-1).serial, 2);
  });

  it("takes a server that sends no session for always the same", () => {
    const server = new Server(undefined, 0);
    talk.hear(server.says, false);
    talk.tell({ value: 1 });
    assert.deepEqual(sent, [{ value: 1, serial: 1 }]);
    server.take(sent[0]);
    assert.equal(talk.hear(server.says, false), "known");
  });

  it("forgets what was under way when its part goes", () => {
    talk.hear({ session: "a", answered: 0, state: { value: 0 } }, false);
    app.connected = false;
    talk.tell({ value: 1 });
    talk.forget();
    app.connected = true;
    clock.pass(60_000);
    assert.deepEqual(sent, []);
  });
});
