// The vault as a whole: where its key is and what that is good for, closed or open, and the one
// decision that a person has to make before there is one.

import { type Api, ApiError, type SealedPassphrase } from '../api.ts';
import { button, element } from '../dom.ts';
import type { Problem, VaultStatus } from '../tokens.ts';
import { PassphraseForm } from './passphrase.ts';

const TIERS: Record<string, string> = {
  hardware: 'in this machine’s TPM chip',
  'os-keyring': 'in the system’s keyring',
  provided: 'given to this machine from outside',
  file: 'in a file that only you can read',
  memory: 'in memory only'
};

/** What stands in the way of the list: a decision, or a passphrase. */
export class VaultGate {
  readonly node = element('div', { className: 'ja-gate', hidden: true });
  private readonly api: Api;
  private readonly done: () => void;
  private form: PassphraseForm | null = null;
  private shown = '';

  /** @param done - Something was decided or opened. */
  constructor(api: Api, done: () => void) {
    this.api = api;
    this.done = done;
  }

  /**
   * Show what fits a problem; returns whether there is a way past it here.
   *
   * It takes no keyboard: a broker may end while somebody types in a cell.
   *
   * @param absent - Whether there is no vault yet, so that a passphrase is a new one.
   */
  show(problem: Problem | null, absent: boolean): boolean {
    const code = problem?.code ?? '';
    const passable = code === 'consent_required' || code === 'passphrase_required';
    // One that is new is typed twice: what opens a vault does not make one.
    const shown = `${code} ${absent}`;
    if (!passable) {
      this.clear();
    } else if (this.shown !== shown) {
      // Not drawn anew while somebody types.
      this.clear();
      this.shown = shown;
      this.node.hidden = false;
      this.node.dataset.code = code;
      if (code === 'consent_required') {
        this.askWhere(problem?.message ?? '');
      } else {
        this.askPassphrase(absent);
      }
    }
    return passable;
  }

  clear(): void {
    this.form?.dispose();
    this.form = null;
    this.shown = '';
    this.node.hidden = true;
    this.node.replaceChildren();
  }

  focus(): void {
    this.form?.focus();
  }

  private askWhere(why: string): void {
    this.form?.dispose();
    this.form = null;
    const problem = element('div', {
      className: 'ja-form-problem',
      attributes_: { role: 'alert' }
    });
    const create = async (keySource: string) => {
      try {
        await this.api.createVault(keySource);
        this.done();
      } catch (reason) {
        const { message, hint } = ApiError.from(reason);
        problem.textContent = `${message} ${hint}`.trim();
      }
    };
    const choice = (keySource: string, title: string, text: string, choose: () => void) =>
      element(
        'div',
        { className: 'ja-gate-choice' },
        button(
          `jp-mod-styled ja-gate-${keySource} ${keySource === 'file' ? 'jp-mod-accept' : ''}`,
          title,
          choose
        ),
        element('p', {}, text)
      );
    this.node.replaceChildren(
      element('h3', {}, 'Where shall the vault’s key be?'),
      element('p', {}, why),
      choice(
        'file',
        'Keep it in that file',
        'A copy of the vault alone is useless elsewhere. Whoever copies your whole home folder has both.',
        () => void create('file')
      ),
      choice(
        'provided',
        'Use a passphrase…',
        'Nothing on the disk opens the vault. You type it after each restart of the machine.',
        () =>
          this.askPassphrase(true, () => {
            this.askWhere(why);
            this.node.querySelector<HTMLElement>('.ja-gate-provided')?.focus();
          })
      ),
      choice(
        'memory',
        'Keep nothing',
        'Secrets are gone when the broker ends, at the latest with this machine.',
        () => void create('memory')
      ),
      problem
    );
  }

  /** @param back - The way back to the other places, for who came from there. */
  private askPassphrase(chosen: boolean, back?: () => void): void {
    this.form?.dispose();
    const use = async (passphrase: SealedPassphrase) => {
      await (chosen ? this.api.createVault('provided', passphrase) : this.api.unlock(passphrase));
      this.clear();
      this.done();
    };
    this.form = new PassphraseForm(this.api, chosen, use, back);
    this.node.replaceChildren(
      element(
        'h3',
        {},
        chosen ? 'A passphrase for the vault' : 'The vault waits for its passphrase'
      ),
      this.form.node
    );
    if (back) {
      this.form.focus();
    }
  }
}

/** The last lines of the panel: where the key is, what that promises, and how to do better. */
export function vaultFoot(vault: VaultStatus): HTMLElement[] {
  if (!vault.tier) {
    return [];
  }
  return [
    element(
      'p',
      { className: 'ja-vault-promise' },
      element('b', { title: TIERS[vault.tier] ?? '' }, `Key: ${vault.tier}. `),
      vault.promise ?? ''
    ),
    ...(vault.export?.reminder
      ? [element('p', { className: 'ja-vault-export' }, vault.export.reminder)]
      : []),
    ...(vault.better
      ? [
          element(
            'details',
            { className: 'ja-vault-better' },
            element('summary', {}, 'How to keep it better'),
            element('p', {}, vault.better)
          )
        ]
      : [])
  ];
}

/** How to bring in what lies about, which only a terminal may read. */
export function importHelp(copy: (command: string) => void): HTMLElement {
  const command = 'jupyter agent secret import';
  return element(
    'details',
    { className: 'ja-section ja-import' },
    element('summary', {}, 'Import from .env, AWS, .netrc…'),
    element(
      'p',
      {},
      'In a terminal it finds the secrets in such files, shows their labels only, and offers to remove the originals:'
    ),
    element('code', {}, command),
    button('ja-quiet ja-import-copy', 'Copy', () => copy(command), {
      'aria-label': `Copy the command ${command}`
    })
  );
}
