// What a part of the Secrets panel is. Each lives in a file of its own and is named in sections.ts;
// panel.ts knows none of them.

import type { IAgent, Status } from '../tokens.ts';

/** What a section may ask of the panel it stands in. */
export interface Host {
  readonly agent: IAgent;
  /** Do it, say so when it fails, and show what is true now; returns whether it was done. */
  act(action: () => Promise<unknown>): Promise<boolean>;
  /** Draw something of the panel. A focus that goes with what was there stays near. */
  keepFocus(draw: () => void): void;
  /** Ask the server for everything shown in the panel. */
  refresh(): Promise<void>;
}

export interface Section {
  /** Where it stands; it hides itself (`hidden`) where it has nothing to show. */
  readonly node: HTMLElement;
  /** Above the list of secrets, or below it. */
  readonly place: 'above' | 'below';
  /**
   * Ask the server for what is shown here.
   *
   * Called when the panel is shown and after every event, while the vault can be used; what it
   * throws is shown by the panel. It draws nothing: a section that is slow must not flicker.
   */
  load(status: Status): Promise<void>;
  /** Draw what was loaded. Keeps the focus and what a person has opened. */
  render(): void;
  /** The vault can't be used: forget what was loaded. Followed by `render`. */
  clear(): void;
  dispose?(): void;
}

export type MakeSection = (host: Host) => Section;
