// What a label may look like. The broker decides (jupyter_agent/secret.py); this is the same rule
// early, while a person types.

export const MAX_LABEL = 64;

const SHAPE = /^[A-Z][A-Z0-9_]*$/;
const STEERING =
  /^((LD|DYLD|PYTHON|GIT|BASH|JUPYTER|JPY)_.*|PATH|HOME|ENV|IFS|SHELL|SHELLOPTS|PS4|PERL5.*|RUBY(OPT|LIB)|NODE_OPTIONS|PROMPT_COMMAND|PYTHON.*|TMPDIR|USER|LOGNAME|ZDOTDIR|CDPATH)$/;

/** Why the text can't be a label, in one sentence that does not repeat it; "" when it can. */
export function labelProblem(text: string): string {
  if (text === '') {
    return 'A label is needed.';
  }
  if (!SHAPE.test(text)) {
    return 'Use capital letters, digits and underscores, starting with a letter: GITHUB_TOKEN.';
  }
  if (text.length > MAX_LABEL) {
    return `A label has at most ${MAX_LABEL} characters.`;
  }
  if (STEERING.test(text)) {
    return 'That variable steers programs. Say what the secret is for: GITHUB_TOKEN.';
  }
  return '';
}

/** What a person probably meant: capitals for small letters, underscores for spaces and dashes. */
export function tidyLabel(text: string): string {
  return text.replace(/[\s-]/g, '_').toUpperCase();
}
