// A file that stands for the value: picked or dropped in the page, read there, never sent as it is.

import { button, element } from '../dom.ts';
import { MAX_VALUE } from '../seal.ts';
import { describeFile, withoutLineEnd } from './file.ts';

/** A line break more than a value may have: see withoutLineEnd. */
const LARGEST_FILE = MAX_VALUE + 2;

export class PickedFile {
  /** Its name and size, and a way to leave it aside; hidden while there is none. */
  readonly node: HTMLElement;
  /** Opens the browser's picker. */
  readonly button: HTMLButtonElement;
  private readonly changed: (problem: string) => void;
  private readonly name = element('code', { className: 'ja-picked-name' });
  private readonly input = element('input', { type: 'file', hidden: true });
  private bytes: Uint8Array | null = null;

  /** @param changed - There is a file now, or none any more; or what is wrong with one. */
  constructor(changed: (problem: string) => void) {
    this.changed = changed;
    this.button = button('ja-field-tool ja-field-file', 'From a file', () => this.input.click(), {
      title: 'For private keys and other files of at most 64 KiB'
    });
    this.input.addEventListener('change', () => {
      const file = this.input.files?.[0];
      this.input.value = ''; // or the same file could not be picked again
      if (file) {
        void this.read(file);
      }
    });
    this.node = element(
      'div',
      { className: 'ja-picked', hidden: true },
      this.name,
      button('ja-field-tool ja-picked-drop', 'Leave it', () => {
        this.clear();
        this.changed('');
      }),
      this.input
    );
  }

  get there(): boolean {
    return this.bytes !== null;
  }

  /** The bytes, which are forgotten here with this. */
  take(): Uint8Array {
    const bytes = this.bytes ?? new Uint8Array();
    this.bytes = null;
    this.node.hidden = true;
    return bytes;
  }

  clear(): void {
    this.take().fill(0);
  }

  /** Let files be dropped on an element. */
  catchOn(target: HTMLElement): void {
    target.addEventListener('dragover', event => {
      if (event.dataTransfer?.types.includes('Files')) {
        event.preventDefault();
        event.stopPropagation();
      }
    });
    target.addEventListener('drop', event => {
      const file = event.dataTransfer?.files[0];
      if (file) {
        // Or Lab would upload it, where anybody can read it.
        event.preventDefault();
        event.stopPropagation();
        void this.read(file);
      }
    });
  }

  private async read(file: File): Promise<void> {
    this.clear();
    if (file.size > LARGEST_FILE) {
      this.changed('That file is too long: a value has at most 64 KiB.');
      return;
    }
    try {
      const bytes = withoutLineEnd(new Uint8Array(await file.arrayBuffer()));
      if (bytes.length === 0) {
        this.changed('That file is empty.');
        return;
      }
      this.bytes = bytes;
      this.name.textContent = describeFile(file.name, bytes.length);
      this.node.hidden = false;
      this.changed('');
    } catch {
      this.changed('The browser could not read that file.');
    }
  }
}
