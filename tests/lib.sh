# Functions of tests/run.

# Processes of the tests live for minutes: code compiled by profile would cost them more than it gains.
export DOTNET_TieredPGO=0

# step TITLE COMMAND…: runs it, shows its output only when it fails.
step() {
  local title=$1 log
  shift
  log=$(mktemp)
  echo "== $title"
  if ! "$@" >"$log" 2>&1; then
    cat "$log"
    echo "!! failed: $title" >&2
    rm -f "$log"
    return 1
  fi
  rm -f "$log"
}

# Debian packages that are missing; a machine without apt-get must have them already.
install_debian_packages() {
  local missing=() package
  for package in "$@"; do
    # A tool that came another way than as a Debian package is good enough.
    case $package in
      nodejs) command -v node >/dev/null && continue ;;
      npm) command -v npm >/dev/null && continue ;;
      stun-client) command -v stun >/dev/null && continue ;;
    esac
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  local sudo=""
  [ "$(id -u)" -eq 0 ] || sudo=sudo
  step "apt-get update" $sudo apt-get update -q || return 1
  # No service of a test dependency should start by itself: the tests run private instances.
  step "apt-get install ${missing[*]}" $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
}

npm_ci() {
  local folder=$1
  if [ -f "$folder/node_modules/.package-lock.json" ] && [ ! "$folder/package-lock.json" -nt "$folder/node_modules/.package-lock.json" ]; then
    return 0
  fi
  (cd "$folder" && npm ci --no-audit --no-fund)
}

# run_test_project PROJECT [runner options…]: runs one test project and adds its counts to passed, failed, skipped. A project that reports no test at all counts as one failure.
run_test_project() {
  local project=$1 log status total network=()
  shift
  log=$(mktemp)
  echo "== $project${RELAY_DATAGRAM_PATH:+ ($RELAY_DATAGRAM_PATH datagram path)}${RELAY_KERNEL_PATH:+ (kernel path $RELAY_KERNEL_PATH)}"
  # A program on loopback sees what everybody sends there: it gets a network of its own. One fits an interface: one test at a time.
  if [ -n "${RELAY_KERNEL_PATH:-}" ]; then
    network=(unshare --net sh -c 'ip link set lo up && exec "$@"' sh)
    set -- --parallel none "$@"
  fi
  "${network[@]}" dotnet "tests/$project/bin/Release/net10.0/$project.dll" --progress off --no-ansi "$@" >"$log" 2>&1
  status=$?
  total=$(summary_count "$log" total)
  if [ -z "$total" ] || [ "$total" -eq 0 ]; then
    cat "$log"
    echo "!! $project ran no test (exit code $status)" >&2
    failed=$((failed + 1))
    rm -f "$log"
    return
  fi
  local f s
  f=$(summary_count "$log" failed)
  s=$(summary_count "$log" skipped)
  passed=$((passed + $(summary_count "$log" succeeded)))
  failed=$((failed + f))
  skipped=$((skipped + s))
  if [ "$status" -ne 0 ]; then
    cat "$log"
    [ "$f" -eq 0 ] && failed=$((failed + 1))
  fi
  grep -E '^  (total|duration):' "$log" | tr -s ' \n' ' '
  echo
  rm -f "$log"
}

# The short form of the interoperability matrix: each cell that can run is a test.
run_interop() {
  local log ok bad
  log=$(mktemp)
  echo "== Interop (tests/Interop/run --quick)"
  tests/Interop/run --no-build --quick >"$log" 2>&1
  ok=$(sed -nE 's/^interop: ([0-9]+) ok.*/\1/p' "$log")
  bad=$(sed -nE 's/^interop: .* ([0-9]+) failed.*/\1/p' "$log")
  if [ -z "$ok" ] || [ "$ok" -eq 0 ]; then
    bad=1
  fi
  [ "$bad" -eq 0 ] || cat "$log"
  passed=$((passed + ${ok:-0}))
  failed=$((failed + bad))
  tail -n 1 "$log"
  rm -f "$log"
}

summary_count() {
  grep -E "^ +$2: [0-9]+" "$1" | tail -n 1 | grep -oE '[0-9]+' | head -n 1
}
