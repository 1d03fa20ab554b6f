// What is used of noVNC, which has no types of its own.
declare module '@novnc/novnc' {
  export default class RFB extends EventTarget {
    constructor(
      target: HTMLElement,
      url: string,
      options: { shared: boolean; wsProtocols: string[] }
    );
    viewOnly: boolean;
    focusOnClick: boolean;
    scaleViewport: boolean;
    resizeSession: boolean;
    qualityLevel: number;
    compressionLevel: number;
    background: string;
    sendKey(keysym: number, code: string | null, down?: boolean): void;
    clipboardPasteFrom(text: string): void;
    disconnect(): void;
    /** Its own, and told nowhere else: what the server's clipboard can do; empty until the server has said. */
    _clipboardServerCapabilitiesActions: Record<number, boolean>;
    _requestRemoteResize: () => void;
  }
}

declare module 'novnc-keyboard' {
  export default class Keyboard {
    constructor(target: HTMLElement);
    onkeyevent: (keysym: number | null, code: string, down: boolean) => void;
    grab(): void;
    ungrab(): void;
  }
}

declare module 'novnc-keysyms' {
  const keysyms: { lookup(codePoint: number): number };
  export default keysyms;
}
