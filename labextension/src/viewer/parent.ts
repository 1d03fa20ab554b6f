// What this page and the panel that frames it tell each other. Never a text, a key or a picture.

export type Connection = 'connecting' | 'connected' | 'lost';

/** The page that frames this one: exactly one origin, which the server has put here. */
export class Parent {
  private readonly origin: string;

  constructor(origin: string) {
    this.origin = origin;
  }

  tell(state: Connection): void {
    if (window.parent !== window) {
      window.parent.postMessage({ type: 'jupyter-agent-viewer', state }, this.origin);
    }
  }

  /** Do something when the panel asks for it. */
  on(type: string, action: () => void): void {
    window.addEventListener('message', event => {
      const { data, source, origin } = event;
      if (source === window.parent && origin === this.origin && data?.type === type) {
        action();
      }
    });
  }
}
