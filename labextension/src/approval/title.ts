// Telling a person who looks at another tab that somebody waits here.

const MARK = '● Approval needed · ';

export class TitleHint {
  constructor() {
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) {
        this.clear();
      }
    });
  }

  show(): void {
    if (!document.title.startsWith(MARK)) {
      document.title = MARK + document.title;
    }
  }

  clear(): void {
    if (document.title.startsWith(MARK)) {
      document.title = document.title.slice(MARK.length);
    }
  }
}
