// @ts-check
// What the browser and the server tell each other about one thing that is moved by hand. The browser
// numbers its acts; the server says in every run what the state is, how many acts of this part it has
// answered, and which session it is in. From that follows whose word counts:
//
// - an answer to an older act moves nothing;
// - a change from elsewhere (a preset, Back) counts, even under a hand;
// - in a new session the counters start anew, and what was not answered is told again;
// - an act during a cut of the connection waits for its end: Streamlit itself would drop it.
//
// An act is told again at most once for each cut and each new session. What the server has not
// answered long after it came to rest, it has refused: then its word counts.

/**
 * @typedef {{ connected: boolean, running: boolean }} App
 * @typedef {{ app: () => App, later: (act: () => void, ms: number) => unknown, never: (timer: any) => void }} World
 *
 * @typedef {object} Said What the server says.
 * @property {string} [session] changes when the server's session is new
 * @property {number} answered the number of the last act that it has read in this session
 * @property {unknown} state what it takes the state to be, as an act would tell it
 *
 * @typedef {"theirs" | "known" | "late"} Verdict
 * "theirs": take over what the server says. "known": it is what the hand has told, or is about to
 * change. "late": an answer to what the hand has moved since.
 */

const LOOK_MS = 250;
// So many looks at an app at rest, before an act that may have been lost is told again.
const LOOKS_BEFORE_AGAIN = 3;
// And before one that was not lost counts as refused.
const LOOKS_BEFORE_REFUSED = 40;

/** @returns {App} As Streamlit's front end marks its root; without such marks, all is well. */
export function streamlitApp() {
  const root = /** @type {HTMLElement | null} */ (document.querySelector("[data-testid='stApp']"));
  const { testConnectionState = "CONNECTED", testScriptState = "notRunning" } = root?.dataset ?? {};
  return { connected: testConnectionState === "CONNECTED", running: testScriptState !== "notRunning" };
}

/** @type {World} */
const BROWSER = {
  app: streamlitApp,
  later: (act, ms) => setTimeout(act, ms),
  never: (timer) => clearTimeout(timer),
};

export class Conversation {
  /**
   * @param {(message: { serial: number, session?: string }) => void} send
   * @param {() => void} giveIn called when the server has refused an act, or lost it twice
   * @param {World} [world]
   */
  constructor(send, giveIn, world = BROWSER) {
    this.send = send;
    this.giveIn = giveIn;
    this.world = world;
    this.serial = 0;
    this.begun = false;
    /** @type {string | undefined} */
    this.session = undefined;
    // The state on which both agree, or will when the act is answered.
    this.state = "";
    /** @type {{ serial: number, message: object, sent: boolean, lost: boolean, rests: number } | null} */
    this.act = null;
    /** @type {unknown} */
    this.timer = undefined;
  }

  /**
   * Whose word counts now; `busy` says that a hand is on it, or keys have not rested yet.
   *
   * @param {Said} said
   * @param {boolean} busy
   * @returns {Verdict}
   */
  hear({ session, answered, state }, busy) {
    if (!this.begun || session !== this.session) this.renew(session, answered);
    if (this.act && answered < this.act.serial) return "late";
    const text = JSON.stringify(state);
    // The answer may say it in other words; a hand that has moved on since is not called back.
    const known = text === this.state || (this.act !== null && busy);
    this.forget();
    this.serial = Math.max(this.serial, answered);
    this.state = text;
    return known ? "known" : "theirs";
  }

  /**
   * A session that knows of nothing that was told before: what it has not answered is told again.
   *
   * @param {string | undefined} session
   * @param {number} answered
   */
  renew(session, answered) {
    this.begun = true;
    this.session = session;
    this.serial = answered;
    if (!this.act) return;
    this.serial += 1;
    Object.assign(this.act, { serial: this.serial, lost: true, rests: 0 });
  }

  /**
   * Tell the server of an act, unless it says what the server knows.
   *
   * @param {object} message the state that the hand has made
   */
  tell(message) {
    const text = JSON.stringify(message);
    if (text === this.state) return false;
    this.state = text;
    this.serial += 1;
    this.act = { serial: this.serial, message, sent: false, lost: false, rests: 0 };
    if (this.world.app().connected) this.dispatch(this.act);
    this.lookLater();
    return true;
  }

  /** @param {NonNullable<Conversation["act"]>} act */
  dispatch(act) {
    Object.assign(act, { sent: true, lost: false, rests: 0 });
    const { session } = this;
    this.send({ ...act.message, serial: act.serial, ...(session === undefined ? {} : { session }) });
  }

  lookLater() {
    this.world.never(this.timer);
    this.timer = this.world.later(() => this.look(), LOOK_MS);
  }

  // While an act is not answered.
  look() {
    const { act } = this;
    if (!act) return;
    const { connected, running } = this.world.app();
    if (!connected) act.lost = true;
    act.rests = connected && !running ? act.rests + 1 : 0;
    if (!act.sent || act.lost) {
      if (act.rests >= LOOKS_BEFORE_AGAIN) this.dispatch(act);
    } else if (act.rests >= LOOKS_BEFORE_REFUSED) {
      this.forget();
      this.giveIn();
      return;
    }
    this.lookLater();
  }

  // Nothing is under way any more.
  forget() {
    this.world.never(this.timer);
    this.act = null;
  }
}
