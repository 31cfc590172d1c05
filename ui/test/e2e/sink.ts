// Listens where a view is told to send something: over TCP, for whatever speaks, and over UDP, for WebRTC's questions.
import { once } from "node:events";
import { createSocket, type Socket as Datagrams } from "node:dgram";
import { createServer, type Server } from "node:net";
import type { AddressInfo } from "node:net";

export class Sink {
  /** First lines of what came. */
  readonly requests: string[] = [];
  /** Connections, whether or not anything was said. */
  connections = 0;
  packets = 0;

  private constructor(
    readonly tcp: Server,
    readonly udp: Datagrams,
  ) {}

  static async open(): Promise<Sink> {
    const tcp = createServer();
    const udp = createSocket("udp4");
    const sink = new Sink(tcp, udp);
    tcp.on("connection", (socket) => {
      sink.connections += 1;
      socket.on("error", () => {});
      socket.on("data", (piece) => {
        sink.requests.push(piece.toString("latin1").split("\r\n")[0] ?? "");
        socket.end(
          "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\naccess-control-allow-origin: *\r\ncontent-length: 2\r\n\r\nok",
        );
      });
    });
    udp.on("message", () => {
      sink.packets += 1;
    });
    tcp.listen(0, "127.0.0.1");
    udp.bind(0, "127.0.0.1");
    await Promise.all([once(tcp, "listening"), once(udp, "listening")]);
    return sink;
  }

  get http(): string {
    return `http://127.0.0.1:${(this.tcp.address() as AddressInfo).port}`;
  }

  get stun(): string {
    return `stun:127.0.0.1:${this.udp.address().port}`;
  }

  /** What came since the last look. */
  take(): { requests: string[]; connections: number; packets: number } {
    const { connections, packets } = this;
    this.connections = 0;
    this.packets = 0;
    return { requests: this.requests.splice(0), connections, packets };
  }

  close(): void {
    this.tcp.close();
    this.udp.close();
  }
}
