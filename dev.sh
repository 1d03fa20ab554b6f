#!/usr/bin/env bash
# Everything a person or CI does with a checkout, on a Debian 12 with nothing but python3.11, pip and git.
#
#   bash dev.sh run  [jupyter lab arguments]   JupyterLab on the quickstart notebook
#   bash dev.sh test [pytest arguments]        lint, types, contracts and all tests, as an unprivileged user
#   bash dev.sh check [pytest arguments]       the same, as the user you are and in this folder
#
# `run` and `test` install missing Debian packages (the lists stand in pyproject.toml) as root or by sudo.
# Nothing is done twice: what is already there and up to date stays.
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
venv=$here/.venv
test_user=jupyter-agent-test
unset PYTHONDONTWRITEBYTECODE  # or each of thousands of processes compiles all that it imports
built=("$here/jupyter_agent/labextension_dist" "$here/jupyter_agent/kernel/entry.js" "$here/jupyter_agent/desktop/static")

step() { printf '\n==> %s\n' "$*"; }
fail() { printf 'dev.sh: %s\n' "$*" >&2; exit 1; }

# --- Debian packages -------------------------------------------------------------------------------------------

find_python() {  # Debian's own first: its venv module is a package we can install.
  local candidate
  for candidate in /usr/bin/python3 python3 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v -- "$candidate"
      return
    fi
  done
  fail "Python 3.11 or later is needed and was not found. On Debian 12: apt-get install python3"
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo -- "$@"
  else
    fail "this needs root, and there is no sudo. As root: $*"
  fi
}

install_packages() {  # install_packages LIST…: the lists of [tool.jupyter_agent.apt] in pyproject.toml
  local wanted missing=() name
  if ! command -v dpkg-query >/dev/null; then
    echo "This is no Debian: make sure that the programs of [tool.jupyter_agent.apt] in pyproject.toml are there."
    return
  fi
  wanted=$("$python" "$here/tests/programs.py" packages "$here/pyproject.toml" "$@")
  for name in $wanted; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || missing+=("$name")
  done
  if [ ${#missing[@]} = 0 ]; then
    echo "Debian packages: all there."
    return
  fi
  step "Installing Debian packages: ${missing[*]}"
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q)
  # An old package list names files that are gone; only then is a new one worth its time.
  as_root "${apt[@]}" install -y --no-install-recommends "${missing[@]}" && return
  as_root "${apt[@]}" update
  as_root "${apt[@]}" install -y --no-install-recommends "${missing[@]}"
}

# --- The virtual environment -----------------------------------------------------------------------------------

sources() {  # sources PATH…: the files below them that git tracks or would track, each ended by a zero byte
  git -C "$here" -c safe.directory='*' ls-files -co --exclude-standard -z -- "$@" ||
    fail "this is no git checkout: clone the repository, so that dev.sh knows its files"
}

digest() {  # one hash over names and bytes
  (cd -- "$here" && sources "$@" | sort -z | xargs -0 sha256sum 2>/dev/null | sha256sum | cut -d ' ' -f 1)
}

done_before() { [ "$(cat -- "$venv/done/$1" 2>/dev/null)" = "$2" ]; }
now_done() { mkdir -p -- "$venv/done" && printf '%s\n' "$2" >"$venv/done/$1"; }

make_venv() {
  # Scripts in a virtual environment name it by its path, so one that was moved is made anew.
  if [ -x "$venv/bin/python" ] && "$venv/bin/python" -c '' 2>/dev/null && done_before venv "$venv"; then
    return
  fi
  step "Making a virtual environment with $("$python" --version)"
  "$python" -m venv --clear -- "$venv"
  pip_install 'pip>=25.1'  # the first that knows dependency groups
  now_done venv "$venv"
}

pip() { "$venv/bin/python" -m pip --disable-pip-version-check "$1" --quiet "${@:2}"; }
# Most of what packages bring is never imported: Python compiles the rest when it is, once.
pip_install() { pip install --no-compile "$@"; }

install_groups() {  # install_groups NAME…: dependency groups of pyproject.toml
  local name mark options=()
  mark=$(sha256sum <"$here/pyproject.toml")
  done_before "groups-$*" "$mark" && return
  step "Installing Python packages: $*"
  for name in "$@"; do options+=(--group "$here/pyproject.toml:$name"); done
  pip_install "${options[@]}"
  now_done "groups-$*" "$mark"
}

start_build() {  # the wheel of this package; Node.js comes from a wheel in pip's build environment
  local page all
  page=$(digest labextension)
  all=$(digest jupyter_agent labextension jupyter-config pyproject.toml hatch_build.py README.md LICENSE)
  building=""
  done_before package "$all" && return
  if ! done_before page "$page" || [ ! -e "${built[0]}" ] || [ ! -e "${built[1]}" ] || [ ! -e "${built[2]}" ]; then
    rm -rf -- "${built[@]}"  # the build leaves alone what is there
    step "Building jupyter_agent with its browser part, beside what follows (some minutes the first time)"
  else
    step "Building jupyter_agent (the browser part has not changed), beside what follows"
  fi
  rm -rf -- "$venv/wheel"
  pip wheel --no-deps --wheel-dir "$venv/wheel" "$here" >"$venv/build.log" 2>&1 &
  building=$! building_page=$page building_all=$all
}

install_package() {  # what `pip install .` gives, from the wheel that start_build is making
  [ -n "$building" ] || return 0
  step "Installing jupyter_agent"
  wait "$building" || { cat -- "$venv/build.log" >&2; fail "the package could not be built; pip says why above"; }
  pip_install "$venv"/wheel/*.whl
  pip_install --no-deps --force-reinstall "$venv"/wheel/*.whl  # a wheel of the same version would not replace the old one
  now_done page "$building_page"
  now_done package "$building_all"
}

# --- run -------------------------------------------------------------------------------------------------------

run() {
  python=$(find_python)
  install_packages run
  leave_sudo run "$@"
  make_venv
  start_build
  install_groups run
  install_package
  export PATH="$venv/bin:$PATH"
  choose_key_source
  demo_token
  jupyter trust "$here/notebooks/quickstart.ipynb"
  local arguments=()
  if [ "$(id -u)" = 0 ]; then arguments+=(--allow-root); fi
  if [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
    arguments+=(--no-browser)
    step "JupyterLab: no display here; open the address with the token that it prints below"
  else
    step "JupyterLab: opens in your browser"
  fi
  cd -- "$here/notebooks"
  exec jupyter lab "${arguments[@]}" --LabApp.default_url=/lab/tree/quickstart.ipynb "$@"
}

leave_sudo() {  # The vault belongs to a person: root's share ends with the Debian packages.
  if [ "$(id -u)" != 0 ] || [ "${SUDO_UID:-0}" = 0 ]; then return; fi
  local home
  home=$(getent passwd "$SUDO_UID" | cut -d : -f 6)
  if [ -d "$venv" ]; then chown -R -- "$SUDO_UID:$SUDO_GID" "$venv"; fi
  step "Going on as $SUDO_USER"
  exec runuser -u "$SUDO_USER" -- env -u SUDO_UID -u SUDO_GID -u SUDO_USER -u SUDO_COMMAND \
    -u XDG_RUNTIME_DIR -u XDG_DATA_HOME -u XDG_STATE_HOME -u XDG_CACHE_HOME \
    "HOME=$home" "USER=$SUDO_USER" "LOGNAME=$SUDO_USER" bash "$here/dev.sh" "$@"
}

choose_key_source() {  # Only a vault that is yet to be made asks; the product itself never takes this step unasked.
  if [ -n "${JUPYTER_AGENT_KEY_SOURCE:-}" ] || "$venv/bin/python" - 2>/dev/null <<'PY'; then return; fi
import sys
import secretstorage
sys.exit(not secretstorage.check_service_availability(secretstorage.dbus_init()))
PY
  step "No keyring answers here, so this demo keeps the vault's key in a private file (mode 0600) of yours."
  echo "Whoever reads both files as you, or from a backup of both, can open the vault. To choose otherwise:"
  echo "JUPYTER_AGENT_KEY_SOURCE=os-keyring|memory bash dev.sh run"
  export JUPYTER_AGENT_KEY_SOURCE=file
}

demo_token() {  # The quickstart needs something to keep: a made-up value that opens nothing.
  if jupyter agent secret show DEMO_TOKEN --json >/dev/null 2>&1; then return; fi
  step "Saving a made-up DEMO_TOKEN for the quickstart"
  "$venv/bin/python" -c 'import secrets; print("demo-" + secrets.token_hex(16), end="")' |
    jupyter agent secret set DEMO_TOKEN --stdin
}

# --- test ------------------------------------------------------------------------------------------------------

run_tests() {
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || fail "test makes a user of its own, which needs root or sudo; without: bash dev.sh check"
    exec sudo -- bash "$here/dev.sh" test "$@"
  fi
  unset SUDO_UID SUDO_GID SUDO_USER SUDO_COMMAND
  python=$(find_python)
  install_packages run test
  step "The tests run as $test_user: root would prove nothing about modes, /proc and other users"
  id -u "$test_user" >/dev/null 2>&1 || useradd --create-home --shell /bin/bash "$test_user"
  local home copy
  home=$(getent passwd "$test_user" | cut -d : -f 6)
  copy="$home/a checkout"  # with a space, on purpose
  exec 9>"/run/lock/$test_user"
  flock -n 9 || { echo "Another test run is under way; waiting for it."; flock 9; }
  copy_sources "$copy"
  local failed=()
  stage "All checks and tests, as $test_user" \
    runuser -u "$test_user" -- env -u XDG_RUNTIME_DIR -u XDG_DATA_HOME -u XDG_STATE_HOME -u XDG_CACHE_HOME \
    -u DBUS_SESSION_BUS_ADDRESS -u DISPLAY "HOME=$home" "USER=$test_user" "LOGNAME=$test_user" \
    bash "$copy/dev.sh" check "$@" 9>&-
  here=$copy venv=$copy/.venv
  export PYTEST_ADDOPTS="-p no:cacheprovider" PYTHONDONTWRITEBYTECODE=1  # nothing of root's stays in that folder
  # Only where such tests are: looking through all files for them takes longer than they do.
  local rooted=("$@")
  if [ $# = 0 ]; then mapfile -t rooted < <(cd -- "$here" && grep -rl --include='*.py' 'mark\.root' tests | sort); fi
  PATH="$venv/bin:$venv/programs" stage "pytest -m root: the tests that act as another user, or look into the broker" tests root "${rooted[@]}"
  [ ${#failed[@]} = 0 ] || fail "failed: ${failed[*]}"
}

copy_sources() {  # into a folder of the test user's; what was built there from the same sources stays
  step "Copying the checkout to $1"
  install -d -o "$test_user" -g "$test_user" -- "$1"
  find "$1" \( -path '*/.venv' -o -path '*/node_modules' -o -path '*/labextension_dist' -o -path '*/desktop/static' \) -prune \
    -o ! -type d ! -name entry.js -exec rm -f -- {} +
  { sources && printf '.git\0'; } |
    tar -C "$here" --null --ignore-failed-read -T - -cf - 2>/dev/null |
    tar -C "$1" --no-same-owner -xf -
  find "$1" -not -user "$test_user" -exec chown -h -- "$test_user:$test_user" {} +
}

check() {
  python=${python:-$(find_python)}
  make_venv
  # From here on only programs of declared packages exist, so none can be missing on a fresh machine unnoticed.
  if [ -d /var/lib/dpkg ]; then
    "$python" "$here/tests/programs.py" link "$here/pyproject.toml" "$venv/programs"
    export PATH="$venv/programs"
  fi
  export YARN_ENABLE_GLOBAL_CACHE=1  # packages fetched once serve the next build too
  export JUPYTER_AGENT_MACHINE_CODE=1  # what is tested is what people get, or the build fails
  start_build
  install_groups test lint
  install_package
  # mypy looks at the bytes of what it has read before, so its notes outlive an environment, as downloads do.
  export MYPY_CACHE_DIR=${XDG_CACHE_HOME:-$HOME/.cache}/jupyter_agent/mypy
  export PATH="$venv/bin:$PATH"
  cd -- "$here"
  # Jupyter AI needs an environment of its own. Its tests come late, and wait for it, or make it and say why not.
  if [ $# = 0 ]; then python tests/jupyter_ai_environment.py >"$venv/jupyter-ai.log" 2>&1 & fi
  failed=()  # one run shows everything that is wrong
  # A browser test mostly waits: for a page, a kernel, a frame. So they run beside everything else, in one
  # JupyterLab, and in their order: the environment for the last of them is still being made.
  # What they print is shown when they are over, or the two would be read through each other.
  local browser=$venv/browser-tests.log began=$SECONDS status=0 pid
  # Only where such tests are: each process that looks through all files for them takes a quarter of a minute.
  local pages=("$@")
  if [ $# = 0 ]; then pages=(tests/browser tests/integration/desktop); fi
  PYTEST_ADDOPTS="-n 1 --dist loadfile --no-loadscope-reorder" tests "browser and not root" "${pages[@]}" >"$browser" 2>&1 &
  pid=$!
  stage "Lint: ruff" ruff check .
  stage "Format: ruff" ruff format --check .
  stage "Types: mypy --strict" mypy
  stage "Layers: import-linter" lint-imports
  stage "Browser part: biome, tsc and its own tests" browser_part
  # By the environment: what stands behind the mark is a person's own selection. Files with many tests come
  # first, which are the ones without a process of their own; those with kernels meet a machine that is less busy.
  PYTEST_ADDOPTS="-n 2 --dist loadfile --durations=25" stage "pytest, all but the browser tests" \
    tests "not browser and not root" "$@"
  wait "$pid" || status=$?
  step "pytest in a real JupyterLab, against the installed package (it ran beside the above)"
  cat -- "$browser"
  printf '(until here: %d s)\n' "$((SECONDS - began))"
  [ "$status" = 0 ] || failed+=("browser tests;")
  [ ${#failed[@]} = 0 ] || fail "failed: ${failed[*]}"
}

stage() {  # stage NAME COMMAND…
  local began=$SECONDS
  step "$1"
  "${@:2}" || failed+=("$1;")
  printf '(%d s)\n' "$((SECONDS - began))"
}

browser_part() {
  local page
  page=$(digest labextension)
  if done_before page-checked "$page"; then
    echo "It has not changed since it passed."
    return
  fi
  (cd -- "$here/labextension" && jlpm install --immutable >/dev/null && jlpm lint && jlpm tsc --noEmit && jlpm test) || return
  now_done page-checked "$page"
}

tests() {  # tests MARK [pytest arguments]. -P: the package is imported from where pip put it, never from this folder
  local status=0
  # What a shell starts beside itself ignores Ctrl-C and Ctrl-\, and so would all that the tests start.
  (cd -- "$here" && "$venv/bin/python" -P -c '
import os, signal, sys
for number in (signal.SIGINT, signal.SIGQUIT):
    signal.signal(number, signal.SIG_DFL)
os.execv(sys.executable, [sys.executable, "-P", "-m", "pytest", "-m", *sys.argv[1:]])' "$@") || status=$?
  # A selection of tests may hold none for this user; the whole suite always does.
  if [ "$status" = 5 ] && [ $# -gt 1 ]; then status=0; fi
  return "$status"
}

case "${1:-}" in
  run)   run "${@:2}" ;;
  test)  run_tests "${@:2}" ;;
  check) check "${@:2}" ;;
  *)     sed -n '2,6s/^# \{0,1\}//p' "$here/dev.sh"; [ $# = 0 ] ;;
esac
