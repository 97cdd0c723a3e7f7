// The socket to the demo: requests with answers, and events.

const RETRY = 1000; // milliseconds

export class Connection {
  constructor({ onEvent, onOnline }) {
    this.onEvent = onEvent;
    this.onOnline = onOnline;
    this.waiting = new Map();
    this.count = 0;
  }

  /** See and act as `person` from now on. */
  open(person) {
    this.person = person;
    clearTimeout(this.retry);
    this.socket?.close();
    const address = new URL(`/socket?person=${encodeURIComponent(person)}`, location.href);
    address.protocol = "ws";
    const socket = (this.socket = new WebSocket(address));
    socket.onopen = () => this.onOnline(true);
    socket.onmessage = ({ data }) => socket === this.socket && this.receive(JSON.parse(data));
    socket.onclose = () => {
      if (socket !== this.socket) return;
      this.waiting.forEach((settle) => settle({ refused: "The demo has stopped." }));
      this.waiting.clear();
      this.onOnline(false);
      this.retry = setTimeout(() => this.open(person), RETRY);
    };
    this.signIn();
  }

  /** Tell the sandbox's Discord who sits here; the tabs of a browser share one cookie. */
  signIn() {
    fetch("/person", { method: "POST", body: this.person, keepalive: true }).catch(() => {});
  }

  receive(message) {
    if (!("id" in message)) return this.onEvent(message);
    this.waiting.get(message.id)?.(message);
    this.waiting.delete(message.id);
  }

  /** What came of it: `{done}`, `{refused: sentence}` or `{failed: sentence}`. */
  ask(deed, details) {
    if (this.socket.readyState !== WebSocket.OPEN) {
      return Promise.resolve({ refused: "The demo has stopped." });
    }
    const id = ++this.count;
    this.socket.send(JSON.stringify({ id, do: deed, ...details }));
    return new Promise((settle) => this.waiting.set(id, settle));
  }
}
