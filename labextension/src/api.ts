// The only file of the extension that calls the server (docs/protocol.md section 2).

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type { DesktopList, StreamGrant, Wanted } from './desktop/shapes.ts';
import type { Offer } from './seal.ts';
import {
  type About,
  type AgentEntry,
  type Allowance,
  type Answer,
  type Approval,
  type AuditPage,
  type ExposedAt,
  type Grant,
  NAMESPACE,
  type Refused,
  type Run,
  type Scope,
  type SecretMeta,
  type Shown,
  type Status,
  type Way
} from './tokens.ts';

/** What went wrong and what to do next, in sentences that are safe to show. */
export class ApiError extends Error {
  readonly code: string;
  readonly hint: string;
  /** HTTP status; 0 when no answer came. */
  readonly status: number;

  constructor(code: string, message: string, hint: string, status: number) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.hint = hint;
    this.status = status;
  }

  /** Any thrown thing as an ApiError. The text of a stranger's error is not shown: it may quote. */
  static from(reason: unknown): ApiError {
    return reason instanceof ApiError
      ? reason
      : new ApiError('error', 'That did not work.', 'Try again; reload the page if it stays.', 0);
  }
}

/** A sealed passphrase of the vault. */
export interface SealedPassphrase {
  kid: string;
  ticket: string;
  origin: string;
  /** Base64; see seal.ts. */
  sealed: string;
}

/** A sealed value and what is stored with it. */
export interface SealedEntry extends SealedPassphrase, About {
  label: string;
  exposed?: ExposedAt;
}

export class Api {
  private readonly settings: ServerConnection.ISettings;
  private clockOffset = 0;

  constructor(settings: ServerConnection.ISettings) {
    this.settings = settings;
  }

  status(): Promise<Status> {
    return this.get<Status>('status');
  }

  async secrets(): Promise<SecretMeta[]> {
    return (await this.get<{ secrets: SecretMeta[] }>('secrets')).secrets;
  }

  /** @param plainHttp - The person has accepted that this page came over plain http. */
  async offer(label: string, replace: boolean, plainHttp = false): Promise<Offer> {
    const body = { label, replace, ...(plainHttp && { plain_http: true }) };
    return (await this.post<{ offer: Offer }>('offers', body)).offer;
  }

  async save(entry: SealedEntry): Promise<SecretMeta> {
    return (await this.post<{ secret: SecretMeta }>('secrets', entry)).secret;
  }

  /** All that is known about a label. */
  show(label: string): Promise<Shown> {
    return this.post<Shown>('secrets/show', { label });
  }

  async describe(label: string, about: About): Promise<SecretMeta> {
    return (await this.post<{ secret: SecretMeta }>('secrets/describe', { label, ...about }))
      .secret;
  }

  async rename(label: string, to: string): Promise<SecretMeta> {
    return (await this.post<{ secret: SecretMeta }>('secrets/rename', { label, to })).secret;
  }

  async remove(label: string): Promise<void> {
    await this.post('secrets/remove', { label });
  }

  /** A free label for a finding; `name` is the variable it was assigned to. */
  async suggest(rule: string, name: string | null): Promise<string> {
    const body = name === null ? { rule } : { rule, name };
    return (await this.post<{ label: string }>('secrets/suggest', body)).label;
  }

  async approvals(): Promise<Approval[]> {
    return (await this.get<{ approvals: Approval[] }>('approvals')).approvals;
  }

  /** @param pattern - With the answer `pattern`: what is permitted. */
  async answer(approval: Approval, answer: Answer, pattern?: string): Promise<void> {
    const { approval_id, nonce } = approval;
    await this.post('approvals', { approval_id, nonce, answer, pattern });
  }

  async grants(): Promise<Grant[]> {
    return (await this.get<{ grants: Grant[] }>('grants')).grants;
  }

  async removeGrant(id: string): Promise<void> {
    await this.post('grants/remove', { id });
  }

  /** Take every grant back; what is denied stays denied. */
  async revokeGrants(): Promise<void> {
    await this.post('grants/revoke', {});
  }

  async runs(): Promise<Run[]> {
    return (await this.get<{ runs: Run[] }>('runs')).runs;
  }

  /** End a run, or all of them. */
  async ways(): Promise<Way[]> {
    return (await this.get<{ ways: Way[] }>('ways')).ways;
  }

  async closeWay(way: string): Promise<void> {
    await this.post('ways/close', { way });
  }

  async stop(run_id?: string): Promise<void> {
    await this.post('runs/stop', { run_id });
  }

  async agents(): Promise<AgentEntry[]> {
    return (await this.get<{ agents: AgentEntry[] }>('agents')).agents;
  }

  /** Let it in no more, end what it does, and take back what it was granted. */
  async forgetAgent(name: string): Promise<void> {
    await this.post('agents/forget', { name });
  }

  audit(wanted: {
    label?: string;
    since?: string;
    before?: number;
    limit?: number;
  }): Promise<AuditPage> {
    return this.post<AuditPage>('audit/read', wanted);
  }

  verifyAudit(): Promise<{ ok: boolean; events: number; broken_at: number | null }> {
    return this.post('audit/verify', {});
  }

  async allowances(): Promise<Allowance[]> {
    return (await this.get<{ allowances: Allowance[] }>('allowances')).allowances;
  }

  /** Say that a finding of a block is no secret. Its text is not sent. */
  async allow(block: string, finding: number, scope: Scope, reason: string): Promise<void> {
    await this.post('allowances', { block, finding, scope, reason });
  }

  async removeAllowance(id: string): Promise<void> {
    await this.post('allowances/remove', { id });
  }

  /** Why a chat message is not to be sent, or null. @param frame - All that would be sent. */
  async screenChat(path: string, frame: object): Promise<Refused | null> {
    return (await this.post<{ refused: Refused | null }>('chats/screen', { path, frame })).refused;
  }

  desktops(): Promise<DesktopList> {
    return this.get<DesktopList>('desktops');
  }

  /** Begin to start a desktop; gives its id. */
  async startDesktop(wanted: Wanted): Promise<string> {
    return (await this.post<{ id: string }>('desktops', wanted)).id;
  }

  /**
   * A way to its picture, good once.
   *
   * @param onePort - From Jupyter's own port, where the browser reaches no other one.
   */
  grantDesktop(id: string, mode: 'control' | 'view', onePort: boolean): Promise<StreamGrant> {
    return this.post<StreamGrant>('desktops/grant', { id, mode, one_port: onePort });
  }

  /** Drive it: the agent is detached when this resolves. Gives the lease that hands it back. */
  takeDesktop(id: string): Promise<{ lease: string; turn: number }> {
    return this.post('desktops/take', { id });
  }

  /** Let the agent drive; not done, with the reason, while something hidden stands in a field. */
  handBackDesktop(
    id: string,
    lease: string
  ): Promise<{ done: boolean; reason: string; turn: number }> {
    return this.post('desktops/hand-back', { id, lease });
  }

  async layoutDesktop(id: string, layout: string): Promise<void> {
    await this.post('desktops/layout', { id, layout });
  }

  async stayDesktop(id: string): Promise<void> {
    await this.post('desktops/stay', { id });
  }

  /** This page shows it, and holds the lease: said where its picture does not pass the server. */
  async holdDesktop(id: string, lease: string): Promise<void> {
    await this.post('desktops/hold', { id, lease });
  }

  async closeDesktop(id: string): Promise<void> {
    await this.post('desktops/close', { id });
  }

  /** Move a downloaded file into a folder of the notebooks; gives its path there. */
  async moveFromDesktop(id: string, file: string, folder: string): Promise<string> {
    return (await this.post<{ path: string }>('desktops/move', { id, file, folder })).path;
  }

  /** Drop what keeps the person signed in on a provider's desktops. */
  async forgetDesktop(provider: string): Promise<void> {
    await this.post('desktops/forget', { provider });
  }

  async lock(): Promise<void> {
    await this.post('lock', {});
  }

  async unlock(passphrase?: SealedPassphrase): Promise<void> {
    await this.post('unlock', passphrase ? { passphrase } : {});
  }

  /** An offer for a passphrase. */
  async passphraseOffer(plainHttp = false): Promise<Offer> {
    const body = plainHttp ? { plain_http: true } : {};
    return (await this.post<{ offer: Offer }>('vault/offers', body)).offer;
  }

  /** Make the vault where there is none; naming `file` is the consent to it. */
  async createVault(keySource: string, passphrase?: SealedPassphrase): Promise<void> {
    await this.post('vault/create', { key_source: keySource, ...(passphrase && { passphrase }) });
  }

  /** Open the websocket `events`. */
  events(): WebSocket {
    const { settings } = this;
    const url = URLExt.join(settings.wsUrl, NAMESPACE, 'events');
    const query =
      settings.appendToken && settings.token ? `?token=${encodeURIComponent(settings.token)}` : '';
    return new settings.WebSocket(url + query);
  }

  /** Now, in ms, by the server's clock: the browser may run on a machine whose clock is off. */
  now(): number {
    return Date.now() + this.clockOffset;
  }

  private get<T>(route: string): Promise<T> {
    return this.request<T>(route, { method: 'GET' });
  }

  private post<T>(route: string, body: unknown): Promise<T> {
    return this.request<T>(route, { method: 'POST', body: JSON.stringify(body) });
  }

  private async request<T>(route: string, init: RequestInit): Promise<T> {
    const url = URLExt.join(this.settings.baseUrl, NAMESPACE, route);
    let response: Response;
    try {
      response = await ServerConnection.makeRequest(url, init, this.settings);
    } catch {
      throw new ApiError(
        'server_unreachable',
        'The Jupyter server does not answer.',
        'Check that it is still running, then try again.',
        0
      );
    }
    const date = Date.parse(response.headers.get('Date') ?? '');
    if (!Number.isNaN(date)) {
      this.clockOffset = date - Date.now();
    }
    if (response.status === 204) {
      return undefined as T;
    }
    const body = await response.json().catch(() => null);
    if (!response.ok) {
      throw errorFrom(response.status, body);
    }
    return body as T;
  }
}

function errorFrom(status: number, body: unknown): ApiError {
  const error = (body as { error?: Partial<ApiError> } | null)?.error;
  if (typeof error?.code === 'string' && typeof error.message === 'string') {
    return new ApiError(error.code, error.message, error.hint ?? '', status);
  }
  if (status === 404) {
    return new ApiError(
      'server_absent',
      'This Jupyter server runs without the jupyter_agent extension.',
      'Enable it with “jupyter server extension enable jupyter_agent”, restart the server and try again.',
      status
    );
  }
  if (status === 401 || status === 403) {
    return new ApiError(
      'not_logged_in',
      'The Jupyter server refused this page.',
      'Log in again and reload the page.',
      status
    );
  }
  return new ApiError(
    'server_failed',
    `The Jupyter server failed (HTTP ${status}).`,
    'Its log says more; try again.',
    status
  );
}
