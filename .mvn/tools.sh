# shellcheck shell=bash
# What ./qmp, ./check and bench/run need to find or install. Sourced; $here is the checkout.
# shellcheck disable=SC2034,SC2154

. "$here/dist/launch.sh"

say() { printf '%s\n' "qmpkit: $*" >&2; }
die() {
  say "$@"
  exit 2
}

# The feature release of the JDK in a folder, or 0. `release` is read, since starting a JVM is slow.
jdk_release() {
  [ -x "$1/bin/javac" ] || { echo 0; return; }
  local version
  version=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release" 2>/dev/null)
  echo "${version:-0}"
}

# Sets and exports JAVA_HOME: a JDK of at least 25. The default `java` may be older.
find_jdk() {
  local candidate path_java
  path_java=$(command -v javac 2>/dev/null && true)
  for candidate in "${JAVA_HOME:-}" \
    "${path_java:+$(dirname "$(dirname "$(readlink -f "$path_java")")")}" \
    /usr/lib/jvm/* /usr/local/lib/jvm/* /opt/java/* /opt/jdk* "${HOME:-/nonexistent}"/.sdkman/candidates/java/* \
    "${HOME:-/nonexistent}"/.jdks/*; do
    if [ -n "$candidate" ] && [ "$(jdk_release "$candidate")" -ge 25 ]; then
      export JAVA_HOME=$candidate
      return
    fi
  done
  local package
  for package in openjdk-25-jdk-headless openjdk-26-jdk-headless; do
    if [ "$(id -u)" = 0 ] && apt_has "$package"; then
      say "no JDK of 25 or later here; installing $package …"
      apt_install "$package"
      find_jdk
      return
    fi
  done
  die "needs a JDK of 25 or later and found none: install one (openjdk-25-jdk-headless, or Temurin 25 from adoptium.net), or set JAVA_HOME to it"
}

apt_has() {
  command -v apt-get >/dev/null || return 1
  apt_candidate "$1" && return
  # On a fresh machine the lists are empty until they are fetched once.
  [ -n "${apt_updated:-}" ] || { apt_updated=yes; apt-get update -qq >/dev/null 2>&1 || true; }
  apt_candidate "$1"
}

# No pipe into grep -q: apt-cache dies of SIGPIPE there, which pipefail takes for a no.
apt_candidate() { [[ $(apt-cache policy "$1" 2>/dev/null) == *'Candidate: '[0-9]* ]]; }

apt_install() {
  local package
  for package; do
    apt_has "$package" || die "this distribution has no package $package"
  done
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null ||
    die "could not install $*; try: apt-get install $*"
}

# The mirror of Debian that this machine uses, or nothing.
debian_mirror() {
  apt-get indextargets --format '$(REPO_URI)' 'Origin: Debian' | awk '!/security/ && !found {print; found = 1}'
}

# Sets $options of apt-get for other suites of Debian, from this machine's mirror and with lists of
# their own in a folder.
other_suites() { # FOLDER deb|deb-src SUITE...
  local folder=$1 type=$2 mirror suite
  shift 2
  mirror=$(debian_mirror)
  [ -n "$mirror" ] || die "these packages are Debian's, and apt-get knows no mirror of Debian here"
  mkdir -p "$folder/lists/partial"
  for suite; do echo "$type $mirror $suite main"; done >"$folder/sources.list"
  options=(-o "Dir::Etc::sourcelist=$folder/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o "Dir::State::lists=$folder/lists" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=)
  apt-get "${options[@]}" update -qq >/dev/null 2>&1 || die "$mirror can't be reached"
}

# Installs a package for a command or a file that is missing, as root; else says how.
need() { command -v "$1" >/dev/null || install_for "$@"; }
need_file() { [ -e "$1" ] || install_for "$@"; }

# The same for several at once, which spares the minute that apt-get may take for each.
need_all() { # [COMMAND PACKAGE]...
  local missing=() packages=()
  for (( ; $# > 1; )); do
    command -v "$1" >/dev/null || {
      missing+=("$1")
      packages+=("$2")
    }
    shift 2
  done
  [ ${#missing[@]} = 0 ] || install_for "${missing[*]}" "${packages[@]}"
}

install_for() { # WHAT_IS_MISSING PACKAGE...
  local what=$1
  shift
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "missing: $what; installing $* …"
    apt_install "$@"
  else
    die "missing: $what. Run 'sudo apt-get install $*' (or your distribution's like), then again"
  fi
}

install_qemu() { need qemu-system-x86_64 qemu-system-x86; }

# Whether something is newer than what was built, by ./qmp or by Maven.
needs_build() {
  local modules=$here/cli/target/modules newest
  newest=$(find "$modules" \( -name 'qmpkit-*.jar' -o -name .built \) -printf '%T@ %p\n' 2>/dev/null |
    sort -n | tail -n 1 | cut -d ' ' -f 2- || true)
  [ -n "$newest" ] && compgen -G "$modules/qmpkit-cli-*.jar" >/dev/null || return 0
  [ -n "$(find "$here"/pom.xml "$here"/{protocol,net,net-linux,recording,client,helper,shell,cli}/{pom.xml,src/main} -newer "$newest" -print -quit)" ]
}

# Whether dist/target/qmpkit is there and is of what is built, and of the sources of the rest.
image_is_current() {
  local image=$here/dist/target/qmpkit/bin/qmp
  [ -x "$image" ] && ! needs_build &&
    [ -z "$(find "$here"/cli/target/modules/qmpkit-*.jar "$here"/stub/{core,qmp-stub,dropin} \
      "$here"/dist/{image,launch.sh,qmp} -type f -newer "$image" -print -quit)" ]
}

# Builds cli/target/modules, where that is not newer than the sources.
build_modules() {
  needs_build || return 0
  need mvn maven
  mkdir -p "$here/cli/target"
  # Two first starts at once: the second waits for the first.
  (
    flock 9
    ! needs_build || make_modules
  ) 9>"$here/cli/target/.lock"
}

# Makes the caches of classes for the built modules, where they are older.
train_modules() {
  local each modules=$here/cli/target/modules
  for each in helper native shell tools health; do
    [ -f "$modules/.$each.aot" ] &&
      [ -z "$(find "$modules" \( -name '*.jar' -o -name .built \) -newer "$modules/.$each.aot" -print -quit)" ] ||
      train "$each" "$modules/.$each.aot" "$JAVA_HOME/bin/java" -p "$modules"
  done
}

make_modules() {
  local build_log
  say "building qmpkit (a minute or two the first time; later only when something changed) …"
  build_log=$(mktemp)
  if ! (cd "$here" && mvn -B -ntp -Dmaven.test.skip=true -pl cli -am package) </dev/null >"$build_log" 2>&1; then
    grep -E 'ERROR|WARNING.*[.]java' "$build_log" | head -40 >&2
    rm -f "$build_log"
    die "the build failed; the lines above say why"
  fi
  rm -f "$build_log"
  touch "$here/cli/target/modules/.built"
}
