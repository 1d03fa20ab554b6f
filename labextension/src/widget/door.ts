// The widget's ways to the broker. The value goes through neither: only sealed bytes do.
//
// Here fetch is used outside api.ts, because the widget runs without Lab's packages.

import type { Offer } from '../seal.ts';

/** What went wrong, in sentences that are safe to show. */
export class DoorError extends Error {
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.name = 'DoorError';
    this.hint = hint;
  }
}

export interface Sealed {
  kid: string;
  ticket: string;
  label: string;
  origin: string;
  sealed: string;
}

export interface Door {
  offer(label: string, replace: boolean): Promise<Offer>;
  save(entry: Sealed): Promise<void>;
}

/** The part of anywidget's model that is used. */
export interface Model {
  get(name: string): unknown;
  send(content: unknown): void;
  on(event: string, callback: (...args: never[]) => void): void;
  off(event: string, callback: (...args: never[]) => void): void;
}

interface Page {
  baseUrl: string;
  token: string;
}

/**
 * The server of this page, when it is one of ours; else the kernel.
 *
 * The server is better: a cell could change what the kernel offers, not what the server does.
 */
export async function findDoor(model: Model): Promise<Door> {
  const page = pageOf(document);
  if (page) {
    const server = new ServerDoor(page);
    if (await server.answers()) {
      return server;
    }
  }
  return new KernelDoor(model);
}

/** Whether this is a page of a Jupyter server, and no other host of widgets. */
export function inJupyter(): boolean {
  return pageOf(document) !== null;
}

function pageOf(document: Document): Page | null {
  try {
    const config = JSON.parse(document.getElementById('jupyter-config-data')?.textContent ?? '');
    return typeof config.baseUrl === 'string'
      ? { baseUrl: config.baseUrl, token: typeof config.token === 'string' ? config.token : '' }
      : null;
  } catch {
    return null; // not a Jupyter page
  }
}

class ServerDoor implements Door {
  private readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  async answers(): Promise<boolean> {
    try {
      return (await this.request('status')).ok;
    } catch {
      return false;
    }
  }

  async offer(label: string, replace: boolean): Promise<Offer> {
    return (await this.post<{ offer: Offer }>('offers', { label, replace })).offer;
  }

  async save(entry: Sealed): Promise<void> {
    await this.post('secrets', entry);
  }

  private async post<T>(route: string, body: unknown): Promise<T> {
    let response: Response;
    try {
      response = await this.request(route, JSON.stringify(body));
    } catch {
      throw new DoorError('The Jupyter server does not answer.', 'Try again.');
    }
    const answer = await response.json().catch(() => null);
    if (!response.ok) {
      const error = answer?.error;
      throw new DoorError(
        error?.message ?? `The Jupyter server failed (HTTP ${response.status}).`,
        error?.hint ?? ''
      );
    }
    return answer as T;
  }

  private request(route: string, body?: string): Promise<Response> {
    const xsrf = /(?:^|;\s*)_xsrf=([^;]*)/.exec(document.cookie)?.[1];
    const base = new URL(this.page.baseUrl, location.origin);
    return fetch(
      new URL(`${base.pathname.replace(/\/$/, '')}/jupyter-agent/${route}`, location.origin),
      {
        method: body === undefined ? 'GET' : 'POST',
        body,
        credentials: 'same-origin',
        cache: 'no-store',
        redirect: 'error',
        headers: {
          ...(body !== undefined && { 'Content-Type': 'application/json' }),
          ...(xsrf && { 'X-XSRFToken': xsrf }),
          ...(this.page.token && { Authorization: `token ${this.page.token}` })
        }
      }
    );
  }
}

/** How long the kernel may take to answer: it may be busy with another cell. In ms. */
const KERNEL_PATIENCE = 60_000;

interface KernelMessage {
  type?: string;
  offer?: Offer;
  message?: string;
  hint?: string;
}

class KernelDoor implements Door {
  private readonly model: Model;

  constructor(model: Model) {
    this.model = model;
  }

  async offer(): Promise<Offer> {
    const answer = await this.ask({ type: 'offer', origin: location.origin }, 'offer');
    if (!answer.offer) {
      throw new DoorError('The kernel sent no offer.', 'Run the cell again.');
    }
    return answer.offer;
  }

  async save(entry: Sealed): Promise<void> {
    await this.ask({ type: 'sealed', ...entry }, 'saved');
  }

  private ask(content: Record<string, unknown>, expected: string): Promise<KernelMessage> {
    return new Promise((resolve, reject) => {
      const done = () => {
        clearTimeout(timer);
        this.model.off('msg:custom', listen);
      };
      const listen = (message: KernelMessage) => {
        if (message?.type === expected) {
          done();
          resolve(message);
        } else if (message?.type === 'error') {
          done();
          reject(new DoorError(message.message ?? 'That did not work.', message.hint ?? ''));
        }
      };
      const timer = setTimeout(() => {
        done();
        reject(
          new DoorError(
            'The kernel does not answer.',
            'Wait for the running cell, or run this cell again.'
          )
        );
      }, KERNEL_PATIENCE);
      this.model.on('msg:custom', listen);
      this.model.send(content);
    });
  }
}
