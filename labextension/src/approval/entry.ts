// The form in a question for a secret that an agent asks for. The value is sealed in this page; the
// broker hears that the label is stored, and closes the question.

import { type Api, ApiError } from '../api.ts';
import { button, element } from '../dom.ts';
import { ValueField } from '../entry/field.ts';
import { PlainTick } from '../entry/plain.ts';
import { saveSecret } from '../save.ts';

const FIELD_ID = 'ja-approval-entry';

export class EntryForm {
  readonly node: HTMLElement;
  readonly button: HTMLButtonElement;
  private readonly api: Api;
  private readonly label: string;
  private readonly report: (problem: string) => void;
  private readonly field: ValueField;
  private readonly plain = new PlainTick();
  private busy = false;

  /** @param report - Shows what went wrong, or takes it away with "". */
  constructor(api: Api, label: string, report: (problem: string) => void) {
    this.api = api;
    this.label = label;
    this.report = report;
    this.field = new ValueField(FIELD_ID, () => void this.submit());
    this.button = button('jp-mod-styled jp-mod-accept ja-approval-save', 'Save', () =>
      this.submit()
    );
    this.node = element(
      'div',
      { className: 'ja-approval-entry' },
      element('label', { htmlFor: FIELD_ID }, 'Value'),
      this.field.node,
      this.plain.node
    );
  }

  focus(): void {
    this.field.focus();
  }

  /** Whether a key was meant for the field. */
  holds(node: Element | null): boolean {
    return node instanceof HTMLInputElement && this.field.node.contains(node);
  }

  clear(): void {
    this.field.clear();
  }

  async submit(): Promise<void> {
    if (this.busy) {
      return;
    }
    if (this.field.empty || this.plain.problem) {
      this.report(this.field.empty ? 'The value is missing.' : this.plain.problem);
      return;
    }
    this.setBusy(true);
    this.report('');
    try {
      await saveSecret(
        this.api,
        this.label,
        () => this.field.take(),
        false,
        {},
        this.plain.accepted
      );
    } catch (reason) {
      const error = ApiError.from(reason);
      const cleared = this.field.empty ? ' The value was cleared; enter it again.' : '';
      this.setBusy(false);
      this.report(`${error.message} ${error.hint}${cleared}`);
      this.field.focus();
    }
  }

  private setBusy(busy: boolean): void {
    this.busy = busy;
    this.button.disabled = busy;
    this.field.disabled = busy;
  }
}
