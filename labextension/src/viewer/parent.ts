// What this page and the panel that frames it tell each other. Never a text, a key or a picture.

export type Connection = 'connecting' | 'connected' | 'lost';

/** The page that frames this one: exactly one origin, which the server has put here. */
export class Parent {
  private readonly origin: string;

  constructor(origin: string) {
    this.origin = origin;
  }

  /** @param state - How the picture is, or that whoever has the keyboard in it wants out. */
  tell(state: Connection | 'leave'): void {
    if (this.framed) {
      window.parent.postMessage({ type: 'jupyter-agent-viewer', state }, this.origin);
    }
  }

  get framed(): boolean {
    return window.parent !== window;
  }

  /** Do something when the panel asks for it. */
  on(type: string, action: (message: { theme?: unknown }) => void): void {
    window.addEventListener('message', event => {
      const { data, source, origin } = event;
      if (source === window.parent && origin === this.origin && data?.type === type) {
        action(data);
      }
    });
  }
}
