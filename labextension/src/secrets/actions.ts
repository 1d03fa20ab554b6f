// What a person does with one secret of the list.

import { Clipboard, Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import { Details } from './details.ts';
import { EditForm } from './edit.ts';
import type { ListActions, SecretList } from './list.ts';
import { RenameForm } from './rename.ts';
import type { SecretRow } from './row.ts';
import type { Host } from './section.ts';

/** Copy something public and say so. */
export function copyText(text: string, what: string): void {
  Clipboard.copyToSystem(text);
  Notification.info(`Copied ${what}.`, { autoClose: 2000 });
}

export class SecretActions implements ListActions {
  private readonly host: Host;
  private readonly list: () => SecretList;
  private readonly openForm: (replacing: string) => void;
  private readonly shown = new WeakMap<SecretRow, Details>();

  /** @param openForm - Shows the form that gives a label a new value. */
  constructor(host: Host, list: () => SecretList, openForm: (replacing: string) => void) {
    this.host = host;
    this.list = list;
    this.openForm = openForm;
  }

  copy(label: string): void {
    copyText(label, `the label ${label}`);
  }

  replace(label: string): void {
    this.openForm(label);
  }

  rename(row: SecretRow): void {
    const { label } = row.secret;
    const form = new RenameForm(
      label,
      to => {
        close(row);
        void this.host
          .act(() => this.host.agent.api.rename(label, to))
          // Where `to` was taken it is another secret, and the next key would be for that one.
          .then(done => (done && this.list().focus(to)) || this.list().focus(label));
      },
      () => {
        close(row);
        row.node.focus();
      }
    );
    open(row, form.node);
    form.focus();
  }

  toggle(row: SecretRow): void {
    if (!row.below.hidden) {
      close(row);
      return;
    }
    const { label } = row.secret;
    const details = new Details(this.host.agent.api, label, {
      copy: () => this.copy(label),
      replace: () => this.replace(label),
      rename: () => this.rename(row),
      edit: () => this.edit(row),
      remove: () => this.remove(label)
    });
    this.shown.set(row, details);
    void details.load().then(() => {
      if (this.shown.get(row) === details) {
        open(row, details.node);
      }
    });
  }

  changed(row: SecretRow): void {
    const details = this.shown.get(row);
    if (details?.node.isConnected) {
      void details.load();
    }
  }

  remove(label: string): void {
    void this.confirmAndRemove(label);
  }

  private edit(row: SecretRow): void {
    const form = new EditForm(this.host.agent.api, row.secret, changed => {
      close(row);
      row.node.focus();
      if (changed) {
        void this.host.refresh();
      }
      this.toggle(row); // back to the details
    });
    open(row, form.node);
    form.focus();
  }

  private async confirmAndRemove(label: string): Promise<void> {
    const next = this.list().beside(label);
    const answer = await showDialog({
      title: `Remove ${label}?`,
      body: 'The stored value and its grants are deleted and can’t be brought back. Commands that use the label will fail.',
      buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: 'Remove' })],
      defaultButton: 0
    });
    if (answer.button.accept) {
      await this.host.act(() => this.host.agent.api.remove(label));
      this.list().focus(label) || (next !== null && this.list().focus(next));
    } else {
      this.list().focus(label);
    }
  }
}

function open(row: SecretRow, content: HTMLElement): void {
  row.below.replaceChildren(content);
  row.below.hidden = false;
  row.node.setAttribute('aria-expanded', 'true');
  row.node.scrollIntoView({ block: 'nearest' });
}

function close(row: SecretRow): void {
  row.below.hidden = true;
  row.below.replaceChildren();
  row.node.setAttribute('aria-expanded', 'false');
}
