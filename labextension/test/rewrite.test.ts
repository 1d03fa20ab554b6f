import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { markEncoded, rewriteCell } from '../src/blocked/rewrite.ts';
import { assignedName, locate } from '../src/blocked/source.ts';

const LABEL = 'DEMO_TOKEN';
// Made up at run time, so that nothing shaped like a credential stands in the repository.
const VALUE = `k${Math.random().toString(36).slice(2)}Z9`;

/** Run a script in real bash; the value is in the environment or in the script, never in both. */
function bash(
  script: string,
  env: Record<string, string> = {}
): { out: string; code: number | null } {
  const run = spawnSync('bash', ['--norc', '-c', script], {
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin', ...env },
    encoding: 'utf8'
  });
  return { out: run.stdout, code: run.status };
}

/** Rewrite a %%bash cell with this body and check that real bash sees no difference. */
function assertWorks(body: string, value = VALUE): void {
  const result = rewriteCell(`%%bash\n${body}`, value, LABEL);
  assert.ok(result.works, `${result.reason} ${body}`);
  assert.ok(!result.source.includes(value), body);
  const [header, ...rest] = result.source.split('\n');
  assert.equal(header, `%%agent_run -s ${LABEL}`);
  const before = bash(body);
  const after = bash(rest.join('\n'), { [LABEL]: value });
  assert.equal(before.code, 0, body);
  assert.deepEqual(after, before, `${body}\n---\n${rest.join('\n')}`);
}

function assertRefuses(body: string, value = VALUE): void {
  const result = rewriteCell(`%%bash\n${body}`, value, LABEL);
  assert.equal(result.works, false, result.source);
  assert.notEqual(result.reason, '');
  assert.ok(!result.source.includes(value), body);
  assert.ok(result.source.includes(`[secret:${LABEL}]`));
}

const V = VALUE;
const WORKING: Record<string, string> = {
  'a bare word': `printf '<%s>' ${V} x`,
  'the end of a bare word': `printf '<%s>' --token=${V}`,
  'the middle of a bare word': `printf '<%s>' a${V}b`,
  'a bare assignment': `T=${V}; printf %s "$T"`,
  'an export': `export T=${V}\nbash -c 'printf %s "$T"'`,
  'an assignment before a command': `T=${V} bash -c 'printf %s "$T"'`,
  'an assignment to the label itself': `${LABEL}=${V}\nprintf %s "$${LABEL}"`,
  'double quotes': `printf '<%s>' "Authorization: Bearer ${V}"`,
  'double quotes with letters right behind': `printf '<%s>' "${V}abc"`,
  'double quotes with an expansion before': `x=1; printf '<%s>' "$x:${V}"`,
  'double quotes with an escaped quote before': `printf '<%s>' "\\"${V}\\""`,
  'single quotes': `printf '<%s>' 'Authorization: Bearer ${V}'`,
  'single quotes alone': `printf '<%s>' '${V}'`,
  'single quotes inside double quotes': `printf '<%s>' "{'t': '${V}'}"`,
  'double quotes inside single quotes': `printf '<%s>' '{"t": "${V}"}'`,
  'an escaped quote before a bare word': `printf '<%s>' \\"${V}\\"`,
  'a here-document': `cat <<EOF\ntoken=${V}\n"${V}"\nEOF\necho done`,
  'a here-document with tabs stripped': `cat <<-EOF\n\ttoken=${V}\n\tEOF\necho done`,
  'behind a quoted here-document': `cat <<'EOF'\nit's\nEOF\nprintf %s ${V}`,
  'behind two here-documents': `cat <<A - <<'B'\n"\nA\n'\nB\nprintf %s "${V}"`,
  'a here-string': `cat <<< "${V}"`,
  'a command substitution': `x=$(printf %s '${V}'); printf %s "$x"`,
  'a substitution in double quotes': `printf '<%s>' "$(printf %s "${V}")"`,
  'behind a substitution with quotes': `printf '<%s>' "$(printf %s ')')" "${V}"`,
  'behind a comment with a quote': `# it's a comment\nprintf %s ${V}`,
  'behind a hash inside a word': `printf %s a#b "${V}"`,
  'behind an ansi quote': `printf %s $'it\\'s' '${V}'`,
  'behind arithmetic with a shift': `printf %s $((1<<2)) ${V}`,
  'behind an arithmetic command': `((1<<2)); printf %s ${V}`,
  'behind a parameter expansion': `printf %s "\${x:-y}" "${V}"`,
  'a locale quote': `printf %s $"${V}"`,
  'a subshell': `(printf %s ${V})`,
  'a case branch': `case a in a) printf %s ${V};; esac`,
  'a function': `f() { printf %s "${V}"; }; f`,
  'a condition': `[[ ${V} == ${V} ]] && echo same`,
  'a continued line': `printf '<%s>' \\\n  ${V}`,
  'a comment behind a continued line': `printf %s ${V} \\\n# it's\necho ${V}`,
  'a nested shell': `bash -c 'printf %s ${V}'`,
  'several places': `printf %s ${V} "${V}" '${V}' "a'${V}'"`
};
for (const [name, body] of Object.entries(WORKING)) {
  test(`in shell code ${name} becomes an expansion that bash reads the same`, () =>
    assertWorks(body));
}

const REFUSED: Record<string, string> = {
  'a quoted here-document': `cat <<'EOF'\n${V}\nEOF`,
  'a here-document with a substitution': `cat <<EOF\n$(printf '%s' '${V}')\nEOF`,
  'an ansi quote': `printf %s $'${V}'`,
  'a comment': `true # ${V}`,
  backticks: `printf %s \`printf %s ${V}\``,
  'a parameter expansion': `printf %s "\${x:-${V}}"`,
  arithmetic: `echo $((x = ${V}))`,
  'a variable name': `echo $${V}`,
  'a word that goes on in the next line': `x=1; echo $x\\\n${V}`,
  'an unclosed quote': `echo "${V}`,
  'a here-document delimiter': `cat <<${V}\nx\n${V}`,
  'a script that sets the label': `${LABEL}=other\nprintf %s "${V}"`,
  'a script that unsets the label': `unset ${LABEL}\nprintf %s "${V}"`,
  'a case inside a substitution': `x=$(case a in a) printf %s '${V}';; esac)`
};
for (const [name, body] of Object.entries(REFUSED)) {
  test(`in shell code ${name} gets the marker and the reason`, () => assertRefuses(body));
}

test('a value that bash would not take literally is not replaced as if it were', () => {
  assertRefuses('printf %s "pa$$word"', 'pa$$word');
  assertRefuses('printf %s two words', 'two words');
  assertRefuses('printf %s a*b', 'a*b');
  assertRefuses('printf %s "a\\"b"', 'a\\"b');
  assertWorks("printf %s 'pa$$ w*rd\\'", 'pa$$ w*rd\\');
  assertWorks('printf %s "two  words*"', 'two  words*');
});

test('a value over several lines survives in quotes and here-documents', () => {
  const pem = `-----BEGIN X-----\n${VALUE}\n${VALUE}==\n-----END X-----`;
  assertWorks(`printf %s "${pem}"`, pem);
  assertWorks(`printf %s '${pem}'`, pem);
  assertWorks(`cat <<EOF\n${pem}\nEOF`, pem);
});

test('random quoting around a value never changes what bash sees', () => {
  const pieces = [
    'a',
    ' ',
    '"',
    "'",
    '\\',
    '\\\n',
    '$x',
    '$(',
    ')',
    '`',
    '#',
    '\n',
    ';',
    '{',
    '<<E\n',
    '$((',
    '${',
    V
  ];
  let checked = 0;
  for (let round = 0; round < 20000 && checked < 60; round += 1) {
    const length = 2 + Math.floor(Math.random() * 9);
    const around = Array.from({ length }, () => pieces[Math.floor(Math.random() * pieces.length)]);
    const body = `x=1; printf '<%s>' ${around.join('')}`;
    const result = rewriteCell(`%%bash\n${body}`, V, LABEL);
    if (!body.includes(V) || !result.works || !/["'`\\$<#]/.test(around.join(''))) {
      continue;
    }
    const before = bash(body);
    if (before.code !== 0) {
      continue; // not a script
    }
    checked += 1;
    const after = bash(result.source.slice(result.source.indexOf('\n') + 1), { [LABEL]: V });
    assert.deepEqual(after, before, `${body}\n--- became\n${result.source}`);
  }
  assert.ok(checked > 30, `only ${checked} scripts were checked`);
});

test('the first line asks for the label exactly once', () => {
  const first = (source: string) => rewriteCell(source, V, LABEL).source.split('\n')[0];
  const body = `\necho "${V}"`;
  assert.equal(first(`%%bash${body}`), '%%agent_run -s DEMO_TOKEN');
  assert.equal(first(`%%sh${body}`), '%%agent_run -s DEMO_TOKEN --shell sh');
  assert.equal(first(`%%script bash${body}`), '%%agent_run -s DEMO_TOKEN');
  assert.equal(first(`%%script /bin/sh${body}`), '%%agent_run -s DEMO_TOKEN --shell sh');
  assert.equal(
    first(`%%bash --out o --no-raise-error${body}`),
    '%%agent_run -s DEMO_TOKEN --out o --no-raise'
  );
  assert.equal(first(`%%agent_run${body}`), '%%agent_run -s DEMO_TOKEN');
  assert.equal(
    first(`%%agent_run -s OTHER --quiet${body}`),
    '%%agent_run -s DEMO_TOKEN -s OTHER --quiet'
  );
  assert.equal(first(`%%agent_run -s DEMO_TOKEN${body}`), '%%agent_run -s DEMO_TOKEN');
  assert.equal(
    first(`%%agent_run -s DEMO_TOKEN_2${body}`),
    '%%agent_run -s DEMO_TOKEN -s DEMO_TOKEN_2'
  );
});

test('options that have no counterpart keep the cell as it is, with the marker', () => {
  for (const first of [
    '%%bash --bg',
    '%%bash -s arg',
    '%%script python3',
    '%%agent_run --shell zsh',
    `%%agent_run -s ${LABEL}=OTHER`
  ]) {
    const result = rewriteCell(`${first}\necho "${V}"`, V, LABEL);
    assert.equal(result.works, false, first);
    assert.equal(result.source, `${first}\necho "[secret:${LABEL}]"`);
  }
});

test('a value in the first line becomes the marker', () => {
  const result = rewriteCell(`%%agent_run --cwd ${V}\necho ${V}`, V, LABEL);
  assert.equal(result.works, false);
  assert.ok(!result.source.includes(V));
});

test('outside shell cells every occurrence becomes the marker and nothing is claimed', () => {
  for (const source of [
    `key = "${V}"\nprint("${V}")`,
    `!curl ${V}`,
    `%%ai chat\nuse ${V}`,
    `text ${V}`,
    `x = 1\n%%bash\necho ${V}`
  ]) {
    const result = rewriteCell(source, V, LABEL);
    assert.equal(result.works, false);
    assert.equal(result.source, source.replaceAll(V, `[secret:${LABEL}]`));
  }
});

test('a label with a dollar sign pattern in the replacement is not expanded', () => {
  assert.equal(rewriteCell(`x = "${V}"`, V, 'A').source, 'x = "[secret:A]"');
});

test('the variable left of a finding is found', () => {
  const cases: [string, string | null][] = [
    ['API_KEY = "', 'API_KEY'],
    ['x = 1\nexport GITHUB_TOKEN=', 'GITHUB_TOKEN'],
    ["os.environ['HF_TOKEN'] = '", 'HF_TOKEN'],
    ['client(api_key="', 'api_key'],
    ['{"api_key": "', 'api_key'],
    ['token: str = "', 'token'],
    ["key = b'", 'key'],
    ["PASSWORD='", 'PASSWORD'],
    ['curl -H "Authorization: Bearer ', null],
    ['the password is ', null]
  ];
  for (const [before, name] of cases) {
    assert.equal(assignedName(`${before}${V}`, before.length), name, before);
  }
});

test('a finding is located at its place, at its only other place, or not at all', () => {
  assert.equal(locate('ab cd', 'cd', 3), 3);
  assert.equal(locate('# x\nab cd', 'cd', 3), 7);
  assert.equal(locate('cd cd', 'cd', 1), -1);
  assert.equal(locate('ab', 'cd', 0), -1);
  assert.equal(locate('ab', '', 0), -1);
});

test('single quotes around nothing but the value are replaced with it', () => {
  const { source } = rewriteCell(`%%bash\nf '${V}' 'a${V}' '${V}''${V}'`, V, 'A');
  assert.equal(source, `%%agent_run -s A\nf "$A" 'a'"$A"'' "$A""$A"`);
});

test('a stored value in another form becomes a marker and never an expansion', () => {
  const encoded = Buffer.from(VALUE).toString('base64');
  const result = markEncoded(`%%bash\necho ${encoded} | base64 -d`, encoded, LABEL);
  assert.equal(result.source, `%%bash\necho [secret:${LABEL}] | base64 -d`);
  assert.equal(result.works, false);
  assert.notEqual(result.reason, '');
});
