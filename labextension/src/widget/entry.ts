// The masked entry that `%secret set LABEL` shows below its cell; an anywidget module.
//
// The value is never a trait and never in a message: it is typed into the field, sealed in the page
// and gone. Traits: label, mode ("set" | "replace"), status ("saved" once it is), message.

import fieldCss from '../../style/field.css';
import widgetCss from '../../style/widget.css';
import { button, element } from '../dom.ts';
import { ValueField } from '../entry/field.ts';
import { seal } from '../seal.ts';
import { OfferAhead } from './ahead.ts';
import { DoorError, inJupyter, type Model } from './door.ts';
import { Turn } from './turn.ts';

let entries = 0;

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const root = element('div', { className: 'ja-entry' });
  el.append(element('style', {}, fieldCss, widgetCss), root);
  const entry = new Entry(root, model);
  entry.show();
  const update = () => entry.show();
  model.on('change:status', update);
  model.on('change:message', update);
  const turn = inJupyter() ? new Turn(root, model, () => entry.focus()) : null;
  return () => {
    model.off('change:status', update);
    model.off('change:message', update);
    turn?.dispose();
    entry.dispose();
  };
}

class Entry {
  private readonly root: HTMLElement;
  private readonly model: Model;
  private readonly label: string;
  private readonly replace: boolean;
  private readonly field: ValueField;
  private readonly ahead: OfferAhead;
  private readonly problem: HTMLElement;
  private readonly save: HTMLButtonElement;
  private readonly form: HTMLElement;
  private savedHere = false;
  private busy = false;

  constructor(root: HTMLElement, model: Model) {
    this.root = root;
    this.model = model;
    this.label = String(model.get('label'));
    this.replace = model.get('mode') === 'replace';
    entries += 1;
    const id = `ja-entry-${entries}`;
    const submit = () => void this.submit();
    this.ahead = new OfferAhead(model, this.label, this.replace);
    this.field = new ValueField(id, submit, () => this.ahead.begin());
    this.problem = element('div', {
      className: 'ja-entry-problem',
      attributes_: { role: 'alert' }
    });
    this.save = button('ja-entry-save', this.replace ? 'Replace' : 'Save', submit);
    this.form = element(
      'div',
      {
        className: 'ja-entry-form',
        attributes_: { role: 'form', 'aria-label': `Value for ${this.label}` }
      },
      element(
        'label',
        { htmlFor: id },
        this.replace ? 'New value for ' : 'Value for ',
        element('code', {}, this.label)
      ),
      element('div', { className: 'ja-entry-row' }, this.field.node, this.save),
      this.problem,
      element(
        'p',
        { className: 'ja-entry-promise' },
        'Sealed in this page before it is sent, so that the kernel can’t read it.'
      )
    );
    this.form.addEventListener('keydown', event => {
      if (event.key === 'Escape' && !event.isComposing) {
        this.field.clear();
        this.report('');
      }
      event.stopPropagation();
    });
  }

  show(): void {
    const status = this.model.get('status');
    if (this.savedHere || status === 'saved') {
      this.field.clear();
      this.root.replaceChildren(
        element(
          'div',
          {
            className: 'ja-entry-saved',
            dataset: { label: this.label },
            attributes_: { role: 'status' }
          },
          element('b', {}, `Saved ${this.label}. `),
          'Use it with ',
          element('code', {}, `%%agent_run -s ${this.label}`)
        )
      );
      return;
    }
    if (!window.isSecureContext) {
      this.root.replaceChildren(
        element(
          'div',
          { className: 'ja-entry-refused', attributes_: { role: 'alert' } },
          element('b', {}, 'Not on plain http. '),
          'Whoever can change this page’s traffic could read what you type. Open it over https or on localhost, or run ',
          element('code', {}, `jupyter agent secret set ${this.label}`),
          ' in a terminal.'
        )
      );
      return;
    }
    if (!this.form.isConnected) {
      this.root.replaceChildren(this.form);
    }
    if (status === 'error') {
      this.report(String(this.model.get('message') ?? ''));
    }
  }

  focus(): void {
    this.field.focus();
  }

  dispose(): void {
    this.field.clear();
    this.root.remove();
  }

  private async submit(): Promise<void> {
    if (this.busy) {
      return;
    }
    if (this.field.empty) {
      this.report('The value is missing.');
      this.field.focus();
      return;
    }
    this.setBusy(true);
    this.report('');
    try {
      await this.send();
      this.showSaved();
    } catch (reason) {
      // A stranger's error text is not shown: it may quote what it choked on.
      const text =
        reason instanceof DoorError || reason instanceof RangeError
          ? `${reason.message} ${reason instanceof DoorError ? reason.hint : ''}`
          : 'That did not work.';
      this.report(
        `${text.trim()}${this.field.empty ? ' The value was cleared; enter it again.' : ''}`
      );
    }
    this.setBusy(false);
  }

  private async send(): Promise<void> {
    const { door, offer } = await this.ahead.take();
    const { kid, ticket, label, origin } = offer;
    await door.save({ kid, ticket, label, origin, sealed: await seal(offer, this.field.take()) });
    try {
      this.model.send({ type: 'saved', label });
    } catch {
      // The kernel that showed this form is gone. It is saved all the same: the server did that.
    }
  }

  /** Say so; the keyboard goes back to the notebook, or it would be nowhere. */
  private showSaved(): void {
    const notebook = this.root.closest<HTMLElement>('.jp-Notebook');
    this.savedHere = true;
    this.show();
    notebook?.focus({ preventScroll: true });
  }

  private setBusy(busy: boolean): void {
    this.busy = busy;
    this.save.disabled = busy;
    this.field.disabled = busy;
  }

  private report(problem: string): void {
    this.problem.textContent = problem;
  }
}

export default { render };
