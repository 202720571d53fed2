# shellcheck shell=bash
# Sourced, after lib.sh, by the scripts that train the demo models: the Python environment they share.

# Cache of training runs and of the environment.
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/aipg
PYTHON=$CACHE/python
PYTHON_REQUIREMENTS=$ROOT/scripts/demo-model/requirements.txt

# The interpreter of the environment, so that nothing is installed into the system's Python. The
# stamp is the requirements file itself: another pin means another installation.
install_python() {
    if cmp -s "$PYTHON_REQUIREMENTS" "$PYTHON/requirements.txt"; then
        return
    fi
    have python3 || die "python3 is not installed"
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        die "$(python3 --version) is too old: version 3.11 or newer is needed"
    say "installing the Python packages into $PYTHON"
    python3 -m venv "$PYTHON" || die "python3 cannot make a venv (Debian: apt-get install python3-venv)"
    "$PYTHON/bin/python" -m pip install --quiet --disable-pip-version-check \
        --requirement "$PYTHON_REQUIREMENTS" ||
        die "the Python packages could not be installed"
    cp "$PYTHON_REQUIREMENTS" "$PYTHON/requirements.txt"
}

python() {
    PYTHONDONTWRITEBYTECODE=1 "$PYTHON/bin/python" -u "$@"
}
