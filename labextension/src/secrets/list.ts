// The list of labels, with its search, its order and its keys. It never has a value to show.
//
// All rows are in the page, so that the browser's own search and screen readers find them; the style
// sheet keeps those out of sight from costing anything.

import { button, element } from '../dom.ts';
import type { SecretMeta } from '../tokens.ts';
import { found, needsAttention, ORDERS, type Order, sorted } from './order.ts';
import { type RowAction, SecretRow } from './row.ts';

export interface ListActions {
  copy(label: string): void;
  replace(label: string): void;
  rename(row: SecretRow): void;
  remove(label: string): void;
  /** Show or hide the details of a row. */
  toggle(row: SecretRow): void;
  /** Something about a secret whose details are shown has changed. */
  changed(row: SecretRow): void;
}

const PAGE = 10;

export class SecretList {
  readonly node: HTMLElement;
  private readonly actions: ListActions;
  private readonly rows = new Map<string, SecretRow>();
  private readonly grid = element('div', {
    className: 'ja-list',
    attributes_: {
      role: 'treegrid', // whose rows may be expanded
      'aria-label': 'Secrets',
      'aria-describedby': 'ja-list-keys',
      'data-lm-suppress-shortcuts': 'true'
    }
  });
  private readonly search = element('input', {
    type: 'search',
    className: 'ja-input ja-search',
    placeholder: 'Search',
    title: 'In labels, kinds and notes',
    attributes_: {
      'aria-label': 'Search secrets',
      'data-lm-suppress-shortcuts': 'true',
      autocomplete: 'off',
      spellcheck: 'false'
    }
  });
  private readonly order = element(
    'select',
    { className: 'ja-input ja-order', attributes_: { 'aria-label': 'Sort by' } },
    ...ORDERS.map(([value, text]) => element('option', { value }, text))
  );
  private readonly attention: HTMLButtonElement;
  private readonly count = element('div', {
    className: 'ja-list-count',
    attributes_: { role: 'status' }
  });
  private onlyAttention = false;
  private secrets: SecretMeta[] = [];
  private shown: SecretRow[] = [];
  private current: SecretRow | null = null;

  constructor(actions: ListActions) {
    this.actions = actions;
    this.attention = button('ja-quiet ja-attention', '', () => {
      this.onlyAttention = !this.onlyAttention;
      this.arrange();
    });
    this.node = element(
      'div',
      { className: 'ja-listing' },
      element('div', { className: 'ja-list-tools' }, this.search, this.order),
      this.attention,
      this.count,
      this.grid,
      element(
        'p',
        { id: 'ja-list-keys', className: 'ja-list-keys' },
        'Keys: ↑ ↓ to move, Enter for details, F2 to rename, Delete to remove, / to search.'
      )
    );
    this.search.addEventListener('input', () => this.arrange());
    this.order.addEventListener('change', () => this.arrange());
    this.search.addEventListener('keydown', event => this.onSearchKey(event));
    this.grid.addEventListener('keydown', event => this.onKey(event));
    this.grid.addEventListener('click', event => this.onClick(event));
    this.grid.addEventListener('focusin', event => this.setCurrent(this.rowOf(event.target)));
  }

  /** Show these secrets; rows that stay keep the focus and what is open below them. */
  update(secrets: SecretMeta[], now: number): void {
    this.secrets = secrets;
    const gone = new Set(this.rows.keys());
    for (const secret of secrets) {
      const row = this.rows.get(secret.label);
      gone.delete(secret.label);
      if (!row) {
        this.rows.set(secret.label, new SecretRow(secret, now));
      } else if (row.update(secret, now) && !row.below.hidden) {
        this.actions.changed(row);
      }
    }
    for (const label of gone) {
      this.rows.delete(label);
    }
    this.arrange();
  }

  /** Put the focus on a row; false where it is not in sight. */
  focus(label: string): boolean {
    const row = this.rows.get(label);
    if (!row || !this.shown.includes(row)) {
      return false;
    }
    this.setCurrent(row);
    row.node.focus();
    return true;
  }

  /** The label that the focus should go to once a secret is gone, or null. */
  beside(label: string): string | null {
    const at = this.shown.findIndex(row => row.secret.label === label);
    const next = this.shown[at + 1] ?? this.shown[at - 1];
    return at < 0 || !next ? null : next.secret.label;
  }

  focusSearch(): void {
    this.search.focus();
  }

  /** Filter and sort what is known. */
  private arrange(): void {
    const due = this.secrets.filter(needsAttention).length;
    this.onlyAttention &&= due > 0;
    const wanted = this.secrets.filter(
      secret =>
        found(secret, this.search.value.trim()) && (!this.onlyAttention || needsAttention(secret))
    );
    this.shown = sorted(wanted, this.order.value as Order).flatMap(
      secret => this.rows.get(secret.label) ?? []
    );
    this.place();
    if (!this.current || !this.shown.includes(this.current)) {
      this.setCurrent(this.shown[0] ?? null);
    }
    this.attention.hidden = due === 0;
    this.attention.textContent = this.onlyAttention
      ? 'Show all secrets'
      : `${due === 1 ? '1 secret needs' : `${due} secrets need`} your attention: show`;
    const all = this.secrets.length;
    this.count.textContent =
      this.shown.length === all
        ? ''
        : this.shown.length === 0
          ? 'No secret matches.'
          : `${this.shown.length} of ${all}`;
  }

  /** Put the rows into the page, touching only those that are not in their place. */
  private place(): void {
    const wanted = this.shown.map(row => row.node);
    const now = this.grid.children;
    if (wanted.length === now.length && wanted.every((node, index) => now[index] === node)) {
      return;
    }
    const focused = document.activeElement;
    this.grid.replaceChildren(...wanted);
    if (focused instanceof HTMLElement && this.grid.contains(focused)) {
      focused.focus({ preventScroll: true }); // being moved takes it away
    }
  }

  private setCurrent(row: SecretRow | null): void {
    if (row === this.current) {
      return;
    }
    if (this.current) {
      this.current.node.tabIndex = -1;
    }
    this.current = row;
    if (row) {
      row.node.tabIndex = 0;
    }
  }

  private rowOf(target: EventTarget | null): SecretRow | null {
    const node = target instanceof Element ? target.closest<HTMLElement>('.ja-secret') : null;
    return (node && this.rows.get(node.dataset.label ?? '')) ?? null;
  }

  private onClick(event: MouseEvent): void {
    const row = this.rowOf(event.target);
    const target = event.target as Element;
    if (!row || row.below.contains(target)) {
      return;
    }
    const action = target.closest<HTMLElement>('[data-action]')?.dataset.action;
    if (action) {
      this.act(action as RowAction, row);
    } else if (!window.getSelection()?.toString()) {
      row.node.focus();
      this.actions.toggle(row);
    }
  }

  private act(action: RowAction, row: SecretRow): void {
    if (action === 'rename') {
      this.actions.rename(row);
    } else {
      this.actions[action](row.secret.label);
    }
  }

  private onSearchKey(event: KeyboardEvent): void {
    if (event.key === 'Escape') {
      this.search.value = '';
      this.arrange();
    } else if ((event.key === 'ArrowDown' || event.key === 'Enter') && !event.isComposing) {
      event.preventDefault();
      this.shown[0]?.node.focus();
    }
    event.stopPropagation();
  }

  private onKey(event: KeyboardEvent): void {
    const row = this.rowOf(event.target);
    if (!row || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) {
      return;
    }
    const handled = row.below.contains(event.target as Node)
      ? this.keyBelow(event.key, row)
      : this.keyOnRow(event.key, row, event.target as HTMLElement);
    if (handled) {
      event.preventDefault();
      event.stopPropagation();
    }
  }

  private keyBelow(key: string, row: SecretRow): boolean {
    if (key === 'Escape') {
      this.actions.toggle(row);
      row.node.focus();
      return true;
    }
    return false;
  }

  private keyOnRow(key: string, row: SecretRow, target: HTMLElement): boolean {
    const at = this.shown.indexOf(row);
    const steps: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: Math.min(at + PAGE, this.shown.length - 1),
      PageUp: Math.max(at - PAGE, 0),
      Home: 0,
      End: this.shown.length - 1
    };
    if (key in steps) {
      this.shown[steps[key] ?? at]?.node.focus();
      return true;
    }
    const onButton = target !== row.node;
    switch (key) {
      case 'ArrowRight':
      case 'ArrowLeft':
        this.moveInRow(key === 'ArrowRight' ? 1 : -1, row, target);
        return true;
      case 'Enter':
      case ' ':
        if (!onButton) {
          this.actions.toggle(row);
        }
        return !onButton; // a button takes the key itself
      case 'Delete':
        this.actions.remove(row.secret.label);
        return true;
      case 'F2':
        this.actions.rename(row);
        return true;
      case '/':
        this.search.focus();
        return true;
      case 'Escape':
        if (onButton) {
          row.node.focus();
        } else if (!row.below.hidden) {
          this.actions.toggle(row);
        } else {
          this.search.focus();
        }
        return true;
    }
    return false;
  }

  private moveInRow(step: number, row: SecretRow, target: HTMLElement): void {
    const stops = [row.node, ...row.node.querySelectorAll<HTMLElement>('[data-action]')];
    const next = stops[Math.min(Math.max(stops.indexOf(target) + step, 0), stops.length - 1)];
    next?.focus();
  }
}
