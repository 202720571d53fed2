# shellcheck shell=bash
# Sourced by the scripts of this folder: where things are, how long stages take, how to fail.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck disable=SC2034  # used by the scripts that source this file
E2E=$ROOT/scripts/e2e
# shellcheck disable=SC2034
CLIENT=$ROOT/clients/typescript

# One target directory outside the checkout: a second clone on the same machine rebuilds only the
# crates of the workspace.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/aipg/target}

WASM_TARGET=wasm32v1-none
# Name under which the fallback compiler is linked into rustup.
WASM_FALLBACK_TOOLCHAIN=debian

# A fresh rustup is not on the PATH of the shell that installed it.
if ! command -v cargo >/dev/null && [[ -x ${CARGO_HOME:-$HOME/.cargo}/bin/cargo ]]; then
    PATH=${CARGO_HOME:-$HOME/.cargo}/bin:$PATH
fi

die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

say() {
    printf '%s\n' "$*"
}

have() {
    command -v "$1" >/dev/null 2>&1
}

# Whether a compiler can build for the runtime's target: has_wasm_target rustc,
# has_wasm_target rustup run debian rustc.
has_wasm_target() {
    local library
    library=$("$@" --print target-libdir --target "$WASM_TARGET" 2>/dev/null) || return 1
    compgen -G "$library/libcore-*.rlib" >/dev/null
}

# Lets the WASM build use the fallback toolchain where the active one lacks the target. Nothing is
# remembered: what is installed decides, so a machine that gets the target later returns to it.
select_wasm_toolchain() {
    if [[ -z ${WASM_BUILD_TOOLCHAIN:-} ]] && ! has_wasm_target rustc; then
        export WASM_BUILD_TOOLCHAIN=$WASM_FALLBACK_TOOLCHAIN
    fi
}

# Builds the tests and prints where the runtime's are. The whole workspace is named so that features stay
# as in every other build; what does not compile beside the runtime is passed over.
runtime_tests() {
    local program
    program=$(
        cargo build --release --workspace --locked --tests --keep-going --message-format=json |
            grep '"name":"aipg_runtime"' | grep -o '"executable":"[^"]*"' | tail -1 | cut -d'"' -f4 || true
    )
    [[ -n $program ]] || die "the runtime does not compile"
    printf '%s\n' "$program"
}

STAGE_TIMES=()
# The same in seconds, for write_stage_times.
STAGE_SECONDS=()
CURRENT_STAGE=
STAGE_STARTED=0

# stage NAME COMMAND…: runs the command under a heading and notes how long it took. The command is
# not part of a condition, so `set -e` stays in force inside functions.
stage() {
    CURRENT_STAGE=$1
    STAGE_STARTED=$SECONDS
    shift
    printf '\n== %s\n' "$CURRENT_STAGE"
    "$@"
    local took=$((SECONDS - STAGE_STARTED))
    printf -- '-- %s: %s\n' "$CURRENT_STAGE" "$(duration "$took")"
    STAGE_TIMES+=("$(printf '%10s  %s' "$(duration "$took")" "$CURRENT_STAGE")")
    STAGE_SECONDS+=("$(printf '%d\t%s' "$took" "$CURRENT_STAGE")")
    CURRENT_STAGE=
}

duration() {
    if (($1 >= 60)); then
        printf '%d min %02d s' $(($1 / 60)) $(($1 % 60))
    else
        printf '%d s' "$1"
    fi
}

# Process of stages_beside, and the folder with what it leaves.
BESIDE=
BESIDE_FOLDER=

# stages_beside FUNCTION: runs the stages of a function at the lowest priority beside the stages that follow. What
# they print waits for await_beside. Killed with everything below it when the script ends before.
stages_beside() {
    BESIDE_FOLDER=$(mktemp -d)
    # In a process group of its own, so that all of it can be killed.
    set -m
    (
        trap report_failed_stage EXIT
        renice -n 19 -p "$BASHPID" >/dev/null
        STAGE_TIMES=()
        STAGE_SECONDS=()
        "$@"
        printf '%s\n' "${STAGE_TIMES[@]}" >"$BESIDE_FOLDER/times"
        printf '%s\n' "${STAGE_SECONDS[@]}" >"$BESIDE_FOLDER/seconds"
    ) >"$BESIDE_FOLDER/output" 2>&1 &
    BESIDE=$!
    set +m
}

# Prints what the stages beside printed, and fails if one of them did.
await_beside() {
    local failed=0
    wait "$BESIDE" || failed=$?
    BESIDE=
    cat "$BESIDE_FOLDER/output"
    if ((failed == 0)); then
        mapfile -t -O "${#STAGE_TIMES[@]}" STAGE_TIMES <"$BESIDE_FOLDER/times"
        mapfile -t -O "${#STAGE_SECONDS[@]}" STAGE_SECONDS <"$BESIDE_FOLDER/seconds"
    fi
    rm -rf "$BESIDE_FOLDER"
    ((failed == 0)) || die "a stage that ran beside the others failed"
}

# Ends the stages beside where there are any; prints what they have printed.
end_beside() {
    [[ -n $BESIDE ]] || return 0
    kill -- "-$BESIDE" 2>/dev/null || true
    printf '\n== stages beside, until now\n' >&2
    cat "$BESIDE_FOLDER/output" >&2
    rm -rf "$BESIDE_FOLDER"
}

stage_summary() {
    printf '\n== time per stage\n'
    printf '%s\n' "${STAGE_TIMES[@]}"
    printf '%10s  %s\n' "$(duration "$SECONDS")" total
}

# Whether nothing has been built in the target directory: `empty` or `used`.
target_state() {
    if [[ -d $CARGO_TARGET_DIR/release/deps ]]; then printf 'used'; else printf 'empty'; fi
}

# write_stage_times STATE: leaves the times for scripts/bench, and how long all took together, which is less than their
# sum where stages ran beside others. STATE is what target_state said at the start.
write_stage_times() {
    {
        printf 'target\t%s\n' "$1"
        printf '%s\n' "${STAGE_SECONDS[@]}"
        printf '%d\ttogether\n' "$SECONDS"
    } >"$CARGO_TARGET_DIR/stage-times.tsv"
}

# Names the stage that failed; to be set as the EXIT trap of scripts with stages.
report_failed_stage() {
    local status=$?
    if ((status != 0)) && [[ -n $CURRENT_STAGE ]]; then
        printf 'error: stage "%s" failed after %s\n' \
            "$CURRENT_STAGE" "$(duration $((SECONDS - STAGE_STARTED)))" >&2
    fi
}
